"""Taking somebody else's account by an address that only looks the same to a computer."""

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.identity import email_key
from portal.db import AnySession
from portal.outbox import Mail
from tests.builders import a_reader
from tests.forms import submit

PASSWORD = "quatre mots sans rapport aucun"


def test_two_domains_that_fold_to_one_are_two_accounts() -> None:
    assert email_key("ines@straße.example.org") != email_key("ines@strasse.example.org")


def test_capitals_make_no_other_account_in_name_or_domain() -> None:
    assert email_key(" Inès@Clinique.Example.ORG ") == email_key("inès@clinique.example.org")
    assert email_key("weiß@clinique.example.org") == email_key("WEISS@clinique.example.org")


def test_the_link_to_an_unconfirmed_account_goes_to_its_own_address_only(
    client: FlaskClient, session: AnySession
) -> None:
    a_reader("weiss@clinique.example.org", confirmed=False)
    answer = submit(client, "/register", {"email": "weiß@clinique.example.org", "password": PASSWORD})
    assert answer.status_code == 303
    assert session.scalars(select(Mail.to_address)).all() == ["weiss@clinique.example.org"]
