"""What the back office reads of organisations: the list page after page, and what one of them holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, cast, exists, func, null, or_, select, union_all
from sqlalchemy.orm import aliased

from portal.access.models import Grant
from portal.access.standing import Contract
from portal.access.vocabulary import GrantFacts, Source
from portal.accounts.models import Reader
from portal.admin.queries import is_live
from portal.billing.models import Subscription
from portal.db import AnySession, UTCDateTime
from portal.organisations.models import Invitation, Manager, ManagerRole, Organisation, Seat
from portal.prepared import Prepared
from portal.verticals import Vertical

SEATS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation in the list: who looks after it, how many seats are taken, what is open now."""

    organisation: Organisation
    managers: tuple[str, ...]
    taken: int
    open_now: tuple[str, ...]


def listed(session: AnySession, q: str, now: datetime, *, before: int, limit: int) -> tuple[list[Listed], bool]:
    """(organisations with an id below `before`, newest first; whether there are more), in four statements."""
    statement = select(Organisation).where(Organisation.id < before).order_by(Organisation.id.desc()).limit(limit + 1)
    for word in q.split()[:5]:
        statement = statement.where(_words(word))
    rows = list(session.scalars(statement))
    ids = [row.id for row in rows[:limit]]
    managers, taken, rights = _managers(session, ids), _taken(session, ids), _open_now(session, ids, now)
    shown = [
        Listed(row, tuple(managers.get(row.id, ())), taken.get(row.id, 0), tuple(rights.get(row.id, ())))
        for row in rows[:limit]
    ]
    return shown, len(rows) > limit


def _words(word: str) -> ColumnElement[bool]:
    """Every word is found in the name, the SIREN, or the name or address of somebody who manages it or sits there."""
    person = aliased(Reader)
    known = or_(person.name.icontains(word, autoescape=True), person.email.icontains(word, autoescape=True))
    managed = select(Manager.id).join(person, person.id == Manager.reader_id).where(known, Manager.ended_at.is_(None))
    seated = select(Seat.id).join(person, person.id == Seat.reader_id).where(known, Seat.closed_at.is_(None))
    return or_(
        Organisation.name.icontains(word, autoescape=True),
        Organisation.siren.startswith(word, autoescape=True),
        exists(managed.where(Manager.organisation_id == Organisation.id)),
        exists(seated.where(Seat.organisation_id == Organisation.id)),
    )


def _managers(session: AnySession, ids: Sequence[int]) -> dict[int, list[str]]:
    statement = (
        select(Manager.organisation_id, Reader.name, Reader.email)
        .join(Reader, Reader.id == Manager.reader_id)
        .where(Manager.organisation_id.in_(ids), Manager.ended_at.is_(None))
        .order_by(Manager.role == ManagerRole.MANAGER, Manager.since, Manager.id)
    )
    found: dict[int, list[str]] = {}
    for organisation_id, name, email in session.execute(statement):
        found.setdefault(organisation_id, []).append(name or email)
    return found


