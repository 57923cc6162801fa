"""What an account holds moves, once, to whoever proved its address."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.access import facts
from portal.access.vocabulary import Source
from portal.accounts.models import Reader, SecondAddress
from portal.audit import AuditEvent
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import founding, linking, seats
from portal.organisations.linking import LinkRefused
from portal.organisations.models import Manager, ManagerRole, OrganisationKind, Seat
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_seat, an_organisation

OTHER = "autre@clinique.example.org"


def proved(reader: Reader) -> SecondAddress:
    """The other address, as a right code leaves it."""
    with writing() as unit:
        second = SecondAddress(reader_id=reader.id, email=OTHER, email_key=OTHER, proved_at=clock.now())
        unit.add(second)
    return second


def buyer() -> Reader:
    """The other account, which bought alone and reads."""
    other = a_reader(OTHER)
    alone = an_organisation(other, seats=1, kind=OrganisationKind.INDIVIDUAL, name="Cabinet Ardouin")
    a_seat(alone, other)
    a_grant(organisation=alone, vertical="health", source=Source.SUBSCRIPTION)
    return other


def linked(reader: Reader, second: SecondAddress) -> list[str]:
    """The organisations in which something moved."""
    with writing() as unit:
        return [one.name for one in linking.link(unit, reader.id, second.id, locale="en")]


def test_the_seat_and_the_office_of_who_bought_alone_move_and_the_right_follows(session: AnySession) -> None:
    reader, other = a_reader(), buyer()
    second = proved(reader)
    assert linked(reader, second) == ["Cabinet Ardouin"]
    known = facts.of_account(session, session.get_one(Reader, reader.id), clock.now())
    assert [(one.vertical, one.manages, one.reaches(clock.now())) for one in known.grants] == [("health", True, True)]
    left = facts.of_account(session, session.get_one(Reader, other.id), clock.now())
    assert not any(one.reaches(clock.now()) for one in left.grants)
    acts = session.execute(select(AuditEvent.act, AuditEvent.target_id).where(AuditEvent.act == "account.linked")).all()
    assert sorted(target for _act, target in acts) == sorted([reader.id, other.id])


def test_both_addresses_are_written_to_each_in_its_language(session: AnySession) -> None:
    reader, other = a_reader(locale="en"), buyer()
    with writing() as unit:
        unit.get_one(Reader, other.id).locale = "fr"
    linked(reader, proved(reader))
    mails = {mail.to_address: mail for mail in session.scalars(select(Mail).where(Mail.kind == "accounts_linked"))}
    assert mails[reader.email].subject == "Your two accounts are linked"
    assert mails[OTHER].subject == "Vos deux comptes sont rattachés"
    for mail in mails.values():
        assert reader.email in mail.text and OTHER in mail.text and "/contact" in mail.text
        assert "Cabinet Ardouin" in mail.html


def test_linking_twice_moves_nothing_the_second_time(session: AnySession) -> None:
    reader, _other = a_reader(), buyer()
    second = proved(reader)
    assert linked(reader, second) and linked(reader, second) == []
    assert session.scalar(select(func.count()).where(Mail.kind == "accounts_linked")) == 2


def test_two_links_at_once_move_the_seat_once(app: Flask) -> None:
    reader, _other = a_reader(), buyer()
    second = proved(reader)
    end_reading()

    def attempt(_number: int) -> int:
        with app.app_context():
            try:
                return len(linked(reader, second))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == [0, 0, 0, 1]
    assert db.session.scalar(select(func.count()).where(Seat.closed_at.is_(None))) == 1
    assert db.session.scalar(select(func.count()).where(Manager.ended_at.is_(None))) == 1


def test_a_seat_moves_where_the_contract_has_fewer_seats_by_now(session: AnySession) -> None:
    reader, other = a_reader(), a_reader(OTHER)
    company = an_organisation(a_reader(), seats=0)
    a_seat(company, other)
    assert linked(reader, proved(reader)) == [company.name]
    assert [seat.reader_id for seat in seats.open_seats(session, company.id)] == [reader.id]


def test_who_sat_there_already_keeps_one_seat_and_the_other_is_free(session: AnySession) -> None:
    reader, other = a_reader(), a_reader(OTHER)
    company = an_organisation(a_reader(), seats=2)
    a_seat(company, other)
    a_seat(company, reader)
    linked(reader, proved(reader))
    assert [seat.reader_id for seat in seats.open_seats(session, company.id)] == [reader.id]


def test_the_manager_of_a_company_with_other_people_stays_its_manager(session: AnySession) -> None:
    reader, other = a_reader(), a_reader(OTHER)
    company = an_organisation(other, seats=5)
    a_seat(company, other)
    a_seat(company, a_reader())
    linked(reader, proved(reader))
    assert founding.manages(session, other.id, company.id) and not founding.manages(session, reader.id, company.id)
    assert reader.id in {seat.reader_id for seat in seats.open_seats(session, company.id)}


def test_an_office_moves_with_its_role(session: AnySession) -> None:
    reader, other = a_reader(), a_reader(OTHER)
    company = an_organisation(other, seats=1)
    with writing() as unit:
        founding.add_manager(unit, company.id, reader.id, ManagerRole.MANAGER, actor_id=None)
    linked(reader, proved(reader))
    found = founding.managers_of(session, company.id)
    assert [(one.reader_id, one.role) for one in found] == [(reader.id, ManagerRole.OWNER)]


def test_what_was_paid_for_comes_before_an_organisation_without_licences(session: AnySession) -> None:
    reader = a_reader()
    with writing() as unit:
        founding.organisation_of(unit, reader.id)
    buyer()
    linked(reader, proved(reader))
    found = founding.managed_by(session, reader.id)
    assert found is not None and found.name == "Cabinet Ardouin"


@pytest.mark.parametrize("cause", ["staff", "suspended", "nobody"])
def test_some_accounts_are_never_linked(session: AnySession, cause: str) -> None:
    reader = a_reader()
    if cause != "nobody":
        other = buyer()
        with writing() as unit:
            held = unit.get_one(Reader, other.id)
            held.role = Role.ADMIN if cause == "staff" else Role.READER
            held.suspended_at = clock.now() if cause == "suspended" else None
    second = proved(reader)
    with pytest.raises(LinkRefused, match=cause):
        linked(reader, second)
    assert session.scalar(select(func.count()).where(Mail.kind == "accounts_linked")) == 0


def test_nobody_links_by_an_address_that_somebody_else_proved(session: AnySession) -> None:
    second = proved(a_reader())
    buyer()
    with pytest.raises(LookupError):
        linked(a_reader(), second)
