"""What the invented people have read: the same on every machine, only where and while they had a right, a long tail."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.db import AnySession
from portal.dev import reads
from portal.reading.models import Reading
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation

PEOPLE = [f"lecteur{number}@example.org" for number in range(12)]


@pytest.fixture
def readers(session: AnySession) -> None:
    """Twelve people with a right to mind Health for a month; forty articles there, one of mind Media."""
    for number in range(40):
        an_article(vertical="health", published_at=clock.now() - timedelta(days=2 * number + 1))
    an_article("ailleurs", vertical="media")
    for email in PEOPLE:
        a_grant(a_reader(email), vertical="health", starts_in=timedelta(days=-30))


def rows(session: AnySession) -> list[tuple[int, int, object]]:
    found = session.execute(select(Reading.reader_id, Reading.article_id, Reading.day))
    return sorted((row.reader_id, row.article_id, row.day) for row in found)


@pytest.mark.usefixtures("readers")
def test_people_read_what_they_could_while_they_could(session: AnySession) -> None:
    reads.note_readings(PEOPLE)
    instants = session.scalars(select(Reading.first_at)).all()
    assert clock.now() - timedelta(days=30) <= min(instants) <= max(instants) < clock.now()
    elsewhere = an_article("encore-ailleurs", vertical="media").id - 1
    assert session.scalar(select(Reading).where(Reading.article_id == elsewhere)) is None


@pytest.mark.usefixtures("readers")
def test_the_same_people_have_read_the_same_twice(session: AnySession) -> None:
    reads.note_readings(PEOPLE)
    first = rows(session)
    reads.note_readings(PEOPLE)
    assert first and rows(session) == first


@pytest.mark.usefixtures("readers")
def test_a_few_read_much_and_most_a_little(session: AnySession) -> None:
    reads.note_readings(PEOPLE)
    counts = Counter(reader for reader, _article, _day in rows(session)).most_common()
    assert counts[0][1] > 3 * counts[-1][1]


def test_who_left_a_seat_read_until_that_day(session: AnySession) -> None:
    an_article(vertical="health", published_at=clock.now() - timedelta(days=80))
    company, reader = an_organisation(), a_reader(PEOPLE[0])
    a_grant(organisation=company, vertical="health", starts_in=timedelta(days=-70))
    left = clock.now() - timedelta(days=20)
    a_seat(company, reader, opened_at=clock.now() - timedelta(days=60), closed_at=left, close_cause="removed")
    assert reads.note_readings(PEOPLE[:1])
    assert max(session.scalars(select(Reading.first_at))) < left


def test_who_has_no_right_has_read_nothing(session: AnySession) -> None:
    an_article(vertical="health")
    a_reader(PEOPLE[0])
    assert reads.note_readings(PEOPLE[:1]) == 0
