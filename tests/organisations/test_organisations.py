"""Who looks after an organisation, and who sits on its licences."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit import AuditEvent
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import founding, seats
from portal.organisations.founding import OrganisationError
from portal.organisations.models import Manager, ManagerRole, Organisation, OrganisationKind, Seat
from tests.builders import a_reader, an_organisation


def test_who_buys_alone_gets_an_organisation_of_one_and_owns_it(session: AnySession) -> None:
    reader = a_reader(name="Ada Lune")
    with writing():
        made = founding.organisation_of(session, reader.id)
        assert (made.name, made.kind, made.seats) == ("Ada Lune", OrganisationKind.INDIVIDUAL, 0)
        assert founding.organisation_of(session, reader.id).id == made.id
    assert founding.manages(session, reader.id, made.id)
    assert not founding.manages(session, a_reader().id, made.id)
    owner = founding.owner_of(session, made.id)
    assert owner is not None and owner.id == reader.id


def test_two_purchases_at_once_found_one_organisation(app: Flask) -> None:
    reader_id = a_reader().id
    end_reading()

    def found(_number: int) -> int:
        with app.app_context():
            try:
                with writing():
                    return founding.organisation_of(db.session, reader_id).id
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(found, range(4)))) == 1
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == 1
    assert db.session.scalar(select(func.count()).select_from(Manager)) == 1


def test_the_last_owner_stays(session: AnySession) -> None:
    owner, colleague = a_reader(), a_reader()
    organisation = an_organisation(owner)
    with writing():
        founding.add_manager(session, organisation.id, colleague.id, ManagerRole.MANAGER, actor_id=owner.id)
        with pytest.raises(OrganisationError, match="last-owner"):
            founding.remove_manager(session, organisation.id, owner.id, actor_id=owner.id)
        founding.remove_manager(session, organisation.id, colleague.id, actor_id=owner.id)
        with pytest.raises(OrganisationError, match="unknown"):
            founding.remove_manager(session, organisation.id, colleague.id, actor_id=owner.id)
    assert [one.reader_id for one in founding.managers_of(session, organisation.id)] == [owner.id]


def test_owners_come_before_managers_who_were_there_earlier(session: AnySession) -> None:
    early, owner = a_reader(), a_reader()
    organisation = an_organisation()
    with writing():
        founding.add_manager(session, organisation.id, early.id, ManagerRole.MANAGER, actor_id=None)
        founding.add_manager(session, organisation.id, owner.id, ManagerRole.OWNER, actor_id=None)
    found = founding.owner_of(session, organisation.id)
    assert found is not None and found.id == owner.id


def test_a_seat_opens_once_and_closes_with_its_cause(session: AnySession) -> None:
    reader, organisation = a_reader(), an_organisation(seats=1)
    with writing():
        seat = seats.open_seat(session, organisation.id, reader.id, actor_id=None)
        assert seats.open_seat(session, organisation.id, reader.id, actor_id=None) is seat
        seats.close_seat(session, seat, "removed", actor_id=None)
        seats.close_seat(session, seat, "again", actor_id=None)
    assert (seat.close_cause, seats.used(session, organisation.id)) == ("removed", 0)
    acts = session.scalars(select(AuditEvent.act).order_by(AuditEvent.id)).all()
    assert acts == ["seat.opened", "seat.closed"]


def test_no_seat_is_left_when_all_are_taken(session: AnySession) -> None:
    organisation, first, second = an_organisation(seats=1), a_reader(), a_reader()
    with writing():
        seats.open_seat(session, organisation.id, first.id, actor_id=None)
        with pytest.raises(seats.NoSeatLeft):
            seats.open_seat(session, organisation.id, second.id, actor_id=None)


def test_two_people_on_the_last_seat_at_once_get_one_seat(app: Flask) -> None:
    organisation_id = an_organisation(seats=1).id
    people = [a_reader().id for _ in range(4)]
    end_reading()

    def sit(reader_id: int) -> bool:
        with app.app_context():
            try:
                with writing():
                    seats.open_seat(db.session, organisation_id, reader_id, actor_id=None)
                return True
            except seats.NoSeatLeft:
                return False
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(sit, people)) == [False, False, False, True]


def test_fewer_licences_evict_nobody(session: AnySession) -> None:
    organisation, reader = an_organisation(seats=2), a_reader()
    with writing():
        seats.open_seat(session, organisation.id, reader.id, actor_id=None)
        assert seats.set_seats(session, organisation.id, 0)
        assert not seats.set_seats(session, organisation.id, 0)
    assert [one.reader_id for one in seats.open_seats(session, organisation.id)] == [reader.id]
    assert session.scalar(select(func.count()).select_from(Seat)) == 1
