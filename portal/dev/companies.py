"""The invented companies: contract, managers, licences, and those an invitation waits for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.access.held import Holder
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.db import AnySession, db, end_reading, writing
from portal.dev.people import Account, Company, people
from portal.dev.persons import came_with, give
from portal.organisations import founding, invitations, joining, seats
from portal.organisations.models import ManagerRole, Organisation, OrganisationKind, Seat
from portal.organisations.models_team import MailDomain, ReplacementRequest

AFTER_THE_CONTRACT = timedelta(minutes=10)


def make_missing() -> int:
    """Found the companies that have a contract, with their seats; returns how many are new."""
    known = set(db.session.scalars(select(Organisation.name)))
    end_reading()
    missing = [one for one in people().companies if one.contract and one.name not in known]
    for company in missing:
        with writing() as unit:
            with clock.frozen(came_with(company, clock.now())):
                organisation_id = _found(unit, company)
            _seat(unit, organisation_id, company.name)
            _invite(unit, organisation_id, company)
            _let_ask(unit, organisation_id, company)
            _ask_for_one_more(unit, organisation_id, company)
    return len(missing)


def _found(unit: AnySession, company: Company) -> int:
    row = Organisation(name=company.name, kind=OrganisationKind.COMPANY, seats=company.seats, created_at=clock.now())
    unit.add(row)
    unit.flush()
    manager = _reader(unit, company.manager)
    founding.add_manager(unit, row.id, manager.id, ManagerRole.OWNER, actor_id=None)
    give(unit, Holder(organisation_id=row.id), company.contract or {})
    return row.id


def seat_the_paid() -> None:
    """Seat the colleagues of those who pay by card, once they have paid."""
    names = {one.seat_of for one in people().accounts if one.seat_of} | {one.name for one in people().companies}
    contracts = {one.name for one in people().companies if one.contract}
    statement = select(Organisation.id, Organisation.name).where(Organisation.name.in_(names - contracts))
    found = [(row.id, row.name) for row in db.session.execute(statement)]
    end_reading()
    for organisation_id, name in found:
        if _unseated(organisation_id, name):
            company = people().company(name)
            with writing() as unit:
                _seat(unit, organisation_id, name)
                if company:
                    _invite(unit, organisation_id, company)


def _unseated(organisation_id: int, name: str) -> bool:
    """True while somebody has never sat here who should."""
    statement = select(Reader.email_key).join(Seat, Seat.reader_id == Reader.id)
    sat = set(db.session.scalars(statement.where(Seat.organisation_id == organisation_id)))
    end_reading()
    return not sat.issuperset(email_key(email) for email, _at, _account in _members(name))


def _members(name: str) -> Iterator[tuple[str, datetime | None, Account | None]]:
    """Who sits on this organisation's licences, since when; colleagues took theirs one after the other."""
    company, now = people().company(name), clock.now()
    begins = came_with(company, now) + AFTER_THE_CONTRACT if company else None
    for account in people().accounts:
        if account.seat_of == name:
            yield account.email, begins, account
    for number, colleague in enumerate(company.colleagues if company else ()):
        yield colleague.email, begins and begins + (now - begins) * number / 40, None


def _seat(unit: AnySession, organisation_id: int, name: str) -> None:
    for email, since, account in _members(name):
        reader = _reader(unit, email)
        with clock.frozen(since or reader.created_at):
            seat = seats.open_seat(unit, organisation_id, reader.id, actor_id=None)
        if account and account.left_days_ago is not None:
            with clock.frozen(clock.now() - timedelta(days=account.left_days_ago)):
                seats.close_seat(unit, seat, "removed", actor_id=None)


def _invite(unit: AnySession, organisation_id: int, company: Company) -> None:
    manager = _reader(unit, company.manager)
    for address in company.invitations:
        with clock.frozen(clock.now() - timedelta(days=2)):
            invitations.invite(unit, organisation_id, address, actor_id=manager.id)


def _let_ask(unit: AnySession, organisation_id: int, company: Company) -> None:
    """Its mail domain, and whoever asks for a licence by it. Its manager, as everybody here, reads mail elsewhere."""
    if not company.domain:
        return
    manager = _reader(unit, company.manager)
    row = MailDomain(
        organisation_id=organisation_id, domain=company.domain, proved_by=manager.id, proved_at=clock.now()
    )
    unit.add(row)
    unit.flush()
    for account in people().accounts:
        if account.joins == company.name:
            joining.ask(unit, organisation_id, _reader(unit, account.email).id)


def _ask_for_one_more(unit: AnySession, organisation_id: int, company: Company) -> None:
    """A replacement that waits for staff. Written as it stands: the pages take one beyond a month's limit only."""
    sitting = seats.open_seats(unit, organisation_id)
    if not company.domain or not sitting:
        return
    address, manager = f"releve@{company.domain}", _reader(unit, company.manager)
    wish = ReplacementRequest(organisation_id=organisation_id, seat_id=sitting[-1].id, asked_by=manager.id)
    wish.email, wish.email_key, wish.created_at = address, email_key(address), clock.now()
    unit.add(wish)
    unit.flush()


def _reader(unit: AnySession, email: str) -> Reader:
    return unit.scalars(select(Reader).where(Reader.email_key == email_key(email))).one()
