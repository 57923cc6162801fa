"""The ledger's secret is replaced: whoever has tried is still found, alive or erased, now and in replay."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, retention
from portal.access import facts, ledger, ledger_keys, replay
from portal.access.decision import decide
from portal.access.ledger_keys import Standing
from portal.access.models import TrialLedger
from portal.access.vocabulary import Reason
from portal.accounts import person_keys, readers
from portal.accounts.models import PersonKey, Reader
from portal.db import AnySession, end_reading, writing
from portal.profile import erasure
from portal.trials.queries import guarded_article
from portal.trials.start import Answer, start
from tests.access.test_replay import past_made_anew  # noqa: F401 - a fixture of every test here
from tests.builders import a_vertical
from tests.conftest import NOON

OLD, NEW, OTHER = ("old " * 9, "new " * 9, "other " * 6)
ANA = "ana.morel@gmail.com"
ANA_AGAIN = "anamorel+essai@googlemail.com"
Secrets = Callable[..., None]


@pytest.fixture
def secrets(app: Flask, monkeypatch: pytest.MonkeyPatch, session: AnySession) -> Secrets:
    """The secrets of the server, today's first; the old one alone to begin with."""
    for slug in ("health", "media"):
        a_vertical(slug)

    def turn(*known: str) -> None:
        monkeypatch.setitem(app.config, "LEDGER_KEYS", known)

    turn(OLD)
    return turn


def registers(email: str) -> Reader:
    with writing() as unit:
        return readers.create_reader(unit, email=email, confirmed=True)


def tries(reader: Reader, *slugs: str) -> Answer:
    with writing() as unit:
        return start(unit, unit.get_one(Reader, reader.id), slugs or ("health",), clock.now())


def erases(reader: Reader) -> None:
    with writing() as unit:
        erasure.erase(unit, unit.get_one(Reader, reader.id), actor_id=reader.id)


def reason(session: AnySession, reader: Reader, slug: str = "health") -> Reason:
    end_reading()
    known = facts.of_account(session, session.get_one(Reader, reader.id), clock.now())
    return decide(guarded_article(slug), known, clock.now()).reason


