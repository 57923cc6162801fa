"""The page behind an invitation's link: what is offered, by whom, and a button; for readers and for who is none yet.

A link alone accepts nothing, and nothing is accepted for anybody but the address it was sent to.
"""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_login import current_user

from portal import audit, clock
from portal.accounts import acquaintance, browser, passwords, readers, registration, sessions
from portal.accounts.models import Reader
from portal.accounts.tokens import LinkError
from portal.db import AnySession, db, end_reading, writing
from portal.i18n import current_locale, gettext
from portal.organisations import invitations, mails
from portal.organisations.models import Invitation, Organisation
from portal.organisations.seats import NoSeatLeft
from portal.profile.forms_team import InvitedForm
from portal.profile.views_team import bp
from portal.web import PUBLIC, allow, no_referrer, see_other

THEIRS, OTHER, SIGN_IN, NEW = "theirs", "other", "sign-in", "new"


@bp.get("/organisation/invitation/<token>")
@allow(PUBLIC)
@no_referrer
def invitation(token: str) -> Any:
    """A page with a button: links alone accept nothing, since mail scanners open them."""
    try:
        offered = invitations.look(db.session, token)
    except LinkError as error:
        return _gone(error)
    return _page(offered, token)


@bp.post("/organisation/invitation/<token>")
@allow(PUBLIC)
@no_referrer
def accept_invitation(token: str) -> Any:
    """Take the licence; whoever has no account gets one, since the link has proved the address."""
    try:
        offered = invitations.look(db.session, token)
        answers = {THEIRS: _accept_signed_in, NEW: _accept_new}
        who = _who(offered)
        return answers[who](offered, token) if who in answers else (_page(offered, token), 409)
    except LinkError as error:
        return _gone(error)
    except NoSeatLeft:
        return _full(token)


def _who(offered: Invitation) -> str:
    """Who looks at it: whom it is for, somebody else, or nobody signed in, with or without an account."""
    if current_user.is_authenticated:
        return THEIRS if invitations.is_for(db.session, offered, current_user.id) else OTHER
    known = readers.by_address(db.session, offered.email)
    return SIGN_IN if known is not None and known.confirmed_at is not None else NEW


def _accept_signed_in(offered: Invitation, token: str) -> Any:
    invitation_id = offered.id
    with writing() as unit:
        invitations.look(unit, token)
        _prove(unit, offered, current_user.id)
        _take(unit, invitation_id, current_user.id)
    return _done(offered)


def _prove(unit: AnySession, offered: Invitation, reader_id: int) -> None:
    """An account whose own address was never confirmed: this link has come to it."""
    reader = unit.get_one(Reader, reader_id)
    if reader.confirmed_at is None and reader.email_key == offered.email_key:
        reader.confirmed_at = clock.now()
        audit.record(unit, "account.confirmed", actor_id=reader.id, target=("reader", reader.id))
        unit.flush()


def _accept_new(offered: Invitation, token: str) -> Any:
    form = InvitedForm(offered.email)
    if not form.validate():
        return _page(offered, token, form), 422
    end_reading()
    password_hash = passwords.hash_password(form.password.data)
    try:
        with writing() as unit:
            reader = _account(unit, token, password_hash, form.name.data or "")
    except registration.AlreadyConfirmed:  # in another tab, a moment ago
        return see_other(url_for("organisations.invitation", token=token))
    answer = _done(offered)
    browser.remember_device(answer, reader.email_key)
    return answer


def _account(unit: AnySession, token: str, password_hash: str, name: str) -> Reader:
    offered = invitations.look(unit, token)
    reader = registration.account_by_mail(
        unit, email=offered.email, password_hash=password_hash, name=name, locale=current_locale()
    )
    acquaintance.learn(unit, reader.id, name=name)
    _take(unit, offered.id, reader.id)
    sessions.sign_in(unit, reader, request, stay=True)
    return reader


def _take(unit: AnySession, invitation_id: int, reader_id: int) -> None:
    """Accept; an invitation that was withdrawn or used while this was on its way is told like any other dead link."""
    try:
        invitations.accept(unit, invitation_id, reader_id)
    except invitations.NotInvited as error:
        raise invitations.LinkWithdrawn from error


def _done(offered: Invitation) -> Any:
    name = db.session.get_one(Organisation, offered.organisation_id).name
    flash(
        gettext("You hold a licence of %(organisation)s: everything it pays for is open to you.", organisation=name),
        "success",
    )
    return see_other(url_for("profile.rights"))


def _page(offered: Invitation, token: str, form: InvitedForm | None = None) -> str:
    organisation = db.session.get_one(Organisation, offered.organisation_id)
    return render_template(
        "organisations/invitation.html",
        offered=offered,
        organisation=organisation,
        inviter=_name(offered.invited_by),
        who=_who(offered),
        token=token,
        form=form or InvitedForm(offered.email),
    )


def _name(reader_id: int | None) -> str:
    person = db.session.get(Reader, reader_id) if reader_id else None
    return (person.name or person.email) if person and person.erased_at is None else ""


def _full(token: str) -> Any:
    """No licence could be given: nothing was made, the invitation waits on, and its managers hear of it once."""
    with writing() as unit:
        offered = invitations.look(unit, token)
        mails.licences_full(unit, offered)
    organisation = db.session.get_one(Organisation, offered.organisation_id)
    return render_template("organisations/invitation_full.html", offered=offered, organisation=organisation), 409


def _gone(error: LinkError) -> tuple[str, int]:
    """The page of a link that opens nothing: why, and what to do."""
    return render_template("organisations/invitation_gone.html", cause=type(error).__name__), 410
