"""The countdown: one source, all its states, across midnights and clock changes."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal import formats
from portal.access.vocabulary import AwaitedFacts, GrantFacts, ReaderFacts, Source
from portal.clock import PARIS, paris_midnight
from portal.i18n import use_locale
from portal.profile.rights import rights_of
from portal.trials.countdown import Countdown, Ribbon, Stage, countdown, countdowns, ribbon_of
from portal.trials.dates import end_of_trial

NAMES = {"health": "mind Health", "fintech": "mind Fintech", "media": "mind Media"}
DAY = timedelta(days=1)
BEGAN = datetime(2026, 11, 22, 15, 0, tzinfo=PARIS)  # a Sunday; the last day is Monday 7 December


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with use_locale("en"):
        yield


def a_trial(slug: str = "fintech", number: int = 1, began: datetime = BEGAN, **more: object) -> GrantFacts:
    return GrantFacts(number, slug, Source.TRIAL, began, end_of_trial(began), **more)  # type: ignore[arg-type]


def a_person(*grants: GrantFacts, **more: object) -> ReaderFacts:
    return ReaderFacts(7, confirmed=True, grants=grants, **more)  # type: ignore[arg-type]


def on(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment in Paris, `day` being counted from 1 November 2026 (37 is 7 December)."""
    return datetime(2026, 11, 1, hour, minute, tzinfo=PARIS) + timedelta(days=day - 1)


def at(moment: datetime) -> Countdown:
    return countdown(a_trial(), "mind Fintech", moment)


def shown(moment: datetime, *grants: GrantFacts, **more: object) -> Ribbon | None:
    return ribbon_of(a_person(*(grants or (a_trial(),)), **more), moment, NAMES)


@pytest.mark.parametrize(
    ("day", "stage", "left", "ticks"),
    [
        (22, "quiet", 15, 15),
        (23, "quiet", 14, 15),
        (29, "quiet", 8, 9),
        (30, "soft", 7, 8),
        (33, "soft", 4, 5),
        (34, "offer", 3, 4),
        (35, "offer", 2, 3),
        (36, "eve", 1, 2),
        (37, "last", 0, 1),
        (38, "ended", -1, 0),
    ],
)
def test_each_day_has_its_state(day: int, stage: str, left: int, ticks: int) -> None:
    for hour in (0, 9, 23):
        found = at(on(day, hour) if day > 22 else on(day, 16))
        assert (found.stage.value, found.days_left, found.ticks_left) == (stage, left, ticks)


@pytest.mark.parametrize(
    ("day", "headline", "detail"),
    [
        (34, "You have 3 days left of your mind Fintech trial.", "Access until Monday 7 December 2026 inclusive."),
        (36, "Your mind Fintech trial ends tomorrow evening.", "at midnight Paris time."),
        (37, "Last day of your mind Fintech trial: until midnight, Paris time.", ""),
        (38, "Your trial of mind Fintech ended on Monday 7 December 2026.", "Nothing was charged."),
    ],
)
def test_each_state_has_its_sentence(day: int, headline: str, detail: str) -> None:
    found = at(on(day))
    assert found.headline.replace("\u00a0", " ") == headline
    assert detail in found.detail.replace("\u00a0", " ")


@given(st.integers(0, 40 * 24 * 60))
def test_no_sentence_ever_says_nought_days(minutes: int) -> None:
    found = at(BEGAN + timedelta(minutes=minutes))
    assert not re.search(r"\b0 (day|jour)", found.headline)
    assert 0 <= found.ticks_left <= 15
    assert (found.stage is Stage.ENDED) == (found.now >= found.ends_at)


def test_the_last_hours_are_told_rounded_up_to_the_minute() -> None:
    assert at(on(37, 18, 48)).time_left == "5 h 12 min left"
    assert at(on(37, 23, 1)).time_left == "59 min left"
    assert at(on(37, 23, 59) + timedelta(seconds=59)).time_left == "1 min left"
    assert at(on(36, 23, 59)).time_left == ""


def test_the_last_day_of_october_has_twenty_five_hours() -> None:
    trial = a_trial(began=datetime(2026, 10, 10, 12, 0, tzinfo=PARIS))
    found = countdown(trial, "mind Fintech", datetime(2026, 10, 25, 0, 0, tzinfo=PARIS))
    assert (found.stage, found.time_left) == (Stage.LAST, "25 h 00 min left")


def test_a_year_end_and_a_leap_day_are_days_like_others() -> None:
    new_year = countdown(
        a_trial(began=datetime(2026, 12, 20, 8, tzinfo=PARIS)), "x", datetime(2026, 12, 31, 23, 59, tzinfo=PARIS)
    )
    leap = countdown(a_trial(began=datetime(2028, 2, 20, 8, tzinfo=PARIS)), "x", datetime(2028, 2, 29, 8, tzinfo=PARIS))
    assert (new_year.days_left, leap.days_left) == (4, 6)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (30, "on the evening of Monday 7 December"),
        (34, "on Monday evening"),
        (36, "tomorrow evening"),
        (37, "this evening"),
    ],
)
def test_a_subject_says_when_without_doubt(day: int, words: str) -> None:
    assert at(on(day)).when.replace("\u00a0", " ") == words


def test_offers_come_with_the_last_days_only() -> None:
    assert [shown(on(day)).action is not None for day in (30, 34, 36, 37)] == [False, True, True, True]  # type: ignore[union-attr]


def test_the_most_urgent_of_several_is_shown() -> None:
    later = a_trial("media", 2, began=BEGAN + timedelta(days=3))
    assert shown(on(34), later, a_trial()).vertical == "fintech"  # type: ignore[union-attr]


