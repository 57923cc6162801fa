"""The ribbon whole, at each of its stages, and the edges of what is counted down to."""

# ruff: noqa: E501

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import AwaitedFacts, GrantFacts, Source
from portal.i18n import use_locale
from portal.trials.countdown import (
    Countdown,
    Ribbon,
    Stage,
    countdown,
    countdowns,
    covered,
    ribbon,
    ribbon_of,
    stage_of,
)
from tests.builders import a_grant, a_reader
from tests.forms import sign_in
from tests.trials.test_countdown import NAMES, a_person, a_trial, on

TICK = timedelta(microseconds=1)
LAST = "2026-12-07"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with use_locale("en"):
        yield


def plain(found: Ribbon | None) -> Ribbon | None:
    """With ordinary spaces."""
    if found is None:
        return None
    values = {name: getattr(found, name) for name in found.__slots__}
    return Ribbon(**{name: v.replace("\u00a0", " ") if isinstance(v, str) else v for name, v in values.items()})


OFFER = ("Choose a plan", "/plans")
WHOLE = [
    (24, Ribbon("quiet", "fintech", 14, "You have 13 days left of your mind Fintech trial.", "Access until Monday 7 December 2026 inclusive.", None, None, "", None, "")),
    (35, Ribbon("offer", "fintech", 3, "You have 2 days left of your mind Fintech trial.", "Access until Monday 7 December 2026 inclusive.", OFFER, None, "", None, "")),
    (36, Ribbon("eve", "fintech", 2, "Your mind Fintech trial ends tomorrow evening.", "Access until Monday 7 December 2026 inclusive, at midnight Paris time.", OFFER, None, "", None, "")),
    (37, Ribbon("last", "fintech", 1, "Last day of your mind Fintech trial: until midnight, Paris time.", "", OFFER, None, "", "2026-12-08T00:00:00+01:00", "12 h 00 min left")),
    (38, Ribbon("ended", "fintech", 0, "Your trial of mind Fintech ended on Monday 7 December 2026.", "Nothing was charged.", OFFER, "/trial/ribbon/dismiss", LAST, None, "")),
]  # fmt: skip


@pytest.mark.parametrize(("day", "whole"), WHOLE, ids=[whole.kind for _day, whole in WHOLE])
def test_the_ribbon_is_whole_at_each_stage(day: int, whole: Ribbon) -> None:
    assert plain(ribbon_of(a_person(a_trial()), on(day), NAMES)) == whole


def test_a_countdown_knows_its_trial() -> None:
    trial = a_trial(revoked_at=on(30))
    found = countdown(trial, "mind Fintech", on(29))
    assert found == Countdown(1, "fintech", "mind Fintech", on(30), on(29), Stage.EVE, 1)
    assert (found.ended_key, found.what) == ("2026-11-30", "mind Fintech")
    assert found.until.replace("\u00a0", " ") == "until Monday 30 November inclusive"


@pytest.mark.parametrize(
    ("left", "stage"),
    [(8, Stage.QUIET), (7, Stage.SOFT), (4, Stage.SOFT), (3, Stage.OFFER), (2, Stage.OFFER), (1, Stage.EVE), (0, Stage.LAST)],
)  # fmt: skip
def test_a_stage_begins_at_midnight(left: int, stage: Stage) -> None:
    end = on(38, 0)
    assert stage_of(end, on(37 - left, 0)) is stage
    assert stage_of(end, on(38 - left, 0) - TICK) is stage


def test_a_trial_has_ended_at_the_instant_of_its_end() -> None:
    end = on(37, 18)
    assert stage_of(end, end - TICK) is Stage.LAST
    assert stage_of(end, end) is Stage.ENDED


def test_a_week_ahead_the_evening_is_told_with_its_date() -> None:
    told = [countdown(a_trial(), "x", on(day)).when.replace("\u00a0", " ") for day in (30, 31, 35, 36, 37, 38)]
    days = ["on the evening of Monday 7 December", "on Monday evening", "on Monday evening"]
    assert told == [*days, "tomorrow evening", "this evening", "this evening"]


