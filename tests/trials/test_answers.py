"""What is kept, noted and said of requests about trials, to the instant and to the row."""

from collections.abc import Callable
from datetime import UTC, date, timedelta

import pytest

from portal.access import facts, ledger
from portal.access.models import Grant
from portal.access.vocabulary import ReaderFacts, Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.trials import answering, asking
from portal.trials.answering import RequestError
from portal.trials.dates import end_of_day
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.verticals import Vertical
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON
from tests.trials.test_queue import DAY, HOUR, TICK, asked


def ended_trial(reader: Reader) -> Grant:
    return a_grant(reader, source=Source.TRIAL, starts_in=-20 * DAY, ends_in=-DAY)


def ask(reader: Reader, message: str = "x") -> TrialRequest:
    with writing() as unit:
        return asking.ask_for_more(
            unit, unit.get_one(Reader, reader.id), unit.get_one(Vertical, a_vertical().id), message
        )


def audited(session: AnySession, act: str) -> AuditEvent:
    end_reading()
    return session.query(AuditEvent).filter_by(act=act).one()


def test_a_wish_is_kept_as_far_as_it_fits_and_noted(session: AnySession) -> None:
    reader = a_reader()
    ended_trial(reader)
    request = ask(reader, "x" * 501)
    end_reading()
    row = session.get_one(TrialRequest, request.id)
    assert (row.message, row.created_at, row.answered_at) == ("x" * 500, NOON, None)
    event = audited(session, "trial.more-asked")
    assert (event.actor_id, event.target_kind, event.target_id) == (reader.id, "reader", reader.id)
    assert event.values == {"vertical_id": row.vertical_id, "request_id": row.id}


def test_a_wish_beyond_the_cap_is_kept_and_noted_once(session: AnySession) -> None:
    reader = a_reader()
    for _twice in range(2):
        with writing() as unit:
            asking.queue(unit, unit.get_one(Reader, reader.id), unit.get_one(Vertical, a_vertical().id), 5)
    event = audited(session, "trial.queued")
    row = session.query(TrialRequest).one()
    assert (row.kind, row.reader_id, row.message) == (RequestKind.COMPANY_CAP, reader.id, "")
    assert event.values == {"vertical_id": row.vertical_id, "request_id": row.id, "cap": 5}


def test_the_newest_request_of_a_kind_and_vertical_speaks(session: AnySession) -> None:
    reader = a_reader()
    asked(reader, answered=True)
    asked(reader, hours=1)
    asked(reader, RequestKind.EXTENSION, hours=2, answered=True)
    asked(a_reader())
    end_reading()
    found = asking.wishes(session, reader.id)
    assert set(found) == {(RequestKind.COMPANY_CAP, "health"), (RequestKind.EXTENSION, "health")}
    cap, more = (found[kind, "health"] for kind in (RequestKind.COMPANY_CAP, RequestKind.EXTENSION))
    assert cap == asking.Asked(NOON.astimezone(UTC) + HOUR, None, None)
    assert (cap.waiting, more.waiting, cap.due) == (True, False, date(2026, 3, 11))
    assert asking.waits_for_cap(found, "health") == cap
    assert asking.waits_for_cap(found, "media") is None
    assert asking.waits_for_cap({(RequestKind.COMPANY_CAP, "health"): more}, "health") is None


@pytest.mark.parametrize(
    ("asked_at", "answer", "code"),
    [
        (-DAY - TICK, RequestAnswer.DECLINED, ""),
        (-DAY, RequestAnswer.DECLINED, "declined"),
        (-DAY, RequestAnswer.EXTENDED, ""),
    ],
)
def test_a_no_counts_from_the_end_of_the_trial_it_was_about(
    session: AnySession, asked_at: timedelta, answer: RequestAnswer, code: str
) -> None:
    reader = a_reader()
    ended_trial(reader)
    known = facts.of_account(session, reader, NOON)
    wishes = {(RequestKind.EXTENSION, "health"): asking.Asked(NOON + asked_at, NOON, answer)}
    assert asking.hindrance(known, "health", wishes, NOON) == code
    assert asking.hindrance(known, "health", {}, NOON) == ""
    elsewhere = {(RequestKind.EXTENSION, "media"): asking.Asked(NOON, None, None)}
    assert asking.hindrance(known, "health", elsewhere, NOON) == ""


