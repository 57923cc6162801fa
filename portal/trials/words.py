"""What became of a wish to try, in sentences."""

from portal.formats import day
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.trials.dates import last_day
from portal.trials.queries import listed
from portal.trials.start import Answer


def sentences(answer: Answer) -> list[tuple[str, str]]:
    """(kind of message, sentence) for everything that happened: what began, and what could not and why."""
    told = []
    if answer.ends_at is not None:
        until = day(last_day(answer.ends_at), weekday=True)
        text = _(
            "Your trial of %(name)s has begun: access until %(day)s inclusive.", name=listed(answer.names), day=until
        )
        told.append(("success", text))
    told += [("info", _already(answer.readable))] if answer.readable else []
    told += [("warning", _tried(answer.tried))] if answer.tried else []
    told += [("info", _queued(answer.queued))] if answer.queued else []
    told += [("warning", _closed(answer.closed))] if answer.closed else []
    return told or [("warning", _("No trial was started: choose what you would like to try."))]


def refused(code: str) -> str:
    """Why this person may start no trial."""
    if code == "suspended":
        return _("Your account is suspended: no trial can be started. Write to us to have it reopened.")
    return _("Confirm your address first: open the link we sent you.")


def _already(names: list[str]) -> str:
    return _("You can read %(name)s already: your trial is kept for later.", name=listed(names))


def _tried(names: list[str]) -> str:
    return _("You have already tried %(name)s. A plan opens it again.", name=listed(names))


def _queued(names: list[str]) -> str:
    return _(
        "Your company has reached its number of trials for %(name)s. We answer within one working day.",
        name=listed(names),
    )


def _closed(names: list[str]) -> str:
    return ngettext(
        "%(name)s takes no trials at the moment.",
        "%(name)s take no trials at the moment.",
        len(names),
        name=listed(names),
    )
