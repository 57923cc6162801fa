"""What is kept no longer: the table of rules, the command, and accounts that nobody uses."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import audit, clock, retention
from portal.access.models import TrialLedger
from portal.access.vocabulary import Source
from portal.accounts import codes, mail_code, second_address, sessions, tokens
from portal.accounts.models import AccountToken, AddressProof, Reader, ReaderSession, TokenPurpose
from portal.accounts.models_security import DataExport, SignInCode
from portal.accounts.second_address import Asker
from portal.accounts.signin import Visitor
from portal.db import AnySession, end_reading, writing
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.outbox import Mail
from portal.reading.models import Reading
from portal.retention import DAY, FORGOTTEN, RULES, YEAR
from portal.roles import Role
from portal.throttle import ThrottleHit, hit
from portal.trials.models import RequestKind, TrialRequest
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.conftest import NOON

TICK = timedelta(seconds=1)


def an_enquiry(state: EnquiryState) -> Callable[[AnySession], None]:
    def make(unit: AnySession) -> None:
        unit.add(
            Enquiry(
                kind=EnquiryKind.CONTACT,
                state=state,
                name="Nadia",
                email="nadia@example.org",
                message="Bonjour",
                facts={},
                locale="fr",
                created_at=NOON,
                answer="Oui",
                answered_at=NOON,
            )
        )

    return make


def a_session(unit: AnySession) -> None:
    sessions.open_session(unit, a_reader(), "Tests")
    sessions.end_all(unit, unit.scalars(select(Reader.id)).one(), "signed-out")


def a_link(unit: AnySession) -> None:
    tokens.issue(unit, a_reader(), TokenPurpose.RESET_PASSWORD)


def a_typed_address(unit: AnySession) -> None:
    asker = Asker(a_reader(confirmed=True).id, 1)
    second_address.ask_for_code(unit, asker, email="autre@clinique.example.org", locale="fr")


def a_code_to_sign_in(unit: AnySession) -> None:
    mail_code.ask(unit, Visitor("inconnue@clinique.example.org", "network", None), locale="fr")


def a_reading(unit: AnySession) -> None:
    unit.add(Reading(reader_id=a_reader().id, article_id=1, day=date(2026, 3, 10), first_at=NOON, times=1))


def an_export(unit: AnySession) -> None:
    unit.add(DataExport(reader_id=a_reader().id, asked_at=NOON, made_at=NOON, expires_at=NOON, content=b"zip"))


def an_audited_reason(unit: AnySession) -> None:
    audit.record(unit, "grant.given", target=("reader", 1), personal={"reason": "Intervient"})


def a_mark_in_the_ledger(unit: AnySession) -> None:
    vertical = a_vertical("health")
    unit.add(TrialLedger(person_key=b"x" * 32, key_id="1", vertical_id=vertical.id, tried_at=NOON, forget_at=NOON))


def an_answered_request(unit: AnySession) -> None:
    wish = {"kind": RequestKind.EXTENSION, "reader_id": a_reader(role=Role.EDITOR).id, "vertical_id": a_vertical().id}
    unit.add(TrialRequest(**wish, created_at=NOON, answered_at=NOON, message="Absente."))


def a_count(unit: AnySession) -> None:
    hit(unit, "x", limit=1, window=DAY)


@pytest.mark.parametrize(
    ("make", "table", "age"),
    [
        (a_count, ThrottleHit, DAY),
        (a_link, AccountToken, tokens.LIFETIME + 30 * DAY),
        (a_typed_address, AddressProof, codes.LIFETIME + DAY),
        (a_code_to_sign_in, SignInCode, codes.LIFETIME + DAY),
        (a_session, ReaderSession, YEAR),
        (a_reading, Reading, YEAR),
        (an_export, DataExport, timedelta()),
        (an_audited_reason, audit.AuditPersonal, YEAR),
        (an_enquiry(EnquiryState.ANSWERED), Enquiry, 3 * YEAR),
        (an_answered_request, TrialRequest, 3 * YEAR),
        (a_mark_in_the_ledger, TrialLedger, timedelta()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_row_goes_when_its_period_is_over_and_not_before(
    session: AnySession, make: Callable[[AnySession], None], table: type[Any], age: timedelta
) -> None:
    with writing() as unit:
        make(unit)
    kept = [left_at(session, table, NOON + age + after) for after in (-TICK, timedelta(), 2 * DAY)]
    assert kept in ([1, 1, 0], [1, 0, 0])


def left_at(session: AnySession, table: type[Any], at: Any) -> int:
    end_reading()
    with clock.frozen(at):
        retention.run()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_question_that_waits_for_its_answer_is_kept(session: AnySession) -> None:
    with writing() as unit:
        an_enquiry(EnquiryState.OPEN)(unit)
    assert left_at(session, Enquiry, NOON + 4 * YEAR) == 1


def test_the_audit_itself_stays_without_its_personal_values(session: AnySession) -> None:
    with writing() as unit:
        an_audited_reason(unit)
    assert left_at(session, audit.AuditPersonal, NOON + 2 * YEAR) == 0
    assert session.scalar(select(audit.AuditEvent.act)) == "grant.given"


def test_every_rule_says_what_it_is_about_in_words_of_its_own() -> None:
    assert len({rule.words for rule in RULES}) == len({rule.table for rule in RULES}) == len(RULES)


def is_erased(session: AnySession, reader: Reader) -> bool:
    end_reading()
    with clock.frozen(NOON + FORGOTTEN + TICK):
        retention.run()
    session.expire_all()
    return session.get_one(Reader, reader.id).erased_at is not None


def test_an_account_nobody_used_for_three_years_is_erased_and_told(session: AnySession) -> None:
    assert is_erased(session, a_reader("forgotten@example.org"))
    assert session.scalars(select(Mail.kind)).all() == ["account_erased"]


def test_an_account_that_was_used_since_stays(session: AnySession) -> None:
    reader = a_reader()
    with writing() as unit:
        unit.get_one(Reader, reader.id).last_seen_at = NOON + DAY
    assert not is_erased(session, reader)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.READER])
def test_staff_are_not_forgotten(session: AnySession, role: Role) -> None:
    assert not is_erased(session, a_reader(role=role))


def test_who_holds_a_right_is_not_forgotten(session: AnySession) -> None:
    reader = a_reader()
    a_grant(reader, vertical=a_vertical("health").slug, source=Source.ADMIN, ends_in=4 * YEAR, reason="Pour longtemps")
    assert not is_erased(session, reader)


def test_who_sits_on_a_seat_is_not_forgotten(session: AnySession) -> None:
    reader = a_reader()
    a_seat(an_organisation(), reader)
    assert not is_erased(session, reader)


def happened(session: AnySession, *days_ago: int) -> None:
    for days in days_ago:
        with clock.frozen(NOON + 4 * YEAR - days * DAY), writing() as unit:
            audit.record(unit, "grant.given")


@pytest.mark.parametrize(
    ("days_ago", "looks"),
    [((), True), ((1,), True), ((900, 30, 1), True), ((900, 1), False), ((900, 400), False), ((900, 61, 6), False)],
)
def test_after_a_leap_of_the_clock_the_worker_deletes_nothing(
    session: AnySession, days_ago: tuple[int, ...], looks: bool
) -> None:
    with writing() as unit:
        a_count(unit)
    happened(session, *days_ago)
    with clock.frozen(NOON + 4 * YEAR):
        assert (retention.look() > 0) is looks


def test_the_command_says_what_would_go_and_touches_nothing(app: Flask, session: AnySession) -> None:
    with writing() as unit:
        a_count(unit)
    with clock.frozen(NOON + 2 * DAY):
        told = app.test_cli_runner().invoke(args=["retention", "run", "--dry-run"])
        assert told.output.split() == ["1", "counts", "of", "attempts", "1", "would", "go."]
        done = app.test_cli_runner().invoke(args=["retention", "run"])
        assert done.output.endswith("1 removed.\n")
        assert app.test_cli_runner().invoke(args=["retention", "run"]).output == "0 removed.\n"
