"""Two accounts of one person: what the other account holds in organisations moves to whoever proved its address.

Rights stay with the organisations that pay for them, and follow the seats. Whoever reads the mails of an address can
choose a new password for its account: linking gives nothing that this would not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, union

from portal import audit
from portal.accounts.models import Reader, SecondAddress
from portal.accounts.second_address import hinders
from portal.db import AnySession
from portal.organisations import founding, mails, seats
from portal.organisations.models import Manager, Organisation, Seat

CAUSE = "linked"


class LinkRefused(ValueError):
    """The accounts cannot be linked; the cause says why: nobody (no account there), staff, suspended, unconfirmed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Belonging:
    """What the other account is to an organisation: it holds a seat, it manages it, with others or alone."""

    organisation_id: int
    name: str
    seat: bool
    manages: bool
    alone: bool

    @property
    def office_moves(self) -> bool:
        """Who manages a company with other people in it stays its manager under that address."""
        return self.manages and self.alone

    @property
    def moves(self) -> bool:
        """True when linking changes something here."""
        return self.seat or self.office_moves


def other_account(session: AnySession, second: SecondAddress) -> Reader | None:
    """The account whose own address was proved; None when there is none."""
    return session.scalar(select(Reader).where(Reader.email_key == second.email_key))


def refusal(reader: Reader, other: Reader | None) -> str:
    """Why these two are not linked, or nothing. An address never confirmed was confirmed by its code."""
    if other is None or other.id == reader.id:
        return "nobody"
    hindered = hinders(other)
    return hinders(reader) or (hindered if hindered != "unconfirmed" else "")


def belongings(session: AnySession, reader_id: int, other_id: int) -> list[Belonging]:
    """What the other account is to its organisations, in the order of their ids."""
    statement = select(Organisation.id, Organisation.name).where(_involves(other_id)).order_by(Organisation.id)
    return [_belonging(session, row.id, row.name, reader_id, other_id) for row in session.execute(statement)]


def _involves(reader_id: int) -> ColumnElement[bool]:
    seated = select(Seat.organisation_id).where(Seat.reader_id == reader_id, Seat.closed_at.is_(None))
    managed = select(Manager.organisation_id).where(Manager.reader_id == reader_id, Manager.ended_at.is_(None))
    return Organisation.id.in_(union(seated, managed))


def _belonging(session: AnySession, organisation_id: int, name: str, reader_id: int, other_id: int) -> Belonging:
    seated = {seat.reader_id for seat in seats.open_seats(session, organisation_id)}
    managing = {manager.reader_id for manager in founding.managers_of(session, organisation_id)}
    return Belonging(
        organisation_id=organisation_id,
        name=name,
        seat=other_id in seated,
        manages=other_id in managing,
        alone=(seated | managing) <= {reader_id, other_id},
    )


def link(session: AnySession, reader_id: int, second_id: int, *, locale: str) -> list[Belonging]:
    """Move what can move, write to both addresses, audit on both accounts; what was moved, nothing the second time.

    Raises LookupError for a foreign address, LinkRefused.
    """
    second = session.get(SecondAddress, second_id, populate_existing=True)
    if second is None or second.reader_id != reader_id:
        raise LookupError("This reader has proved no such address.")
    reader, other = _held(session, reader_id, second)
    moved = [one for one in belongings(session, reader_id, other.id) if _moved(session, one, reader_id, other.id)]
    if moved:
        _audit(session, reader_id, other.id, moved)
        names = [one.name for one in moved if one.seat], [one.name for one in moved if one.office_moves]
        mails.accounts_linked(session, reader, other, seats=names[0], offices=names[1], locale=locale)
    return moved


def _held(session: AnySession, reader_id: int, second: SecondAddress) -> tuple[Reader, Reader]:
    """Both accounts, locked in the order of their ids so that two links at once wait for each other."""
    found = other_account(session, second)
    ids = {reader_id} | ({found.id} if found else set())
    statement = select(Reader).where(Reader.id.in_(ids)).order_by(Reader.id).with_for_update()
    held = {one.id: one for one in session.scalars(statement.execution_options(populate_existing=True))}
    reader, other = held[reader_id], held.get(found.id) if found else None
    if cause := refusal(reader, other):
        raise LinkRefused(cause)
    assert other is not None  # nosec B101 - refusal() names it
    return reader, other


def _moved(session: AnySession, one: Belonging, reader_id: int, other_id: int) -> bool:
    """True when a seat or an office moved; one that somebody closed meanwhile is no longer there to be moved."""
    here, done = one.organisation_id, False
    if one.seat:
        done = seats.hand_over(session, here, other_id, reader_id, CAUSE, actor_id=reader_id)
    if one.office_moves:
        done = founding.hand_over(session, here, other_id, reader_id, actor_id=reader_id) or done
    return done


def _audit(session: AnySession, reader_id: int, other_id: int, moved: Sequence[Belonging]) -> None:
    """The same act on both accounts, so that it is found from either."""
    values = {
        "reader_id": reader_id,
        "other_id": other_id,
        "seats": [one.organisation_id for one in moved if one.seat],
        "offices": [one.organisation_id for one in moved if one.office_moves],
    }
    for target in (reader_id, other_id):
        audit.record(session, "account.linked", actor_id=reader_id, target=("reader", target), values=values)