def test_less_than_an_hour_is_told_in_minutes_alone() -> None:
    told = [countdown(a_trial(), "x", on(37, hour, minute)).time_left for hour, minute in ((22, 55), (23, 0), (23, 1))]
    assert told == ["1 h 05 min left", "1 h 00 min left", "59 min left"]


@pytest.mark.parametrize(("since", "until", "counts"), [(0, 1, True), (1, 2, False), (-1, 0, False)])
def test_a_payment_on_its_way_counts_between_its_instants(since: int, until: int, counts: bool) -> None:
    now = on(34)
    awaited = AwaitedFacts("fintech", now + since * TICK, now + until * TICK)
    assert covered(a_person(a_trial(), awaited=(awaited,)), a_trial(), now) is counts
    elsewhere = AwaitedFacts("media", now, now + TICK)
    assert not covered(a_person(a_trial(), awaited=(elsewhere,)), a_trial(), now)


def test_a_right_that_ends_before_the_trial_covers_it_only_while_it_lasts() -> None:
    trial, right = a_trial(), GrantFacts(9, "fintech", Source.ADMIN, on(30), on(34))
    assert covered(a_person(trial, right), trial, on(33))
    assert not covered(a_person(trial, right), trial, on(34))


def test_a_trial_that_has_ended_is_covered_by_what_opens_now() -> None:
    trial, right = a_trial(), GrantFacts(9, "fintech", Source.ADMIN, on(40), on(50))
    assert [covered(a_person(trial, right), trial, on(day)) for day in (39, 40, 50)] == [False, True, False]


def test_a_trial_begins_to_count_at_its_instant_and_other_rights_never_do() -> None:
    began = on(22, 15)
    right = GrantFacts(9, "media", Source.ADMIN, on(1), on(90))
    counts = [len(countdowns(a_person(a_trial(began=began), right), at, NAMES)) for at in (began - TICK, began)]
    assert counts == [0, 1]


def test_running_trials_come_by_their_end_and_ended_ones_by_the_last() -> None:
    def ending(number: int, day: int) -> GrantFacts:
        return GrantFacts(number, f"v{number}", Source.TRIAL, on(1), on(day))

    found = countdowns(
        a_person(*(ending(n, day) for n, day in ((1, 40), (2, 36), (3, 20), (4, 30)))), on(35), {"v2": "Deux"}
    )
    assert [(c.grant_id, c.name) for c in found] == [(2, "Deux"), (1, "v1"), (4, "v4"), (3, "v3")]


def test_of_trials_that_ended_the_last_is_told_with_those_that_ended_with_it() -> None:
    earlier = a_trial("health", 1, began=on(20, 15))
    both = [a_trial("fintech", 2), a_trial("media", 3)]
    found = plain(ribbon_of(a_person(earlier, *both), on(38), NAMES))
    assert found is not None and found.headline.startswith("Your trial of mind Fintech and mind Media ended on")


def test_the_end_is_told_through_the_seventh_day() -> None:
    told = [ribbon_of(a_person(a_trial()), on(44, 23, 59), NAMES), ribbon_of(a_person(a_trial()), on(45, 0), NAMES)]
    assert [one is not None for one in told] == [True, False]


def test_the_ribbon_of_who_is_signed_in_reads_names_and_the_cookie(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    reader = a_reader()
    a_grant(reader, vertical="media", starts_in=timedelta(days=-20), ends_in=timedelta(days=-2), source=Source.TRIAL)
    sign_in(client, reader)
    app.extensions["portal.vertical_names"] = (clock.monotonic(), {})  # read before this edition was there
    page = client.get("/trial").text
    assert "ribbon-ended" in page and "mind Media" in page.split("ribbon-ended")[1].split("</section>")[0]
    client.set_cookie("trial-ended", (now.astimezone(UTC) - timedelta(days=2)).date().isoformat())
    assert "ribbon-ended" not in client.get("/trial").text


def test_a_running_trial_is_not_hidden_by_the_cookie_of_an_ended_one() -> None:
    assert ribbon_of(a_person(a_trial()), on(34), NAMES, LAST) is not None


def test_a_stranger_has_no_ribbon(app: Flask) -> None:
    with app.test_request_context():
        assert ribbon() is None
