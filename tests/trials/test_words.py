"""What became of a wish to try, in sentences: one for each thing that happened, in the order that matters."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from portal.access.models import Grant
from portal.clock import PARIS
from portal.i18n import use_locale
from portal.trials.start import Answer
from portal.trials.words import refused, sentences

END = datetime(2026, 12, 8, tzinfo=PARIS)  # Monday 7 December is the last day


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with use_locale("en"):
        yield


def told(answer: Answer) -> list[tuple[str, str]]:
    return [(kind, sentence.replace("\u00a0", " ")) for kind, sentence in sentences(answer)]


def test_everything_that_happened_is_told_first_what_has_begun() -> None:
    answer = Answer(
        "an act",
        started=[Grant(ends_at=END), Grant(ends_at=END)],
        names=["mind Health", "mind Media"],
        tried=["A"],
        readable=["B"],
        queued=["C"],
        closed=["D"],
    )
    begun = "Your trial of mind Health and mind Media has begun: access until Monday 7 December 2026 inclusive."
    assert told(answer) == [
        ("success", begun),
        ("info", "You can read B already: your trial is kept for later."),
        ("warning", "You have already tried A. A plan opens it again."),
        ("info", "Your company has reached its number of trials for C. We answer within one working day."),
        ("warning", "D takes no trials at the moment."),
    ]


def test_several_titles_share_a_sentence() -> None:
    assert told(Answer("an act", closed=["D", "E"])) == [("warning", "D and E take no trials at the moment.")]
    assert told(Answer("an act", tried=["A", "B"]))[0][1].startswith("You have already tried A and B.")


def test_nothing_asked_for_is_told_too() -> None:
    [(kind, sentence)] = told(Answer("an act"))
    assert kind == "warning" and sentence.startswith("No trial was started")


def test_who_may_start_nothing_is_told_why() -> None:
    assert refused("suspended").startswith("Your account is suspended")
    assert refused("unconfirmed").startswith("Confirm your address first")
