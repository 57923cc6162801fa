"""What decisions need to know of a reader, gathered in one statement.

One UNION ALL, built once: own grants, grants of organisations reached by a seat or managed, the trial ledger,
awaited payments and waiting invitations.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Integer,
    String,
    and_,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect, Select

from portal.access.models import AwaitedRight, Grant, TrialLedger
from portal.access.vocabulary import (
    AwaitedFacts,
    EndCause,
    GrantFacts,
    InvitationFacts,
    ReaderFacts,
    Source,
)
from portal.accounts.models import Reader
from portal.accounts.second_address import keys_of
from portal.db import AnySession, EnumType, UTCDateTime
from portal.organisations.models import Invitation, Manager, Seat
from portal.prepared import Prepared
from portal.roles import Permission, Role, may
from portal.verticals import Vertical

_READER: BindParameter[int] = bindparam("reader_id")
_COLUMNS = (
    ("id", Integer),
    ("vertical", String),
    ("source", EnumType(Source)),
    ("starts_at", UTCDateTime),
    ("ends_at", UTCDateTime),
    ("grace_until", UTCDateTime),
    ("revoked_at", UTCDateTime),
    ("end_cause", EnumType(EndCause)),
    ("organisation_id", Integer),
    ("seated_from", UTCDateTime),
    ("seated_until", UTCDateTime),
)


def _branch(kind: str, **columns: Any) -> Select[Any]:
    """One branch of the union: the same columns for all, NULL where this kind has none."""
    # PostgreSQL wants to know what kind of nothing it is: an untyped NULL in one branch is text to it.
    parts = (columns.get(name, cast(null(), type_)).label(name) for name, type_ in _COLUMNS)
    return select(literal(kind).label("kind"), *parts)


def _grant_columns() -> dict[str, Any]:
    names = ("id", "starts_at", "ends_at", "grace_until", "revoked_at", "organisation_id")
    columns: dict[str, Any] = {name: getattr(Grant, name) for name in names}
    return {**columns, "vertical": Vertical.slug, "source": Grant.source, "end_cause": Grant.end_cause}


def _own() -> Select[Any]:
    branch = _branch("grant", **_grant_columns()).join_from(Grant, Vertical)
    return branch.where(Grant.reader_id == _READER)


def _seated() -> Select[Any]:
    branch = _branch("seat", **_grant_columns(), seated_from=Seat.opened_at, seated_until=Seat.closed_at)
    branch = branch.join_from(Seat, Grant, Grant.organisation_id == Seat.organisation_id)
    return branch.join(Vertical).where(Seat.reader_id == _READER)


def _managed() -> Select[Any]:
    branch = _branch("managed", **_grant_columns())
    branch = branch.join_from(Manager, Grant, Grant.organisation_id == Manager.organisation_id)
    return branch.join(Vertical).where(Manager.reader_id == _READER, Manager.ended_at.is_(None))


def _ledger() -> Select[Any]:
    branch = _branch("tried", vertical=Vertical.slug)
    branch = branch.join_from(Reader, TrialLedger, TrialLedger.person_key == Reader.person_key)
    return branch.join(Vertical).where(Reader.id == _READER)


def _awaited() -> Select[Any]:
    branch = _branch("awaited", vertical=Vertical.slug, starts_at=AwaitedRight.since, ends_at=AwaitedRight.until)
    branch = branch.join_from(Manager, AwaitedRight, AwaitedRight.organisation_id == Manager.organisation_id)
    branch = branch.join(Vertical)
    return branch.where(Manager.reader_id == _READER, Manager.ended_at.is_(None), AwaitedRight.settled_at.is_(None))


def _invited() -> Select[Any]:
    """Seats offered to the reader's own address, or to another one they have proved."""
    columns = {"id": Invitation.id, "starts_at": Invitation.created_at, "ends_at": Invitation.expires_at}
    branch = _branch("invited", vertical=Vertical.slug, **columns)
    branch = branch.select_from(Invitation)
    covers = and_(Grant.organisation_id == Invitation.organisation_id, Grant.revoked_at.is_(None))
    branch = branch.join(Grant, covers).join(Vertical)
    waiting = and_(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    live = or_(Grant.ends_at > bindparam("at"), Grant.grace_until > bindparam("at"))
    return branch.where(Invitation.email_key.in_(keys_of(_READER)), waiting, live)


def _statement() -> CompoundSelect[Any]:
    return union_all(_own(), _seated(), _managed(), _ledger(), _awaited(), _invited())


_FACTS = Prepared(_statement())


def for_reader(
    session: AnySession,
    reader_id: int,
    *,
    role: Role,
    confirmed: bool,
    suspended: bool,
    at: datetime,
) -> ReaderFacts:
    """Everything decisions need of this reader, in one statement; the account's own state comes with the session."""
    rows = _FACTS.all(session, {"reader_id": reader_id, "at": at})
    return from_rows(
        rows,
        reader_id=reader_id,
        sees_everything=may(role, Permission.READ_EVERYTHING),
        confirmed=confirmed,
        suspended=suspended,
    )


def of_account(session: AnySession, reader: Reader, at: datetime) -> ReaderFacts:
    """The facts of a reader who is not the one asking (back office, command line, worker)."""
    return for_reader(
        session,
        reader.id,
        role=reader.role,
        confirmed=reader.confirmed_at is not None and reader.confirmed_at <= at,
        suspended=reader.suspended_at is not None and reader.suspended_at <= at,
        at=at,
    )


def from_rows(rows: Iterable[Any], **account: Any) -> ReaderFacts:
    """Sort the rows of the union into facts."""
    by_kind: dict[str, list[Any]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    managed = {row.organisation_id for row in by_kind.get("managed", ())}
    return ReaderFacts(
        **account,
        grants=_grants(by_kind, managed),
        tried=frozenset(row.vertical for row in by_kind.get("tried", ())),
        awaited=tuple(AwaitedFacts(r.vertical, r.starts_at, r.ends_at) for r in by_kind.get("awaited", ())),
        invitations=tuple(
            InvitationFacts(r.id, r.vertical, r.starts_at, r.ends_at) for r in by_kind.get("invited", ())
        ),
    )


def _grants(by_kind: dict[str, list[Any]], managed: set[int]) -> tuple[GrantFacts, ...]:
    """Own grants, then those of seats, then those a manager has no open seat for."""
    grants = [_grant(row) for row in by_kind.get("grant", ())]
    grants += [_grant(row, manages=row.organisation_id in managed) for row in by_kind.get("seat", ())]
    seated = {row.id for row in by_kind.get("seat", ()) if row.seated_until is None}
    grants += [_grant(row, manages=True) for row in by_kind.get("managed", ()) if row.id not in seated]
    return tuple(grants)


def _grant(row: Any, *, manages: bool = False) -> GrantFacts:
    return GrantFacts(
        grant_id=row.id,
        vertical=row.vertical,
        source=row.source,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        grace_until=row.grace_until,
        revoked_at=row.revoked_at,
        end_cause=row.end_cause,
        organisation_id=row.organisation_id,
        manages=manages,
        seated_from=row.seated_from,
        seated_until=row.seated_until,
    )
