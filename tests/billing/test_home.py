"""The first words of the billing page: each state of the mirror has its own, in both languages, and its next step."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.models import AwaitedRight
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.billing.queries import State
from portal.billing.told import _SAYS
from portal.db import AnySession, writing
from portal.typography import NBSP, NNBSP
from tests.billing.states import DAY, TABLE, Row, mirrored
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.forms import sign_in


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader()
    sign_in(client, person)
    return person


def page(client: FlaskClient, locale: str) -> str:
    client.set_cookie("locale", locale)
    answer = client.get("/billing/")
    assert answer.status_code == 200
    return answer.text.replace(NBSP, " ").replace(NNBSP, " ")


def first_words(text: str) -> str:
    """The section that tells the state."""
    return text.split('class="bill-state"')[1].split("</section>", maxsplit=1)[0]


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_each_state_says_what_it_is_and_offers_the_right_step(
    client: FlaskClient, reader: Reader, session: AnySession, row: Row
) -> None:
    mirrored(reader, row)
    english, french = first_words(page(client, "en")), first_words(page(client, "fr"))
    assert row.english in english and row.french in french
    assert row.banner in english
    for offered in row.offers:
        assert offered in english, offered
    tones = [part.split('"')[0] for part in english.split('data-tone="')[1:]]
    assert tones[0] == row.tone
    assert not {"%(", "None"} & {mark for mark in ("%(", "None") if mark in english + french}


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.state not in (State.CANCELED, State.INCOMPLETE)], ids=lambda row: row.name
)
def test_nobody_who_pays_or_owes_is_led_to_the_offers(
    client: FlaskClient, reader: Reader, session: AnySession, row: Row
) -> None:
    mirrored(reader, row)
    assert "/plans" not in first_words(page(client, "en"))


def test_every_state_is_met() -> None:
    assert set(_SAYS) == set(State)
    assert {row.state for row in TABLE} == set(State) - {State.NONE, State.TRIAL, State.PENDING}


def test_without_anything_the_page_says_so_and_shows_the_offers(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    text = first_words(page(client, "en"))
    assert "You have no subscription." in text and 'href="/plans"' in text
    assert "pas d’abonnement" in first_words(page(client, "fr"))


def test_a_trial_alone_says_until_when_and_that_nothing_is_charged(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    for vertical in ("health", "fintech"):
        a_grant(reader, vertical=vertical, source=Source.TRIAL, ends_in=timedelta(days=5, hours=12))
    a_grant(reader, vertical="media", source=Source.TRIAL, ends_in=timedelta(days=2, hours=12))
    text = first_words(page(client, "en"))
    assert "mind Health and mind Fintech free of charge until Sunday 15 March 2026 inclusive; nothing" in text
    assert "dimanche 15 mars 2026" in first_words(page(client, "fr"))


def test_a_payment_on_its_way_says_that_there_is_nothing_else_to_pay(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    firm, vertical, now = an_organisation(reader), a_vertical("health"), clock.now()
    with writing() as unit:
        waits = {"since": now, "until": now + DAY, "reference": "cs_1"}
        unit.add(AwaitedRight(organisation_id=firm.id, vertical_id=vertical.id, **waits))
    text = first_words(page(client, "en"))
    assert "There is nothing else to pay." in text and "/plans" not in text


@pytest.mark.parametrize("kind", ["seat", "gift"])
def test_whoever_reads_at_somebody_else_s_cost_has_nothing_to_pay(
    client: FlaskClient, reader: Reader, session: AnySession, kind: str
) -> None:
    if kind == "seat":
        firm = an_organisation(a_reader())
        a_seat(firm, reader)
        a_grant(organisation=firm, source=Source.SUBSCRIPTION)
    else:
        a_grant(reader)
    text = first_words(page(client, "en"))
    assert ("Your organisation pays" if kind == "seat" else "Your access was given to you") in text
    assert "/plans" not in text


def test_a_first_payment_that_ran_out_of_time_leaves_nothing_to_tell(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    row = Row("", State.NONE, "", "", (), subscription={"status": "incomplete_expired"}, open_for=None)
    mirrored(reader, row)
    assert "You have no subscription." in first_words(page(client, "en"))


def test_an_unfinished_purchase_has_no_licences_yet(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    row = next(row for row in TABLE if row.state is State.INCOMPLETE)
    mirrored(reader, row)
    assert "Licences</h2>" not in page(client, "en"), "no licences before the first payment"


def test_invoices_show_what_is_before_and_after_tax(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    mirrored(reader, next(row for row in TABLE if row.name == "past due"))
    text = page(client, "fr")
    assert [label in text for label in ("89,00 €", "1,87 €", "90,87 €", "MIND-0001")] == [True] * 4
    assert text.count('class="n"') == 6, "three figures and their headings, in figures of one width"
