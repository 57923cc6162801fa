"""Starting and extending trials."""

import threading
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.access import facts, ledger
from portal.access.decision import decide
from portal.access.held import GrantError
from portal.access.models import Grant, TrialLedger
from portal.access.vocabulary import Reason, Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.clock import PARIS
from portal.db import AnySession, db, writing
from portal.outbox import Mail
from portal.trials import queries
from portal.trials.dates import end_of_day
from portal.trials.extend import extend
from portal.trials.models import RequestKind, TrialRequest
from portal.trials.start import Answer, TrialRefused, start
from tests.builders import a_grant, a_reader, a_vertical


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


def begin(reader: Reader, *slugs: str, **more: bool) -> Answer:
    with writing() as unit:
        return start(unit, unit.get_one(Reader, reader.id), slugs or ("health",), clock.now(), **more)


def trials(session: AnySession) -> list[Grant]:
    return list(session.scalars(select(Grant).where(Grant.source == Source.TRIAL)))


def reason(reader: Reader, slug: str = "health") -> Reason:
    known = facts.of_account(db.session, db.session.get_one(Reader, reader.id), clock.now())
    return decide(queries.guarded_article(slug), known, clock.now()).reason


def test_three_titles_are_one_act_one_mail_and_one_end(session: AnySession) -> None:
    answer = begin(a_reader(), "health", "fintech", "media")
    assert answer.names == ["mind Health", "mind Fintech", "mind Media"]
    assert {grant.act_id for grant in trials(session)} == {answer.act_id}
    assert {grant.ends_at for grant in trials(session)} == {datetime(2026, 3, 26, tzinfo=PARIS)}
    mail = session.scalars(select(Mail)).one()
    assert mail.key == f"trial-started:{answer.act_id}"
    assert "mercredi\u00a025\u00a0mars" in mail.subject + mail.text


def test_a_trial_is_written_down_with_its_ledger_and_its_audit(session: AnySession) -> None:
    reader = a_reader()
    begin(reader)
    assert ledger.has_tried(session, reader.person_key, a_vertical("health").id)
    assert session.scalars(select(AuditEvent.act)).all() == ["trial.started"]
    assert reason(reader) is Reason.GRANT_TRIAL


def test_a_second_trial_of_the_same_title_is_told_and_not_given(session: AnySession) -> None:
    reader = a_reader()
    begin(reader)
    with clock.frozen(clock.now() + timedelta(days=40)):
        answer = begin(reader, "health", "media")
    assert (answer.tried, answer.names) == (["mind Health"], ["mind Media"])
    assert len(trials(session)) == 2


def test_another_account_of_the_same_person_has_tried_too(session: AnySession) -> None:
    begin(a_reader("jean.dupont@gmail.com"))
    assert begin(a_reader("jeandupont+essai@googlemail.com")).tried == ["mind Health"]
    assert len(trials(session)) == 1


@pytest.mark.parametrize(
    ("state", "code"), [({"confirmed": False}, "unconfirmed"), ({"suspended_at": clock.now()}, "suspended")]
)
def test_who_is_unconfirmed_or_suspended_starts_nothing(
    session: AnySession, state: dict[str, object], code: str
) -> None:
    with pytest.raises(TrialRefused) as refusal:
        begin(a_reader(**state))  # type: ignore[arg-type]
    assert refusal.value.code == code and trials(session) == []


def test_a_title_without_trials_a_retired_one_and_an_unknown_one_start_nothing(session: AnySession) -> None:
    with writing():
        a_vertical("media").trial_open = False
        a_vertical("fintech").retired_at = clock.now()
    answer = begin(a_reader(), "media", "fintech", "sport")
    assert answer.closed == ["mind Media"] and not answer.started
    assert session.scalars(select(Mail)).all() == []


def test_a_trial_is_not_spent_on_what_one_reads_already(session: AnySession) -> None:
    reader = a_reader()
    a_grant(reader, vertical="health", source=Source.ADMIN)
    assert begin(reader, "health", "fintech").readable == ["mind Health"]
    assert len(trials(session)) == 1


def colleagues(count: int, domain: str) -> None:
    for number in range(count):
        begin(a_reader(f"p{number}@{domain}"))


def test_the_sixth_of_a_company_waits_for_an_answer(session: AnySession) -> None:
    colleagues(5, "clinique.fr")
    sixth = a_reader("sixieme@paris.clinique.fr")
    assert begin(sixth, "health", "media").queued == ["mind Health"]
    assert begin(sixth).queued == ["mind Health"]
    request = session.scalars(select(TrialRequest)).one()
    assert (request.kind, request.reader_id) == (RequestKind.COMPANY_CAP, sixth.id)
    assert "trial.queued" in session.scalars(select(AuditEvent.act)).all()
    assert begin(sixth, above_cap=True).names == ["mind Health"]


def test_the_cap_is_each_titles_own(session: AnySession) -> None:
    with writing():
        a_vertical("health").trial_cap_per_company = 1
    colleagues(1, "clinique.fr")
    answer = begin(a_reader("b@clinique.fr"), "health", "fintech")
    assert (answer.queued, answer.names) == (["mind Health"], ["mind Fintech"])


def test_ended_and_revoked_trials_of_colleagues_do_not_count(session: AnySession) -> None:
    colleagues(5, "clinique.fr")
    with writing():
        trials(session)[0].revoked_at = clock.now()
    assert begin(a_reader("b@clinique.fr")).names == ["mind Health"]
    with clock.frozen(clock.now() + timedelta(days=30)):
        assert begin(a_reader("c@clinique.fr")).names == ["mind Health"]


