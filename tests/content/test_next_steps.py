"""For every refusal, in both languages: its own words, and next steps that work when they are clicked."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.models import AwaitedRight
from portal.access.vocabulary import ArticleState, EndCause, Reason, Source
from portal.accounts.models import Reader
from portal.billing import catalogue
from portal.content.lock import PANELS
from portal.content.models import Article
from portal.db import AnySession, writing
from portal.organisations import invitations
from portal.verticals import forget_site_verticals
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.forms import Browser, sign_in

DAY = timedelta(days=1)
_ACTION = re.compile(r'<a class="btn [^"]*" href="([^"]+)"|<form method="post" action="([^"]+)">(.*?)</form>', re.S)
_LINK = re.compile(r'<a href="([^"]+)"')
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
Story = Callable[[], Reader | None]


def nobody() -> None:
    return None


def suspended() -> Reader:
    return a_reader(suspended_at=clock.now())


def unconfirmed() -> Reader:
    return a_reader(confirmed=False)


def pending() -> Reader:
    reader = a_reader()
    firm, now = an_organisation(reader), clock.now()
    with writing() as unit:
        unit.add(
            AwaitedRight(
                organisation_id=firm.id,
                vertical_id=a_vertical("health").id,
                reference="cs_1",
                since=now,
                until=now + DAY,
            )
        )
    return reader


def invited() -> Reader:
    reader, firm = a_reader(), an_organisation(a_reader())
    a_grant(organisation=firm)
    with writing() as unit:
        invitations.invite(unit, firm.id, reader.email, actor_id=None)
    return reader


def managing() -> Reader:
    reader = a_reader()
    a_grant(organisation=an_organisation(reader))
    return reader


def early() -> Reader:
    reader = a_reader()
    a_grant(reader, starts_in=DAY)
    return reader


def bought(cause: EndCause) -> Reader:
    reader = a_reader()
    firm = an_organisation(reader)
    a_seat(firm, reader, opened_at=clock.now() - 60 * DAY)
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, starts_in=-40 * DAY, ends_in=-10 * DAY, end_cause=cause)
    return reader


def unpaid() -> Reader:
    return bought(EndCause.UNPAID)


def disputed() -> Reader:
    return bought(EndCause.DISPUTED)


def cancelled() -> Reader:
    return bought(EndCause.CANCELLED)


def removed() -> Reader:
    reader, firm = a_reader(), an_organisation(a_reader())
    a_grant(organisation=firm, starts_in=-40 * DAY)
    a_seat(firm, reader, opened_at=clock.now() - 30 * DAY, closed_at=clock.now() - DAY)
    return reader


def given() -> Reader:
    reader = a_reader()
    a_grant(reader, starts_in=-40 * DAY, ends_in=-DAY)
    return reader


def tried() -> Reader:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, starts_in=-40 * DAY, ends_in=-DAY)
    return reader


def elsewhere() -> Reader:
    reader = a_reader()
    a_grant(reader, vertical="media")
    return reader


def elsewhere_without_trials() -> Reader:
    without_trials()
    return elsewhere()


def without_trials() -> Reader:
    with writing() as unit:
        unit.merge(a_vertical("health")).trial_open = False
    return a_reader()


def retired() -> Reader:
    with writing() as unit:
        vertical = unit.merge(a_vertical("health"))
        vertical.trial_open = vertical.on_sale = False
        vertical.retired_at = clock.now()
    forget_site_verticals()
    return a_reader()


def tried_and_retired() -> Reader:
    retired()
    return tried()


STORIES: list[tuple[Reason, Story]] = [
    (Reason.ANONYMOUS, nobody),
    (Reason.SUSPENDED, suspended),
    (Reason.UNCONFIRMED, unconfirmed),
    (Reason.PAYMENT_PENDING, pending),
    (Reason.SEAT_INVITED, invited),
    (Reason.SEAT_INVITED, managing),
    (Reason.NOT_STARTED, early),
    (Reason.PAYMENT_OVERDUE, unpaid),
    (Reason.PAYMENT_DISPUTED, disputed),
    (Reason.SUBSCRIPTION_ENDED, cancelled),
    (Reason.SEAT_ENDED, removed),
    (Reason.ADMIN_GRANT_ENDED, given),
    (Reason.TRIAL_ENDED, tried),
    (Reason.OTHER_VERTICAL_TRY, elsewhere),
    (Reason.OTHER_VERTICAL_BUY, elsewhere_without_trials),
    (Reason.TRIAL_AVAILABLE, a_reader),
    (Reason.BUY, without_trials),
    (Reason.BUY, retired),
    (Reason.TRIAL_ENDED, tried_and_retired),
]


@pytest.fixture
def article(session: AnySession) -> Article:
    """A locked article of mind Health, beside two other titles and their plans."""
    with writing() as unit:
        for slug in ("health", "fintech", "media"):
            a_vertical(slug)
        catalogue.add_default_plans(unit)
    forget_site_verticals()
    return an_article("un-article", vertical="health")


def panel(client: FlaskClient, article: Article) -> str:
    """The lock panel of the article."""
    answer = client.get(f"/health/article/{article.slug}")
    assert answer.status_code == 200 and canary(article) not in answer.text
    return str(answer.text.split('<section class="lock"')[1].split("</section>")[0])


def reason(client: FlaskClient, article: Article) -> str:
    return str(client.get("/help/why", query_string={"article": article.slug, "as": "json"}).json["reason"])


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize(("why", "story"), STORIES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_way_out_of_a_lock_panel_leads_somewhere(
    client: Browser, article: Article, why: Reason, story: Story, locale: str
) -> None:
    reader = story()
    if reader is not None:
        sign_in(client, reader)
    client.set_cookie("locale", locale)
    assert reason(client, article) == why
    shown = panel(client, article)
    links = [link for link, _url, _form in _ACTION.findall(shown) if link] + _LINK.findall(shown)
    forms = [(url, dict(_FIELD.findall(form))) for _link, url, form in _ACTION.findall(shown) if url]
    assert links or forms
    for link in links:
        answer = client.get(unescape(link), follow_redirects=True)
        assert answer.status_code == 200, link
    for url, fields in forms:
        answer = client.post(unescape(url), data={name: unescape(value) for name, value in fields.items()})
        assert answer.status_code == 303, url
        assert client.get(answer.location, follow_redirects=True).status_code == 200
    if any("/trial/start" in url for url, _fields in forms):
        assert canary(article) in client.get(f"/health/article/{article.slug}").text


def in_grace() -> Reader:
    reader = a_reader()
    firm = an_organisation(reader)
    a_seat(firm, reader)
    spell = {"starts_in": -40 * DAY, "ends_in": -DAY, "grace_until": clock.now() + 3 * DAY}
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, **spell)
    return reader


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_whoever_reads_on_unpaid_is_led_to_where_it_is_put_right(
    client: Browser, article: Article, locale: str
) -> None:
    sign_in(client, in_grace())
    client.set_cookie("locale", locale)
    assert reason(client, article) == Reason.GRACE_SUBSCRIPTION
    page = client.get(f"/health/article/{article.slug}").text
    assert canary(article) in page and '<section class="lock"' not in page
    [led] = re.findall(r'<a class="btn small ghost" href="(/billing/[^"]*)"', page)
    assert client.get(led, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_an_article_that_is_gone_leads_to_others(client: Browser, article: Article, locale: str) -> None:
    gone, open_ = an_article("retire", state=ArticleState.WITHDRAWN), article
    client.set_cookie("locale", locale)
    answer = client.get(f"/health/article/{gone.slug}")
    assert answer.status_code == 410 and canary(gone) not in answer.text
    [led] = set(re.findall(rf'href="(/health/article/{open_.slug})"', answer.text))
    assert client.get(led).status_code == 200


def test_every_refusal_has_its_story() -> None:
    assert {why for why, _story in STORIES} == set(PANELS)
