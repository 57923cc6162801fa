"""What the invented people have read in the last ninety days: a few read daily, most now and then (a long tail).

Drawn with a seed for each person, so that it is the same on every machine; written by the reading room's own function.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleState
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.clock import PARIS, paris_date
from portal.content.models import Article
from portal.db import AnySession, writing
from portal.organisations.models import Seat
from portal.reading import log
from portal.reading.log import Gathered, Key

DAYS = 90
WEEKEND = 0.15
"""A Saturday or Sunday has so much of a working day's reading."""
FRESH = 6.0
"""How far down the shelf of the newest people look on average; of three that they see, they open one."""
DEEP = 0.12
"""How often somebody goes to the archive instead."""


class Piece(NamedTuple):
    """An article as far as reading goes."""

    id: int
    vertical_id: int
    published_at: datetime
    pull: float


class Span(NamedTuple):
    """A vertical that somebody could read from one instant to another."""

    vertical_id: int
    starts_at: datetime
    ends_at: datetime


def note_readings(emails: Sequence[str]) -> int:
    """Note what these people read, where and while they had a right; returns how many rows."""
    now = clock.now()
    readings: dict[Key, Gathered] = {}
    with writing() as unit:
        pieces = _pieces(unit, now)
        spans = _spans(unit, emails)
        for reader_id, email in _readers(unit, emails):
            readings |= _of(reader_id, email, spans.get(reader_id, []), pieces, now)
        if readings:
            log.write(unit, readings)
    return len(readings)


def _pieces(unit: AnySession, now: datetime) -> list[Piece]:
    public = Article.state.in_((ArticleState.PUBLISHED, ArticleState.SCHEDULED)) & (Article.published_at <= now)
    statement = select(Article.id, Article.primary_vertical_id, Article.published_at).where(public)
    rows = unit.execute(statement.order_by(Article.published_at.desc(), Article.id))
    return [Piece(number, vertical_id, at, _pull(number)) for number, vertical_id, at in rows if at is not None]


def _pull(article_id: int) -> float:
    """How much a story draws people: most a little, a few a lot."""
    return random.Random(article_id).paretovariate(1.1)  # noqa: S311  # nosec B311: a demonstration, no secret


def _readers(unit: AnySession, emails: Sequence[str]) -> list[tuple[int, str]]:
    keys = [email_key(email) for email in emails]
    statement = select(Reader.id, Reader.email).where(Reader.email_key.in_(keys)).order_by(Reader.id)
    return [(row.id, row.email) for row in unit.execute(statement)]


def _spans(unit: AnySession, emails: Sequence[str]) -> dict[int, list[Span]]:
    """When each of them could read what: by their own grants and by those of the seats they hold or held."""
    found: dict[int, list[Span]] = {}
    ids = [reader_id for reader_id, _email in _readers(unit, emails)]
    for grant in unit.scalars(select(Grant).where(Grant.reader_id.in_(ids))):
        found.setdefault(grant.reader_id or 0, []).append(_span(grant, grant.starts_at, None))
    seated = select(Grant, Seat).join(Seat, Seat.organisation_id == Grant.organisation_id)
    for grant, seat in unit.execute(seated.where(Seat.reader_id.in_(ids))):
        found.setdefault(seat.reader_id, []).append(_span(grant, seat.opened_at, seat.closed_at))
    return found


def _span(grant: Grant, since: datetime, until: datetime | None) -> Span:
    ends = [end for end in (grant.revoked_at, grant.grace_until or grant.ends_at, until) if end is not None]
    return Span(grant.vertical_id, max(grant.starts_at, since), min(ends))


def _of(
    reader_id: int, email: str, spans: Sequence[Span], pieces: Sequence[Piece], now: datetime
) -> dict[Key, Gathered]:
    """The readings of one person, day by day."""
    chance = random.Random(email)  # noqa: S311  # nosec B311: a demonstration, no secret
    appetite = min(6.0, 0.25 * chance.paretovariate(0.9))
    readings: dict[Key, Gathered] = {}
    for ago in range(DAYS, -1, -1):
        day = paris_date(now) - timedelta(days=ago)
        share = WEEKEND if day.weekday() > 4 else 1.0
        for _reading in range(_drawn(chance, appetite * share)):
            at = _instant(chance, day)
            piece = _chosen(chance, spans, pieces, at) if at < now else None
            if piece is not None:
                readings.setdefault((reader_id, piece.id, day), Gathered(at, chance.choice((1, 1, 1, 2))))
    return readings


def _drawn(chance: random.Random, mean: float) -> int:
    """A whole number around the mean."""
    whole = int(mean)
    return whole + (chance.random() < mean - whole) + (chance.random() < mean / 4)


def _instant(chance: random.Random, day: date) -> datetime:
    """Between seven and twenty-one o'clock in Paris, most often in the morning."""
    minutes = int(chance.triangular(7 * 60, 21 * 60, 9 * 60))
    midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return (midnight + timedelta(minutes=minutes)).astimezone(UTC)


def _chosen(chance: random.Random, spans: Sequence[Span], pieces: Sequence[Piece], at: datetime) -> Piece | None:
    """An article this person could read then: the newest first, the archive now and then."""
    open_ = {span.vertical_id for span in spans if span.starts_at <= at < span.ends_at}
    shelf = [piece for piece in pieces if piece.vertical_id in open_ and piece.published_at <= at]
    if not shelf:
        return None
    if chance.random() < DEEP:
        return chance.choice(shelf)
    places = (min(int(chance.expovariate(1 / FRESH)), len(shelf) - 1) for _look in range(3))
    return max((shelf[place] for place in places), key=lambda piece: piece.pull)
