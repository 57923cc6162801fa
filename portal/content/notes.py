"""The quiet line above an open article: thanks to what it is open, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.access.vocabulary import ArticleState, Reason
from portal.content.lock import last_day
from portal.formats import moment
from portal.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence with an icon; `kind` is quiet, or warn with a next step (label, address)."""

    text: str
    icon: str = "unlock"
    kind: str = "quiet"
    action: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """What the sentence is made from: why and until when it is open, the vertical's name, the article's state."""

    reason: Reason
    until: datetime | None
    name: str
    state: ArticleState
    due: bool = True


def note(open_: Open) -> Note | None:
    """The line for an open article; None when there is nothing to say (free to all)."""
    return NOTES[open_.reason](open_)


def _until(open_: Open) -> str:
    return last_day(open_.until) if open_.until else ""


def _staff(open_: Open) -> Note:
    if open_.state is ArticleState.WITHDRAWN:
        return Note(_("Withdrawn: readers are told that this article is gone."), "eye", "warn")
    if open_.state is ArticleState.DRAFT or not open_.due:
        return Note(_("Not published yet: only staff can see this page."), "eye", "warn")
    return Note(_("You read this article as a member of staff."), "eye")


def _free(_open: Open) -> Note | None:
    return None


def _free_window(open_: Open) -> Note:
    if open_.until is None:
        return Note(_("This article is open to all at present."), "gift")
    return Note(_("This article is open to all until %(moment)s.", moment=moment(open_.until)), "gift")


def _registered(_open: Open) -> Note:
    return Note(_("You read this article with your free account."))


def _subscription(open_: Open) -> Note:
    return Note(_("You read this article thanks to your subscription to %(name)s.", name=open_.name))


def _seat(open_: Open) -> Note:
    text = _("You read this article thanks to your organisation's licence for %(name)s.", name=open_.name)
    return Note(text)


def _given(open_: Open) -> Note:
    return Note(
        _(
            "You read this article thanks to the access to %(name)s you were given, until the end of %(day)s.",
            name=open_.name,
            day=_until(open_),
        ),
    )


def _trial(open_: Open) -> Note:
    return Note(
        _(
            "You read this article thanks to your trial of %(name)s, until the end of %(day)s.",
            name=open_.name,
            day=_until(open_),
        ),
    )


def _grace(open_: Open) -> Note:
    text = _(
        "Your last payment for %(name)s did not go through. Reading stays open until %(moment)s.",
        name=open_.name,
        moment=moment(open_.until) if open_.until else "",
    )
    return Note(text, "triangle-alert", "warn", (_("Settle the payment"), "/billing/"))


NOTES: dict[Reason, Callable[[Open], Note | None]] = {
    Reason.STAFF: _staff,
    Reason.FREE: _free,
    Reason.FREE_WINDOW: _free_window,
    Reason.REGISTERED: _registered,
    Reason.GRANT_SUBSCRIPTION: _subscription,
    Reason.GRANT_SEAT: _seat,
    Reason.GRANT_ADMIN: _given,
    Reason.GRANT_TRIAL: _trial,
    Reason.GRACE_SUBSCRIPTION: _grace,
    Reason.GRACE_SEAT: _seat,
}
