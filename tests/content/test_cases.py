"""Cases decided in the design, each seen where a reader meets it: on the article's page, at the instant it turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.access.models import AwaitedRight, Grant
from portal.access.vocabulary import ArticleState, Source
from portal.accounts.models import Reader
from portal.billing import catalogue
from portal.content.cli import verticals
from portal.content.models import Article
from portal.db import AnySession, writing
from portal.organisations import invitations
from portal.verticals import forget_site_verticals
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.forms import sign_in, submit

DAY = timedelta(days=1)
ALMOST = timedelta(microseconds=1)


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in, in English."""
    person = a_reader()
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


@pytest.fixture
def page(client: FlaskClient) -> "Page":
    return Page(client)


class Page:
    """The page of an article as the reader sees it at an instant."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def text(self, article: Article, at: datetime | None = None) -> str:
        with clock.frozen(at or clock.now()):
            answer = self.client.get(f"/health/article/{article.slug}", follow_redirects=True)
        assert answer.status_code == 200
        return str(answer.text)

    def open(self, article: Article, at: datetime | None = None) -> bool:
        return canary(article) in self.text(article, at)


@contextmanager
def changing(article: Article) -> Iterator[Article]:
    """The article, to be changed by an editor."""
    with writing() as unit:
        yield unit.get_one(Article, article.id, options=[selectinload(Article.verticals)])


def move(article: Article, vertical: str) -> None:
    with changing(article) as moved:
        moved.verticals = [a_vertical(vertical)]
        moved.primary_vertical_id = moved.verticals[0].id


def test_either_vertical_of_an_article_opens_it(reader: Reader, page: Page) -> None:
    article = an_article(vertical="health", others=("fintech",))
    assert not page.open(article)
    a_grant(reader, vertical="fintech")
    assert page.open(article)
    assert "the access to mind Fintech" in page.text(article)


def test_a_trial_that_ended_in_one_vertical_offers_the_other(reader: Reader, page: Page) -> None:
    article = an_article(vertical="health", others=("fintech",))
    a_grant(reader, vertical="health", source=Source.TRIAL, starts_in=-20 * DAY, ends_in=-4 * DAY)
    told = page.text(article)
    assert "Your trial of mind Health has ended" in told and "Try mind Fintech" in told


def test_an_article_that_moves_takes_the_right_to_it_along(reader: Reader, page: Page, client: FlaskClient) -> None:
    article = an_article(vertical="health")
    a_grant(reader, vertical="health")
    assert page.open(article)
    move(article, "fintech")
    answer = client.get(f"/health/article/{article.slug}")
    assert (answer.status_code, answer.location) == (301, f"/fintech/article/{article.slug}")
    assert not page.open(article)
    assert "This article belongs to mind Fintech" in page.text(article)
    a_grant(reader, vertical="fintech")
    assert page.open(article)


def test_an_article_was_never_in_a_vertical_it_did_not_belong_to(client: FlaskClient) -> None:
    a_vertical("media")
    article = an_article(vertical="health")
    assert client.get(f"/media/article/{article.slug}").status_code == 404
    assert client.get(f"/sport/article/{article.slug}").status_code == 404


def test_a_former_home_of_a_draft_tells_nothing(client: FlaskClient) -> None:
    article = an_article(vertical="health", state=ArticleState.DRAFT)
    move(article, "fintech")
    assert client.get(f"/health/article/{article.slug}").status_code == 404


def test_a_free_window_opens_and_closes_to_the_instant_without_a_job(page: Page, now: datetime, app: Flask) -> None:
    article = an_article(free_from=now + DAY, free_until=now + 2 * DAY)
    app.extensions["portal.page_cache"].enabled = True
    try:
        told = [page.open(article, now + at) for at in (DAY - ALMOST, DAY, 2 * DAY - ALMOST, 2 * DAY)]
    finally:
        app.extensions["portal.page_cache"].enabled = False
        app.extensions["portal.page_cache"].pages.clear()
    assert told == [False, True, True, False]


def test_a_vertical_closed_to_trials_offers_none_and_takes_none_away(
    reader: Reader, page: Page, app: Flask, session: AnySession
) -> None:
    article = an_article(vertical="health")
    assert "Try mind Health for 15 days" in page.text(article)
    done = app.test_cli_runner().invoke(verticals, ["trials", "health", "closed"])
    assert "mind Health takes no trials now." in done.output
    forget_site_verticals()
    assert "Try mind Health for 15 days" not in page.text(article)
    submit(page.client, "/trial/start", {"vertical": "health"}, page="/profile/identity")
    assert session.scalars(select(Grant)).all() == []
    a_grant(reader, source=Source.TRIAL, ends_in=3 * DAY)
    assert page.open(article)
    assert "mind Health may be tried." in app.test_cli_runner().invoke(verticals, ["trials", "health", "open"]).output


def test_a_retired_vertical_is_sold_and_tried_no_more_and_stays_open_to_who_has_it(
    reader: Reader, page: Page, app: Flask, session: AnySession
) -> None:
    with writing() as unit:
        for slug in ("health", "fintech", "media"):
            a_vertical(slug)
        catalogue.add_default_plans(unit)
    article = an_article(vertical="health")
    done = app.test_cli_runner().invoke(verticals, ["retire", "health"])
    assert done.exit_code == 0, done.output
    forget_site_verticals()
    told = page.text(article)
    assert "Try mind Health" not in told and 'href="/health/"' not in told.split("<main")[0]
    sold = {plan.slug for plan in catalogue.on_sale(session)}
    assert "health" not in sold and "bundle" in sold
    assert catalogue.offer(session, "health-month-eur") is None
    a_grant(reader, vertical="health")
    assert page.open(article)
    assert article.title not in page.client.get("/").text
    again = app.test_cli_runner().invoke(verticals, ["retire", "health"])
    assert again.exit_code != 0 and "There is no vertical “health”." in again.output


def test_a_right_that_begins_later_says_when_and_begins_to_the_instant(
    reader: Reader, page: Page, now: datetime
) -> None:
    article = an_article()
    a_grant(reader, starts_in=3 * DAY, ends_in=9 * DAY)
    assert "Your access begins on Friday\u00a013\u00a0March\u00a02026" in page.text(article)
    told = [page.open(article, now + at) for at in (3 * DAY - ALMOST, 3 * DAY, 9 * DAY - ALMOST, 9 * DAY)]
    assert told == [False, True, True, False]


def test_a_payment_on_its_way_is_told_for_a_day_and_nothing_is_sold_meanwhile(
    reader: Reader, page: Page, now: datetime
) -> None:
    article, firm = an_article(), an_organisation(reader)
    with writing() as unit:
        awaited = {"organisation_id": firm.id, "vertical_id": a_vertical("health").id, "reference": "cs_1"}
        unit.add(AwaitedRight(since=now, until=now + DAY, **awaited))
    for at, awaits in ((timedelta(0), True), (DAY - ALMOST, True), (DAY, False)):
        told = page.text(article, now + at)
        assert ("Payment received" in told) is awaits
        assert ("/plans?" in told.split("<main")[1]) is not awaits


def test_an_invitation_waits_for_fourteen_days(reader: Reader, page: Page, now: datetime) -> None:
    article, firm = an_article(), an_organisation(a_reader())
    a_grant(organisation=firm, ends_in=60 * DAY)
    with writing() as unit:
        invitations.invite(unit, firm.id, reader.email, actor_id=None)
    for at, waits in ((timedelta(0), True), (14 * DAY - ALMOST, True), (14 * DAY, False)):
        assert ("A licence is waiting for you" in page.text(article, now + at)) is waits


def test_of_several_rights_the_strongest_is_named_and_the_next_takes_over(
    reader: Reader, page: Page, now: datetime
) -> None:
    article, firm = an_article(), an_organisation()
    a_seat(firm, reader)
    a_grant(reader, source=Source.TRIAL, ends_in=9 * DAY)
    a_grant(reader, ends_in=6 * DAY)
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, ends_in=3 * DAY)
    named = {
        timedelta(0): "your organisation's licence",
        3 * DAY: "the access to mind Health you were given",
        6 * DAY: "your trial of mind Health",
    }
    for at, words in named.items():
        told = page.text(article, now + at).replace("&#39;", "'").replace("’", "'")
        assert words in told, at
    assert not page.open(article, now + 9 * DAY)
