"""Moving the account to another address: the wish, and the pages behind the links that both mailboxes get."""

from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user

from portal.accounts import address_change, browser
from portal.accounts.address_change import OwnAddress, Step
from portal.accounts.fresh import fresh
from portal.accounts.models import Reader, TokenPurpose
from portal.accounts.tokens import LinkError
from portal.accounts.views_registration import link_gone
from portal.db import AnySession, db, writing
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.organisations import following
from portal.profile.forms_account import NewAddressForm
from portal.profile.views import bp
from portal.throttle import Throttled
from portal.web import PUBLIC, READER, allow, no_referrer, private, see_other


@bp.get("/profile/address")
@allow(READER)
@private
@fresh
def address() -> str:
    """Where the new address is typed."""
    return _page(NewAddressForm())


@bp.post("/profile/address")
@allow(READER)
@private
@fresh
def ask_for_address() -> Any:
    """Write to both addresses; the answer is the same whether the new one is known here or not."""
    form = NewAddressForm()
    if not form.validate():
        return _page(form), 422
    try:
        with writing() as unit:
            address_change.ask(unit, current_user.id, email=form.email.data, locale=current_locale())
    except OwnAddress:
        form.email.errors = [_("This is the address of your account already.")]
        return _page(form), 422
    except Throttled as error:
        form.refuse(_("That was too many changes of address for one day. Try again tomorrow."))
        return _page(form), 429, {"Retry-After": str(error.retry_after)}
    flash(_("Two mails are on their way: one to your present address, one to the new one. Open both."), "success")
    return see_other(url_for("profile.identity"))


@bp.post("/profile/address/cancel")
@allow(READER)
def cancel_address() -> Any:
    """Keep the present address; the links of both mails are dead."""
    with writing() as unit:
        address_change.cancel(unit, current_user.id)
    flash(_("Your address stays as it is."), "info")
    return see_other(url_for("profile.identity"))


def _page(form: NewAddressForm) -> str:
    wish = address_change.wish_of(db.session, current_user.id)
    return render_template("profile/address.html", form=form, wish=wish)


@bp.get("/confirm-address/leave/<token>")
@allow(PUBLIC)
@no_referrer
def leave_address(token: str) -> Any:
    """The present mailbox is asked; a button answers, since mail scanners open links."""
    return _asked(token, TokenPurpose.LEAVE_ADDRESS)


@bp.post("/confirm-address/leave/<token>")
@allow(PUBLIC)
@no_referrer
def agree_to_leave(token: str) -> Any:
    """The present mailbox agrees."""
    return _answered(token, TokenPurpose.LEAVE_ADDRESS)


@bp.get("/confirm-address/take/<token>")
@allow(PUBLIC)
@no_referrer
def take_address(token: str) -> Any:
    """The new mailbox is asked."""
    return _asked(token, TokenPurpose.TAKE_ADDRESS)


@bp.post("/confirm-address/take/<token>")
@allow(PUBLIC)
@no_referrer
def agree_to_take(token: str) -> Any:
    """The new mailbox says that it is theirs."""
    return _answered(token, TokenPurpose.TAKE_ADDRESS)


def _asked(token: str, purpose: TokenPurpose) -> Any:
    try:
        reader, wish = address_change.look(db.session, token, purpose)
    except LinkError as error:
        return link_gone(error)
    leaving = purpose is TokenPurpose.LEAVE_ADDRESS
    return render_template("profile/address_link.html", before=reader.email, after=wish.email, leaving=leaving)


def _answered(token: str, purpose: TokenPurpose) -> Any:
    try:
        with writing() as unit:
            step, reader, here = _agreed(unit, token, purpose)
    except LinkError as error:
        return link_gone(error)
    if step is not Step.DONE:
        return render_template("profile/address_answered.html", taken=step is Step.TAKEN), (
            409 if step is Step.TAKEN else 200
        )
    return _done(reader, signed_in=here is not None)


def _agreed(unit: AnySession, token: str, purpose: TokenPurpose) -> tuple[Step, Reader, int | None]:
    """What the answer did, whose account it is, and which session goes on. Raises LinkError."""
    person = current_user._get_current_object() if current_user.is_authenticated else None
    owner = address_change.look(unit, token, purpose)[0]
    before, organisations = owner.email, following.held(unit, owner.id)
    here = person.session_id if person and person.id == owner.id else None
    step, reader = address_change.answer(unit, token, purpose, locale=current_locale(), here=here)
    if step is Step.DONE:
        following.follow(unit, reader, before, organisations)
    return step, reader, here


def _done(reader: Reader, *, signed_in: bool) -> Any:
    """On to the account in the browser that is signed in to it; anywhere else, to the sign-in page."""
    flash(_("Your address is changed. From now on you log in with %(address)s.", address=reader.email), "success")
    answer = see_other(url_for("profile.identity") if signed_in else "/login")
    if signed_in:
        browser.remember_device(answer, reader.email_key)
    return answer
