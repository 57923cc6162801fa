"""Statements of the hot path: the same rows whichever way they are read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, select

from portal import clock
from portal.access import facts
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.clock import PARIS
from portal.db import AnySession, UTCDateTime, end_reading, writing
from portal.prepared import Prepared
from portal.roles import Role
from tests.builders import a_grant, a_reader

GRANTS = Prepared(
    select(Grant.id, Grant.source, Grant.starts_at, Grant.revoked_at)
    .where(Grant.starts_at <= bindparam("at", type_=UTCDateTime()))
    .order_by(Grant.id)
)


def test_a_statement_gives_the_same_rows_inside_and_outside_of_a_transaction(session: AnySession) -> None:
    a_grant(a_reader(), source=Source.TRIAL)
    end_reading()
    outside = GRANTS.all(session, {"at": clock.now()})
    with writing():
        inside = GRANTS.all(session, {"at": clock.now()})
    assert [tuple(row) for row in outside] == [tuple(row) for row in inside]
    assert outside[0].source is Source.TRIAL
    assert outside[0].starts_at == clock.now() - timedelta(days=1)
    assert outside[0].starts_at.tzinfo is UTC
    assert outside[0].revoked_at is None


def test_what_this_unit_of_work_wrote_is_seen_inside_it(session: AnySession) -> None:
    with writing():
        a_grant(a_reader())
        assert len(GRANTS.all(session, {"at": clock.now()})) == 1


def test_what_another_unit_wrote_is_seen_at_once(session: AnySession) -> None:
    for number in range(3):
        end_reading()
        assert len(GRANTS.all(session, {"at": clock.now()})) == number
        a_grant(a_reader())


@pytest.mark.parametrize("zone", [UTC, PARIS])
def test_an_instant_is_compared_to_the_microsecond_in_any_zone(session: AnySession, zone: object) -> None:
    start = a_grant(a_reader()).starts_at.astimezone(zone)  # type: ignore[arg-type]
    end_reading()
    assert GRANTS.first(session, {"at": start}) is not None
    assert GRANTS.first(session, {"at": start - timedelta(microseconds=1)}) is None


def test_a_naive_instant_is_refused(session: AnySession) -> None:
    end_reading()
    with pytest.raises(Exception, match="naive"):
        GRANTS.all(session, {"at": datetime(2026, 1, 1)})


def test_a_readers_facts_are_the_same_either_way(session: AnySession) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL)
    a_grant(reader, vertical="media")
    end_reading()
    more = {"role": Role.READER, "confirmed": True, "suspended": False, "at": clock.now()}
    outside = facts.for_reader(session, reader.id, **more)  # type: ignore[arg-type]
    with writing():
        assert facts.for_reader(session, reader.id, **more) == outside  # type: ignore[arg-type]
    assert len(outside.grants) == 2
