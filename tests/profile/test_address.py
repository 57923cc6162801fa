"""Another address for the account: both mailboxes agree, or nothing changes."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import address_change, recovery
from portal.accounts.identity import company_key
from portal.accounts.models import Reader, ReaderSession, SecondAddress, TokenPurpose
from portal.accounts.models_security import AddressChange
from portal.accounts.person_keys import hashes
from portal.accounts.tokens import LinkUsed
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, db, writing
from portal.organisations.models import Organisation
from portal.outbox import Mail
from tests.builders import a_reader, a_seat, an_organisation
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

PAGE = "/profile/address"
OLD, NEW = "claire@example.org", "claire@clinique.fr"


@pytest.fixture
def claire(app: Flask) -> Reader:
    return a_reader(OLD, name="Claire")


@pytest.fixture
def signed_in(client: FlaskClient, claire: Reader) -> FlaskClient:
    sign_in(client, claire)
    return client


def ask(client: FlaskClient, address: str = NEW) -> None:
    answer = submit(client, PAGE, {"email": address})
    assert (answer.status_code, answer.location) == (303, "/profile/identity")


def link(kind: str) -> str:
    """The link of the newest mail of this kind."""
    mail = db.session.query(Mail).filter_by(kind=kind).order_by(Mail.id.desc()).first()
    assert mail
    found = re.search(r"/confirm-address/\w+/[\w-]+", mail.text)
    assert found
    return found[0]


def address_of(reader: Reader) -> str:
    return db.session.execute(db.select(Reader.email).where(Reader.id == reader.id)).scalar_one()


def to(kind: str) -> list[str]:
    return [mail.to_address for mail in db.session.query(Mail).filter_by(kind=kind).order_by(Mail.id)]


def test_both_links_together_change_the_address(signed_in: FlaskClient, claire: Reader, session: AnySession) -> None:
    ask(signed_in)
    assert (to("leave_address"), to("take_address")) == ([OLD], [NEW])
    stranger = signed_in.application.test_client()
    assert "Encore un mail" in submit(stranger, link("take_address")).text.replace("e-mail", "mail")
    assert address_of(claire) == OLD
    answer = submit(signed_in, link("leave_address"))
    assert (answer.status_code, answer.location) == (303, "/profile/identity")
    reader = session.get_one(Reader, claire.id, populate_existing=True)
    assert (reader.email, reader.email_key) == (NEW, NEW)
    assert (reader.person_key, reader.company_key) == (hashes(NEW)[0].value, company_key(NEW)) and reader.company_key
    assert to("address_changed") == [OLD, NEW]
    event = session.query(AuditEvent).filter_by(act="account.address-changed").one()
    personal = session.get_one(AuditPersonal, event.id)
    assert (event.values, personal.values) == ({}, {"before": OLD, "after": NEW})


def press_both(client: FlaskClient) -> None:
    ask(client)
    for kind in ("take_address", "leave_address"):
        submit(client, link(kind))


def test_mail_about_money_of_who_pays_alone_follows(
    signed_in: FlaskClient, claire: Reader, session: AnySession
) -> None:
    own = an_organisation(claire, name=OLD, billing_email=OLD.upper())
    press_both(signed_in)
    organisation = session.get_one(Organisation, own.id, populate_existing=True)
    assert (organisation.billing_email, organisation.name) == (NEW, NEW)
    event = session.query(AuditEvent).filter_by(act="organisation.address-followed").one()
    assert (event.actor_id, event.target_kind, event.target_id) == (claire.id, "organisation", own.id)
    assert session.get(AuditPersonal, event.id) is None


def test_mail_about_money_of_a_company_or_to_another_address_stays(
    signed_in: FlaskClient, claire: Reader, session: AnySession
) -> None:
    shared = an_organisation(claire, name="Clinique", billing_email=OLD)
    a_seat(shared, a_reader())
    elsewhere = an_organisation(claire, billing_email="factures@clinique.fr")
    press_both(signed_in)
    kept = [session.get_one(Organisation, one.id, populate_existing=True).billing_email for one in (shared, elsewhere)]
    assert kept == [OLD, "factures@clinique.fr"]


@pytest.mark.parametrize("first", ["leave_address", "take_address"])
def test_one_link_alone_changes_nothing_and_works_once(signed_in: FlaskClient, claire: Reader, first: str) -> None:
    ask(signed_in)
    token = csrf_token(signed_in, link(first))
    assert signed_in.post(link(first), data={"csrf_token": token}).status_code == 200
    assert signed_in.post(link(first), data={"csrf_token": token}).status_code == 410
    assert signed_in.get(link(first)).status_code == 410
    assert address_of(claire) == OLD


def test_opening_a_link_changes_nothing_and_tells_nobody_where_it_led(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    for kind in ("leave_address", "take_address"):
        answer = signed_in.application.test_client().get(link(kind))
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]
        assert not re.search(r"next=[^\"]*confirm", answer.text)
    assert db.session.query(AddressChange).one().left_at is None
    assert address_of(claire) == OLD


def test_a_token_of_one_mailbox_does_not_answer_for_the_other(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    assert signed_in.get(link("take_address").replace("/take/", "/leave/")).status_code == 410
    assert signed_in.get(link("leave_address").replace("/leave/", "/take/")).status_code == 410


def test_after_an_hour_the_links_are_worth_nothing(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    with clock.frozen(NOON + timedelta(minutes=60)):
        answer = signed_in.get(link("take_address"))
        assert answer.status_code == 410
        assert NEW not in signed_in.get("/profile/identity").text


def test_a_link_that_outlives_its_wish_by_an_instant_is_worth_nothing(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    with writing() as unit:
        wish = address_change.wish_of(unit, claire.id)
        assert wish
        wish.expires_at -= timedelta(seconds=1)
    with clock.frozen(NOON + timedelta(minutes=60, seconds=-1)):
        assert signed_in.get(link("take_address")).status_code == 410
        token = link("take_address").rpartition("/")[2]
        with pytest.raises(LinkUsed), writing() as unit:  # the wish was given up between two looks at it
            address_change.answer(unit, token, TokenPurpose.TAKE_ADDRESS, locale="fr")


def test_every_other_session_ends_and_every_other_link_is_dead(
    signed_in: FlaskClient, claire: Reader, session: AnySession
) -> None:
    other = signed_in.application.test_client()
    sign_in(other, claire)
    submit(other.application.test_client(), "/reset", {"email": OLD})
    reset = re.search(r"/reset/[\w-]+", session.query(Mail).filter_by(kind="reset_password").one().text)
    ask(signed_in)
    submit(signed_in, link("take_address"))
    submit(signed_in, link("leave_address"))
    assert other.get("/profile/").status_code == 303
    assert signed_in.get("/profile/").status_code == 200
    assert reset and signed_in.get(reset[0]).status_code == 410


def test_a_browser_that_is_not_signed_in_keeps_no_session_alive(
    signed_in: FlaskClient, claire: Reader, session: AnySession
) -> None:
    ask(signed_in)
    stranger = signed_in.application.test_client()
    submit(stranger, link("take_address"))
    assert submit(stranger, link("leave_address")).location == "/login"
    assert signed_in.get("/profile/").status_code == 303
    assert {row.end_cause for row in session.query(ReaderSession)} == {"address-changed"}


def test_signing_in_follows_the_address(client: FlaskClient) -> None:
    reader = a_reader(OLD, password="trois chevaux bleus courent")
    move(reader)
    for address, status in ((OLD, 422), (NEW, 303)):
        browser = client.application.test_client()
        form = {"email": address, "password": "trois chevaux bleus courent"}
        assert submit(browser, "/login", form).status_code == status


def move(reader: Reader, address: str = NEW) -> str:
    """Ask and answer both links, without a browser; what the second one did."""
    with writing() as unit:
        address_change.ask(unit, reader.id, email=address, locale="fr")
    step = ""
    for kind in ("take_address", "leave_address"):
        token, purpose = link(kind).rpartition("/")[2], TokenPurpose(kind.replace("_", "-"))
        with writing() as unit:
            step = address_change.answer(unit, token, purpose, locale="fr")[0]
    return step


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("no address", "Saisissez une adresse e-mail"),
        ("clаire@example.org", "plusieurs alphabets"),  # a Cyrillic а
        ("x@yopmail.com", "adresses jetables"),
        ("CLAIRE@example.org", "déjà celle de votre compte"),
        ("a@b.org\r\nBcc: c@d.org", "sur une ligne"),
    ],
)
def test_what_is_no_new_address_is_refused_in_words(signed_in: FlaskClient, typed: str, sentence: str) -> None:
    answer = submit(signed_in, PAGE, {"email": typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.query(AddressChange).count() == 0


def test_the_wish_shows_and_can_be_given_up(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    page = signed_in.get("/profile/identity").text
    assert NEW in page and "Annuler" in page
    links = [link("leave_address"), link("take_address")]
    submit(signed_in, f"{PAGE}/cancel", page="/profile/identity")
    assert NEW not in signed_in.get("/profile/identity").text
    assert [signed_in.get(one).status_code for one in links] == [410, 410]


def test_asking_again_replaces_the_wish_and_its_links(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in, "first@clinique.fr")
    first = [link("leave_address"), link("take_address")]
    ask(signed_in)
    assert [signed_in.get(one).status_code for one in first] == [410, 410]
    page = signed_in.get("/profile/identity").text
    assert NEW in page and "first@clinique.fr" not in page


def test_an_answer_given_for_one_address_does_not_count_for_the_next(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in, "first@clinique.fr")
    submit(signed_in, link("leave_address"))
    ask(signed_in)
    assert submit(signed_in, link("take_address")).status_code == 200
    assert address_of(claire) == OLD


def test_a_new_password_in_between_kills_the_links(signed_in: FlaskClient, claire: Reader) -> None:
    ask(signed_in)
    with writing() as unit:
        recovery.change(unit, unit.get_one(Reader, claire.id), password_hash="x", here=0, locale="fr")
    assert signed_in.get(link("take_address")).status_code == 410


def test_four_wishes_a_day_are_too_many(signed_in: FlaskClient, claire: Reader) -> None:
    for number in range(3):
        ask(signed_in, f"new{number}@clinique.fr")
    answer = submit(signed_in, PAGE, {"email": NEW})
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    assert "Réessayez demain" in answer.text
    assert to("leave_address") == [OLD] * 3


def test_a_proved_second_address_becomes_the_main_one(claire: Reader, session: AnySession) -> None:
    with writing() as unit:
        for address in (NEW, "third@example.org"):
            unit.add(SecondAddress(reader_id=claire.id, email=address, email_key=address, proved_at=NOON))
    assert move(claire) == "done"
    assert [row.email for row in session.query(SecondAddress)] == ["third@example.org"]


def test_second_addresses_show_with_the_way_to_where_they_are_added(signed_in: FlaskClient, claire: Reader) -> None:
    with writing() as unit:
        unit.add(SecondAddress(reader_id=claire.id, email=NEW, email_key=NEW, proved_at=NOON))
    page = signed_in.get("/profile/identity").text
    assert NEW in page and 'href="/help/access"' in page


def test_moving_asks_for_the_password_after_ten_minutes(signed_in: FlaskClient) -> None:
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert signed_in.get(PAGE).location == "/login/again?next=/profile/address"


def test_the_link_of_one_account_is_no_session_of_another(signed_in: FlaskClient, claire: Reader) -> None:
    other = signed_in.application.test_client()
    sign_in(other, a_reader("other@example.org"))
    ask(signed_in)
    submit(other, link("take_address"))
    assert submit(other, link("leave_address")).location == "/login"
    assert other.get("/profile/").status_code == 200
    assert address_of(claire) == NEW
