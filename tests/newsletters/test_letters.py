"""The letters there are: their public page, their samples, the demonstration's own."""

import tomllib
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.access.vocabulary import ArticleAccess
from portal.db import AnySession, writing
from portal.newsletters import demo
from portal.newsletters.models import Audience, Newsletter
from portal.settings import ROOT
from tests.builders import a_reader, a_vertical, an_article, canary
from tests.content.helpers import CANARY, saved
from tests.forms import sign_in
from tests.newsletters.letters import a_letter

DEMO = ROOT / "demo"
SAMPLE = "/newsletters/health/{}/sample"


def test_the_page_tells_what_when_and_for_whom(session: AnySession, client: FlaskClient) -> None:
    a_letter(name_en="The Daily", rhythm_en="Monday to Friday, at 7:30")
    a_letter("hebdo", audience=Audience.CONFIRMED)
    client.set_cookie("locale", "en")
    text = client.get("/newsletters").text
    for words in ("mind Health", "The Daily", "Monday to Friday, at 7:30", "Readers of mind Health", "Every account"):
        assert words in text
    assert 'href="/newsletters/health/quotidienne/sample"' in text


def test_a_stranger_s_page_may_be_shared_and_holds_no_form_of_its_own(session: AnySession, client: FlaskClient) -> None:
    a_letter()
    for path in ("/newsletters", SAMPLE.format("quotidienne")):
        page = client.get(path)
        assert page.headers["Cache-Control"].startswith("public") and "Set-Cookie" not in page.headers
        assert "csrf" not in page.text
        assert "/register?next=/profile/newsletters" in page.text


def test_a_reader_is_led_to_their_choices(session: AnySession, client: FlaskClient) -> None:
    a_letter()
    sign_in(client, a_reader())
    assert 'href="/profile/newsletters"' in client.get("/newsletters").text
    assert "/register" not in client.get("/newsletters").text


def test_a_french_page_says_french_and_an_english_one_falls_back_to_it(
    session: AnySession, client: FlaskClient
) -> None:
    a_letter(about="Le fait : dès qu'il est établi.", about_en="")
    for locale in ("fr", "en"):
        client.set_cookie("locale", locale)
        assert "Le fait\u00a0: dès qu’il est établi." in client.get("/newsletters").text


def test_a_sample_is_made_of_titles_and_standfirsts_of_the_newest(session: AnySession, client: FlaskClient) -> None:
    a_letter()
    for days in range(8):
        an_article(title=f"Titre du jour {days}", published_at=clock.now() - timedelta(days=days + 1))
    an_article(title="D’un autre vertical", vertical="media")
    text = client.get(SAMPLE.format("quotidienne")).text
    assert [days for days in range(8) if f"Titre du jour {days}" in text] == [0, 1, 2, 3, 4, 5]
    assert text.index("Titre du jour 0") < text.index("Titre du jour 1")
    assert "D’un autre vertical" not in text


def test_the_weekly_begins_with_a_free_article_however_old(session: AnySession, client: FlaskClient) -> None:
    a_letter("hebdo", audience=Audience.CONFIRMED)
    for number in range(6):
        an_article(title=f"Réservé {number}")
    an_article(title="Offert", access=ArticleAccess.FREE, published_at=clock.now() - timedelta(days=90))
    text = client.get(SAMPLE.format("hebdo")).text
    assert text.index("Offert") < text.index("Réservé")
    assert len({number for number in range(6) if f"Réservé {number}" in text}) == 4


def test_the_data_letter_keeps_to_its_rubric(session: AnySession, client: FlaskClient) -> None:
    a_letter("data")
    an_article(title="Une nouvelle")
    an_article(title="Un classement", rubric="data", published_at=clock.now() - timedelta(days=40))
    text = client.get(SAMPLE.format("data")).text
    assert "Un classement" in text and "Une nouvelle" not in text


@pytest.mark.parametrize("slug", ["quotidienne", "hebdo", "alertes", "data"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_no_word_of_locked_text_is_in_a_sample(
    session: AnySession, client: FlaskClient, slug: str, signed_in: bool
) -> None:
    a_letter(slug)
    saved()
    closed = an_article(rubric="data")
    if signed_in:
        sign_in(client, a_reader())
    text = client.get(SAMPLE.format(slug)).text
    assert CANARY not in text and canary(closed) not in text and "début public" not in text


def test_a_sample_without_articles_says_so(session: AnySession, client: FlaskClient) -> None:
    a_letter()
    client.set_cookie("locale", "en")
    assert "Nothing is published yet" in client.get(SAMPLE.format("quotidienne")).text


@pytest.mark.parametrize("path", ["/newsletters/health/none/sample", "/newsletters/none/quotidienne/sample"])
def test_a_letter_that_does_not_exist_is_not_found(session: AnySession, client: FlaskClient, path: str) -> None:
    a_letter()
    assert client.get(path).status_code == 404


def test_the_demonstration_has_four_letters_for_each_vertical_and_loads_them_once(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)
    with writing() as unit:
        assert demo.load(unit, DEMO) == 12
        assert demo.load(unit, DEMO) == 0
    by_audience = session.execute(select(Newsletter.audience, func.count()).group_by(Newsletter.audience))
    assert dict(by_audience.all()) == {Audience.RIGHT: 9, Audience.CONFIRMED: 3}


def test_the_demonstration_s_letters_are_whole_in_both_languages() -> None:
    for path in DEMO.glob("*/vertical.toml"):
        for letter in tomllib.loads(path.read_text(encoding="utf-8"))["newsletters"]:
            assert set(letter) >= {"name", "name_en", "about", "about_en", "rhythm", "rhythm_en"}, (path, letter)
            assert all(str(value).strip() for value in letter.values())
            assert len(letter["about"]) <= 300 and len(letter["rhythm"]) <= 120
