"""The public forms: who may send them, what they keep, and what they say when something is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import ArticleState
from portal.db import AnySession, db
from portal.enquiries import pace
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.outbox import Mail
from portal.verticals import forget_site_verticals
from tests.builders import a_reader, a_vertical, an_article
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

WHO = {"name": "Camille Orvault", "email": "camille@atelier.example.org"}
MESSAGE = WHO | {"topic": "newsroom", "message": "Une date est fausse dans votre article."}
WISH = WHO | {"message": "Un panorama des acteurs.", "company": "Atelier Dorne", "phone": "01 99 00 12 34"}
QUOTE = WHO | {"verticals": ["health"], "seats": "40", "company": "Atelier Dorne"}
FORMS: dict[str, dict[str, Any]] = {"/contact": MESSAGE, "/research": WISH, "/quote": QUOTE}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def titles(app: object) -> None:
    for slug in ("health", "fintech"):
        a_vertical(slug)
    forget_site_verticals()


def kept(session: AnySession) -> list[Enquiry]:
    return list(session.scalars(select(Enquiry).order_by(Enquiry.id)))


@pytest.mark.parametrize("page", FORMS)
def test_a_stranger_asks_and_is_told_what_happens_next(client: FlaskClient, session: AnySession, page: str) -> None:
    answer = submit(client, page, FORMS[page])
    assert (answer.status_code, answer.location) == (303, f"{page}/thanks")
    (enquiry,) = kept(session)
    assert (enquiry.kind, enquiry.reader_id, enquiry.locale) == (EnquiryKind(page[1:]), None, "fr")
    assert (enquiry.name, enquiry.email) == (WHO["name"], WHO["email"])
    thanks = client.get(f"{page}/thanks")
    assert "Mercredi 11\u00a0mars" in thanks.text


@pytest.mark.parametrize("page", FORMS)
def test_a_reader_finds_name_and_address_filled_in(client: FlaskClient, session: AnySession, page: str) -> None:
    reader = a_reader("ines@clinique.example.org", name="Inès Garrigue", company="Clinique des Ormes")
    sign_in(client, reader)
    text = client.get(page).text
    assert 'value="Inès Garrigue"' in text
    assert 'value="ines@clinique.example.org"' in text
    assert ('value="Clinique des Ormes"' in text) is (page != "/contact")
    assert submit(client, page, FORMS[page]).status_code == 303
    assert kept(session)[0].reader_id == reader.id


def test_a_quote_keeps_what_the_sales_team_has_to_know(client: FlaskClient, session: AnySession) -> None:
    more = {"verticals": ["fintech", "health"], "siren": "732 829 320", "start": "2026-05-01", "message": "Deux sites."}
    submit(client, "/quote", QUOTE | more, headers=ENGLISH)
    (enquiry,) = kept(session)
    assert enquiry.facts == {
        "verticals": ["fintech", "health"],
        "seats": 40,
        "siren": "732829320",
        "start": "2026-05-01",
    }
    assert (enquiry.company, enquiry.locale) == ("Atelier Dorne", "en")


def test_a_quote_comes_filled_in_from_its_address(client: FlaskClient) -> None:
    text = client.get("/quote?vertical=fintech&vertical=autre&seats=30").text
    assert 'value="30"' in text
    assert text.count("checked") == 1
    assert 'value="99999"' not in client.get("/quote?seats=99999").text


@pytest.mark.parametrize(
    ("page", "field", "value", "french", "english"),
    [
        ("/contact", "topic", "", "Choisissez l’objet de votre message.", "Choose what it is about."),
        ("/contact", "topic", "autre-chose", "Choisissez l’objet de votre message.", "Choose what it is about."),
        ("/contact", "message", " \n ", "Écrivez votre message.", "Write your message."),
        ("/contact", "message", "x" * 4_001, "4\u202f000 caractères", "4,000 characters at most"),
        ("/contact", "message", "a\u202eb", "ont été retirés", "were taken out"),
        ("/contact", "name", "", "Saisissez votre prénom et votre nom.", "Enter your first and last name."),
        ("/contact", "name", "a\nb", "sur une ligne", "on one line"),
        ("/contact", "email", "camille", "nom@exemple.fr", "name@example.com"),
        ("/contact", "email", "camille@mailinator.com", "jetables", "Throw-away"),
        ("/research", "message", "", "Décrivez votre besoin", "Tell us what you need"),
        ("/research", "phone", "appelez-moi", "01 99 00 12 34", "01 99 00 12 34"),
        ("/quote", "verticals", [], "Cochez au moins un titre.", "Tick at least one title."),
        ("/quote", "verticals", ["autre"], "Choisissez parmi les titres proposés.", "Choose among the titles shown."),
        ("/quote", "seats", "", "de 1 à 5\u202f000", "from 1 to 5,000"),
        ("/quote", "seats", "0", "de 1 à 5\u202f000", "from 1 to 5,000"),
        ("/quote", "seats", "5001", "de 1 à 5\u202f000", "from 1 to 5,000"),
        ("/quote", "seats", "beaucoup", "de 1 à 5\u202f000", "from 1 to 5,000"),
        ("/quote", "company", "", "Saisissez le nom de la société.", "Enter the name of the company."),
        ("/quote", "siren", "12", "9 chiffres", "9 digits"),
        ("/quote", "siren", "732829321", "Kbis", "Kbis"),
        ("/quote", "start", "demain", "31/12/2026", "31/12/2026"),
        ("/quote", "start", "2026-03-09", "choisissez", "choose today"),
        ("/quote", "start", "2036-01-01", "deux ans", "two years"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    client: FlaskClient, session: AnySession, page: str, field: str, value: Any, french: str, english: str
) -> None:
    for headers, sentence in (({}, french), (ENGLISH, english)):
        answer = submit(client, page, FORMS[page] | {field: value}, headers=headers)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "data-focus" in answer.text
        other = "email" if field == "name" else "name"
        assert f'value="{WHO[other]}"' in answer.text
    assert kept(session) == []
    assert not session.scalars(select(Mail.id)).all()


def test_a_good_day_and_a_good_number_at_their_limits_are_taken(client: FlaskClient, session: AnySession) -> None:
    today = f"{NOON:%Y-%m-%d}"
    assert submit(client, "/quote", QUOTE | {"seats": "5000", "start": today}).status_code == 303
    assert submit(client, "/quote", QUOTE | {"seats": "1", "start": "2028-03-09"}).status_code == 303
    assert [enquiry.facts["seats"] for enquiry in kept(session)] == [5000, 1]


def test_a_request_for_research_names_its_article(client: FlaskClient, session: AnySession) -> None:
    article = an_article("comptes-paylune", title="Les comptes de Paylune")
    page = "/research?article=comptes-paylune"
    assert "Les comptes de Paylune" in client.get(page).text
    submit(client, "/research", WISH | {"article": "comptes-paylune"})
    assert kept(session)[0].article_id == article.id


@pytest.mark.parametrize(
    "more",
    [
        {"state": ArticleState.DRAFT},
        {"state": ArticleState.WITHDRAWN},
        {"published_at": NOON + timedelta(hours=1)},
    ],
    ids=["draft", "withdrawn", "not yet published"],
)
def test_the_title_of_what_is_not_there_is_never_told(client: FlaskClient, session: AnySession, more: Any) -> None:
    an_article("secret-bien-garde", title="Un secret bien gardé", **more)
    answer = client.get("/research?article=secret-bien-garde")
    assert answer.status_code == 200
    assert "Un secret" not in answer.text
    assert 'value="secret-bien-garde"' not in answer.text
    assert "Un secret" not in submit(client, "/research", WISH | {"article": "secret-bien-garde"}, follow=True).text
    assert kept(session)[0].article_id is None
    assert not [mail for mail in session.scalars(select(Mail)) if "Un secret" in mail.text]


@pytest.mark.parametrize("slug", ["inconnu", "../../etc", "a%00b", "%ED%A0%80", "x" * 400, ""])
def test_an_address_without_an_article_is_simply_ignored(client: FlaskClient, slug: str) -> None:
    answer = client.get(f"/research?article={slug}")
    assert answer.status_code == 200
    assert "Au sujet de l’article" not in answer.text


@pytest.mark.parametrize("page", FORMS)
def test_pages_with_a_form_are_kept_by_nobody(client: FlaskClient, page: str) -> None:
    assert client.get(page).headers["Cache-Control"] == "private, no-store"
    assert client.post(page, data=FORMS[page]).status_code == 400


def test_too_much_from_one_network_waits_and_keeps_what_was_typed(client: FlaskClient, session: AnySession) -> None:
    for number in range(pace.PER_NETWORK):
        filled = MESSAGE | {"email": f"camille{number}@atelier.example.org"}
        assert submit(client, "/contact", filled).status_code == 303
    answer = submit(client, "/contact", MESSAGE | {"email": "autre@atelier.example.org"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    assert "dans 60 minutes" in answer.text
    assert MESSAGE["message"] in answer.text
    assert len(kept(session)) == pace.PER_NETWORK
    with clock.frozen(NOON + pace.WINDOW):
        assert submit(client, "/contact", MESSAGE).status_code == 303


def test_nobody_fills_another_persons_mailbox(client: FlaskClient, session: AnySession) -> None:
    for number in range(pace.PER_ADDRESS + 1):
        network = {"REMOTE_ADDR": f"203.0.113.{number}"}
        answer = submit(client, "/contact", MESSAGE | {"message": f"Message {number}"}, environ_overrides=network)
    assert answer.status_code == 429
    sent = select(Mail.id).where(Mail.kind == "enquiry_received")
    assert len(session.scalars(sent).all()) == pace.PER_ADDRESS


def test_one_account_does_not_flood_from_many_networks(client: FlaskClient, session: AnySession) -> None:
    sign_in(client, a_reader())
    for number in range(pace.PER_READER + 1):
        filled = MESSAGE | {"email": f"camille{number}@atelier.example.org"}
        answer = submit(client, "/contact", filled, environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"})
    assert answer.status_code == 429
    assert len(kept(session)) == pace.PER_READER


def test_a_button_pressed_twice_asks_once(client: FlaskClient, session: AnySession) -> None:
    token = csrf_token(client, "/contact")
    answers = [client.post("/contact", data=MESSAGE | {"csrf_token": token}) for _ in range(2)]
    assert [answer.location for answer in answers] == ["/contact/thanks"] * 2
    assert len(kept(session)) == 1
    assert len(db.session.scalars(select(Mail.id)).all()) == 2


def test_the_lines_of_a_message_are_kept_as_they_were_typed(client: FlaskClient, session: AnySession) -> None:
    submit(client, "/contact", MESSAGE | {"message": "Bonjour,\r\n\r\nune question.\r\n"})
    assert kept(session)[0].message == "Bonjour,\n\nune question."


@pytest.mark.parametrize("page", FORMS)
@pytest.mark.parametrize("junk", ["a\0b", "\ud800", "-" + "9" * 31, "٣²", "x" * 5_000, "\"'><script>alert(1)</script>"])
def test_junk_in_every_field_is_refused_in_plain_words(client: FlaskClient, page: str, junk: str) -> None:
    fields = (
        "name",
        "email",
        "company",
        "phone",
        "message",
        "topic",
        "article",
        "verticals",
        "seats",
        "siren",
        "start",
    )
    sent = {name: junk.encode("utf-8", "surrogatepass") for name in fields}
    answer = submit(client, page, sent)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
