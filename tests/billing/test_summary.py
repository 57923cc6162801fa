"""The offers and the summary: exact amounts, and nothing believed that is posted."""

import re

import pytest
from sqlalchemy import select

from portal.db import db
from portal.organisations.models import Organisation
from tests.billing.test_checkout import attempts, page_of, sessions
from tests.billing.world import CHECKOUT, FIRM, World
from tests.forms import csrf_token
from tests.sandbox.shop import words

PERSON = {"kind": "person", "name": "Ada Lune", "company": "", "siren": ""}


def test_the_offers_show_computed_savings_and_both_prices(world: World) -> None:
    text = words(world.client().get("/plans", headers={"Accept-Language": "en"}).text)
    for wanted in ("€890", "€89", "€908.69 incl. VAT", "€1,990", "2 months free", "€680 less each year"):
        assert wanted in text


def test_one_s_own_plan_is_marked(world: World) -> None:
    buyer = world.buyer()
    assert "Your current plan" not in words(buyer.client.get("/plans", headers={"Accept-Language": "en"}).text)
    buyer.subscribe()
    assert words(buyer.client.get("/plans", headers={"Accept-Language": "en"}).text).count("Your current plan") == 1


def test_a_stranger_is_asked_to_sign_in_and_comes_back(world: World) -> None:
    answer = world.client().get("/billing/checkout?plan=health&period=month")
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=/billing/checkout")


def test_the_summary_says_exactly_what_is_charged(world: World) -> None:
    text = page_of(world, f"{CHECKOUT}?price=bundle-year-eur")
    assert "Pay €2,031.79 incl. VAT" in text
    assert "Total before VAT €1,990.00" in text and "VAT 2.10% €41.79" in text


def test_an_unknown_price_is_no_page_and_a_forged_one_is_refused(world: World) -> None:
    buyer = world.buyer()
    assert buyer.client.get(f"{CHECKOUT}?price=platinum").status_code == 404
    token = csrf_token(buyer.client, f"{CHECKOUT}?price=health-month-eur")
    forged = {**FIRM, "csrf_token": token, "price": "health-month-usd"}
    answer = buyer.client.post(CHECKOUT, data=forged)
    assert answer.status_code == 422 and attempts() == []


@pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "21", "", "deux", "1.5", "9" * 5000])
def test_a_quantity_out_of_bounds_is_refused_with_a_sentence(world: World, quantity: str) -> None:
    answer = world.buyer().order(quantity=quantity)
    assert answer.status_code == 422 and "20" in answer.text
    assert attempts() == [] and sessions(world) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": ""},
        {"siren": "123"},
        {"siren": "732829321"},
        {"siren": ""},
        {"vat_number": "nonsense"},
        {"street": ""},
        {"postal_code": "x" * 17},
        {"city": "Lyon\x00"},
        {"country": "XX"},
        {"terms": ""},
        {"immediate": ""},
        {"who": "everybody"},
        {"start": "after-trial"},
        {"start": "yesterday"},
    ],
)
def test_each_wrong_answer_is_told_and_nothing_is_begun(world: World, wrong: dict[str, str]) -> None:
    answer = world.buyer().order(**wrong)
    assert answer.status_code == 422 and 'class="errors"' in answer.text
    assert "12 rue des Tilleuls" in answer.text or "street" in wrong
    assert attempts() == []


def test_a_person_gives_a_name_and_no_siren(world: World) -> None:
    buyer = world.buyer()
    assert buyer.order(**PERSON).status_code == 303
    organisation = db.session.scalars(select(Organisation)).one()
    assert (organisation.name, organisation.kind.value, organisation.siren) == ("Ada Lune", "individual", "")


def test_a_firm_of_another_country_accounts_for_the_tax_itself(world: World) -> None:
    buyer = world.buyer()
    belgian = {"country": "BE", "vat_number": "BE 0123.456.749", "siren": ""}
    assert buyer.order(**belgian, totals="9087/9087").status_code == 303, "less than was shown"
    page = buyer.pay(buyer.order(**belgian))
    buyer.come_back(page)
    (customer,) = world.stripe.v1.customers.list().data
    (invoice,) = world.stripe.v1.invoices.list().data
    assert (customer.tax_exempt, invoice.total, invoice.subtotal) == ("reverse", 8900, 8900)


def test_an_amount_that_was_not_shown_is_shown_first(world: World) -> None:
    buyer = world.buyer()
    shown = re.search(r'name="totals"[^>]*value="([^"]+)"', buyer.client.get(f"{CHECKOUT}?price=health-month-eur").text)
    assert shown and shown[1] == "9087/9087"
    answer = buyer.order(quantity="3", totals=shown[1])
    assert answer.status_code == 422 and "272" in answer.text
    assert buyer.order(quantity="3", totals="27261/27261").status_code == 303


def test_the_amounts_can_be_looked_at_before_anything_else_is_filled_in(world: World) -> None:
    answer = world.buyer().order(step="update", quantity="2", company="", terms="")
    assert answer.status_code == 200 and "181,74" in answer.text.replace("\u202f", " ").replace("181.74", "181,74")
    assert attempts() == []
