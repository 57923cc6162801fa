"""What an act of the audit log changed, in words: how it stands after the act, and how it stood before."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from portal import formats
from portal.access import words
from portal.admin.billing_summary import STATUSES
from portal.audit import AuditEvent
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _


def _status(code: str) -> str:
    return str(STATUSES[code][0]) if code in STATUSES else code


# The facts of an act that people want to see changed; who was revoked or suspended is told by the act itself.
_FACTS: Mapping[str, tuple[object, Callable[[Any], str]]] = {
    "starts_at": (_("Start"), lambda text: words.start_words(datetime.fromisoformat(text))),
    "ends_at": (_("End"), lambda text: words.short_end(datetime.fromisoformat(text))),
    "grace_until": (_("Open while a payment is due"), lambda text: words.short_end(datetime.fromisoformat(text))),
    "status": (_("State"), _status),
    "quantity": (_("Seats"), str),
    "ending_at": (_("Not renewed after"), lambda text: words.short_end(datetime.fromisoformat(text))),
}


def changes(event: AuditEvent) -> list[str]:
    """One clause for each fact that the act changed; of what the act made, the start when it lies ahead."""
    before, after = event.values.get("before"), event.values.get("after")
    if "cap_before" in event.values:
        return [_clause(_("Trials at a time"), _cap(event.values["cap_before"]), _cap(event.values["cap"]))]
    if isinstance(before, int) and isinstance(after, int):
        return [_clause(_("Seats"), str(before), str(after))]
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    if not before:
        return _begun(event, after)
    return [*_moved(before, after), *_cut_short(after)]


def _cap(number: int | None) -> str:
    return gettext("as everybody") if number is None else str(number)


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    known = [(fact, before.get(fact), after.get(fact)) for fact in _FACTS]
    return [_of(fact, was, now) for fact, was, now in known if was != now]


def _of(fact: str, was: Any, now: Any) -> str:
    name, spoken = _FACTS[fact]
    then, today = (spoken(value) if value else gettext("none") for value in (was, now))
    if then == today:  # on one day, at another hour
        then, today = (formats.moment(datetime.fromisoformat(value)) for value in (was, now))
    return _clause(name, then, today)


def _clause(name: object, before: str, after: str) -> str:
    return gettext("%(what)s: %(after)s (before: %(before)s)", what=str(name), after=after, before=before)


def _begun(event: AuditEvent, after: Mapping[str, Any]) -> list[str]:
    starts_at = after.get("starts_at")
    if not starts_at or datetime.fromisoformat(starts_at) <= event.at:
        return []
    return [gettext("from %(start)s", start=words.start_words(datetime.fromisoformat(starts_at)))]


def _cut_short(after: Mapping[str, Any]) -> list[str]:
    """A revoked right keeps the end it was to have."""
    if not after.get("revoked_at") or not after.get("ends_at"):
        return []
    end = words.short_end(datetime.fromisoformat(after["ends_at"]))
    return [gettext("it was to run until %(end)s", end=end)]
