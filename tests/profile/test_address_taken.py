"""Moving to an address that somebody has, or takes first: nothing is told, nobody loses, no page breaks."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import address_change, registration
from portal.accounts.models import Reader, TokenPurpose
from portal.accounts.models_security import AddressChange
from portal.db import AnySession, db, writing
from portal.outbox import Mail
from portal.profile import export
from tests.accounts.test_same_cost import statements
from tests.builders import a_reader
from tests.forms import csrf_token, sign_in, submit
from tests.profile.test_address import NEW, OLD, PAGE, address_of, ask, link, move, to


@pytest.fixture
def claire(app: Flask) -> Reader:
    return a_reader(OLD, name="Claire")


@pytest.fixture
def signed_in(client: FlaskClient, claire: Reader) -> FlaskClient:
    sign_in(client, claire)
    return client


def test_a_known_address_costs_and_answers_as_an_unknown_one_does(app: Flask, session: AnySession) -> None:
    known = a_reader("known@example.org")
    seen: list[object] = []
    for address in ("first@example.org", known.email, "other@example.org"):
        reader, browser = a_reader(), app.test_client()
        sign_in(browser, reader)
        token = csrf_token(browser, PAGE)
        with statements() as sent:
            answer = browser.post(PAGE, data={"email": address, "csrf_token": token})
        page = re.sub(r"value=\"[^\"]{30,}\"|" + "|".join((address, reader.email)), "", browser.get(PAGE).text)
        copy = export.collect(session, reader.id)
        seen.append((answer.status_code, answer.location, len(sent), page, copy["mails"], len(copy["address_changes"])))
    assert seen[1] == seen[2]


def test_the_owner_of_a_known_address_is_told_and_nothing_else_happens(signed_in: FlaskClient, claire: Reader) -> None:
    a_reader(NEW)
    ask(signed_in)
    assert to("address_taken") == [NEW]
    assert to("take_address") == []
    told = db.session.query(Mail).filter_by(kind="address_taken").one()
    assert OLD not in told.text + told.html
    assert submit(signed_in, link("leave_address")).status_code == 200
    assert address_of(claire) == OLD


@pytest.mark.parametrize("rival", ["reader", "registration"])
def test_whoever_takes_the_address_first_has_it_and_the_other_gets_a_plain_page(
    signed_in: FlaskClient, claire: Reader, rival: str
) -> None:
    ask(signed_in)
    submit(signed_in, link("leave_address"))
    mine = link("take_address")
    if rival == "reader":
        other = a_reader("other@example.org")
        assert move(other) == "done"
    else:
        register(NEW)
    answer = submit(signed_in, mine)
    assert answer.status_code == 409
    assert "a déjà un compte" in answer.text
    assert address_of(claire) == OLD
    assert db.session.query(AddressChange).filter_by(reader_id=claire.id).one().ended_at is not None
    assert signed_in.get(mine).status_code == 410


def register(address: str) -> Reader:
    with writing() as unit:
        registration.request(
            unit, email=address, password_hash="x", locale="fr", intent={}, browser_secret="this browser"
        )
    mail = db.session.query(Mail).filter_by(kind="confirm_address").order_by(Mail.id.desc()).first()
    token = re.search(r"/confirm/([\w-]+)", mail.text if mail else "")
    assert token
    with writing() as unit:
        return registration.confirm(unit, token[1], browser_secret="this browser")[0]


def test_a_registration_under_way_does_not_take_the_address_back(claire: Reader) -> None:
    with writing() as unit:
        registration.request(unit, email=NEW, password_hash="x", locale="fr", intent={}, browser_secret="this browser")
    mail = db.session.query(Mail).filter_by(kind="confirm_address").one()
    token = re.search(r"/confirm/([\w-]+)", mail.text)
    assert token and move(claire) == "done"
    with pytest.raises(registration.AlreadyConfirmed):
        registration.open_pending(db.session, token[1])


def answered_at_once(app: Flask, links: list[str]) -> list[str]:
    """Press these links at the same moment, each in a thread of its own; what each did."""
    barrier, done = threading.Barrier(len(links)), []
    db.session.remove()

    def press(path: str) -> None:
        purpose = TokenPurpose(f"{path.split('/')[2]}-address")
        with app.app_context():
            barrier.wait()
            try:
                with writing() as unit:
                    done.append(str(address_change.answer(unit, path.rpartition("/")[2], purpose, locale="fr")[0]))
            except Exception as error:  # what went wrong is the answer of this thread
                done.append(type(error).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press, args=(path,)) for path in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(done)


def asked(reader: Reader) -> tuple[str, str]:
    """(the link of the present mailbox, the link of the new one) of a wish for NEW."""
    with writing() as unit:
        address_change.ask(unit, reader.id, email=NEW, locale="fr")
    return link("leave_address"), link("take_address")


def test_four_readers_who_take_one_address_at_once_give_one_owner(app: Flask, session: AnySession) -> None:
    pairs = [asked(a_reader()) for _number in range(4)]
    for leave, _take in pairs:
        with writing() as unit:
            token = leave.rpartition("/")[2]
            address_change.answer(unit, token, TokenPurpose.LEAVE_ADDRESS, locale="fr")
    assert answered_at_once(app, [take for _leave, take in pairs]) == ["done", "taken", "taken", "taken"]
    assert session.query(Reader).filter_by(email_key=NEW).count() == 1


def test_both_links_pressed_at_once_move_the_account_once(app: Flask, claire: Reader) -> None:
    reader_id = claire.id
    leave, take = asked(claire)
    assert answered_at_once(app, [leave, take]) == ["done", "waiting"]
    assert db.session.get_one(Reader, reader_id).email == NEW
    assert to("address_changed") == [OLD, NEW]


def test_one_link_pressed_twice_at_once_answers_once(app: Flask, claire: Reader) -> None:
    leave, _take = asked(claire)
    assert answered_at_once(app, [leave, leave]) == ["LinkUsed", "waiting"]
