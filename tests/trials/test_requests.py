"""Requests that a person answers: beyond a company's cap, and more days of a trial that has ended."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.access import facts, ledger, replay
from portal.access.decision import decide
from portal.access.models import Grant, TrialLedger
from portal.access.vocabulary import Reason, Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.roles import Role
from portal.trials import answering, asking, caps, queries
from portal.trials.answering import RequestError
from portal.trials.asking import NotAsked
from portal.trials.caps import CapError
from portal.trials.dates import end_of_day
from portal.trials.models import CompanyCap, RequestAnswer, RequestKind, TrialRequest
from portal.trials.start import Answer, start
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON

DAY = timedelta(days=1)
WHY = "J'étais en congé."


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


@pytest.fixture
def staff(session: AnySession) -> Reader:
    return a_reader("ventes@example.org", role=Role.SALES, name="Noor Belval")


def begin(reader: Reader, *slugs: str) -> Answer:
    with writing() as unit:
        return start(unit, unit.get_one(Reader, reader.id), slugs or ("health",), clock.now())


def ends(reader: Reader, slug: str = "health") -> Reason:
    end_reading()
    known = facts.of_account(db.session, db.session.get_one(Reader, reader.id), clock.now())
    return decide(queries.guarded_article(slug), known, clock.now()).reason


def queued(company: str = "clinique.fr") -> tuple[Reader, TrialRequest]:
    """The sixth of a company, and their request."""
    for number in range(5):
        begin(a_reader(f"p{number}@{company}"))
    sixth = a_reader(f"sixieme@{company}", locale="fr")
    begin(sixth)
    return sixth, db.session.scalars(select(TrialRequest)).one()


def tried(session: AnySession) -> Reader:
    """Somebody whose trial ended four days ago."""
    reader = a_reader(locale="fr")
    with clock.frozen(NOON - 20 * DAY):
        begin(reader)
    return reader


def asks(reader: Reader, slug: str = "health", why: str = WHY) -> TrialRequest:
    with writing() as unit:
        return asking.ask_for_more(unit, unit.get_one(Reader, reader.id), a_vertical(slug), why)


def answer(act: Callable[..., None], request: TrialRequest, *args: object, **more: object) -> None:
    with writing() as unit:
        act(unit, unit.get_one(TrialRequest, request.id), *args, **more)


def mails(session: AnySession) -> list[str]:
    end_reading()
    return list(session.scalars(select(Mail.kind).order_by(Mail.id)))


def test_yes_starts_the_trial_of_the_sixth_from_that_moment(session: AnySession, staff: Reader) -> None:
    sixth, request = queued()
    with clock.frozen(NOON + DAY):
        answer(answering.start_asked, request, actor_id=staff.id)
        assert ends(sixth) is Reason.GRANT_TRIAL
    grant = session.scalars(select(Grant).where(Grant.reader_id == sixth.id)).one()
    assert grant.ends_at == end_of_day(date(2026, 3, 26))
    assert ledger.has_tried(session, sixth.person_key, grant.vertical_id)
    assert mails(session)[-1] == "trial_started"
    row = session.get_one(TrialRequest, request.id, populate_existing=True)
    assert (row.answer, row.answered_by, row.answered_at) == (RequestAnswer.STARTED, staff.id, NOON + DAY)


def test_no_is_a_sentence_by_mail_and_nothing_else(session: AnySession, staff: Reader) -> None:
    sixth, request = queued()
    answer(answering.decline, request, " Cinq collègues essaient déjà. ", actor_id=staff.id)
    mail = session.scalars(select(Mail).where(Mail.kind == "trial_declined")).one()
    assert (mail.to_address, mail.reader_id) == (sixth.email, sixth.id)
    for part in (mail.text, mail.html):
        assert "Cinq collègues essaient déjà." in part and "mind Health" in part
    assert ends(sixth) is Reason.TRIAL_AVAILABLE
    assert session.scalars(select(AuditEvent.act).order_by(AuditEvent.id)).all()[-1] == "trial.request-declined"


def test_of_two_answers_the_second_is_told(session: AnySession, staff: Reader) -> None:
    _sixth, request = queued()
    answer(answering.start_asked, request, actor_id=staff.id)
    for act in (answering.start_asked, answering.close):
        with pytest.raises(RequestError) as refusal:
            answer(act, request, actor_id=staff.id)
        assert refusal.value.code == "answered"
    with pytest.raises(RequestError):
        answer(answering.decline, request, "Non.", actor_id=staff.id)
    assert mails(session).count("trial_started") == 6


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda reader: setattr(reader, "suspended_at", clock.now()), "suspended"),
        (lambda reader: setattr(reader, "confirmed_at", None), "unconfirmed"),
        (lambda _reader: setattr(a_vertical("health"), "trial_open", False), "closed"),
        (lambda reader: a_grant(reader, vertical="health", source=Source.ADMIN), "readable"),
    ],
)
def test_what_stands_in_the_way_of_a_trial_leaves_the_request_waiting(
    session: AnySession, staff: Reader, change: Callable[[Reader], None], code: str
) -> None:
    sixth, request = queued()
    with writing() as unit:
        change(unit.get_one(Reader, sixth.id))
    with pytest.raises(RequestError) as refusal:
        answer(answering.start_asked, request, actor_id=staff.id)
    assert refusal.value.code == code
    assert session.get_one(TrialRequest, request.id, populate_existing=True).answered_at is None


def test_a_trial_that_starts_by_itself_later_answers_the_request(session: AnySession) -> None:
    sixth, request = queued()
    with clock.frozen(NOON + 20 * DAY):
        assert begin(sixth).names == ["mind Health"]
    row = session.get_one(TrialRequest, request.id, populate_existing=True)
    assert (row.answer, row.answered_by) == (RequestAnswer.STARTED, None)


def test_more_days_are_asked_for_once_the_trial_has_ended(session: AnySession) -> None:
    running, never = a_reader(), a_reader()
    begin(running)
    for person in (running, never):
        with pytest.raises(NotAsked) as refusal:
            asks(person)
        assert refusal.value.code == "not-ended"
    reader = tried(session)
    request = asks(reader)
    assert (request.kind, request.message) == (RequestKind.EXTENSION, WHY)
    with pytest.raises(NotAsked) as refusal:
        asks(reader)
    assert refusal.value.code == "waiting"


def test_days_that_were_asked_for_count_from_the_day_of_the_answer(session: AnySession, staff: Reader) -> None:
    reader = tried(session)
    request = asks(reader)
    with clock.frozen(NOON + DAY):
        answer(answering.give_more, request, 7, reason="Congés.", actor_id=staff.id)
        assert ends(reader) is Reason.GRANT_TRIAL
    grant = session.scalars(select(Grant)).one()
    assert grant.ends_at == end_of_day(date(2026, 3, 18))
    assert mails(session)[-1] == "trial_extended"
    gap = replay.reader_at(session, reader.id, NOON)
    assert gap is not None and decide(queries.guarded_article("health"), gap, NOON).reason is Reason.TRIAL_ENDED
    row = session.get_one(TrialRequest, request.id, populate_existing=True)
    assert (row.answer, row.answered_by) == (RequestAnswer.EXTENDED, staff.id)


def test_who_tried_with_another_account_is_given_a_trial_here(session: AnySession, staff: Reader) -> None:
    with clock.frozen(NOON - 20 * DAY):
        begin(a_reader("jean.dupont@gmail.com"))
    second = a_reader("jeandupont@gmail.com")
    request = asks(second)
    answer(answering.give_more, request, 5, reason="Première adresse perdue.", actor_id=staff.id)
    assert ends(second) is Reason.GRANT_TRIAL
    grant = session.scalars(select(Grant).where(Grant.reader_id == second.id)).one()
    assert (grant.source, grant.ends_at) == (Source.TRIAL, end_of_day(date(2026, 3, 15)))
    assert session.scalar(select(func.count()).select_from(TrialLedger)) == 1
    with clock.frozen(NOON + 10 * DAY):
        assert ends(second) is Reason.TRIAL_ENDED


@pytest.mark.parametrize(("days", "why", "code"), [(0, "x", "dates"), (91, "x", "dates"), (5, " ", "reason")])
@pytest.mark.parametrize("own_trial", [True, False])
def test_days_need_a_number_and_a_reason(
    session: AnySession, staff: Reader, days: int, why: str, code: str, own_trial: bool
) -> None:
    reader = tried(session)
    if not own_trial:
        with writing() as unit:
            unit.delete(unit.scalars(select(Grant)).one())
    request = asks(reader)
    with pytest.raises(RequestError) as refusal:
        answer(answering.give_more, request, days, reason=why, actor_id=staff.id)
    assert refusal.value.code == code
    assert session.get_one(TrialRequest, request.id, populate_existing=True).answered_at is None


def test_after_a_no_one_does_not_ask_again_until_another_trial_has_ended(session: AnySession, staff: Reader) -> None:
    reader = tried(session)
    answer(answering.decline, asks(reader), "Pas cette fois.", actor_id=staff.id)
    with clock.frozen(NOON + 3 * DAY), pytest.raises(NotAsked) as refusal:
        asks(reader)
    assert refusal.value.code == "declined"
    with clock.frozen(NOON + 4 * DAY), writing() as unit:
        from portal.trials.extend import extend

        extend(unit, unit.scalars(select(Grant)).one(), 3, reason="Finalement.", actor_id=staff.id)
    with clock.frozen(NOON + 10 * DAY):
        assert asks(reader).answered_at is None


def test_a_revoked_trial_is_not_asked_for_again(session: AnySession) -> None:
    reader = tried(session)
    with writing() as unit:
        unit.scalars(select(Grant)).one().revoked_at = NOON - 18 * DAY
    with pytest.raises(NotAsked) as refusal:
        asks(reader)
    assert refusal.value.code == "revoked"


def test_who_reads_by_now_leaves_nothing_to_answer(session: AnySession, staff: Reader) -> None:
    reader = tried(session)
    request = asks(reader)
    assert not answering.moot(session, request)
    a_grant(reader, vertical="health", source=Source.ADMIN)
    assert answering.moot(session, request)
    with pytest.raises(RequestError) as refusal:
        answer(answering.give_more, request, 5, reason="x", actor_id=staff.id)
    assert refusal.value.code == "readable"
    answer(answering.close, request, actor_id=staff.id)
    assert session.get_one(TrialRequest, request.id, populate_existing=True).answer is None
    assert "trial_declined" not in mails(session)


def test_ten_requests_at_once_are_one(app: Flask, session: AnySession) -> None:
    reader_id = tried(session).id
    barrier, came = threading.Barrier(10), []
    db.session.remove()

    def go() -> None:
        with app.app_context():
            barrier.wait()
            try:
                with writing() as unit:
                    vertical = queries.verticals_by_slug(unit)["health"]
                    asking.ask_for_more(unit, unit.get_one(Reader, reader_id), vertical, WHY)  # type: ignore[arg-type]
                came.append("kept")
            except NotAsked as refusal:
                came.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=go) for _one in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(came) == ["kept"] + ["waiting"] * 9
    assert session.scalar(select(func.count()).select_from(TrialRequest)) == 1


def cap(company: str, number: int | None, why: str = "Grand compte.") -> None:
    with writing() as unit:
        caps.set_cap(unit, company, number, reason=why, actor_id=None)


def test_a_companys_own_number_counts_for_every_vertical_and_for_nobody_else(session: AnySession) -> None:
    cap("clinique.fr", 1)
    begin(a_reader("a@clinique.fr"))
    assert begin(a_reader("b@paris.clinique.fr"), "health", "media").queued == ["mind Health"]
    begin(a_reader("a@cabinet.fr"))
    assert begin(a_reader("b@cabinet.fr")).names == ["mind Health"]


@pytest.mark.parametrize(("number", "started"), [(0, 0), (7, 6)])
def test_a_number_may_be_larger_than_the_verticals_or_nought(session: AnySession, number: int, started: int) -> None:
    cap("clinique.fr", number)
    answers = [begin(a_reader(f"p{one}@clinique.fr")) for one in range(6)]
    assert sum(len(one.started) for one in answers) == started


def test_a_company_goes_back_to_what_everybody_has(session: AnySession) -> None:
    cap("clinique.fr", 0)
    cap("clinique.fr", None)
    assert begin(a_reader("a@clinique.fr")).names == ["mind Health"]
    assert session.scalars(select(CompanyCap)).all() == []


def test_a_change_of_the_number_is_audited_with_before_after_and_the_reason(session: AnySession) -> None:
    for number in (12, 12, 20, None):
        cap("clinique.fr", number)
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.act == "company.cap-changed").order_by(AuditEvent.id)
    ).all()
    assert [(event.values["cap_before"], event.values["cap"]) for event in events] == [(None, 12), (12, 20), (20, None)]
    personal = session.scalars(select(AuditPersonal.values)).first()
    assert personal == {"company": "clinique.fr", "reason": "Grand compte."}


@pytest.mark.parametrize(
    ("company", "number", "why", "code"),
    [
        ("clinique.fr", -1, "x", "cap"),
        ("clinique.fr", 501, "x", "cap"),
        ("clinique.fr", 5, " ", "reason"),
        ("gmail.com", 5, "x", "company"),
        ("ana.mozmail.com", 5, "x", "company"),
        ("paris.clinique.fr", 5, "x", "company"),
        ("x\0.fr", 5, "x", "company"),
    ],
)
def test_a_number_needs_a_company_a_reason_and_sense(
    session: AnySession, company: str, number: int, why: str, code: str
) -> None:
    with pytest.raises(CapError) as refusal:
        cap(company, number, why)
    assert refusal.value.code == code
