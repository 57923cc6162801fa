"""What happened to a reader's account, in words: their own audit events of a year, for their own eyes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, select

from portal import clock, formats
from portal.accounts import user_agents
from portal.accounts.devices import BY_HOUSE, ENDED
from portal.accounts.sessions import TOO_MANY
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession
from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _

SHOWN_FOR = timedelta(days=365)
PER_PAGE = 20

ACTS: Mapping[str, LazyString] = {
    "session.opened": _("Log-in"),
    "session.ended": _("Device signed out"),
    "account.created": _("Account opened"),
    "account.confirmed": _("Address confirmed"),
    "account.password-reset": _("Password changed by a link sent by e-mail"),
    "account.password-changed": _("Password changed"),
    "account.address-changed": _("Address of the account changed"),
    "account.copy-asked": _("Copy of your data asked for"),
    "account.erased": _("Account erased"),
    "account.linked": _("Linked with another of your accounts"),
    "second-factor.on": _("Two-step sign-in turned on"),
    "second-factor.off": _("Two-step sign-in turned off"),
    "second-factor.codes-renewed": _("New recovery codes made"),
    "second-factor.recovery-used": _("Recovery code used to log in"),
    "address.proved": _("Another address proved to be yours"),
    "address.forgotten": _("Another address taken off"),
    "reader.suspended": _("Account suspended"),
    "reader.unsuspended": _("Suspension lifted"),
    "reader.viewed-as": _("Your pages were looked at as you see them"),
}
ENDS: Mapping[str, LazyString] = {
    "signed-out": _("You logged out on it."),
    ENDED: _("You signed it out from your account."),
    BY_HOUSE: _("Our team signed it out."),
    TOO_MANY: _("One device too many was signed in; this one was left unused longest."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the macro `log` shows it."""

    when: str
    iso: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first; `older` is what ?before= asks for next, None when there is nothing older."""

    entries: list[Entry]
    older: int | None
    first: bool


def read(session: AnySession, reader_id: int, *, before: int = 0) -> Page:
    """The newest events, or those older than one of this reader's own; anything else is the first page."""
    last = _own(session, reader_id, before)
    statement = (
        select(AuditEvent, AuditPersonal.values)
        .outerjoin(AuditPersonal, AuditPersonal.event_id == AuditEvent.id)
        .where(*_about(reader_id), AuditEvent.at > clock.now() - SHOWN_FOR)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(PER_PAGE + 1)
    )
    if last is not None:
        same = (AuditEvent.at == last.at) & (AuditEvent.id < last.id)
        statement = statement.where((AuditEvent.at < last.at) | same)
    rows = [(event, personal) for event, personal in session.execute(statement)]
    shown = rows[:PER_PAGE]
    entries = [_entry(event, personal or {}) for event, personal in shown]
    return Page(entries, shown[-1][0].id if len(rows) > PER_PAGE else None, first=last is None)


def _about(reader_id: int) -> tuple[ColumnElement[bool], ...]:
    return AuditEvent.target_kind == "reader", AuditEvent.target_id == reader_id, AuditEvent.act.in_(list(ACTS))


def _own(session: AnySession, reader_id: int, event_id: int) -> AuditEvent | None:
    if not 0 < event_id < 2**63:
        return None
    return session.scalar(select(AuditEvent).where(*_about(reader_id), AuditEvent.id == event_id))


def _entry(event: AuditEvent, personal: Mapping[str, Any]) -> Entry:
    iso = event.at.isoformat(timespec="seconds")
    return Entry(_day(event.at), iso, str(ACTS[event.act]), _detail(event, personal))


def _day(at: datetime) -> str:
    """Short, for a narrow column: today, the day of this year, or the whole date."""
    today, that_day = clock.paris_date(clock.now()), clock.paris_date(at)
    if that_day == today:
        return gettext("Today")
    day = formats.day(that_day, year=False)
    return day if that_day.year == today.year else f"{day} {that_day.year}"


def _detail(event: AuditEvent, personal: Mapping[str, Any]) -> str:
    """The hour, what else there is to say, and that it was not the reader's own act when it was not."""
    parts = [formats.hour(event.at)]
    if event.act.startswith("session."):
        parts.append(user_agents.from_facts(personal).words())
    if event.act == "session.ended":
        parts.append(str(ENDS.get(str(event.values.get("cause")), "")))
    if event.act.startswith("address."):
        parts.append(str(personal.get("email", "")))
    if event.actor_id not in (None, event.target_id) and event.act != "account.linked":
        parts.append(gettext("by our team"))
    return " · ".join(part for part in parts if part)


def words_of_end(cause: str, most: int) -> str:
    """Why a device was signed out, told on the sign-in page; empty for causes that need no word."""
    if cause == TOO_MANY and most:
        return ngettext(
            "An account is open on at most %(num)s device at a time: another one logged in, and this one was left "
            "unused longest. Log in to go on here.",
            "An account is open on at most %(num)s devices at a time: another one logged in, and this one was left "
            "unused longest. Log in to go on here.",
            most,
        )
    return gettext("It was signed out from another device.") if cause == ENDED else ""
