"""A canary sentence behind each preview: whoever has no right finds it in no answer, whatever they ask.

docs/access.md, “Where paid text could leak”, says which place is tested where.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Map, Rule

from portal import clock
from portal.access.vocabulary import Reason
from portal.accounts.models import Reader
from portal.content import articles, kept
from portal.content.articles import Manuscript
from portal.content.lock import PANELS
from portal.db import AnySession, db, writing
from portal.dev import rehearsal
from portal.outbox import Mail
from portal.page_cache import PageCache
from portal.profile import copies
from portal.reading import saved as shelf
from portal.reading.models import Reading
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_rubric, a_vertical
from tests.content import walls
from tests.content.helpers import CANARY, SOURCE, saved, statements
from tests.content.standings import SHUT_OUT, STANDINGS, WITHOUT_TRIALS
from tests.content.walls import PAGE, everything, sings
from tests.forms import sign_in

ASKED = (
    {"Range": "bytes=0-"},
    {"Range": "bytes=2000-"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"x"', "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"Accept-Encoding": "gzip"},
    {"Accept": "application/json"},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"X-Forwarded-For": "66.249.66.1"},
)


@pytest.fixture
def cache(app: Flask) -> Iterator[PageCache]:
    """The cache of public pages, switched on, as it is in the running product."""
    found: PageCache = app.extensions["portal.page_cache"]
    found.pages.clear()
    found.enabled = True
    yield found
    found.enabled = False
    found.pages.clear()


def browser(app: Flask, reader: Reader | None) -> FlaskClient:
    client = app.test_client()
    if reader is not None:
        sign_in(client, reader)
    return client


def crowd(app: Flask, built: walls.Walls) -> dict[str, tuple[Reader | None, FlaskClient]]:
    """Everybody without a right, each with a browser; the owner has opened everything just before."""
    owner = browser(app, built.owner)
    assert all("zorglub" in owner.get(f"/health/article/{slug}").text.lower() for slug in ("un-article", "second"))
    people = {name: make() for name, (_reason, make) in STANDINGS.items()} | {"manager": built.manager}
    return {name: (reader, browser(app, reader)) for name, reader in people.items()}


def test_there_is_somebody_for_every_refusal() -> None:
    assert {reason for reason, _make in STANDINGS.values()} | set(WITHOUT_TRIALS.values()) == set(PANELS)


def test_everybody_is_refused_for_their_own_reason(app: Flask) -> None:
    walls.build()
    told = {}
    for name, (_reason, make) in STANDINGS.items():
        client = browser(app, make())
        for slug in ("un-article", "sans-essai"):
            told[name, slug] = Reason(client.get(f"/help/why?article={slug}&as=json").json["reason"])
    expected = {(name, "un-article"): reason for name, (reason, _make) in STANDINGS.items()}
    expected |= {(name, "sans-essai"): reason for name, reason in WITHOUT_TRIALS.items()}
    assert {asked: told[asked] for asked in expected} == expected


def test_nobody_without_a_right_finds_the_locked_text_at_any_address(app: Flask, cache: PageCache) -> None:
    built = walls.build()
    loud, shown = [], defaultdict(set)
    listed = {role: walls.addresses(app, built.known, role) for role in (None, Role.READER, *SHUT_OUT)}
    for name, (reader, client) in crowd(app, built).items():
        for endpoint, path in listed[reader.role] if reader else listed[None] * 2:
            answer = client.get(path)
            if sings(everything(answer), asked="q=" in path):
                loud.append((name, path))
            shown[endpoint].add(answer.status_code)
    assert loud == []
    unseen = {endpoint for endpoint, statuses in shown.items() if 200 not in statuses}
    assert unseen == walls.EMPTY, "give these routes an address that shows something, in tests/content/walls.py"


def test_a_route_with_a_part_that_nobody_knows_is_a_fault(app: Flask) -> None:
    """So a new route cannot go unseen: with parts that are known, the test above wants to see it answer."""
    [route] = Map([Rule("/health/brouillon/<version_id>", endpoint="content.article")]).iter_rules()
    with pytest.raises(LookupError, match="version_id"):
        walls.filled(app, route, {})


def test_no_way_of_asking_that_a_stranger_has_gives_it_anywhere(app: Flask) -> None:
    """Without the cache of pages, through which only plain questions go."""
    built = walls.build()
    client = app.test_client()
    for endpoint, path in walls.addresses(app, built.known, None):
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", ASKED[0]), ("GET", ASKED[4])):
            answer = client.open(path, method=method, headers=headers)
            assert not sings(everything(answer), asked="q=" in path), (endpoint, method, path, headers)


def test_no_way_of_asking_gives_an_article_to_anybody_without_a_right(app: Flask, cache: PageCache) -> None:
    built = walls.build()
    others = ["/health/article/second", "/health/article/retire", f"{PAGE}/document/annexe.pdf"]
    asked = [("HEAD", PAGE), *(("GET", path) for path in (PAGE, *others))]
    for name, (_reader, client) in crowd(app, built).items():
        for (method, path), headers in product(asked, ASKED):
            answer = client.open(path, method=method, headers=headers)
            assert not sings(everything(answer)), (name, method, path, headers)


def test_the_locked_text_is_not_even_read_for_whoever_has_no_right(app: Flask) -> None:
    built = walls.build()
    people = crowd(app, built)
    kept.forget()
    with statements() as seen:
        for _reader, client in people.values():
            for path in (PAGE, "/health/article/second", "/", "/health/", "/free", "/health/feed", "/search?q=guichet"):
                client.get(path)
    asked = " ".join(seen)
    assert "preview_html" in asked
    assert not any(column in asked for column in ("body_html", "figures", "persons", "article_texts.source"))


def test_the_tag_of_the_whole_text_is_worth_nothing_when_its_window_is_over(
    session: AnySession, client: FlaskClient, cache: PageCache
) -> None:
    end = clock.now() + timedelta(seconds=2)
    saved(free_until=end)
    whole = [client.get(PAGE) for _twice in (1, 2)][1]
    asked = {"If-None-Match": whole.headers["ETag"]}
    assert sings(everything(whole)) and client.get(PAGE, headers=asked).status_code == 304
    with clock.frozen(end):
        for _twice in (1, 2):
            answer = client.get(PAGE, headers=asked)
            assert answer.status_code == 200 and not sings(everything(answer))


def test_the_whole_text_is_stored_nowhere_on_its_way(session: AnySession, client: FlaskClient) -> None:
    saved()
    reader = a_reader()
    a_grant(reader)
    sign_in(client, reader)
    for path in (PAGE, f"{PAGE}?print=1"):
        answer = client.get(path)
        assert sings(everything(answer)) and answer.headers["Cache-Control"] == "private, no-store"
        assert not {"ETag", "Last-Modified", "Expires"} & set(answer.headers.keys())


def test_searching_for_the_very_words_finds_nothing_for_whoever_may_read_them_too(app: Flask) -> None:
    built = walls.build()
    for client in (browser(app, built.owner), app.test_client()):
        for phrase in (*walls.PHRASES, CANARY):
            assert "un-article" not in client.get("/search", query_string={"q": phrase}).text


def test_no_mail_holds_a_word_of_it(app: Flask) -> None:
    """Those that furnishing the house has written, and one of each kind there is."""
    walls.build()
    written = [*db.session.scalars(select(Mail)), *rehearsal.rehearse("fr").values()]
    assert {mail.kind for mail in written} == set(rehearsal.kinds())
    assert not any(sings(f"{mail.subject}{mail.text}{mail.html}{mail.facts}".lower()) for mail in written)


def test_a_copy_of_ones_data_holds_what_was_read_by_its_title_alone(session: AnySession) -> None:
    article, reader = saved(title="Un titre lu"), STANDINGS["trial over"][1]()
    assert reader
    with writing() as unit:
        shelf.save(unit, reader.id, article.id)
        day = {"day": clock.paris_date(clock.now()), "first_at": clock.now()}
        unit.add(Reading(reader_id=reader.id, article_id=article.id, times=1, **day))
        copies.ask(unit, reader.id)
    assert copies.make_due() == 1
    copy = copies.ready_of(session, reader.id)
    text = walls.in_archive(copy.content if copy and copy.content else b"")
    assert text.count("un titre lu") >= 2 and not sings(text)


def test_what_is_changed_behind_the_preview_changes_nothing_a_stranger_sees(
    session: AnySession, client: FlaskClient
) -> None:
    """Neither the text nor its length: that of a HEAD is the same too."""
    article = saved()
    before = [everything(client.open(PAGE, method=method)) for method in ("GET", "HEAD")]
    manuscript = Manuscript(
        title=article.title,
        standfirst=article.standfirst,
        source=SOURCE.replace("chante", "siffle"),
        verticals=[a_vertical()],
        rubric=a_rubric(),
    )
    with writing() as unit:
        articles.change(unit, article.id, manuscript)
    after = [everything(client.open(PAGE, method=method)) for method in ("GET", "HEAD")]
    assert [_without_its_id(page) for page in before] == [_without_its_id(page) for page in after]


def _without_its_id(page: str) -> list[str]:
    return [line for line in page.split("\n") if "x-request-id" not in line]
