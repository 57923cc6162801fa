"""How a reader came is kept with the registration, and a mistyped address is put right before it is confirmed."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import PendingRegistration, Reader
from portal.db import AnySession
from portal.outbox import Mail
from tests.builders import a_reader, a_vertical
from tests.conftest import NOON
from tests.forms import submit

FORM = {"email": "nadia@example.org", "password": "trois chevaux bleus courent"}
ARTICLE = "/health/article/une-piste?utm_source=lettre&utm_campaign=mars"


def registered(client: FlaskClient, page: str, **headers: str) -> PendingRegistration:
    client.get(page, headers=headers)
    assert submit(client, "/register", FORM, page=page).location == "/register/mailbox"
    return last_attempt()


def last_attempt() -> PendingRegistration:
    from portal.db import db

    db.session.expire_all()
    return db.session.query(PendingRegistration).order_by(PendingRegistration.id.desc()).first()  # type: ignore[return-value]


def links(session: AnySession) -> list[str]:
    return [re.search(r"/confirm/[\w-]+", mail.text)[0] for mail in session.query(Mail).order_by(Mail.id)]  # type: ignore[index]


@pytest.mark.parametrize(
    ("page", "referrer", "kept"),
    [
        ("/register", "", None),
        ("/register", "http://localhost/plans", None),
        ("/register", "http://[", None),
        ("/register", "https://www.lemoniteur.example/a?b", {"referrer": "www.lemoniteur.example"}),
        ("/register?next=//evil.example/article/x", "", None),
        ("/register?utm_source=salon%0a&utm_term=x", "", {"utm_source": "salon"}),
        (
            "/register?next=/health/article/une-piste%3Futm_source%3Dlettre",
            "",
            {"utm_source": "lettre", "article": "/health/article/une-piste"},
        ),
    ],
)
def test_article_site_and_campaign_are_kept(
    client: FlaskClient, page: str, referrer: str, kept: dict[str, str] | None
) -> None:
    assert registered(client, page, Referer=referrer).origin == kept


def test_the_first_way_counts_and_reaches_the_account(client: FlaskClient, session: AnySession) -> None:
    a_vertical("health")
    client.get("/trial", headers={"Referer": "https://first.example/"})
    client.get("/trial", headers={"Referer": "https://second.example/"})
    submit(client, "/trial", {**FORM, "verticals": "health"})
    submit(client, links(session)[0])
    assert session.query(Reader).one().origin == {"referrer": "first.example"}


def test_a_mistyped_address_is_put_right_and_the_old_link_dies(client: FlaskClient, session: AnySession) -> None:
    a_vertical("health")
    submit(client, "/trial", {**FORM, "verticals": "health", "name": "Nadia"})
    answer = submit(
        client, "/register/address", {"email": "nadia@right.example"}, page="/register/mailbox", follow=True
    )
    assert "nadia@right.example" in answer.text
    wrong, right = links(session)
    assert client.get(wrong).status_code == 410
    submit(client, right)
    reader = session.query(Reader).one()
    assert (reader.email, reader.name) == ("nadia@right.example", "Nadia")


def test_a_wrong_address_is_refused_beside_the_field(client: FlaskClient) -> None:
    registered(client, "/register")
    answer = submit(client, "/register/address", {"email": "nadia"}, page="/register/mailbox")
    assert answer.status_code == 422 and 'value="nadia"' in answer.text


def test_a_known_address_gets_the_same_answer(client: FlaskClient, session: AnySession) -> None:
    a_reader("known@example.org")
    registered(client, "/register")
    answer = submit(client, "/register/address", {"email": "known@example.org"}, page="/register/mailbox")
    assert answer.location == "/register/mailbox"
    assert [mail.kind for mail in session.query(Mail).order_by(Mail.id)] == ["confirm_address", "already_registered"]


def test_another_browser_corrects_nothing(client: FlaskClient) -> None:
    registered(client, "/register")
    other = client.application.test_client()
    assert submit(other, "/register/address", {"email": "x@example.org"}, page="/login").location == "/register"


def test_after_a_day_there_is_nothing_to_correct(client: FlaskClient, session: AnySession) -> None:
    registered(client, "/register")
    with clock.frozen(NOON + timedelta(days=1)):
        answer = submit(client, "/register/address", {"email": "x@example.org"}, page="/register/mailbox")
    assert answer.location == "/register"
    assert session.query(Mail).count() == 1
