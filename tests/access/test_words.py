"""Every reason, step, source, state and cause has its words, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from portal.access import looked, words
from portal.access.decision import RULES
from portal.access.standing import RightState, chip_of
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleState,
    EndCause,
    GrantFacts,
    GrantState,
    NextStep,
    Reason,
    Source,
)
from portal.clock import PARIS
from portal.i18n import use_locale
from tests.conftest import NOON

DAY = timedelta(days=1)

TABLES: list[tuple[type[StrEnum], object]] = [
    (NextStep, words.STEPS),
    (Source, words.SOURCES),
    (GrantState, words.STATES),
    (EndCause, words.CAUSES),
    (ArticleState, words.ARTICLE_STATES),
    (ArticleAccess, words.ACCESSES),
    (Reason, words.REASONS),
]


@pytest.mark.parametrize(("enum", "table"), TABLES, ids=[enum.__name__ for enum, _ in TABLES])
def test_no_word_of_the_vocabulary_is_without_its_text(enum: type[StrEnum], table: dict[StrEnum, object]) -> None:
    assert set(table) == set(enum)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_title_and_a_sentence(reason: Reason, locale: str) -> None:
    with use_locale(locale):
        title, sentence = words.reason_words(reason)
    assert title and sentence.endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_the_french_is_french(reason: Reason) -> None:
    def spoken(locale: str) -> tuple[str, str]:
        with use_locale(locale):
            return words.reason_words(reason)

    assert spoken("fr") != spoken("en")


def test_every_rule_has_its_question_and_its_look() -> None:
    assert set(looked.TABLE) == set(RULES)
    keys = [key for key, _question, _look in looked.TABLE.values()]
    assert len(set(keys)) == len(RULES)


@pytest.mark.parametrize("state", RightState)
def test_every_state_of_a_right_has_its_chip(state: RightState) -> None:
    word, tone = chip_of(state)
    assert word and tone in ("ok", "warn", "bad", "plain")


def test_an_end_at_midnight_is_told_by_its_last_day_also_when_clocks_change() -> None:
    with use_locale("en"):
        for last in (datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2028, 2, 29), datetime(2026, 12, 31)):
            midnight = (last + timedelta(days=1)).replace(tzinfo=PARIS).astimezone(UTC)
            assert words.end_words(midnight) == f"{last:%A}\u00a0{last.day}\u00a0{last:%B}\u00a0{last.year} included"


def test_an_end_within_a_day_is_told_to_the_minute() -> None:
    with use_locale("en"):
        assert (
            words.end_words(datetime(2026, 3, 10, 15, 56, tzinfo=PARIS)) == "10\u00a0March\u00a02026\u00a0at\u00a015:56"
        )


def test_a_seat_brings_what_it_brings_and_a_manager_has_it_by_the_contract() -> None:
    right = GrantFacts(1, "health", Source.SUBSCRIPTION, NOON, NOON + DAY)
    with use_locale("en"):
        assert words.source_words(right) == "Subscription"
        assert words.source_words(replace(right, organisation_id=5, manages=True)) == "Subscription"
        assert words.source_words(replace(right, organisation_id=5)) == "Seat: subscription"


def test_a_right_that_ends_within_a_day_ends_on_that_day() -> None:
    midnight = datetime(2026, 3, 11, tzinfo=PARIS)
    assert words.last_day(midnight) == midnight - timedelta(hours=12)
    assert words.last_day(midnight + timedelta(microseconds=1)) is None
    with use_locale("en"):
        assert words.short_end(midnight).replace("\u00a0", " ") == "10 March 2026"
        assert words.short_end(midnight + timedelta(hours=1)).replace("\u00a0", " ") == "11 March 2026"
        assert words.until_words(midnight).replace("\u00a0", " ") == "Until Tuesday 10 March 2026 included."


def test_a_right_that_begins_at_midnight_is_told_by_its_day() -> None:
    with use_locale("en"):
        assert words.start_words(datetime(2026, 3, 11, tzinfo=PARIS)).replace("\u00a0", " ") == "11 March 2026"
        assert words.start_words(NOON).replace("\u00a0", " ") == "10 March 2026 at 12:00"
