"""Junk sent to the trial's small buttons, and the clock at its worst: midnights, changed clocks, 29 February."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access import facts
from portal.access.decision import decide
from portal.access.vocabulary import Reason
from portal.clock import PARIS, paris_midnight
from portal.db import AnySession, db, writing
from portal.outbox import Mail
from portal.trials import queries
from portal.trials.countdown import countdowns
from portal.trials.reminders import Reminders
from portal.trials.start import start
from tests.builders import a_reader, a_vertical
from tests.forms import sign_in, submit

TICK = timedelta(microseconds=1)
DAYS = [
    date(2026, 3, 13),
    date(2026, 3, 14),
    date(2026, 3, 28),
    date(2026, 3, 29),
    date(2026, 10, 9),
    date(2026, 10, 10),
    date(2026, 10, 24),
    date(2026, 10, 25),
    date(2028, 2, 13),
    date(2028, 2, 14),
    date(2028, 2, 29),
    date(2026, 12, 16),
    date(2026, 12, 31),
]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("at_its_end", [False, True], ids=["first instant", "last second"])
def test_a_trial_ends_at_the_sixteenth_midnight_whenever_it_began(app: Flask, day: date, at_its_end: bool) -> None:
    reader, _vertical = a_reader(), a_vertical("health")
    begun = paris_midnight(day + timedelta(days=1)) - timedelta(seconds=1) if at_its_end else paris_midnight(day)
    with clock.frozen(begun), writing() as unit:
        ends = start(unit, unit.merge(reader), ["health"], clock.now()).ends_at
    last = day + timedelta(days=15)
    assert ends == datetime(last.year, last.month, last.day, tzinfo=PARIS).astimezone(clock.UTC) + _length(last)
    assert [_open(reader, at) for at in (begun - TICK, begun, ends - TICK, ends)] == [False, True, True, False]
    assert [_left(reader, at) for at in (begun, ends - TICK)] == [15, 0]
    assert _left(reader, paris_midnight(last)) == 0
    assert _left(reader, paris_midnight(last) - TICK) == 1


def _length(day: date) -> timedelta:
    """How long a civil day is in Paris: 23, 24 or 25 hours."""
    return paris_midnight(day + timedelta(days=1)) - paris_midnight(day)


def _known(reader: object, at: datetime) -> facts.ReaderFacts:
    return facts.of_account(db.session, reader, at)


def _open(reader: object, at: datetime) -> bool:
    decision = decide(queries.guarded_article("health"), _known(reader, at), at)
    assert decision.full == (decision.reason is Reason.GRANT_TRIAL)
    return decision.full


def _left(reader: object, at: datetime) -> int:
    return countdowns(_known(reader, at), at)[0].days_left


@pytest.mark.parametrize("day", [date(2026, 3, 20), date(2026, 10, 15), date(2028, 2, 20), date(2026, 12, 20)], ids=str)
def test_every_reminder_of_a_trial_goes_once_even_when_two_look_each_hour(session: AnySession, day: date) -> None:
    reader, _vertical = a_reader(), a_vertical("health")
    begun = paris_midnight(day) + timedelta(hours=23, minutes=59)
    with clock.frozen(begun), writing() as unit:
        start(unit, unit.merge(reader), ["health"], clock.now())
    both = Reminders(), Reminders()
    for hour in range(0, 24 * 18, 3):
        with clock.frozen(begun + timedelta(hours=hour)):
            for one in (*both, Reminders()):
                while one.process_due():
                    pass
    kinds = sorted(kind for kind in session.query(Mail.kind).all())
    assert [kind for (kind,) in kinds] == ["trial_ended", "trial_j1", "trial_j3", "trial_j7", "trial_started"]


@pytest.mark.parametrize("referrer", ["http://[", "http://[::", "//evil.example/x", "javascript:alert(1)", "\x7f"])
def test_hiding_the_ribbon_leads_home_when_the_page_before_cannot_be_read(client: FlaskClient, referrer: str) -> None:
    sign_in(client, a_reader())
    headers = {"Referer": referrer, "Sec-Fetch-Site": "same-origin"}
    answer = submit(client, "/trial/ribbon/dismiss", page="/profile/identity", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["Location"] in ("/", "/x")
