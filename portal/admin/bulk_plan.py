"""What giving rights to a list of addresses would do: looked at for the preview, and again when it is confirmed.

The preview is this plan; confirming works it out anew with the accounts held, and gives only when both are the same.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access import grants
from portal.access.models import Grant
from portal.access.vocabulary import GrantFacts, GrantState, Source
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.pasted import Pasted
from portal.db import AnySession
from portal.organisations.models import Seat
from portal.verticals import VerticalInfo


class Effect(StrEnum):
    """What giving one vertical to one reader does: a right where there was none, beside another, or nothing."""

    NEW = "new"
    OVERLAPS = "overlaps"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class Wish:
    """What staff ask for: civil days in Paris, both included."""

    verticals: tuple[VerticalInfo, ...]
    first: date
    last: date
    reason: str

    def span(self) -> tuple[datetime, datetime]:
        """[start, end): what begins today begins now."""
        now = clock.now()
        starts_at, ends_at = grants.day_bounds(self.first, self.last)
        return now if self.first == clock.paris_date(now) else starts_at, ends_at


@dataclass(frozen=True, slots=True)
class Change:
    """One vertical for one reader; `known` is the right that is there already, the one that lasts longest."""

    vertical: VerticalInfo
    effect: Effect
    known: GrantFacts | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One account of the list."""

    reader_id: int
    name: str
    email: str
    suspended: bool
    unconfirmed: bool
    changes: tuple[Change, ...]

    @property
    def given(self) -> tuple[VerticalInfo, ...]:
        """What this account is given: nothing while it is suspended, nothing that it has as long already."""
        if self.suspended:
            return ()
        return tuple(change.vertical for change in self.changes if change.effect is not Effect.COVERED)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole list: accounts in the order of the addresses, and what leads to none."""

    wish: Wish
    lines: tuple[Line, ...]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def given(self) -> list[Line]:
        """The accounts that receive something."""
        return [line for line in self.lines if line.given]

    @property
    def left(self) -> list[Line]:
        """The accounts that are left as they are."""
        return [line for line in self.lines if not line.given]

    def fingerprint(self) -> str:
        """Equal for two plans that say the same: what would be given to whom, beside what, and to whom nothing."""
        facts = [_of_wish(self.wish), [_of_line(line) for line in self.lines], sorted(map(email_key, self.unknown))]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()


def plan(session: AnySession, pasted: Pasted, wish: Wish, *, hold: bool = False) -> Plan:
    """Work the list out, in three statements. `hold` locks its accounts, in one order, until the unit of work ends."""
    readers = _readers(session, pasted.addresses, hold=hold)
    found = {key: readers[key] for key in map(email_key, pasted.addresses) if key in readers}
    rights = _rights(session, [reader.id for reader in found.values()], wish.verticals)
    return Plan(
        wish=wish,
        lines=tuple(_line(reader, rights.get(reader.id, []), wish) for reader in found.values()),
        unknown=tuple(address for address in pasted.addresses if email_key(address) not in found),
        repeated=tuple(pasted.repeated),
        unreadable=tuple(pasted.unreadable),
    )


def _readers(session: AnySession, addresses: Iterable[str], *, hold: bool) -> dict[str, Reader]:
    """{key of the address: reader}, as accounts look addresses up; what is left of erased ones is nobody's."""
    keys = [email_key(address) for address in addresses]
    statement = select(Reader).where(Reader.email_key.in_(keys), Reader.erased_at.is_(None)).order_by(Reader.id)
    if hold:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {reader.email_key: reader for reader in session.scalars(statement)}


def _rights(
    session: AnySession, reader_ids: Sequence[int], verticals: Sequence[VerticalInfo]
) -> dict[int | None, list[GrantFacts]]:
    """{reader id: what reaches them of these verticals}: their own grants, and those of their open seats."""
    slugs = {vertical.id: vertical.slug for vertical in verticals}
    own = select(Grant, Grant.reader_id, Grant.starts_at).where(Grant.reader_id.in_(reader_ids))
    seated = select(Grant, Seat.reader_id, Seat.opened_at).join(Seat, Seat.organisation_id == Grant.organisation_id)
    seated = seated.where(Seat.reader_id.in_(reader_ids), Seat.closed_at.is_(None))
    found: dict[int | None, list[GrantFacts]] = {}
    for statement in (own, seated):
        of_these = statement.where(Grant.vertical_id.in_(slugs)).execution_options(populate_existing=True)
        for grant, reader_id, since in session.execute(of_these.order_by(Grant.id)):
            seat = {"organisation_id": grant.organisation_id, "seated_from": since} if grant.organisation_id else {}
            found.setdefault(reader_id, []).append(grant.facts(slugs[grant.vertical_id], **seat))
    return found


def _line(reader: Reader, rights: Iterable[GrantFacts], wish: Wish) -> Line:
    by_slug: dict[str, list[GrantFacts]] = {}
    for right in rights:
        by_slug.setdefault(right.vertical, []).append(right)
    return Line(
        reader_id=reader.id,
        name=reader.name,
        email=reader.email,
        suspended=reader.suspended_at is not None,
        unconfirmed=reader.confirmed_at is None,
        changes=tuple(_change(vertical, by_slug.get(vertical.slug, ()), wish) for vertical in wish.verticals),
    )


def _change(vertical: VerticalInfo, rights: Iterable[GrantFacts], wish: Wish) -> Change:
    starts_at, ends_at = wish.span()
    near = [right for right in rights if lasts_until(right) > starts_at and right.starts_at < ends_at]
    longest = max(near, key=lasts_until, default=None)
    covering = [right for right in near if right.starts_at <= starts_at and lasts_until(right) >= ends_at]
    if covering:
        return Change(vertical, Effect.COVERED, max(covering, key=lasts_until))
    return Change(vertical, Effect.OVERLAPS if longest else Effect.NEW, longest)


def lasts_until(right: GrantFacts) -> datetime:
    """Until when a right is sure: without grace, which may be over tomorrow, and as its holder is told it."""
    if right.state(clock.now()) in (GrantState.REVOKED, GrantState.ENDED):
        return right.starts_at
    return min(right.told_end(), right.last_instant()) if right.source is Source.SUBSCRIPTION else right.last_instant()


def _of_wish(wish: Wish) -> list[Any]:
    return [[vertical.id for vertical in wish.verticals], wish.first.isoformat(), wish.last.isoformat(), wish.reason]


def _of_line(line: Line) -> list[Any]:
    return [line.reader_id, line.suspended, line.unconfirmed, [_of_change(change) for change in line.changes]]


def _of_change(change: Change) -> list[Any]:
    known: Mapping[str, Any] = {}
    if change.known is not None:
        known = {"id": change.known.grant_id, "until": lasts_until(change.known).isoformat()}
    return [change.vertical.id, change.effect.value, known]
