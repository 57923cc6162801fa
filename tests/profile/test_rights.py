"""The rights of a reader as they read them: each state with its words, by table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.access.standing import Contract, RightState
from portal.access.vocabulary import EndCause, GrantFacts, ReaderFacts, Source
from portal.clock import PARIS
from portal.i18n import use_locale
from portal.profile.rights import Right, rights_of

NOW = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
END = datetime(2026, 3, 18, tzinfo=PARIS)  # midnight: the 17th is the last day
NAMES = {"health": "mind Health", "fintech": "mind Fintech"}


def grant(source: Source, **more: Any) -> GrantFacts:
    values = {"starts_at": NOW - 8 * DAY, "ends_at": END, **more}
    return GrantFacts(values.pop("grant_id", 1), values.pop("vertical", "health"), source, **values)


def bought(**more: Any) -> GrantFacts:
    return grant(Source.SUBSCRIPTION, **{"organisation_id": 5, "manages": True, "seated_from": NOW - 8 * DAY, **more})


def seat(**more: Any) -> GrantFacts:
    return bought(manages=False, **more)


def only(*grants: GrantFacts, contract: Contract | None = None) -> Right:
    rows = read(*grants, contract=contract)
    assert len(rows) == 1
    return rows[0]


def read(*grants: GrantFacts, contract: Contract | None = None) -> list[Right]:
    contracts = {g.grant_id: contract for g in grants} if contract else {}
    with use_locale("en"):
        return rights_of(ReaderFacts(1, grants=grants, confirmed=True), NOW, names=NAMES, contracts=contracts)


TABLE: list[tuple[str, GrantFacts, Contract | None, RightState, str, str | None]] = [
    ("a running trial", grant(Source.TRIAL), None, RightState.TRIAL, "Then nothing is charged", "/plans"),
    ("a subscription", bought(), Contract("Moi", renews_at=END), RightState.PAID, "Renews by itself on", "/billing/"),
    ("one that ends", bought(), Contract("Moi", ending_at=END), RightState.ENDING, "Not renewed", "/billing/"),
    ("one cancelled", bought(end_cause=EndCause.CANCELLED), None, RightState.ENDING, "Not renewed", "/billing/"),
    (
        "in grace",
        bought(ends_at=NOW - DAY, grace_until=END),
        None,
        RightState.PAST_DUE,
        "stays open until",
        "/billing/",
    ),
    ("granted", grant(Source.ADMIN), None, RightState.GRANTED, "nothing to pay", None),
    ("a seat", seat(), None, RightState.SEAT, "your organisation gives you this seat", None),
    ("a seat in grace", seat(ends_at=NOW - DAY, grace_until=END), None, RightState.SEAT, "17", None),
    ("an ended trial", grant(Source.TRIAL, ends_at=NOW), None, RightState.EXPIRED, "Nothing was charged", "/plans"),
    ("ended granted", grant(Source.ADMIN, ends_at=NOW), None, RightState.EXPIRED, "This access ended", "/plans"),
    ("revoked", grant(Source.ADMIN, revoked_at=NOW), None, RightState.EXPIRED, "This access ended", "/plans"),
    (
        "cut",
        bought(ends_at=NOW - DAY, grace_until=NOW),
        None,
        RightState.EXPIRED,
        "an invoice is not paid",
        "/billing/",
    ),
    (
        "an ended subscription",
        bought(ends_at=NOW, end_cause=EndCause.CANCELLED),
        None,
        RightState.EXPIRED,
        "Your subscription ended",
        "/billing/",
    ),
    ("a seat taken away", seat(seated_until=NOW), None, RightState.EXPIRED, "This seat ended", None),
    ("to come", grant(Source.ADMIN, starts_at=NOW + DAY), None, RightState.FUTURE, "Opens on", None),
    ("managing without a seat", bought(seated_from=None), None, RightState.NO_SEAT, "without a seat", None),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_each_state_has_its_words_and_its_next_act(
    row: tuple[str, GrantFacts, Contract | None, RightState, str, str | None],
) -> None:
    _name, held, contract, kind, words, action = row
    right = only(held, contract=contract)
    assert right.kind is kind
    assert words in right.then
    assert (right.action[1] if right.action else None) == action
    assert right.vertical.name == "mind Health"
    assert right.state[0] and right.source and right.start and right.end


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_nobody_who_was_given_is_called_a_payer(row: tuple[Any, ...]) -> None:
    held = row[1]
    if held.source is Source.ADMIN:
        assert "Subscri" not in only(held).state[0]


def test_every_state_is_met() -> None:
    assert {row[3] for row in TABLE} == set(RightState)


def test_the_last_day_is_told_not_the_midnight_after_it() -> None:
    right = only(grant(Source.ADMIN))
    assert right.end == "17\u00a0March\u00a02026"
    assert "Tuesday\u00a017\u00a0March\u00a02026 included" in right.then


def test_a_trial_shows_its_ticks_and_nothing_else_does() -> None:
    assert only(grant(Source.TRIAL)).ticks_left == 8
    assert only(grant(Source.ADMIN)).ticks_left is None


def test_what_people_are_told_is_the_renewal_not_the_margin_behind_it() -> None:
    right = only(bought(ends_at=END + DAY), contract=Contract("Moi", renews_at=END + timedelta(hours=12)))
    assert right.end == "18\u00a0March\u00a02026"


def test_a_grant_that_comes_by_two_seats_is_told_once() -> None:
    closed = seat(seated_until=NOW - DAY)
    assert only(closed, seat()).kind is RightState.SEAT


def test_open_rights_come_first_and_ended_ones_last() -> None:
    rows = read(
        grant(Source.TRIAL, grant_id=1, ends_at=NOW - DAY),
        grant(Source.ADMIN, grant_id=2, starts_at=NOW + DAY),
        grant(Source.ADMIN, grant_id=3, vertical="fintech"),
    )
    assert [row.kind for row in rows] == [RightState.GRANTED, RightState.FUTURE, RightState.EXPIRED]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_the_words_fill_in_french_too(row: tuple[Any, ...]) -> None:
    with use_locale("fr"):
        facts = ReaderFacts(1, grants=(row[1],), confirmed=True)
        right = rights_of(facts, NOW, contracts={1: row[2]} if row[2] else {})[0]
    assert "%(" not in right.then