def test_trials_that_end_together_are_one_line() -> None:
    found = shown(on(34), a_trial("health", 1), a_trial("media", 2))
    assert found is not None and "mind Health and mind Media" in found.headline


@pytest.mark.parametrize("source", [Source.SUBSCRIPTION, Source.ADMIN])
def test_nothing_is_counted_down_to_whoever_reads_on(source: Source) -> None:
    right = GrantFacts(9, "fintech", source, on(30), on(90))
    assert shown(on(34), a_trial(), right) is None
    assert shown(on(38), a_trial(), right) is None


def test_a_right_that_begins_when_the_trial_ends_is_enough() -> None:
    trial = a_trial()
    assert shown(on(34), trial, GrantFacts(9, "fintech", Source.SUBSCRIPTION, trial.ends_at, on(90))) is None


def test_a_seat_is_enough_and_a_managers_contract_without_one_is_not() -> None:
    contract = {"organisation_id": 3, "manages": True}
    assert shown(on(34), a_trial(), GrantFacts(9, "fintech", Source.ADMIN, on(1), on(90), **contract)) is not None  # type: ignore[arg-type]
    seat = GrantFacts(9, "fintech", Source.ADMIN, on(1), on(90), organisation_id=3, seated_from=on(2))
    assert shown(on(34), a_trial(), seat) is None


def test_whoever_has_just_paid_is_not_counted_down_to() -> None:
    awaited = (AwaitedFacts("fintech", on(34, 11), on(35, 11)),)
    assert shown(on(34), awaited=awaited) is None
    assert shown(on(35, 12), awaited=awaited) is not None


def test_the_title_that_was_not_bought_still_counts_down() -> None:
    bought = GrantFacts(9, "fintech", Source.SUBSCRIPTION, on(30), on(90))
    found = shown(on(34), a_trial("fintech", 1), a_trial("media", 2), bought)
    assert found is not None and found.vertical == "media" and "Fintech" not in found.headline


def test_the_end_is_told_for_seven_days_unless_hidden() -> None:
    assert [shown(on(day)) is not None for day in (38, 44, 45)] == [True, True, False]
    key = shown(on(38)).dismiss_key  # type: ignore[union-attr]
    assert ribbon_of(a_person(a_trial()), on(39), NAMES, key) is None
    assert ribbon_of(a_person(a_trial()), on(39), NAMES, "2026-12-01") is not None


def test_a_trial_that_staff_took_back_is_not_told_as_ended() -> None:
    assert shown(on(34), a_trial(revoked_at=on(33))) is None


def test_no_ribbon_for_a_stranger_a_suspended_or_an_unconfirmed_reader(app: Flask) -> None:
    assert ribbon_of(ReaderFacts(), on(34), NAMES) is None
    assert shown(on(34), suspended=True) is None
    assert ribbon_of(ReaderFacts(7, confirmed=False, grants=(a_trial(),)), on(34), NAMES) is None


def test_the_account_lists_every_trial_running_ones_first() -> None:
    past = a_trial("health", 3, began=BEGAN - timedelta(days=40))
    future = a_trial("health", 4, began=BEGAN + timedelta(days=40))
    found = countdowns(a_person(past, a_trial(), future), on(34), NAMES)
    assert [(c.vertical, c.stage.value, c.ticks_left) for c in found] == [
        ("fintech", "offer", 4),
        ("health", "ended", 0),
    ]


def test_an_extended_trial_never_has_more_than_fifteen_ticks() -> None:
    long = GrantFacts(1, "media", Source.TRIAL, BEGAN, BEGAN + timedelta(days=40))
    found = countdown(long, "mind Media", on(24))
    assert (found.stage, found.ticks_left) == (Stage.QUIET, 15) and found.days_left > 15


STAGES = {**dict.fromkeys(range(8, 16), "quiet"), **dict.fromkeys(range(4, 8), "soft"), 3: "offer", 2: "offer"}
STAGES |= {1: "eve", 0: "last"}
LAST_DAYS = (
    *(date(2026, 3, 28), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 24), date(2026, 10, 25)),
    *(date(2026, 10, 31), date(2026, 12, 31), date(2027, 1, 3), date(2028, 2, 29), date(2028, 3, 1)),
)


@pytest.mark.parametrize("last", LAST_DAYS, ids=str)
def test_every_midnight_in_paris_takes_one_day_away_everywhere_at_once(last: date) -> None:
    """Ribbon, account and the words of mails, just before and just after each midnight of a trial."""
    trial = a_trial(began=paris_midnight(last - 15 * DAY) + timedelta(hours=8))
    for left in range(15, -1, -1):
        begins, ends = paris_midnight(last - left * DAY), paris_midnight(last - (left - 1) * DAY)
        for moment in (max(begins, trial.starts_at), ends - timedelta(seconds=1)):
            line, right = shown(moment, trial), rights_of(a_person(trial), moment, names=NAMES)[0]
            counted = right.countdown
            assert line is not None and counted is not None
            assert (counted.days_left, counted.last_day, line.kind) == (left, last, STAGES[left]), moment
            assert line.ticks_left == right.ticks_left == min(left + 1, 15)
            assert line.headline == countdown(trial, "mind Fintech", moment).headline
            assert left < 2 or f" {left} days left" in line.headline
            assert left == 0 or formats.day(last, weekday=True) in line.detail
    over = paris_midnight(last + DAY)
    assert shown(over, trial).kind == "ended"  # type: ignore[union-attr]
    assert rights_of(a_person(trial), over, names=NAMES)[0].countdown is None