def test_who_was_erased_under_the_old_key_is_found_under_the_new_one(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    erases(ana)
    secrets(NEW, OLD)
    back = registers(ANA_AGAIN)
    assert reason(session, back) is Reason.TRIAL_ENDED
    assert tries(back).tried == ["mind Health"]
    assert len(session.scalars(select(TrialLedger)).all()) == 1


def test_a_second_account_under_the_new_key_is_the_same_person_both_ways(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    secrets(NEW, OLD)
    again = registers(ANA_AGAIN)
    assert reason(session, again) is Reason.TRIAL_ENDED
    tries(again, "media")
    assert reason(session, ana, "media") is Reason.TRIAL_ENDED
    assert tries(ana, "media").tried == ["mind Media"]


def test_each_row_keeps_the_id_of_the_key_it_was_made_with(session: AnySession, secrets: Secrets) -> None:
    tries(registers(ANA))
    secrets(NEW, OLD)
    tries(registers("bea@clinique.example.org"))
    made_with = session.scalars(select(TrialLedger.key_id).order_by(TrialLedger.id)).all()
    assert made_with == [person_keys.key_id(OLD), person_keys.key_id(NEW)]
    assert not {OLD[:8], NEW[:8]} & set(made_with)


def test_a_key_that_was_turned_twice_is_still_found(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    erases(ana)
    secrets(NEW, OLD)
    erases(registers(ANA))
    secrets(OTHER, NEW, OLD)
    assert reason(session, registers(ANA)) is Reason.TRIAL_ENDED


def test_rotating_lets_the_old_key_go_for_whoever_has_an_account(session: AnySession, secrets: Secrets) -> None:
    ana, gone = registers(ANA), registers("gone@clinique.example.org")
    tries(ana)
    tries(gone)
    erases(gone)
    secrets(NEW, OLD)
    assert (ledger_keys.rotate(), ledger_keys.rotate()) == ((1, 1), (1, 0))
    today, former = ledger_keys.standing(session)
    assert (today.people, former.people, former.alone) == (1, 2, 1)
    assert (today.until, former.until) == (None, NOON + ledger.KEPT_FOR)
    secrets(NEW)
    assert reason(session, registers(ANA_AGAIN)) is Reason.TRIAL_ENDED
    assert reason(session, ana) is Reason.GRANT_TRIAL
    assert [one.in_settings for one in ledger_keys.standing(session)] == [True, False]


def test_keys_that_nobody_is_known_by_count_nobody(session: AnySession, secrets: Secrets) -> None:
    secrets(NEW, OLD)
    names = [person_keys.key_id(secret) for secret in (NEW, OLD)]
    assert ledger_keys.standing(session) == [Standing(name, True, 0, 0, None) for name in names]


def test_accounts_are_noted_some_at_a_time_and_none_twice(
    session: AnySession, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_keys, "_AT_ONCE", 2)
    made = [registers(f"{name}@clinique.example.org") for name in ("ana", "bea", "cleo")]
    secrets(NEW, OLD)
    assert list(ledger_keys._pages()) == [[made[0].id, made[1].id], [made[2].id]]
    assert (ledger_keys.rotate(), ledger_keys.rotate()) == ((3, 3), (3, 0))


def test_people_met_while_the_old_key_was_missing_become_one_again(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    secrets(NEW)
    again = registers(ANA_AGAIN)
    assert tries(again, "media").names == ["mind Media"]
    apart = session.get_one(Reader, again.id).person_key
    secrets(NEW, OLD)
    with clock.frozen(NOON + timedelta(days=1)):
        assert (ledger_keys.rotate(), ledger_keys.rotate()) == ((2, 1), (2, 0))
    session.expire_all()
    assert session.get_one(Reader, again.id).person_key == session.get_one(Reader, ana.id).person_key != apart
    for one, slug in ((ana, "media"), (again, "health")):
        assert reason(session, one, slug) is Reason.TRIAL_ENDED


def test_an_account_holds_its_person_together_when_the_old_key_is_lost_for_ever(
    session: AnySession, secrets: Secrets
) -> None:
    tries(registers(ANA))
    secrets(NEW)
    ledger_keys.rotate()
    assert reason(session, registers(ANA_AGAIN)) is Reason.TRIAL_ENDED


def test_replay_says_what_was_said_then_before_and_after_two_become_one(session: AnySession, secrets: Secrets) -> None:
    tries(registers(ANA))
    secrets(NEW)
    again = registers(ANA_AGAIN)
    with clock.frozen(NOON + timedelta(hours=1)), writing() as unit:
        ledger.write(unit, unit.get_one(Reader, again.id).person_key, a_vertical("media").id, clock.now())
    secrets(NEW, OLD)
    with clock.frozen(NOON + timedelta(days=2)):
        ledger_keys.rotate()
    tried = [tried_at(session, again, timedelta(hours=hours)) for hours in (0, 1, 47, 48)]
    assert tried == [set(), {"media"}, {"media"}, {"health", "media"}]


def tried_at(session: AnySession, reader: Reader, after: timedelta) -> set[str]:
    end_reading()
    found = replay.reader_at(session, reader.id, NOON + after)
    assert found is not None
    return set(found.tried)


def test_rows_of_before_keys_had_ids_get_one_when_their_account_is_looked_at(
    session: AnySession, secrets: Secrets
) -> None:
    tries(registers(ANA))
    with writing() as unit:
        for row in (*unit.scalars(select(PersonKey)), *unit.scalars(select(TrialLedger))):
            row.key_id = "1"
    assert (ledger_keys.rotate(), ledger_keys.rotate()) == ((1, 1), (1, 0))
    ids = {*session.scalars(select(PersonKey.key_id)), *session.scalars(select(TrialLedger.key_id))}
    assert ids == {person_keys.key_id(OLD)}


def test_an_account_that_tried_nothing_leaves_no_hash_behind(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    secrets(NEW, OLD)
    ledger_keys.rotate()
    assert len(session.scalars(select(PersonKey)).all()) == 2
    erases(ana)
    assert session.scalars(select(PersonKey)).all() == []


def test_hashes_go_with_the_last_row_that_needs_them(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    erases(ana)
    kept = []
    for after in (timedelta(), timedelta(seconds=1)):
        end_reading()
        with clock.frozen(NOON + ledger.KEPT_FOR + after):
            retention.run()
        kept.append(len(session.scalars(select(PersonKey)).all()))
    assert kept == [1, 0]


def test_the_command_says_which_key_may_leave_the_settings(app: Flask, secrets: Secrets) -> None:
    ana, gone = registers(ANA), registers("gone@clinique.example.org")
    tries(gone)
    erases(gone)
    secrets(NEW, OLD)
    run = app.test_cli_runner()
    assert run.invoke(args=["trials", "rotate-key"]).output == "Accounts looked at: 1; noted under today's key: 1.\n"
    today, former = run.invoke(args=["trials", "keys"]).output.splitlines()
    assert today == f"{person_keys.key_id(NEW)}  today's key: 1 person."
    assert former.startswith(f"{person_keys.key_id(OLD)}  a former key: 1 person known by it alone")
    assert former.endswith("the last of them until 2029-03-09; keep it.")
    secrets(NEW)
    assert "not among the keys in the settings" in run.invoke(args=["trials", "keys"]).output
    assert ana.id


def test_a_title_tried_under_both_keys_keeps_both_rows_and_their_terms(session: AnySession, secrets: Secrets) -> None:
    ana = registers(ANA)
    tries(ana)
    secrets(NEW)
    with clock.frozen(NOON + timedelta(days=40)):
        again = registers(ANA_AGAIN)
        assert tries(again).names == ["mind Health"]
    apart = session.get_one(Reader, again.id).person_key
    secrets(NEW, OLD)
    ledger_keys.rotate()
    end_reading()
    person = session.get_one(Reader, ana.id).person_key
    rows = session.execute(select(TrialLedger.person_key, TrialLedger.forget_at).order_by(TrialLedger.id)).all()
    terms = [NOON + ledger.KEPT_FOR, NOON + timedelta(days=40) + ledger.KEPT_FOR]
    assert [tuple(row) for row in rows] == [(person, terms[0]), (apart, terms[1])]


def test_the_command_lets_a_key_go_that_nobody_is_known_by_alone(app: Flask, secrets: Secrets) -> None:
    tries(registers(ANA))
    secrets(NEW, OLD)
    ledger_keys.rotate()
    _today, former = app.test_cli_runner().invoke(args=["trials", "keys"]).output.splitlines()
    known = "a former key: nobody is known by it alone; it may leave the settings."
    assert former == f"{person_keys.key_id(OLD)}  {known}"


def test_three_people_who_turn_out_to_be_one_become_the_oldest_at_one_look(
    session: AnySession, secrets: Secrets
) -> None:
    ana = registers(ANA)
    people = [ana]
    for secret, alias in ((NEW, ANA_AGAIN), (OTHER, "a.namorel@gmail.com")):
        secrets(secret)
        people.append(registers(alias))
    secrets(OTHER, NEW, OLD)
    with writing() as unit:
        assert ledger.rekey(unit, unit.get_one(Reader, ana.id))
    end_reading()
    assert {session.get_one(Reader, one.id).person_key for one in people} == {ana.person_key}
    assert set(session.scalars(select(PersonKey.person_key))) == {ana.person_key}


def test_only_this_persons_hashes_are_forgotten_and_only_when_nobody_needs_them(
    session: AnySession, secrets: Secrets
) -> None:
    ana = registers(ANA)
    with writing() as unit:
        for sign in (b"1", b"2"):
            unit.add(PersonKey(key_hash=sign * 32, person_key=sign * 32, key_id="1", made_at=NOON))
        ledger.forget(unit, ana.person_key)
        ledger.forget(unit, b"1" * 32)
    end_reading()
    assert set(session.scalars(select(PersonKey.key_hash))) == {ana.person_key, b"2" * 32}