def test_a_no_to_whoever_the_ledger_alone_knows_is_the_last_word(session: AnySession) -> None:
    known = ReaderFacts(1, confirmed=True, tried=frozenset({"health"}))
    wishes = {(RequestKind.EXTENSION, "health"): asking.Asked(NOON - 99 * DAY, NOON, RequestAnswer.DECLINED)}
    assert asking.hindrance(known, "health", wishes, NOON) == "declined"


def answer(act: Callable[..., None], request: TrialRequest, *args: object, **more: object) -> None:
    with writing() as unit:
        act(unit, unit.get_one(TrialRequest, request.id), *args, **more)


def refusal_of(act: Callable[..., None], request: TrialRequest, *args: object, **more: object) -> str:
    with pytest.raises(RequestError) as error:
        answer(act, request, *args, **more)
    assert str(error.value) == error.value.code
    return error.value.code


def test_each_answer_is_audited_with_what_it_was_about(session: AnySession) -> None:
    staff, readers = a_reader(), [a_reader() for _ in range(4)]
    for reader in readers[2:]:
        ended_trial(reader)
    requests = [asked(reader) for reader in readers[:2]] + [asked(one, RequestKind.EXTENSION) for one in readers[2:]]
    answer(answering.start_asked, requests[0], actor_id=staff.id)
    answer(answering.decline, requests[1], " Non. ", actor_id=staff.id)
    answer(answering.give_more, requests[2], 5, reason="Congés.", actor_id=staff.id)
    answer(answering.close, requests[3], actor_id=staff.id)
    acts = ("started", "declined", "extended", "closed")
    for act, request, reader in zip(acts, requests, readers, strict=True):
        event = audited(session, f"trial.request-{act}")
        assert (event.actor_id, event.target_kind, event.target_id) == (staff.id, "reader", reader.id)
        about = {"vertical_id": request.vertical_id, "request_id": request.id, "kind": request.kind.value}
        assert event.values == about
        row = session.get_one(TrialRequest, request.id)
        assert (row.answered_at, row.answered_by) == (NOON, staff.id)
    assert session.get_one(TrialRequest, requests[1].id).reply == "Non."


def test_an_act_of_the_other_kind_answers_nothing(session: AnySession) -> None:
    reader, staff = a_reader(), a_reader()
    cap, more = asked(reader), asked(reader, RequestKind.EXTENSION)
    assert refusal_of(answering.start_asked, more, actor_id=staff.id) == "answered"
    assert refusal_of(answering.give_more, cap, 5, reason="x", actor_id=staff.id) == "answered"


def test_a_trial_that_was_tried_meanwhile_is_not_started(session: AnySession) -> None:
    reader, staff = a_reader(), a_reader()
    request = asked(reader)
    with writing() as unit:
        ledger.write(unit, reader.person_key, a_vertical().id, NOON)
    assert refusal_of(answering.start_asked, request, actor_id=staff.id) == "tried"


@pytest.mark.parametrize("days", [1, 90])
def test_whoever_the_ledger_alone_knows_gets_days_from_today_and_a_mail(session: AnySession, days: int) -> None:
    reader, staff = a_reader(), a_reader()
    with writing() as unit:
        ledger.write(unit, reader.person_key, a_vertical().id, NOON - 40 * DAY)
    request = ask(reader)
    answer(answering.give_more, request, days, reason="Perdue.", actor_id=staff.id)
    end_reading()
    grant = session.query(Grant).one()
    assert (grant.ends_at, grant.actor_id) == (end_of_day(date(2026, 3, 10) + days * DAY), staff.id)
    assert session.query(Mail).filter_by(kind="trial_extended").one().to_address == reader.email


def test_a_right_to_another_vertical_leaves_something_to_answer(session: AnySession) -> None:
    reader = a_reader()
    request = asked(reader)
    a_grant(reader, vertical="media")
    assert not answering.moot(session, request)
    a_grant(reader)
    assert answering.moot(session, request)
