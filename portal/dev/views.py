"""The hub's page: who to be, what to look at, what to pay with, and what time it is."""

from flask import Blueprint, abort, current_app, flash, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.access import words
from portal.access.vocabulary import Reason
from portal.accounts import second_factor, sessions
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.models_security import SecondFactor
from portal.db import db, writing
from portal.dev import mischief, rows, showcase, timemachine
from portal.dev.people import GROUPS, Account, people
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.roles import Role, is_staff
from portal.settings import Settings
from portal.web import DEVELOPMENT, allow, own_path, private, see_other

blueprint = Blueprint("dev", __name__)


@blueprint.get("/dev")
@allow(DEVELOPMENT)
@private
def hub() -> ResponseReturnValue:
    """Everything a person needs to look around."""
    settings: Settings = current_app.extensions["portal.settings"]
    accounts = people().accounts
    return render_template(
        "dev/hub.html",
        groups=[(group, [one for one in accounts if one.group == group]) for group in GROUPS],
        starts=list(rows.starts()),
        titles={reason: words.reason_words(reason)[0] for reason in Reason},
        tones=rows.TONES,
        present=_present([account.email for account in accounts]),
        codes=_codes([account.email for account in accounts]),
        password=people().password,
        articles=showcase.find_all(db.session),
        kinds=showcase.KINDS,
        closed=rows.closed_edition(db.session),
        closed_path=getattr(showcase.find(db.session, rows.EDITION), "path", "/"),
        without_trials=[(reason, people().known(email)) for reason, email in rows.WITHOUT_TRIALS.items()],
        editor=next(one for one in accounts if one.role is Role.EDITOR),
        locale=current_locale(),
        now=clock.now(),
        offset=timemachine.offset_in_words(clock.offset()),
        jumps=timemachine.JUMPS,
        stand_in=mischief.seen(settings),
    )


def _present(emails: list[str]) -> set[str]:
    """Which of the demo accounts exist, by the address the file writes."""
    keys = {email_key(email): email for email in emails}
    found = db.session.scalars(select(Reader.email_key).where(Reader.email_key.in_(keys)))
    return {keys[key] for key in found}


def _codes(emails: list[str]) -> dict[str, str]:
    """The code that each demo account's phone shows now, by the address the file writes."""
    keys = {email_key(email): email for email in emails}
    phones = select(Reader.email_key, SecondFactor.salt).join(SecondFactor, SecondFactor.reader_id == Reader.id)
    found = db.session.execute(phones.where(Reader.email_key.in_(keys)))
    return {keys[key]: second_factor.code_at(salt, clock.wall()) for key, salt in found}


@blueprint.post("/dev/sign-in")
@allow(DEVELOPMENT)
def sign_in() -> ResponseReturnValue:
    """Become a demo account; only those, whatever address is sent."""
    account = people().known(request.form.get("email", ""))
    if account is None:
        abort(404)
    become(account)
    return see_other(own_path(request.form.get("next"), begins(account)))


def become(account: Account) -> None:
    """Sign in as this account; 404 when it was never loaded."""
    with writing() as unit:
        reader = unit.scalar(select(Reader).where(Reader.email_key == email_key(account.email)))
        if reader is None:
            abort(404)
        if current_user.is_authenticated:
            sessions.sign_out(unit, current_user)
        session.clear()
        both_steps = is_staff(reader.role)  # the click stands for them
        sessions.sign_in(unit, reader, request, second_factor=both_steps, quiet=True)


def begins(account: Account) -> str:
    """The page an account's story begins at: a path, or the article it names; the front page when there is none."""
    if account.begins_at:
        return account.begins_at
    article = showcase.find(db.session, account.article)
    return article.path if article else "/"


@blueprint.post("/dev/stranger")
@allow(DEVELOPMENT)
def stranger() -> ResponseReturnValue:
    """Sign out and look at a page as somebody who never came here."""
    with writing() as unit:
        if current_user.is_authenticated:
            sessions.sign_out(unit, current_user)
    session.clear()
    return see_other(own_path(request.form.get("next")))


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