def _taken(session: AnySession, ids: Sequence[int]) -> dict[int, int]:
    statement = (
        select(Seat.organisation_id, func.count())
        .where(Seat.organisation_id.in_(ids), Seat.closed_at.is_(None))
        .group_by(Seat.organisation_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _open_now(session: AnySession, ids: Sequence[int], now: datetime) -> dict[int | None, list[str]]:
    statement = (
        select(Grant.organisation_id, Vertical.name)
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .where(Grant.organisation_id.in_(ids), is_live(Grant, now))
        .group_by(Grant.organisation_id, Vertical.id, Vertical.name, Vertical.position)
        .order_by(Vertical.position, Vertical.id)
    )
    found: dict[int | None, list[str]] = {}
    for organisation_id, name in session.execute(statement):
        found.setdefault(organisation_id, []).append(name)
    return found


def grants_of(session: AnySession, organisation_id: int) -> tuple[list[GrantFacts], dict[int, Contract]]:
    """An organisation's own grants, and {grant id: Contract} of those that mirror a subscription.

    The facts are as the organisation itself holds them: they name no organisation, so that no seat is asked for.
    """
    statement = (
        select(Grant, Vertical.slug, Subscription.renews_at, Subscription.ending_at)
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .outerjoin(Subscription, and_(Subscription.stripe_id == Grant.reference, Grant.source == Source.SUBSCRIPTION))
        .where(Grant.organisation_id == organisation_id)
        .order_by(Grant.id)
    )
    grants, contracts = [], {}
    for grant, slug, renews_at, ending_at in session.execute(statement):
        grants.append(grant.facts(slug))
        if grant.source is Source.SUBSCRIPTION:
            contracts[grant.id] = Contract("", renews_at, ending_at)
    return grants, contracts


@dataclass(frozen=True, slots=True)
class Sitting:
    """Somebody on an organisation's page: who holds a seat, manages it, or is invited. `reader_id` None: not yet."""

    name: str
    email: str
    since: datetime
    reader_id: int | None = None
    owner: bool = False
    suspended: bool = False


def seats_of(session: AnySession, organisation_id: int) -> list[Sitting]:
    """Who holds a seat, longest first; at most SEATS_SHOWN."""
    statement = (
        select(Reader.name, Reader.email, Seat.opened_at, Reader.id, Reader.suspended_at)
        .join(Reader, Reader.id == Seat.reader_id)
        .where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None))
        .order_by(Seat.opened_at, Seat.id)
        .limit(SEATS_SHOWN)
    )
    return [
        Sitting(name, email, since, id_, suspended=suspended is not None)
        for name, email, since, id_, suspended in session.execute(statement)
    ]


def managers_of(session: AnySession, organisation_id: int) -> list[Sitting]:
    """Who looks after it, owners first."""
    statement = (
        select(Reader.name, Reader.email, Manager.since, Reader.id, Manager.role, Reader.suspended_at)
        .join(Reader, Reader.id == Manager.reader_id)
        .where(Manager.organisation_id == organisation_id, Manager.ended_at.is_(None))
        .order_by(Manager.role == ManagerRole.MANAGER, Manager.since, Manager.id)
    )
    return [
        Sitting(name, email, since, id_, owner=role is ManagerRole.OWNER, suspended=suspended is not None)
        for name, email, since, id_, role, suspended in session.execute(statement)
    ]


def invited_to(session: AnySession, organisation_id: int, now: datetime) -> list[Sitting]:
    """Addresses that a seat waits for."""
    statement = (
        select(Invitation.email, Invitation.created_at)
        .where(Invitation.organisation_id == organisation_id, Invitation.expires_at > now)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.id)
        .limit(SEATS_SHOWN)
    )
    return [Sitting("", email, since) for email, since in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class Belonging:
    """What an organisation is to a reader: a seat (until when, if it is over), an office, or both."""

    organisation_id: int
    name: str
    seated_from: datetime | None = None
    seated_until: datetime | None = None
    manages: bool = False


def _belongings() -> Prepared:
    reader: BindParameter[int] = bindparam("reader_id")
    named, nothing = (Organisation.id, Organisation.name), cast(null(), UTCDateTime)
    sat = select(*named, Seat.opened_at, Seat.closed_at, Seat.id.label("place"))
    sat = sat.join(Seat, Seat.organisation_id == Organisation.id).where(Seat.reader_id == reader)
    managed = select(*named, nothing.label("opened_at"), nothing.label("closed_at"), Organisation.id.label("place"))
    managed = managed.join(Manager, Manager.organisation_id == Organisation.id)
    managed = managed.where(Manager.reader_id == reader, Manager.ended_at.is_(None))
    return Prepared(union_all(sat, managed).order_by("opened_at", "place"))


_BELONGINGS = _belongings()


def belongings(session: AnySession, reader_id: int) -> list[Belonging]:
    """The organisations a reader sits in, has sat in, or manages; once each, the latest seat counts."""
    rows = _BELONGINGS.all(session, {"reader_id": reader_id})
    offices = {row.id: row.name for row in rows if row.opened_at is None}
    seats = [row for row in rows if row.opened_at is not None]
    found = {row.id: Belonging(row.id, row.name, row.opened_at, row.closed_at, row.id in offices) for row in seats}
    alone = [Belonging(id_, name, manages=True) for id_, name in offices.items() if id_ not in found]
    return [*found.values(), *alone]
