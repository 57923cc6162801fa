"""Another address on the help page: asked about, proved by its code, linked by a button."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts.models import Reader, SecondAddress
from portal.db import AnySession
from portal.organisations.models import Seat
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation, canary
from tests.content.helpers import statements
from tests.forms import csrf_token, sign_in, submit

PAGE = "/help/access"
OTHER = "autre@clinique.example.org"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader("camille@example.org", name="Camille Roussel")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def code_of(session: AnySession) -> str:
    """The code of the last mail."""
    mail = session.scalars(select(Mail).where(Mail.kind == "address_code").order_by(Mail.id.desc())).first()
    assert mail is not None
    found = re.search(r"\b[0-9]{6}\b", mail.subject)
    assert found
    return found[0]


def proved(client: FlaskClient, session: AnySession, email: str = OTHER) -> str:
    """Ask for a code and type it; the address of the page that follows."""
    asked = submit(client, f"{PAGE}/address", {"email": email}, page=PAGE)
    assert asked.status_code == 303
    answer = submit(client, asked.location, {"code": code_of(session)})
    assert answer.status_code == 303
    return answer.location


def test_another_address_is_proved_and_linked_and_the_article_opens(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article, other = an_article(vertical="health"), a_reader(OTHER)
    alone = an_organisation(other, seats=1, name="Cabinet Ardouin")
    a_seat(alone, other)
    a_grant(organisation=alone, vertical="health", source=Source.SUBSCRIPTION)
    path = f"/health/article/{article.slug}"
    asked = submit(client, f"{PAGE}/address", {"email": OTHER, "article": path}, page=PAGE)
    answer = submit(
        client, asked.location, {"code": f" {code_of(session)[:3]} {code_of(session)[3:]} ", "article": path}
    )
    page = client.get(answer.location).text
    assert "Cabinet Ardouin" in page and "mind Health" in page and "The licence moves to this account." in page
    assert canary(article) not in client.get(path).text
    done = submit(client, answer.location)
    assert done.location == f"{PAGE}?article={path}"
    page = client.get(done.location).text
    assert "Reading allowed: open through a subscription" in page and OTHER in page
    assert canary(article) in client.get(path).text
    assert "holds no licence" in client.get(answer.location).text


def test_opening_the_page_of_a_link_moves_nothing(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    other = a_reader(OTHER)
    a_seat(an_organisation(a_reader()), other)
    where = proved(client, session)
    client.get(where)
    assert session.scalars(select(Seat.reader_id).where(Seat.closed_at.is_(None))).all() == [other.id]


@pytest.mark.parametrize("kind", ["known", "unknown", "staff", "suspended"])
def test_a_typed_address_gets_one_answer_and_one_mail_at_one_cost(
    client: FlaskClient, reader: Reader, session: AnySession, kind: str
) -> None:
    if kind != "unknown":
        a_reader(
            OTHER,
            role=Role.SUPPORT if kind == "staff" else Role.READER,
            suspended_at=clock.now() if kind == "suspended" else None,
        )
    token = csrf_token(client, PAGE)
    with statements() as seen:
        answer = client.post(f"{PAGE}/address", data={"email": OTHER, "csrf_token": token})
    assert (answer.status_code, re.sub(r"\d+", "N", answer.location)) == (303, f"{PAGE}/code/N")
    assert session.scalars(select(Mail.to_address)).all() == [OTHER]
    assert not any("email_key = " in one and "readers" in one for one in seen)
    page = client.get(answer.location).text
    assert OTHER in page and "The code we sent" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter an email address"),
        ("pas une adresse", "Enter an email address"),
        ("CAMILLE@example.org", "You are signed in with this address"),
        ("jetable@yopmail.com", "Throw-away addresses are not accepted"),
        ("a\r\nBcc: b@example.org", "Some characters cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_a_sentence(
    client: FlaskClient, reader: Reader, session: AnySession, typed: str, sentence: str
) -> None:
    answer = submit(client, f"{PAGE}/address", {"email": typed}, page=PAGE)
    assert answer.status_code == 422 and sentence in answer.text and "<title>Error:" in answer.text
    assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_wrong_code_says_how_many_tries_are_left_until_there_is_none(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    where = submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE).location
    wrong = f"{(int(code_of(session)) + 1) % 10**6:06}"
    token = csrf_token(client, where)
    for left in ("4 more tries", "3 more tries", "2 more tries", "one more try"):
        answer = client.post(where, data={"code": wrong, "csrf_token": token})
        assert answer.status_code == 422 and left in answer.text
    for typed in (wrong, code_of(session)):
        answer = client.post(where, data={"code": typed, "csrf_token": token})
        assert answer.status_code == 422 and "Five wrong codes" in answer.text
    assert session.scalar(select(func.count()).select_from(SecondAddress)) == 0
    assert submit(client, f"{PAGE}/address", {"email": OTHER}, page=where).status_code == 303


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34"])
def test_what_is_no_code_costs_no_try(client: FlaskClient, reader: Reader, session: AnySession, typed: str) -> None:
    where = submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE).location
    answer = submit(client, where, {"code": typed})
    assert answer.status_code == 422 and "Enter the six digits" in answer.text
    assert submit(client, where, {"code": code_of(session)}).status_code == 303


def test_a_code_typed_twice_and_one_that_is_too_old(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    where = submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE).location
    code, token = code_of(session), csrf_token(client, where)
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        assert "more than ten minutes old" in client.post(where, data={"code": code, "csrf_token": token}).text
    assert client.post(where, data={"code": code, "csrf_token": token}).status_code == 303
    again = client.post(where, data={"code": code, "csrf_token": token})
    assert again.status_code == 422 and "used already" in again.text


def test_somebody_else_s_code_address_and_link_are_not_found(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    where = submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE).location
    link = proved(client, session, "encore@clinique.example.org")
    stranger = client.application.test_client()
    sign_in(stranger, a_reader())
    token = csrf_token(stranger, PAGE)
    second_id = link.rpartition("/")[2]
    for address in (where, link):
        assert stranger.get(address).status_code == 404
    for address in (where, link, f"{PAGE}/address/{second_id}/forget"):
        assert stranger.post(address, data={"code": "123456", "csrf_token": token}).status_code == 404
    for number in ("0", str(2**31), "9" * 30):
        assert client.get(f"{PAGE}/code/{number}").status_code == 404
        assert client.get(f"{PAGE}/link/{number}").status_code == 404


def test_the_fourth_code_within_an_hour_is_refused_with_the_time_to_wait(client: FlaskClient, reader: Reader) -> None:
    for number in range(3):
        submit(client, f"{PAGE}/address", {"email": f"boite{number}@example.org"}, page=PAGE)
    answer = submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE)
    assert answer.status_code == 429 and "Try again in 60 minutes" in answer.text and OTHER in answer.text
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"role": Role.SUPPORT}, "belongs to our team"),
        ({"suspended_at": "now"}, "is suspended"),
        (None, "No account is opened under this address"),
    ],
)
def test_some_accounts_are_proved_and_never_linked(
    client: FlaskClient, reader: Reader, session: AnySession, more: dict[str, object] | None, sentence: str
) -> None:
    if more is not None:
        values = {name: clock.now() if value == "now" else value for name, value in more.items()}
        a_seat(an_organisation(a_reader()), a_reader(OTHER, **values))  # type: ignore[arg-type]
    where = proved(client, session)
    page = client.get(where).text
    assert sentence in page and "Move it to this account" not in page
    before = session.scalars(select(Seat.id)).all()
    client.post(where, data={"csrf_token": csrf_token(client, PAGE)})
    assert sentence in client.get(PAGE).text
    assert session.scalars(select(Seat.id)).all() == before


@pytest.mark.parametrize(("kind", "sentence"), [("staff", "of our team"), ("unconfirmed", "Confirm the address")])
def test_who_cannot_link_is_told_why_and_can_still_write(client: FlaskClient, kind: str, sentence: str) -> None:
    person = a_reader(role=Role.SUPPORT) if kind == "staff" else a_reader(confirmed=False)
    sign_in(client, person)
    client.set_cookie("locale", "en")
    page = client.get(PAGE).text
    assert sentence in page and f'action="{PAGE}/address"' not in page and f'action="{PAGE}/message"' in page


def test_a_proved_address_is_listed_and_can_be_taken_off(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    second_id = proved(client, session).rpartition("/")[2]
    assert OTHER in client.get(PAGE).text
    answer = submit(client, f"{PAGE}/address/{second_id}/forget", page=PAGE, follow=True)
    assert "is no longer among your addresses" in answer.text
    assert session.scalar(select(func.count()).select_from(SecondAddress)) == 0


def test_the_mail_with_the_code_speaks_the_page_s_language(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    submit(client, f"{PAGE}/address", {"email": OTHER}, page=PAGE)
    client.set_cookie("locale", "fr")
    submit(client, f"{PAGE}/address", {"email": "encore@example.org"}, page=PAGE)
    subjects = {mail.to_address: mail.subject for mail in session.scalars(select(Mail))}
    assert "your code for" in subjects[OTHER] and "votre code pour" in subjects["encore@example.org"]
