"""The page behind the link of a registration: confirms the address, signs in, starts what was wanted, goes back.

The link shows a button: mail scanners open links, only a person presses it.
"""

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock, throttle
from portal.accounts import browser, passwords, registration, sessions
from portal.accounts.models import PendingRegistration, Reader
from portal.accounts.registration import AlreadyConfirmed, LinkError, LinkExpired, LinkUnknown, OtherBrowser
from portal.db import AnySession, db, end_reading, writing
from portal.i18n import gettext as _
from portal.trials import dates, queries, words
from portal.trials.forms import OtherBrowserForm
from portal.trials.start import TrialRefused, start
from portal.trials.views import blueprint, tell
from portal.web import PUBLIC, allow, client_address, no_referrer, own_path, see_other

Page = str | Response | tuple[str, int]


@blueprint.get("/confirm/<token>")
@allow(PUBLIC)
@no_referrer
def confirm_page(token: str) -> Page:
    """What will happen, and the button that does it."""
    try:
        pending = registration.open_pending(db.session, token)
    except LinkError as error:
        return _dead_link(token, error)
    return _page(token, pending, OtherBrowserForm())


@blueprint.post("/confirm/<token>")
@allow(PUBLIC)
@no_referrer
def confirm(token: str) -> Page:
    """Confirm, sign in, start the trials, back to the article."""
    form = OtherBrowserForm()
    try:
        pending = registration.open_pending(db.session, token)
        password_hash = _chosen_password(pending, form)
        if password_hash is None and not _same_browser(pending):
            return _page(token, pending, form), 422
        end_reading()
        return _confirmed(token, password_hash)
    except OtherBrowser:
        return see_other(request.path)
    except LinkError as error:
        end_reading()
        return _dead_link(token, error)


def _chosen_password(pending: PendingRegistration, form: OtherBrowserForm) -> str | None:
    """The hash of what was typed in another browser: the password of the registration, or a new one. Raises Busy."""
    if _same_browser(pending):
        return None
    form.personal = (pending.email, pending.name, pending.company)
    known, typed = pending.password_hash, form.password.data or ""
    end_reading()
    if typed and passwords.verify(known, typed):
        return known
    return passwords.hash_password(typed) if form.validate() else None


def _confirmed(token: str, password_hash: str | None) -> Response:
    with writing() as session:
        secret = browser.known_secret()
        reader, intent = registration.confirm(session, token, browser_secret=secret, password_hash=password_hash)
        sessions.sign_in(session, reader, request)
        told = _start_wanted(session, reader, intent)
    tell(told)
    response = see_other(_after(intent))
    browser.remember_device(response, reader.email_key)
    return response


def _start_wanted(session: AnySession, reader: Reader, intent: dict[str, Any]) -> list[tuple[str, str]]:
    wanted = intent.get("verticals") or []
    if not wanted:
        return [("success", _("Your address is confirmed."))]
    try:
        return words.sentences(start(session, reader, wanted, clock.now()))
    except TrialRefused as refusal:
        return [("warning", words.refused(refusal.code))]


def _after(intent: dict[str, Any]) -> str:
    """Back to the article, else to the first vertical tried, else home."""
    wanted = intent.get("verticals") or []
    return own_path(intent.get("next"), f"/{wanted[0]}/" if wanted else "/")


def _page(token: str, pending: PendingRegistration, form: OtherBrowserForm) -> str:
    names = queries.vertical_names(db.session)
    slugs = [slug for slug in pending.intent.get("verticals") or [] if slug in names]
    return render_template(
        "trials/confirm.html",
        form=form,
        token=token,
        email=pending.email,
        what=queries.listed(names[slug] for slug in slugs) if slugs else "",
        vertical=slugs[0] if len(slugs) == 1 else "",
        last_day=dates.last_day(dates.end_of_trial(clock.now())),
        asks_password=not _same_browser(pending),
    )


def _same_browser(pending: PendingRegistration) -> bool:
    return registration.same_browser(pending, browser.known_secret())


def _dead_link(token: str, error: LinkError) -> Page:
    """A page with one thing to do: sign in, ask for a new link, or begin again."""
    if isinstance(error, AlreadyConfirmed):
        return render_template("trials/link_done.html", signed_in=current_user.is_authenticated)
    expired = isinstance(error, LinkExpired)
    page = render_template("trials/link_dead.html", token=token if expired else "", expired=expired)
    return page, 404 if isinstance(error, LinkUnknown) else 410


@blueprint.post("/confirm/<token>/renew")
@allow(PUBLIC)
@no_referrer
def renew_link(token: str) -> Page:
    """A new link for a registration whose link has expired."""
    try:
        with writing() as session:
            network = throttle.address_block(client_address())
            registration.renew(session, token, network=network)
    except LinkError as error:
        return _dead_link(token, error)
    flash(_("A new link is on its way to your mailbox."), "success")
    return see_other("/trial")
