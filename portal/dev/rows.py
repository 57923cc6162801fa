"""Rows of the decision table that no account shows by itself: those of an edition that takes no trials.

The hub closes the trials of one edition and opens them again; everybody sees it at once, as they would see an editor's
decision to do so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from portal import audit
from portal.access.vocabulary import Reason
from portal.content.notes import NOTES
from portal.db import AnySession, writing
from portal.dev.people import Account, people
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.verticals import Vertical, forget_site_verticals
from portal.web import DEVELOPMENT, allow, see_other

blueprint = Blueprint("rows", __name__)

EDITION = "media"
WITHOUT_TRIALS: Mapping[Reason, str] = {
    Reason.BUY: "prospect@example.org",
    Reason.OTHER_VERTICAL_BUY: "abonne-health@example.org",
}
"""Who shows these rows at a locked article of EDITION while it takes no trials."""

_LATER = frozenset(
    {Reason.GRACE_SUBSCRIPTION, Reason.GRACE_SEAT, Reason.PAYMENT_PENDING, Reason.SEAT_INVITED, Reason.NOT_STARTED}
)
_SHUT = frozenset(
    {Reason.SUSPENDED, Reason.PAYMENT_OVERDUE, Reason.PAYMENT_DISPUTED, Reason.WITHDRAWN, Reason.NOT_PUBLISHED}
)


def _tone(reason: Reason) -> str:
    if reason in _LATER:
        return "warn"
    if reason in NOTES:
        return "ok"
    return "bad" if reason in _SHUT else "plain"


TONES: Mapping[Reason, str] = {reason: _tone(reason) for reason in Reason}
"""The colour of a reason's name: open, soon or barely, for sale, shut."""


@dataclass(frozen=True, slots=True)
class Start:
    """A first thing to look at: whose story, and what it tells."""

    title: LazyString
    text: LazyString
    icon: str
    email: str = ""


STARTS = (
    Start(_("A stranger"), _("A locked article: what may be read, and what one click would open."), "lock"),
    Start(_("A trial"), _("Fifteen days, told to the last evening."), "hourglass", "essai-j1@example.org"),
    Start(
        _("A refused card"),
        _("Still reading, warned, one click from putting it right."),
        "credit-card",
        "impaye@example.org",
    ),
    Start(
        _("The back office"),
        _("Why can this person (not) read this? Grant, extend, revoke."),
        "shield-check",
        "admin@example.org",
    ),
)


def starts() -> Iterator[tuple[Start, Account | None]]:
    """The first things to look at, each with its account; None is a stranger."""
    for start in STARTS:
        yield start, people().known(start.email) if start.email else None


@dataclass(frozen=True, slots=True)
class Edition:
    """The edition whose trials the hub may close."""

    slug: str
    name: str
    trial_open: bool


def closed_edition(session: AnySession) -> Edition | None:
    """The edition of EDITION as it is now; None before the demonstration is loaded."""
    statement = select(Vertical.slug, Vertical.name, Vertical.trial_open).where(Vertical.slug == EDITION)
    row = session.execute(statement).first()
    return Edition(*row) if row else None


def open_trials(session: AnySession, open_: bool) -> None:
    """Let EDITION take trials, or no more; audited."""
    vertical = session.scalars(select(Vertical).where(Vertical.slug == EDITION)).one()
    vertical.trial_open = open_
    session.flush()
    act = "vertical.trials-opened" if open_ else "vertical.trials-closed"
    audit.record(session, act, target=("vertical", vertical.id))


@blueprint.post("/dev/trials")
@allow(DEVELOPMENT)
def trials() -> ResponseReturnValue:
    """Close or open the trials of one edition."""
    wish = request.form.get("trials")
    if wish not in ("open", "closed"):
        abort(404)
    with writing() as unit:
        if closed_edition(unit) is None:
            abort(404)
        open_trials(unit, wish == "open")
    forget_site_verticals()
    flash(
        gettext("Trials are open again.") if wish == "open" else gettext("This edition takes no trials now."), "success"
    )
    return see_other(url_for("dev.hub") + "#no-trials")
