"""The demo set: every text is valid and its preview sane; dates are working days, never ahead.

That all of it loads, and once, is seen in the running product: tests/journeys/test_demo_people.py.
"""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.clock import PARIS
from portal.content import body, demo
from portal.settings import ROOT
from tests.content.test_body import assert_balanced

FOLDER = ROOT / "demo"
PIECES = list(demo.read_pieces(FOLDER))
OUT = [piece for piece in PIECES if piece.is_out]
WORDS = {"infos": (250, 420), "analyses": (880, 1650), "essentiels": (700, 1600), "data": (600, 1600)}


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.slug)
def test_a_demo_article_is_whole_and_its_preview_is_a_fair_beginning(piece: demo.Piece) -> None:
    made = body.render(piece.source, piece.head["lang"])
    assert_balanced(made.html)
    assert_balanced(made.preview)
    least, most = WORDS[piece.head["rubric"]]
    assert least <= made.words <= most
    assert 400 <= len(made.preview_plain) <= 760
    assert made.preview_plain[-1] in ".!?…»"
    if piece.head["lang"] == "fr":
        assert not re.search(r"[ ](?:[:;!?»%€])", html.unescape(re.sub("<[^>]+>", "", made.html)))


@pytest.mark.parametrize("day", range(1, 15))
@pytest.mark.parametrize("hour", [0, 7, 12, 23])
def test_articles_were_published_on_working_days_in_their_order_and_never_ahead(day: int, hour: int) -> None:
    now = datetime(2026, 3, day, hour, 10, tzinfo=UTC)
    dates = demo.publication_dates(PIECES, now)
    assert all(date < now and date.astimezone(PARIS).weekday() < 5 for date in dates.values())
    wished = sorted(OUT, key=lambda piece: (-piece.head["days_ago"], piece.head["time"], piece.slug))
    told = [dates[piece.slug] for piece in wished]
    assert told == sorted(told)
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("day", range(1, 15))
@pytest.mark.parametrize("hour", [0, 7, 12, 23])
def test_scheduled_articles_lie_ahead_on_working_days(day: int, hour: int) -> None:
    now = datetime(2026, 3, day, hour, 10, tzinfo=UTC)
    scheduled = [piece.head for piece in PIECES if piece.head.get("state") == "scheduled"]
    dates = [demo._ahead(now, head["days_ahead"], head["time"]) for head in scheduled]
    assert len(dates) == 9
    assert all(date > now and date.weekday() < 5 for date in dates)


def test_a_set_is_not_older_than_its_files_say_by_more_than_a_long_weekend() -> None:
    now = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
    dates = demo.publication_dates(PIECES, now)
    for piece in OUT:
        assert now - dates[piece.slug] < timedelta(days=piece.head["days_ago"] + 4)


def test_the_set_holds_what_a_publication_holds() -> None:
    for vertical in ("health", "fintech", "media"):
        own = [piece.head for piece in PIECES if piece.head["verticals"][0] == vertical]
        assert len(own) == 120
        assert sum(head["access"] == "free" for head in own) == 12
        assert sum(head["access"] == "registered" for head in own) == 5
        assert sum("free_window" in head for head in own) == 4
        assert sum(head["lang"] == "en" for head in own) == 2
        assert sum("correction" in head for head in own) >= 5
        states = [head.get("state", "published") for head in own]
        assert [states.count(word) for word in ("scheduled", "draft", "withdrawn")] == [3, 2, 1]
