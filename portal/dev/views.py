"""The hub's page: who to be, what to pay with, and what time it is."""

from flask import Blueprint, abort, current_app, flash, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.accounts import sessions
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.db import db, writing
from portal.dev import demo, timemachine
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.settings import Settings
from portal.web import DEVELOPMENT, allow, own_path, private, see_other

blueprint = Blueprint("dev", __name__)


@blueprint.get("/dev")
@allow(DEVELOPMENT)
@private
def hub() -> ResponseReturnValue:
    """Everything a person needs to look around."""
    settings: Settings = current_app.extensions["portal.settings"]
    people = demo.people()
    return render_template(
        "dev/hub.html",
        accounts=people.accounts,
        present=_present([account.email for account in people.accounts]),
        password=people.password,
        locale=current_locale(),
        now=clock.now(),
        offset=timemachine.offset_in_words(clock.offset()),
        jumps=timemachine.JUMPS,
        stand_in=settings.stripe_api_base if settings.uses_sandbox else None,
    )


def _present(emails: list[str]) -> set[str]:
    """Which of the demo accounts exist, by the address the file writes."""
    keys = {email_key(email): email for email in emails}
    found = db.session.scalars(select(Reader.email_key).where(Reader.email_key.in_(keys)))
    return {keys[key] for key in found}


@blueprint.post("/dev/sign-in")
@allow(DEVELOPMENT)
def sign_in() -> ResponseReturnValue:
    """Become a demo account; only those, whatever address is sent."""
    email = request.form.get("email", "")
    account = next((one for one in demo.people().accounts if one.email == email), None)
    if account is None:
        abort(404)
    with writing() as unit:
        reader = unit.scalar(select(Reader).where(Reader.email_key == email_key(email)))
        if reader is None:
            abort(404)
        if current_user.is_authenticated:
            sessions.sign_out(unit, current_user)
        session.clear()
        sessions.sign_in(unit, reader, request)
    return see_other(own_path(account.begins_at))


@blueprint.post("/dev/clock")
@allow(DEVELOPMENT)
def move_clock() -> ResponseReturnValue:
    """Move portal and stand-in together."""
    jump = timemachine.JUMPS.get(request.form.get("jump", ""))
    if jump is None:
        abort(404)
    clock.move_to(jump.target(clock.now()))
    if timemachine.settle(current_app.extensions["portal.settings"]):
        flash(_("The clock was moved."), "success")
    else:
        flash(_("The clock was moved; the Stripe stand-in did not answer."), "warning")
    return see_other(url_for("dev.hub") + "#clock")
