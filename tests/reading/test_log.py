"""The reading log: once for each reader, article and day, written after the answer, breaking nothing."""

import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import AnySession, end_reading
from portal.reading import log
from portal.reading.models import Reading
from tests.builders import a_reader, an_article


def written(session: AnySession) -> list[tuple[int, int, int]]:
    end_reading()
    rows = session.execute(select(Reading.reader_id, Reading.article_id, Reading.times).order_by(Reading.day))
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_reading_twice_on_a_day_is_one_row(session: AnySession, app: Flask) -> None:
    reader, article = a_reader(), an_article()
    for _ in range(2):
        log.note(reader.id, article.id, clock.now())
    log.notebook().flush()
    log.note(reader.id, article.id, clock.now())
    log.notebook().flush()
    assert written(session) == [(reader.id, article.id, 3)]


def test_a_new_day_in_paris_is_a_new_row(session: AnySession, app: Flask) -> None:
    reader, article = a_reader(), an_article()
    log.note(reader.id, article.id, clock.now())
    log.note(reader.id, article.id, clock.now() + timedelta(hours=12))
    log.notebook().flush()
    assert written(session) == [(reader.id, article.id, 1), (reader.id, article.id, 1)]


def test_nothing_is_written_before_it_is_asked_for(session: AnySession, app: Flask) -> None:
    log.note(a_reader().id, an_article().id, clock.now())
    assert written(session) == []
    log.notebook().flush()


def test_what_cannot_be_written_breaks_nothing_and_is_kept(
    session: AnySession, app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, article = a_reader(), an_article()

    def fail(*_args: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(log, "write", fail)
        log.note(reader.id, article.id, clock.now())
        with caplog.at_level(logging.CRITICAL):
            assert log.notebook().flush() == 0
    log.notebook().flush()
    assert written(session) == [(reader.id, article.id, 1)]
