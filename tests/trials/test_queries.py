"""What trial pages and mails read: trials that run in a company, what was read, names of verticals."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleFacts, ArticleState, Source, VerticalFacts
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing
from portal.i18n import use_locale
from portal.reading.models import Reading
from portal.trials import queries
from portal.verticals import Vertical, forget_site_verticals
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def colleague(number: int) -> Reader:
    return a_reader(f"p{number}@clinique.fr")


def running(session: AnySession, at: datetime = NOON) -> int:
    end_reading()
    return queries.running_in_company(session, "clinique.fr", a_vertical("health").id, at)


def test_a_trial_runs_from_its_start_to_the_instant_it_ends(session: AnySession) -> None:
    a_grant(colleague(1), source=Source.TRIAL, starts_in=timedelta(), ends_in=DAY)
    end = NOON + DAY
    assert [running(session, at) for at in (NOON - TICK, NOON, end - TICK, end)] == [0, 1, 1, 0]


def test_only_living_trials_of_this_vertical_and_company_are_counted(session: AnySession) -> None:
    for number, more in enumerate(({}, {"source": Source.ADMIN}, {"vertical": "media"}, {"revoked_at": NOON})):
        a_grant(colleague(number), **{"source": Source.TRIAL, **more})
    a_grant(a_reader("p@cabinet.fr"), source=Source.TRIAL)
    assert running(session) == 1
    a_grant(colleague(9), source=Source.TRIAL)
    assert running(session) == 2


def test_an_article_opened_on_several_days_is_one_from_the_first_day_on_the_last_opened_first(
    session: AnySession,
) -> None:
    reader, other = a_reader(), a_reader()
    opened = [(reader, number, day) for number, day in ((2, 10), (1, 10), (5, 10), (2, 11), (3, 9))]
    with writing() as unit:
        for who, article_id, day in [*opened, (other, 4, 11)]:
            at = datetime(2026, 3, day, 9, tzinfo=UTC)
            unit.add(Reading(reader_id=who.id, article_id=article_id, day=date(2026, 3, day), first_at=at))
    assert queries.articles_read(session, reader.id, NOON) == [2, 5, 1]
    assert queries.articles_read(session, reader.id, NOON + 9 * DAY) == []


def test_names_are_read_again_after_five_seconds_or_when_one_is_missing(
    app: Flask, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_vertical("health")
    app.extensions.pop("portal.vertical_names", None)
    seconds = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: seconds[0])
    assert queries.vertical_names(session) == {"health": "mind Health"}
    with writing() as unit:
        unit.query(Vertical).one().name = "mind Santé"
    end_reading()
    forget_site_verticals()
    told = []
    for at in (100.0, 104.9, 105.0, 105.0):
        seconds[0] = at
        told.append(queries.vertical_names(session, ["health"])["health"])
    assert told == ["mind Health", "mind Health", "mind Santé", "mind Santé"]
    a_vertical("media")
    forget_site_verticals()
    assert set(queries.vertical_names(session)) == {"health"}
    assert set(queries.vertical_names(session, ["media"])) == {"health", "media"}


def test_asking_about_a_vertical_is_asking_about_an_article_for_its_subscribers() -> None:
    for trial_open in (True, False):
        article = ArticleFacts(
            0,
            ArticleState.PUBLISHED,
            ArticleAccess.SUBSCRIBER,
            (VerticalFacts("health", trial_open=trial_open),),
            published_at=datetime(2000, 1, 1, tzinfo=UTC),
        )
        assert queries.guarded_article("health", trial_open=trial_open) == article
    assert queries.guarded_article("health").verticals[0].trial_open


def test_names_are_listed_as_one_says_them() -> None:
    with use_locale("en"):
        told = [queries.listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])]
    assert told == ["a", "a and b", "a, b and c"]
