"""What starting and extending trials touch, and what they leave alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.grants import GrantError
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.trials.dates import end_of_day, end_of_trial
from portal.trials.extend import extend
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.trials.start import TrialRefused, answer_requests, start
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON as NOON_IN_PARIS
from tests.trials.test_start import begin

NOON = NOON_IN_PARIS.astimezone(UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


def test_an_answer_knows_the_common_end_and_none_when_nothing_began(session: AnySession) -> None:
    reader = a_reader()
    assert begin(reader, "health", "media").ends_at == end_of_trial(NOON)
    assert begin(reader, "health").ends_at is None


def test_a_trial_lasts_from_the_instant_it_is_asked_for_at(session: AnySession) -> None:
    reader, at = a_reader(), NOON + timedelta(days=2)
    with writing() as unit:
        answer = start(unit, unit.get_one(Reader, reader.id), ["health"], at)
    assert answer.ends_at == end_of_trial(at)


def test_a_refusal_says_its_code(session: AnySession) -> None:
    with pytest.raises(TrialRefused, match=r"^suspended$"):
        begin(a_reader(suspended_at=NOON))


@pytest.mark.parametrize(("production", "started"), [(False, 6), (True, 5)])
@pytest.mark.parametrize("domain", ["example.org", "lab.test"])
def test_addresses_of_nobody_are_one_company_in_production(
    app: Flask, session: AnySession, monkeypatch: pytest.MonkeyPatch, production: bool, started: int, domain: str
) -> None:
    monkeypatch.setitem(app.extensions, "portal.settings", SimpleNamespace(production=production))
    answers = [begin(a_reader(f"p{number}@{domain}")) for number in range(6)]
    assert sum(len(answer.started) for answer in answers) == started


def a_wish(reader: Reader, slug: str = "health", kind: RequestKind = RequestKind.COMPANY_CAP) -> int:
    with writing() as unit:
        row = TrialRequest(kind=kind, reader_id=reader.id, vertical_id=a_vertical(slug).id, created_at=NOON)
        unit.add(row)
    return row.id


def test_an_act_answers_what_waits_of_its_kind_reader_and_vertical_and_nothing_else(session: AnySession) -> None:
    reader, staff = a_reader(), a_reader()
    mine = a_wish(reader)
    with writing() as unit:
        unit.get_one(TrialRequest, mine).answered_at = NOON
    again = a_wish(reader)
    others = [a_wish(reader, "media"), a_wish(reader, kind=RequestKind.EXTENSION), a_wish(a_reader()), mine]
    grant = a_grant(reader, source=Source.TRIAL)
    with clock.frozen(NOON + DAY), writing() as unit:
        answer_requests(unit, grant, RequestKind.COMPANY_CAP, RequestAnswer.DECLINED, staff.id)
    end_reading()
    row = session.get_one(TrialRequest, again)
    assert (row.answered_at, row.answer, row.answered_by) == (NOON + DAY, RequestAnswer.DECLINED, staff.id)
    assert [session.get_one(TrialRequest, other).answer for other in others] == [None] * 4
    assert session.get_one(TrialRequest, mine).answered_at == NOON


def test_an_extension_is_audited_mailed_and_answers_the_wish(session: AnySession) -> None:
    reader, staff = a_reader("ana@clinique.fr"), a_reader()
    begin(reader)
    wish = a_wish(reader, kind=RequestKind.EXTENSION)
    for days in (1, 90):
        with writing() as unit:
            extend(unit, unit.scalars(select(Grant)).one(), days, reason="Congés.", actor_id=staff.id)
    end_reading()
    assert session.scalars(select(Grant.ends_at)).one() == end_of_day(date(2026, 3, 25) + 91 * DAY)
    events = session.scalars(select(AuditEvent).where(AuditEvent.act == "trial.extended")).all()
    assert [(event.actor_id, event.target_id) for event in events] == [(staff.id, reader.id)] * 2
    assert session.get_one(AuditPersonal, events[0].id).values == {"reason": "Congés."}
    row = session.get_one(TrialRequest, wish)
    assert (row.answer, row.answered_by) == (RequestAnswer.EXTENDED, staff.id)
    told = session.scalars(select(Mail).where(Mail.kind == "trial_extended")).all()
    assert [mail.to_address for mail in told] == ["ana@clinique.fr"] * 2


def test_an_extension_counts_from_the_end_that_stands_now(session: AnySession) -> None:
    begin(a_reader())
    with writing() as unit:
        grant = unit.scalars(select(Grant)).one()
        unit.connection().execute(Grant.__table__.update().values(ends_at=end_of_day(date(2026, 4, 1))))
        extend(unit, grant, 2, reason="x", actor_id=None)
        assert grant.ends_at == end_of_day(date(2026, 4, 3))


@pytest.mark.parametrize(("source", "days", "code"), [(Source.ADMIN, 5, "unknown"), (Source.TRIAL, 0, "dates")])
def test_an_extension_that_cannot_be_says_why(session: AnySession, source: Source, days: int, code: str) -> None:
    grant = a_grant(a_reader(), source=source)
    with pytest.raises(GrantError) as error, writing() as unit:
        extend(unit, unit.get_one(Grant, grant.id), days, reason="x", actor_id=None)
    assert error.value.code == code


def test_four_extensions_at_once_all_count(app: Flask, session: AnySession) -> None:
    begin(a_reader())
    end_reading()
    barrier, moment = threading.Barrier(4), clock.now()

    def go() -> None:
        with app.app_context():
            barrier.wait()
            with writing() as unit:
                extend(unit, unit.scalars(select(Grant)).one(), 1, reason="x", actor_id=None)
            db.session.remove()

    with ThreadPoolExecutor(4) as threads, clock.frozen(moment):
        for done in [threads.submit(go) for _one in range(4)]:
            done.result(30)
    assert session.scalars(select(Grant.ends_at)).one() == end_of_day(date(2026, 3, 29))
