"""“I paid and cannot read”: the page as readers and strangers see it."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleState, EndCause, Source
from portal.accounts.models import Reader, SecondAddress
from portal.content.models import FormerSlug
from portal.db import AnySession, writing
from portal.enquiries import pace
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.outbox import Mail
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.content.helpers import statements
from tests.forms import sign_in, submit

PAGE = "/help/access"
OTHER = "autre@clinique.example.org"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader("camille@example.org", name="Camille Roussel")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def test_who_wants_to_stop_is_led_to_the_cancellation(client: FlaskClient, reader: Reader) -> None:
    main = client.get(PAGE).text.split("</main>")[0]
    assert "You want to stop?" in main and 'href="/cancel"' in main


def test_a_stranger_is_asked_to_sign_in_and_comes_back_with_the_article(
    session: AnySession, client: FlaskClient
) -> None:
    article = an_article(title="Un titre public")
    assert "/login?next=/help/access" in client.get(PAGE).text
    page = client.get(PAGE, query_string={"article": f"/health/article/{article.slug}"})
    assert f"/login?next=/help/access%3Farticle%3D/health/article/{article.slug}" in page.text
    assert "Un titre public" not in page.text and "<form" not in page.text.split("<main")[1].split("</main")[0]
    assert "Set-Cookie" not in page.headers and "no-store" in page.headers["Cache-Control"]
    client.set_cookie("locale", "en")
    assert "You are not signed in" in client.get(PAGE).text


def test_without_an_article_every_title_says_by_which_right_and_until_when(client: FlaskClient, reader: Reader) -> None:
    a_vertical("media")
    a_grant(reader, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=5))
    page = client.get(PAGE)
    for words in (
        "camille@example.org",
        "mind Health",
        "15-day trial",
        "15\u00a0March\u00a02026",
        "mind Media",
        "Closed",
    ):
        assert words in page.text
    assert "no-store" in page.headers["Cache-Control"]


def test_a_subscription_that_renews_is_said_to_renew_and_one_that_ends_to_end(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    firm = an_organisation(reader)
    a_seat(firm, reader)
    grant = a_grant(organisation=firm, vertical="health", source=Source.SUBSCRIPTION)
    assert "renews on" in client.get(PAGE).text
    with writing() as unit:
        unit.get_one(Grant, grant.id).end_cause = EndCause.CANCELLED
    page = client.get(PAGE).text
    assert "renews on" not in page and "9\u00a0April\u00a02026" in page


def test_an_article_is_explained_with_the_rule_that_decided_first(client: FlaskClient, reader: Reader) -> None:
    article = an_article(vertical="health", title="Un titre public")
    a_grant(reader, source=Source.TRIAL, starts_in=-timedelta(days=20), ends_in=-timedelta(days=1))
    for asked in (
        article.slug,
        f"/health/article/{article.slug}",
        f"http://localhost/health/article/{article.slug}?x=1",
    ):
        page = client.get(PAGE, query_string={"article": asked}).text
        assert "Un titre public" in page and "Beginning only: trial ended" in page and canary(article) not in page
        rules = re.findall(r'<li class="(hit|miss|skip)"', page)
        assert rules[0] == "hit" and "miss" in rules[1:] and rules[-1] == "skip"
        assert "Staff who may read everything" not in page


def test_a_former_address_leads_to_the_same_explanation(client: FlaskClient, reader: Reader) -> None:
    article = an_article(title="Un titre public")
    with writing() as unit:
        unit.add(FormerSlug(slug="ancienne-adresse", article_id=article.id))
    assert "Un titre public" in client.get(f"{PAGE}?article=ancienne-adresse").text


@pytest.mark.parametrize("state", ["draft", "scheduled", "withdrawn"])
def test_an_explanation_never_tells_the_title_of_what_is_not_public(
    client: FlaskClient, reader: Reader, state: str
) -> None:
    more = {"published_at": clock.now() + timedelta(days=1)} if state == "scheduled" else {}
    article = an_article(state=ArticleState(state), title="Un secret bien gardé", **more)
    page = client.get(f"{PAGE}?article={article.slug}")
    assert "Un secret" not in page.text
    gone = state == "withdrawn"
    assert (page.status_code, "This address leads to no article." in page.text) == (200 if gone else 404, not gone)
    submit(client, f"{PAGE}/message", {"message": "Et celui-ci ?", "article": article.slug}, page=PAGE)
    for mail in client.get(PAGE), client.get(f"{PAGE}/thanks"):
        assert "Un secret" not in mail.text


def test_what_goes_with_a_message_never_tells_it_either(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article = an_article(state=ArticleState.DRAFT, title="Un secret bien gardé")
    submit(client, f"{PAGE}/message", {"message": "Et celui-ci ?", "article": article.slug}, page=PAGE)
    enquiry = session.scalars(select(Enquiry)).one()
    assert enquiry.article_id is None and "Un secret" not in str(enquiry.facts)
    assert not any("Un secret" in mail.text + mail.html for mail in session.scalars(select(Mail)))


@pytest.mark.parametrize("asked", ["nowhere", "x" * 600, "http://[", "//", "a\0b", "%00", "🙂", "\u202e", "/health/"])
def test_odd_addresses_are_answered_in_a_sentence(client: FlaskClient, reader: Reader, asked: str) -> None:
    page = client.get(PAGE, query_string={"article": asked})
    assert page.status_code == 404
    assert "This address leads to no article." in page.text


def test_the_explanation_reads_no_text_of_the_article(client: FlaskClient, reader: Reader) -> None:
    article = an_article()
    with statements() as seen:
        client.get(f"{PAGE}?article={article.slug}")
    assert seen and not any("article_texts" in one for one in seen)


def test_lock_panel_quiet_line_and_explanation_lead_here_with_their_article(
    client: FlaskClient, reader: Reader
) -> None:
    article = an_article(vertical="health")
    for page in (f"/health/article/{article.slug}", f"/help/why?article={article.slug}"):
        assert f'href="{PAGE}?article=/health/article/{article.slug}"' in client.get(page).text
    open_, other = an_article(vertical="media"), an_article(vertical="media")
    a_grant(reader, vertical="media")
    for one in (open_, other):  # one line for both, each with its own way
        page = client.get(f"/media/article/{one.slug}").text
        assert f'<a href="/help/why?article=/media/article/{one.slug}" rel="nofollow">Why?</a>' in page
        assert "\ue000" not in page


def test_a_message_reaches_a_person_with_all_of_it_attached(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article = an_article(vertical="health", title="Un titre public")
    with writing() as unit:
        unit.add(SecondAddress(reader_id=reader.id, email=OTHER, email_key=OTHER, proved_at=clock.now()))
    path = f"/health/article/{article.slug}"
    page = client.get(f"{PAGE}?article={path}").text
    assert "Goes with your message" in page and "Answer of the portal" in page
    for _ in range(2):  # a button pressed twice
        answer = submit(client, f"{PAGE}/message", {"message": "J’ai payé mardi.", "article": path}, page=PAGE)
    assert answer.location == f"{PAGE}/thanks"
    assert "has reached us" in client.get(answer.location).text
    enquiry = session.scalars(select(Enquiry)).one()
    assert (enquiry.kind, enquiry.email, enquiry.name) == (EnquiryKind.ACCESS, reader.email, "Camille Roussel")
    assert (enquiry.reader_id, enquiry.article_id) == (reader.id, article.id)
    assert enquiry.facts["reason"] == "TRIAL_AVAILABLE" and enquiry.facts["second_addresses"] == [OTHER]
    told = dict(enquiry.facts["explanation"])
    assert told["Article"] == "Un titre public" and told["Article retiré\u202f?"]


def test_who_has_not_confirmed_can_ask_for_the_link_again(client: FlaskClient) -> None:
    article = an_article()
    sign_in(client, a_reader(confirmed=False))
    page = f"{PAGE}?article={article.slug}"
    assert 'action="/confirm-address/resend"' in client.get(page).text
    assert submit(client, "/confirm-address/resend", page=page).status_code == 303


def test_an_empty_message_is_refused_and_the_article_stays(client: FlaskClient, reader: Reader) -> None:
    article = an_article(title="Un titre public")
    answer = submit(client, f"{PAGE}/message", {"message": " ", "article": article.slug}, page=PAGE)
    assert answer.status_code == 422
    assert "Write what you cannot read" in answer.text and "Un titre public" in answer.text


def test_who_writes_too_often_is_told_when_to_come_back_and_keeps_the_text(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    path = "/help/access/message"
    for number in range(pace.PER_READER):
        kept = submit(client, path, {"message": f"Question {number}."}, page="/help/access")
        if kept.status_code != 303:
            break
    answer = submit(client, path, {"message": "Un texte de trop."}, page="/help/access")
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert "Un texte de trop." in answer.text and "Your text is kept below" in answer.text


def test_who_can_read_is_not_told_that_they_cannot(client: FlaskClient) -> None:
    article = an_article(slug="ouvert", vertical="health")
    reader = a_reader()
    a_grant(reader, vertical="health", reason="Invitée")
    sign_in(client, reader)
    page = client.get(f"/help/access?article=/health/article/{article.slug}").text
    assert "<h1>Pourquoi je peux lire cet article</h1>" in page
    assert "<h1>J’ai payé et je ne peux pas lire</h1>" in client.get("/help/access").text
