"""The staff's queue of requests, who else tries in a company, and what two people at once run into."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing
from portal.trials import answering, asking, caps, queue
from portal.trials.answering import RequestError
from portal.trials.asking import NotAsked
from portal.trials.models import RequestKind, TrialRequest
from portal.trials.queue import Filters
from portal.verticals import Vertical
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON

HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def asked(
    reader: Reader, kind: RequestKind = RequestKind.COMPANY_CAP, *, hours: int = 0, answered: bool = False
) -> TrialRequest:
    """A request of so many hours after noon."""
    at = NOON + hours * HOUR
    with writing() as unit:
        row = TrialRequest(kind=kind, reader_id=reader.id, vertical_id=a_vertical().id, created_at=at)
        row.answered_at = at if answered else None
        unit.add(row)
    return row


def listed(session: AnySession, filters: Filters | None = None, offset: int = 0, limit: int = 9) -> list[int]:
    end_reading()
    rows = queue.requests(session, filters or Filters(), offset=offset, limit=limit)
    return [row[0].id for row in rows]


def test_those_that_wait_come_first_oldest_first_then_the_answered_newest_first(session: AnySession) -> None:
    late, early = (asked(a_reader(), hours=hours).id for hours in (2, 1))
    done = [asked(a_reader(), hours=hours, answered=True).id for hours in (3, 4)]
    same = [asked(a_reader(), hours=2).id, asked(a_reader(), hours=4, answered=True).id]
    order = [early, late, same[0], same[1], done[1], done[0]]
    assert listed(session) == order
    assert listed(session, offset=1, limit=1) == order[1:3]  # one more tells that there are more
    assert queue.waiting_count(session) == 3
    assert [row[0].id for row in queue.oldest_waiting(session, 2)] == order[:2]


def test_the_queue_is_narrowed_by_kind_and_by_what_waits(session: AnySession) -> None:
    cap, more = asked(a_reader()).id, asked(a_reader(), RequestKind.EXTENSION).id
    done = asked(a_reader(), answered=True).id
    assert listed(session, Filters(kind=RequestKind.COMPANY_CAP)) == [cap, done]
    assert listed(session, Filters(waiting=True)) == [cap, more]
    assert listed(session, Filters(waiting=False)) == [done]
    assert listed(session, Filters(RequestKind.EXTENSION, waiting=False)) == []


def test_a_row_of_the_queue_knows_its_reader_and_its_vertical(session: AnySession) -> None:
    reader = a_reader()
    asked(reader)
    end_reading()
    [(request, who, vertical)] = queue.requests(session, Filters(), offset=0, limit=1)
    assert (request.reader_id, who.id, vertical.slug) == (reader.id, reader.id, "health")


def test_nothing_waits_in_an_empty_queue(session: AnySession) -> None:
    assert queue.waiting_count(session) == 0


def test_who_else_tries_in_a_company_is_told_by_name_or_address_until_their_trial_ends(session: AnySession) -> None:
    named, plain = a_reader("a@clinique.fr", name="Ana Morel"), a_reader("b@clinique.fr")
    trial = {"source": Source.TRIAL, "starts_in": timedelta()}
    last = a_grant(named, ends_in=2 * DAY, **trial)
    first = a_grant(plain, ends_in=DAY, **trial)
    other = a_grant(named, vertical="media", ends_in=DAY, **trial)
    a_grant(plain, vertical="media", revoked_at=NOON, **trial)
    a_grant(plain, vertical="media", source=Source.ADMIN)
    a_grant(a_reader("c@cabinet.fr"), **trial)
    end_reading()
    found = queue.running(session, "clinique.fr", NOON)
    assert [(one.reader_id, one.name, one.slug, one.vertical) for one in found] == [
        (plain.id, "b@clinique.fr", "health", "mind Health"),
        (named.id, "Ana Morel", "health", "mind Health"),
        (named.id, "Ana Morel", "media", "mind Media"),
    ]
    assert [one.ends_at for one in found] == [first.ends_at, last.ends_at, other.ends_at]
    assert [one.vertical_id for one in found] == [a_vertical(slug).id for slug in ("health", "health", "media")]
    assert [one.last_day for one in found] == [date(2026, 3, 11), date(2026, 3, 12), date(2026, 3, 11)]
    counts = [len(queue.running(session, "clinique.fr", NOON + after)) for after in (-TICK, DAY - TICK, DAY)]
    assert counts == [0, 3, 1]


def test_what_was_tried_is_told_by_its_last_day_and_not_at_all_for_another_account(session: AnySession) -> None:
    reader = a_reader()
    request = asked(reader, RequestKind.EXTENSION)
    a_grant(reader, vertical="media", source=Source.TRIAL)
    a_grant(reader, source=Source.ADMIN)
    a_grant(a_reader(), source=Source.TRIAL)
    assert queue.tried_until(session, request) is None
    a_grant(reader, source=Source.TRIAL, ends_in=12 * HOUR)
    end_reading()
    assert queue.tried_until(session, request) == date(2026, 3, 10)


def test_companies_with_a_number_of_their_own_are_listed_by_name(session: AnySession) -> None:
    with writing() as unit:
        for company, cap in (("clinique.fr", 7), ("cabinet.fr", 0)):
            caps.set_cap(unit, company, cap, reason="x", actor_id=None)
    end_reading()
    assert [(one.company_key, one.cap) for one in queue.own_caps(session)] == [("cabinet.fr", 0), ("clinique.fr", 7)]


def test_a_no_needs_its_sentence(session: AnySession) -> None:
    request = asked(a_reader())
    with pytest.raises(RequestError) as refusal, writing() as unit:
        answering.decline(unit, unit.get_one(TrialRequest, request.id), " ", actor_id=a_reader().id)
    assert refusal.value.code == "empty"


def test_more_days_asked_for_by_two_tabs_at_once_are_one_request(
    session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, starts_in=-20 * DAY, ends_in=-DAY)
    asked(reader, RequestKind.EXTENSION)
    monkeypatch.setattr(asking, "wishes", lambda _session, _reader_id: {})  # the other tab's was not there yet
    with pytest.raises(NotAsked) as refusal, writing() as unit:
        asking.ask_for_more(unit, unit.get_one(Reader, reader.id), unit.get_one(Vertical, a_vertical().id), "x")
    assert refusal.value.code == "waiting"


def test_any_other_hindrance_of_the_database_is_not_taken_for_a_request(session: AnySession) -> None:
    reader, nowhere = a_reader(), SimpleNamespace(id=99)
    with pytest.raises(IntegrityError), writing() as unit:
        asking.queue(unit, unit.get_one(Reader, reader.id), nowhere, 5)  # type: ignore[arg-type]
    assert clock.now() == NOON
