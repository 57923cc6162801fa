"""Where a right stands for its holder, the one that speaks when it comes twice, and what a closed door says."""

from dataclasses import replace

import pytest

from portal.access.decision import decide
from portal.access.doors import briefly, door
from portal.access.standing import Contract, RightState, chip_of, once, state_of
from portal.access.vocabulary import EndCause, GrantFacts, NextStep, Reason
from portal.i18n import use_locale
from tests.access.test_decide_table import (
    ARTICLE,
    DAY,
    GRACE,
    LATER,
    MEMBER,
    NO_TRIALS,
    NOW,
    OVER,
    ROWS,
    TICK,
    bought,
    grant,
    member,
    seat,
    trial,
)


@pytest.mark.parametrize(
    ("right", "state"),
    [
        (trial(), RightState.TRIAL),
        (grant(), RightState.GRANTED),
        (grant(organisation_id=5, manages=True, seated_from=NOW), RightState.GRANTED),
        (seat(), RightState.SEAT),
        (seat(**GRACE), RightState.SEAT),
        (bought(), RightState.PAID),
        (bought(end_cause=EndCause.CANCELLED), RightState.ENDING),
        (bought(end_cause=EndCause.LAPSED), RightState.PAID),
        (bought(**GRACE), RightState.PAST_DUE),
        (bought(grace_until=NOW + 9 * DAY), RightState.PAST_DUE),
        (bought(**OVER), RightState.EXPIRED),
        (bought(revoked_at=NOW), RightState.EXPIRED),
        (bought(seated_from=None), RightState.NO_SEAT),
        (bought(seated_from=None, **OVER), RightState.EXPIRED),
        (seat(seated_until=NOW), RightState.EXPIRED),
        (grant(**LATER), RightState.FUTURE),
        (seat(**LATER), RightState.FUTURE),
    ],
)
def test_a_right_is_in_one_of_the_states(right: GrantFacts, state: RightState) -> None:
    assert state_of(right, NOW) is state


def test_a_state_has_its_word_and_its_tone() -> None:
    with use_locale("en"):
        assert [chip_of(state) for state in (RightState.TRIAL, RightState.PAST_DUE)] == [
            ("Trial", "ok"),
            ("Payment due", "bad"),
        ]


def test_a_contract_that_will_not_renew_is_ending() -> None:
    assert state_of(bought(), NOW, Contract("Clinique", ending_at=NOW + DAY)) is RightState.ENDING
    assert state_of(bought(), NOW, Contract("Clinique", renews_at=NOW + DAY)) is RightState.PAID


def test_a_right_that_comes_twice_is_told_by_the_way_that_reaches() -> None:
    closed, opened = seat(seated_until=NOW - TICK), seat(seated_from=NOW - DAY)
    other = grant(grant_id=8)
    for order in ([closed, opened, other], [opened, closed, other]):
        assert once(order, NOW) == [opened, other]


def test_a_right_that_reaches_by_no_way_is_told_by_the_one_still_open_then_the_latest() -> None:
    first, last = (seat(seated_until=NOW - n * DAY) for n in (2, 1))
    managed = bought(seated_from=None)
    assert once([first, last], NOW) == once([last, first], NOW) == [last]
    assert once([first, managed, last], NOW) == [managed]
    assert once([last, replace(last, manages=True)], NOW) == [last]


def door_of(article: object, *grants: GrantFacts) -> object:
    return door(decide(article, member(*grants), NOW), "health", "mind Health")  # type: ignore[arg-type]


def test_a_door_says_what_to_do_and_where() -> None:
    with use_locale("en"):
        assert door_of(ARTICLE) == ("Try mind Health for 15 days", "/trial?vertical=health")
        assert door_of(NO_TRIALS) == ("See the offers", "/plans")
        assert door_of(ARTICLE, bought(**OVER, end_cause=EndCause.UNPAID)) == ("Settle the payment", "/billing/")
        assert door_of(ARTICLE, bought(seated_from=None)) == ("See my licence", "/profile/")


def test_where_nothing_is_to_be_done_there_is_no_door() -> None:
    assert door_of(ARTICLE, grant(**LATER)) is None


def test_a_line_says_briefly_why() -> None:
    with use_locale("en"):
        said = {row[4]: briefly(decide(row[1], row[2], NOW)) for row in ROWS}
    assert said[Reason.TRIAL_AVAILABLE] == said[Reason.OTHER_VERTICAL_TRY] == "Not tried yet"
    assert said[Reason.BUY] == said[Reason.OTHER_VERTICAL_BUY] == "Not among your rights"
    assert said[Reason.TRIAL_ENDED] == "Trial ended"
    assert decide(ARTICLE, MEMBER, NOW).next_step is NextStep.START_TRIAL