@pytest.mark.parametrize("domain", ["gmail.com", "orange.fr", "privaterelay.appleid.com", "example.org", "lab.test"])
def test_addresses_that_stand_for_no_company_have_no_cap(session: AnySession, domain: str) -> None:
    colleagues(6, domain)
    assert len(trials(session)) == 6


def at_once(app: Flask, acts: list[tuple[int, str]]) -> list[Answer | Exception]:
    """Start these (reader, verticals) trials at the same moment, each in a thread of its own."""
    barrier, answers, moment = threading.Barrier(len(acts)), [], clock.now()
    db.session.remove()

    def go(reader_id: int, slugs: str) -> None:
        with app.app_context():
            barrier.wait()
            try:
                with writing() as unit:
                    answers.append(start(unit, unit.get_one(Reader, reader_id), slugs.split(), moment))
            except Exception as error:  # what went wrong is the answer of this thread
                answers.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=go, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def test_ten_starts_at_once_give_one_grant_and_one_mail(app: Flask, session: AnySession) -> None:
    reader_id = a_reader().id
    answers = at_once(app, [(reader_id, "health")] * 10)
    assert sorted(len(answer.started) for answer in answers if isinstance(answer, Answer)) == [0] * 9 + [1]
    for model in (Grant, TrialLedger, Mail):
        assert session.scalar(select(func.count()).select_from(model)) == 1


def test_two_accounts_of_one_person_starting_at_once_have_one_trial(app: Flask, session: AnySession) -> None:
    both = [a_reader(address).id for address in ("jean.dupont@gmail.com", "jeandupont+essai@googlemail.com")]
    answers = at_once(app, [(reader_id, "health") for reader_id in both * 5])
    assert [type(answer) for answer in answers] == [Answer] * 10
    for model in (Grant, TrialLedger, Mail):
        assert session.scalar(select(func.count()).select_from(model)) == 1


def test_forms_with_several_titles_in_any_order_never_wait_for_each_other(app: Flask, session: AnySession) -> None:
    orders = ("health fintech media", "media fintech health", "fintech health media", "media health")
    readers = [a_reader().id, a_reader().id]
    answers = at_once(app, [(reader_id, slugs) for reader_id in readers for slugs in orders])
    assert [type(answer) for answer in answers] == [Answer] * 8
    assert len(trials(session)) == 6
    ends = {grant.ends_at for grant in trials(session)}
    assert len(ends) == 1


def test_ten_colleagues_at_once_are_five_trials_and_five_requests(app: Flask, session: AnySession) -> None:
    readers = [a_reader(f"p{number}@clinique.fr").id for number in range(10)]
    answers = at_once(app, [(reader_id, "health") for reader_id in readers])
    assert [type(answer) for answer in answers] == [Answer] * 10
    assert len(trials(session)) == 5
    assert session.scalar(select(func.count()).select_from(TrialRequest)) == 5


def more(session: AnySession, days: int = 5, why: str = "Congés.") -> Grant:
    with writing() as unit:
        return extend(unit, trials(unit)[0], days, reason=why, actor_id=None)


def test_an_extension_moves_the_last_day_and_tells_it(session: AnySession) -> None:
    begin(a_reader())
    assert more(session).ends_at == end_of_day(date(2026, 3, 30))
    keys = session.scalars(select(Mail.key).order_by(Mail.id)).all()
    assert keys[1] == f"trial-extended:{trials(session)[0].id}:2026-03-30"
    assert session.scalars(select(AuditEvent.act).order_by(AuditEvent.id)).all()[-1] == "trial.extended"


def test_an_ended_trial_is_reopened_from_today_and_its_gap_stays_closed_in_replay(session: AnySession) -> None:
    from portal import history

    begin(a_reader())
    grant_id = trials(session)[0].id
    gap = clock.now() + timedelta(days=18)
    with clock.frozen(clock.now() + timedelta(days=20)):
        assert more(session, 5).ends_at == end_of_day(date(2026, 4, 4))
        recorded = history.as_of(session, "grant", [grant_id], gap)[grant_id]
        assert datetime.fromisoformat(recorded["ends_at"]) < gap


def test_an_extension_answers_the_request_for_it(session: AnySession) -> None:
    reader = a_reader()
    begin(reader)
    with writing() as unit:
        wish = {"kind": RequestKind.EXTENSION, "reader_id": reader.id, "vertical_id": a_vertical("health").id}
        unit.add(TrialRequest(**wish, created_at=clock.now()))
    more(session)
    assert session.scalars(select(TrialRequest.answer)).one() == "extended"


@pytest.mark.parametrize(("days", "why", "code"), [(0, "x", "dates"), (91, "x", "dates"), (5, " ", "reason")])
def test_an_extension_needs_days_and_a_reason(session: AnySession, days: int, why: str, code: str) -> None:
    begin(a_reader())
    with pytest.raises(GrantError) as error:
        more(session, days, why)
    assert error.value.code == code


def test_only_a_trial_is_extended_as_a_trial(session: AnySession) -> None:
    grant = a_grant(a_reader(), source=Source.ADMIN)
    with pytest.raises(GrantError), writing() as unit:
        extend(unit, unit.get_one(Grant, grant.id), 5, reason="x", actor_id=None)
