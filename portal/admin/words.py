"""Acts of the audit log as sentences, in the current language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import clock, formats
from portal.access import words
from portal.admin import changes
from portal.audit import AuditEvent
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _

ACTS: Mapping[str, object] = {
    "grant.given": _("Access to %(vertical)s granted until %(end)s"),
    "grant.extended": _("Access to %(vertical)s extended until %(end)s"),
    "grant.shortened": _("Access to %(vertical)s shortened, until %(end)s"),
    "grant.moved": _("End of the access to %(vertical)s moved to %(end)s"),
    "grant.revoked": _("Access to %(vertical)s revoked"),
    "trial.started": _("Trial of %(vertical)s started, until %(end)s"),
    "trial.extended": _("Trial of %(vertical)s extended until %(end)s"),
    "trial.shortened": _("Trial of %(vertical)s shortened, until %(end)s"),
    "trial.queued": _("Trial of %(vertical)s kept for an answer: the company's cap is reached"),
    "trial.more-asked": _("More days of %(vertical)s asked for"),
    "trial.request-started": _("Request for a trial of %(vertical)s accepted"),
    "trial.request-extended": _("Request for more days of %(vertical)s accepted"),
    "trial.request-declined": _("Request about the trial of %(vertical)s declined"),
    "trial.request-closed": _("Request about the trial of %(vertical)s closed without an answer"),
    "company.cap-changed": _("Number of trials of a company changed"),
    "subscription.mirrored": _("Subscription to %(vertical)s taken over from Stripe, until %(end)s"),
    "reader.suspended": _("Account suspended"),
    "reader.unsuspended": _("Suspension lifted"),
    "reader.reads-fast": _("Reads faster than a person: %(articles)s articles in a day"),
    "reader.many-networks": _("One login at %(networks)s networks within an hour"),
    "reader.viewed-as": _("Site seen through this reader's eyes"),
    "reader.viewed-as-ended": _("Back to one's own eyes"),
    "second-factor.on": _("Two-step sign-in turned on"),
    "second-factor.off": _("Two-step sign-in turned off"),
    "second-factor.codes-renewed": _("New recovery codes made"),
    "second-factor.recovery-used": _("Log-in with a recovery code"),
    "account.password-changed": _("Password changed"),
    "account.created": _("Account created"),
    "account.confirmed": _("Address confirmed"),
    "account.password-reset": _("Password changed after a reset"),
    "account.address-changed": _("Address of the account changed"),
    "account.copy-asked": _("Copy of one's own data asked for"),
    "account.erased": _("Account erased"),
    "account.linked": _("Two accounts of one person linked"),
    "session.opened": _("Log-in"),
    "session.ended": _("Device signed out"),
    "address.proved": _("Another address proved"),
    "address.forgotten": _("Proved address taken off"),
    "checkout.begun": _("Payment begun"),
    "subscription.cancel-asked": _("Cancellation asked for"),
    "subscription.resume-asked": _("Cancellation taken back"),
    "subscription.withdrawn": _("Withdrawal from the contract"),
    "subscription.changed": _("Subscription changed"),
    "change.agreed": _("Change of the subscription agreed to"),
    "quote.sent": _("Quote sent"),
    "quote.accepted": _("Quote accepted"),
    "quote.declined": _("Quote declined"),
    "quote.withdrawn": _("Quote withdrawn"),
    "order.placed": _("Order by invoice placed"),
    "invoice.received": _("Payment of invoice %(number)s received by transfer"),
    "billing.alert": _("Something to look at in billing"),
    "billing.event-replayed": _("Webhook put back to be worked on"),
    "billing.resynced": _("Subscription read again from Stripe"),
    "dispute.released": _("Access opened again in spite of a disputed payment"),
    "organisation.address-followed": _("Mail about money follows the account's new address"),
    "organisation.domain-proved": _("Mail domain proved by a manager"),
    "organisation.domain-given-up": _("Mail domain given up"),
    "manager.added": _("Manager added"),
    "manager.removed": _("Manager removed"),
    "manager.made-owner": _("Manager made owner"),
    "seat.opened": _("Seat opened"),
    "seat.closed": _("Seat closed"),
    "seat.invited": _("Seat offered to an address"),
    "seat.invited-again": _("Invitation to a seat sent again"),
    "seat.invitation-withdrawn": _("Invitation to a seat withdrawn"),
    "seat.asked-for": _("Seat asked for by a reader"),
    "seat.wish-approved": _("Wish for a seat approved"),
    "seat.wish-declined": _("Wish for a seat declined"),
    "seat.replaced": _("Somebody replaced on a seat"),
    "seat.replacement-asked": _("One replacement more asked for"),
    "seat.replacement-approved": _("One replacement more agreed to"),
    "seat.replacement-declined": _("One replacement more declined"),
    "seats.changed": _("Number of seats changed"),
    "enquiry.received": _("Enquiry received"),
    "enquiry.answered": _("Enquiry answered"),
    "enquiry.closed": _("Enquiry closed without an answer"),
    "vertical.trials-opened": _("Trials opened for an edition"),
    "vertical.trials-closed": _("Trials closed for an edition"),
    "vertical.retired": _("Edition retired"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as the macro `log` and the audit page show it."""

    id: int
    when: str
    moment: str
    iso: str
    what: str
    detail: str
    note: str
    reason: str
    act: str
    actor: str
    actor_id: int | None
    target: str
    reader_id: int | None
    organisation_id: int | None


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id, of everybody and everything the entries speak of."""

    people: Mapping[int, str]
    verticals: Mapping[int, str]
    organisations: Mapping[int, str]


def sentence(event: AuditEvent, verticals: Mapping[int, str]) -> str:
    """What happened; an act without a sentence of its own is called by its name."""
    text = ACTS.get(event.act)
    if text is None:
        return event.act
    return str(text) % {
        **event.values,
        "vertical": verticals.get(event.values.get("vertical_id", 0), "–"),
        "end": _end(event.values.get("after")),
    }


def _end(after: Any) -> str:
    """The end an act has set; acts that are not about a right keep other things there."""
    ends_at = after.get("ends_at") if isinstance(after, dict) else None
    return words.short_end(datetime.fromisoformat(ends_at)) if ends_at else "–"


def entries(rows: Iterable[tuple[AuditEvent, Mapping[str, Any] | None]], names: Names) -> list[Entry]:
    """Events with their personal values (or None) as entries."""
    return [_entry(event, personal or {}, names) for event, personal in rows]


def _entry(event: AuditEvent, personal: Mapping[str, Any], names: Names) -> Entry:
    whom, reason = _whom(event, names.people), str(personal.get("reason", ""))
    note = ", ".join([*whom, *changes.changes(event)])
    return Entry(
        id=event.id,
        when=_when(event.at),
        moment=formats.moment(event.at),
        iso=event.at.isoformat(timespec="seconds"),
        what=sentence(event, names.verticals),
        detail=", ".join(part for part in (note, reason, _actor(event, names.people)) if part),
        note=note,
        reason=reason,
        act=event.act,
        actor=names.people.get(event.actor_id or 0) or gettext("The portal itself"),
        actor_id=event.actor_id,
        target=_target(event, personal, names),
        reader_id=event.target_id if event.target_kind == "reader" else None,
        organisation_id=event.target_id if event.target_kind == "organisation" else None,
    )


def _whom(event: AuditEvent, people: Mapping[int, str]) -> list[str]:
    """Of an organisation's seats and managers: who took or left one."""
    name = people.get(event.values.get("reader_id") or 0)
    return [gettext("for %(name)s", name=name)] if name and event.target_kind == "organisation" else []


def _actor(event: AuditEvent, people: Mapping[int, str]) -> str:
    if event.actor_id is None:
        return ""
    if event.target_kind == "reader" and event.actor_id == event.target_id:
        return gettext("by the reader")
    return gettext("by %(name)s", name=people.get(event.actor_id, f"#{event.actor_id}"))


def _when(at: datetime) -> str:
    """Short, for a narrow column: today's hour, the day of this year, or the whole date."""
    today, that_day = clock.paris_date(clock.now()), clock.paris_date(at)
    if that_day == today:
        return gettext("Today, %(hour)s", hour=formats.hour(at))
    return formats.day(at, year=that_day.year != today.year)


def _target(event: AuditEvent, personal: Mapping[str, Any], names: Names) -> str:
    """The name of what the act is about; "" when nothing is known of it any more."""
    if event.target_kind == "enquiry":
        return gettext("Enquiry %(id)s", id=event.target_id)
    if event.target_kind == "company":
        return str(personal.get("company", gettext("A company")))
    known = {"reader": names.people, "organisation": names.organisations, "vertical": names.verticals}
    found = known.get(event.target_kind, {}).get(event.target_id or 0)
    return found or (gettext("Organisation %(id)s", id=event.target_id) if event.target_kind == "organisation" else "")
