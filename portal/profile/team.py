"""“Mon équipe”: who sits on an organisation's licences, and why a colleague can or cannot read, for its managers.

A manager is told what the organisation gives and nothing else: neither a colleague's own rights, nor what they tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select

from portal.access import facts
from portal.access.explain import HIT, Explanation, explain
from portal.access.looked import Names
from portal.access.vocabulary import ArticleFacts, ReaderFacts, Reason
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.i18n import lazy_gettext as _
from portal.organisations.models import Invitation, Manager, Organisation, OrganisationKind, Seat
from portal.trials.queries import guarded_article
from portal.verticals import VerticalInfo, all_verticals

LEFT_SHOWN = 10
_CLOSED = (Reason.TRIAL_AVAILABLE, Reason.BUY, Reason.OTHER_VERTICAL_TRY, Reason.OTHER_VERTICAL_BUY)
_NOT_COVERED = (
    _("Not among your licences"),
    _("Your organisation has no right to this edition."),
    _("Adding the edition to your subscription would open it."),
)
_FOR_MANAGERS: Mapping[Reason, tuple[object, object, object]] = {
    **dict.fromkeys(_CLOSED, _NOT_COVERED),
    Reason.SEAT_ENDED: (
        _("Licence ended"),
        _("This person's licence has ended or was removed."),
        _("Giving a licence again would open it."),
    ),
    Reason.GRACE_SEAT: (
        _("Open, with a payment due"),
        _("Your organisation has a payment to settle; licences stay open meanwhile."),
        _("Settling the payment keeps them open."),
    ),
}
_NOT_TOLD = frozenset(
    {"staff", "anonymous", "payment-pending", "seat-invited", "payment-overdue", "subscription-ended"}
    | {"admin-grant-ended", "trial-ended", "other-vertical-try", "other-vertical-buy", "nothing"}
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a licence; `closed_at` when they sit there no more."""

    seat_id: int
    reader_id: int
    name: str
    email: str
    opened_at: datetime
    closed_at: datetime | None
    suspended: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A vertical, and what the organisation's licences say of it for one person."""

    vertical: VerticalInfo
    explanation: Explanation


def managed(session: AnySession, reader_id: int) -> Sequence[Organisation]:
    """The organisations with licences for several people that this reader looks after, the oldest office first."""
    sit = select(func.count()).where(Seat.organisation_id == Organisation.id, Seat.closed_at.is_(None))
    several = or_(Organisation.kind != OrganisationKind.INDIVIDUAL, Organisation.seats > 1, sit.scalar_subquery() > 1)
    statement = (
        select(Organisation)
        .join(Manager, Manager.organisation_id == Organisation.id)
        .where(Manager.reader_id == reader_id, Manager.ended_at.is_(None))
        .where(several, Organisation.seats > 0)
    )
    return session.scalars(statement.order_by(Manager.since, Manager.id)).all()


def members(session: AnySession, organisation_id: int) -> list[Member]:
    """Who sits on a licence now, by name."""
    found = session.execute(_MEMBERS.where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None)))
    return sorted((Member(*row) for row in found), key=lambda one: (one.name or one.email).casefold())


def left(session: AnySession, organisation_id: int) -> list[Member]:
    """Who sat on a licence and does no more, the last to leave first; not who has come back."""
    again = select(Seat.reader_id).where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None))
    statement = _MEMBERS.where(Seat.organisation_id == organisation_id, Seat.closed_at.is_not(None))
    statement = statement.where(Seat.reader_id.not_in(again), Reader.erased_at.is_(None))
    found = session.execute(statement.order_by(Seat.closed_at.desc(), Seat.id.desc()).limit(LEFT_SHOWN))
    return list({row.reader_id: Member(*row) for row in reversed(found.all())}.values())[::-1]


def surplus(found: Sequence[Member], seats: int) -> list[Member]:
    """Whom to take off first where more sit than there are licences: who cannot read anyway, then who came last."""
    ordered = sorted(found, key=lambda one: one.opened_at, reverse=True)
    ordered.sort(key=lambda one: not (one.suspended or not one.confirmed))
    return ordered[: max(0, len(found) - seats)]


def waiting(session: AnySession, organisation_id: int, now: datetime) -> Sequence[Invitation]:
    """Licences that wait for an address, the oldest first."""
    statement = select(Invitation).where(
        Invitation.organisation_id == organisation_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    return session.scalars(statement.order_by(Invitation.created_at, Invitation.id)).all()


def member(session: AnySession, organisation_id: int, seat_id: int) -> Member | None:
    """Whoever holds, or held, this licence of this organisation."""
    row = session.execute(_MEMBERS.where(Seat.id == seat_id, Seat.organisation_id == organisation_id)).one_or_none()
    return Member(*row) if row else None


def brought(session: AnySession, organisation_id: int, reader_id: int, at: datetime) -> ReaderFacts:
    """What the organisation brings to this reader, and whether the account is in order."""
    return facts.of_account(session, session.get_one(Reader, reader_id), at).through(organisation_id)


def opened(session: AnySession, known: ReaderFacts, at: datetime) -> list[Opened]:
    """Every vertical, explained for one person."""
    verticals = all_verticals(session)
    names = Names({vertical.slug: vertical.name for vertical in verticals}, {})
    return [Opened(one, explained(guarded_article(one.slug), known, at, names)) for one in verticals]


def explained(article: ArticleFacts, known: ReaderFacts, at: datetime, names: Names) -> Explanation:
    """The decision on this article in the words of whoever gives licences; rules about other rights are left out."""
    found = explain(article, known, at, names)
    told = tuple(step for step in found.steps if step.state == HIT or step.rule not in _NOT_TOLD)
    if found.decision.reason not in _FOR_MANAGERS:
        return replace(found, steps=told)
    title, sentence, change = (str(text) for text in _FOR_MANAGERS[found.decision.reason])
    if found.decision.reason in _CLOSED:
        told = tuple(replace(s, title=title, detail=sentence) if s.state == HIT else s for s in told)
    return replace(found, title=title, sentence=sentence, change=change, steps=told)


_MEMBERS = select(
    Seat.id,
    Seat.reader_id,
    Reader.name,
    Reader.email,
    Seat.opened_at,
    Seat.closed_at,
    Reader.suspended_at.is_not(None),
    Reader.confirmed_at.is_not(None),
).join(Reader, Reader.id == Seat.reader_id)
