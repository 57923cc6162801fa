"""A promotion code on the summary page: exact before leaving, refused in words, guessed by nobody, lost by nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
import stripe

from portal import clock
from portal.access.vocabulary import Source
from portal.billing.models import Invoice, Plan
from portal.billing.promotions import TRIES
from portal.billing.shapes import GatewayUnavailable
from portal.db import db, end_reading
from tests.billing.test_checkout import attempts, sessions
from tests.billing.test_summary import PERSON
from tests.billing.world import CHECKOUT, Buyer, World
from tests.builders import a_grant, a_reader
from tests.sandbox.shop import words


def a_code(world: World, word: str = "RENTREE", restrictions: Any = None, **coupon: Any) -> stripe.PromotionCode:
    """A code at Stripe: a fifth off for ever, unless something else is said."""
    given = {"percent_off": 20, "duration": "forever", "name": word, **coupon}
    code = {name: given.pop(name) for name in ("max_redemptions", "expires_at", "customer") if name in given}
    made = world.stripe.v1.coupons.create({name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    code |= {"restrictions": restrictions} if restrictions else {}
    return world.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}, "code": word, **code}
    )


def page(buyer: Buyer, **fields: str) -> str:
    """The summary after the amounts were asked for again, in English."""
    buyer.client.set_cookie("locale", "en")
    return words(buyer.order(step="update", **fields).text)


def test_a_code_lowers_what_is_shown_and_what_is_charged_by_the_same_cents(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    text = page(buyer, code=" rentree ", quantity="3", company="", terms="")
    for wanted in (
        "Price without the reduction €267.00",
        "Code RENTREE (−20%) −€53.40",
        "Total before VAT €213.60",
        "VAT 2.10% €4.49",
        "Today: €218.09 incl. VAT. Then the same each month, until you cancel.",
        "Pay €218.09 incl. VAT",
        "RENTREE takes €54.52 off: you pay €218.09 incl. VAT. Then the same each month",
    ):
        assert wanted in text
    assert attempts() == []
    buyer.come_back(buyer.pay(buyer.order(code="RENTREE", quantity="3")))
    end_reading()
    invoice = db.session.query(Invoice).one()
    assert (invoice.subtotal, invoice.tax, invoice.total, invoice.discount) == (21_360, 449, 21_809, 5_340)
    text = words(buyer.billing())
    assert "reduction of €53.40 taken off" in text
    assert "for €213.60 excl. VAT, each month. RENTREE: −20% on each payment." in text


def test_stripe_is_never_asked_to_ask_for_a_code(world: World) -> None:
    made = a_code(world)
    buyer = world.buyer()
    buyer.order(code="RENTREE")
    (session,) = world.stripe.v1.checkout.sessions.list().data
    assert not session.allow_promotion_codes
    assert [one.promotion_code for one in session.discounts or []] == [made.id]
    (attempt,) = attempts()
    assert (attempt.promotion_code, attempt.promotion_code_id) == ("RENTREE", made.id)


@pytest.mark.parametrize(
    ("lasts", "then"),
    [
        ({"duration": "once"}, "Then €90.87 incl. VAT each month, until you cancel."),
        (
            {"duration": "repeating", "duration_in_months": 2},
            "The same once more, then €90.87 incl. VAT each month, until you cancel.",
        ),
        (
            {"duration": "repeating", "duration_in_months": 4},
            "The same for 3 more payments, then €90.87 incl. VAT each month, until you cancel.",
        ),
    ],
)
def test_what_comes_after_the_reduction_is_said_before_and_true_afterwards(
    world: World, lasts: dict[str, Any], then: str
) -> None:
    a_code(world, **lasts)
    buyer = world.buyer()
    assert f"Today: €72.70 incl. VAT. {then}" in page(buyer, code="RENTREE")
    buyer.subscribe(code="RENTREE")
    lowered = lasts.get("duration_in_months", 1)
    with world.later(days=32 * lowered):
        world.deliver()
        end_reading()
        totals = [one.total for one in db.session.query(Invoice).order_by(Invoice.created_at)]
        assert totals == [7_270] * lowered + [9_087]
        assert "RENTREE" not in words(buyer.billing()).split("Invoices")[0]


def test_an_amount_off_a_year_is_told_until_when_it_counts(world: World) -> None:
    a_code(world, percent_off=None, amount_off=5_000, currency="eur", duration="repeating", duration_in_months=13)
    buyer = world.buyer()
    text = page(buyer, code="RENTREE", price="health-year-eur")
    assert "Code RENTREE (−€50.00) −€50.00" in text and "Total before VAT €840.00" in text
    assert "The same once more, then €908.69 incl. VAT each year, until you cancel." in text
    buyer.subscribe("health-year-eur", code="RENTREE")
    text = words(buyer.billing())
    assert "for €840.00 excl. VAT, each year" in text and "then €890.00 excl. VAT" in text


def test_a_person_is_told_prices_with_tax_first(world: World) -> None:
    a_code(world)
    text = page(world.buyer(), code="RENTREE", **PERSON)
    assert "Price without the reduction €90.87 Code RENTREE (−20%) −€18.17 Total incl. VAT €72.70" in text


def test_a_firm_of_another_country_pays_the_reduced_price_without_tax(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    belgian = {"country": "BE", "vat_number": "BE0123456749", "siren": "", "code": "RENTREE"}
    assert "Today: €71.20 incl. VAT." in page(buyer, **belgian)
    buyer.subscribe(**belgian)
    end_reading()
    assert db.session.query(Invoice).one().total == 7_120


def test_a_reduction_waits_for_the_end_of_the_trial(world: World) -> None:
    a_code(world, duration="once")
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=9), reason="")
    buyer = world.buyer(reader)
    text = page(buyer, code="RENTREE", start="after-trial")
    assert "Today: €0.00." in text and "€72.70 incl. VAT. Then €90.87 incl. VAT each month" in text
    buyer.subscribe(code="RENTREE", start="after-trial")
    assert "the first payment, €71.20 excl. VAT" in words(buyer.billing())
    with world.later(days=10):
        world.deliver()
        end_reading()
        assert [one.total for one in db.session.query(Invoice).order_by(Invoice.id)] == [0, 7_270]


def test_a_code_that_takes_everything_off_still_leads_to_the_payment_page(world: World) -> None:
    a_code(world, percent_off=100, duration="once")
    buyer = world.buyer()
    assert "Go to the payment page: nothing to pay today" in page(buyer, code="RENTREE")
    buyer.subscribe(code="RENTREE")
    assert world.subscription().status == "active"


def over(world: World) -> None:
    a_code(world, expires_at=int((clock.now() + timedelta(seconds=1)).timestamp()))


def switched_off(world: World) -> None:
    world.stripe.v1.promotion_codes.update(a_code(world).id, {"active": False})


def used_up(world: World) -> None:
    a_code(world, max_redemptions=1)
    world.buyer().subscribe(code="RENTREE")


def of_another_plan(world: World) -> None:
    end_reading()
    product = db.session.query(Plan).filter_by(slug="media").one().stripe_product_id
    a_code(world, applies_to={"products": [product]})


def in_dollars(world: World) -> None:
    a_code(world, percent_off=None, amount_off=500, currency="usd")


def for_large_orders(world: World) -> None:
    a_code(world, restrictions={"minimum_amount": 20_000, "minimum_amount_currency": "eur"})


def for_somebody_else(world: World) -> None:
    a_code(world, customer=world.stripe.v1.customers.create({"email": "other@example.org"}).id)


def for_nobody(_world: World) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (over, "This code has expired."),
        (switched_off, "This code has expired."),
        (used_up, "This code has been used as often as it could be."),
        (of_another_plan, "This code is not for this plan."),
        (in_dollars, "This code is not for this plan."),
        (for_large_orders, "This code is for orders of €200.00 excl. VAT or more."),
        (for_somebody_else, "This code is not known."),
        (for_nobody, "This code is not known."),
    ],
)
def test_a_code_that_cannot_be_used_is_refused_in_words_and_nothing_is_lost(
    world: World, make: Any, sentence: str
) -> None:
    make(world)
    before = len(attempts())
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        buyer = world.buyer()
        buyer.client.set_cookie("locale", "en")
        for step in ("update", "pay"):
            answer = buyer.order(step=step, code="RENTREE", purchase_reference="BC 2026-17")
            assert answer.status_code == 422 and sentence in words(answer.text)
            assert 'value="RENTREE"' in answer.text and 'value="BC 2026-17"' in answer.text
            assert "Pay €90.87 incl. VAT" in words(answer.text)
    assert len(attempts()) == before


def test_a_code_for_first_orders_is_not_for_who_has_paid_before(world: World) -> None:
    a_code(world, restrictions={"first_time_transaction": True})
    buyer = world.buyer()
    buyer.subscribe(code="RENTREE")
    world.stripe.v1.subscriptions.cancel(world.subscription().stripe_id)
    world.deliver()
    assert "This code is for a first order only." in page(buyer, code="RENTREE")


def test_nothing_is_lost_while_stripe_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_code(world)
    buyer = world.buyer()
    buyer.client.set_cookie("locale", "en")

    def down(*_asked: object) -> None:
        raise GatewayUnavailable("no route")

    with monkeypatch.context() as broken:
        broken.setattr(world.gateway, "promotions", down)
        for _again in range(TRIES + 2):
            answer = buyer.order(code="RENTREE")
        assert answer.status_code == 503 and "so the code could not be checked" in words(answer.text)
        assert 'value="RENTREE"' in answer.text and attempts() == []
    assert buyer.order(code="RENTREE").status_code == 303, "asking in vain was not counted as guessing"


def test_a_code_that_runs_out_before_the_page_to_pay_is_made_is_told_and_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = a_code(world)
    buyer = world.buyer()
    buyer.client.set_cookie("locale", "en")
    making = world.gateway.create_session

    def too_late(*asked: Any) -> Any:
        world.stripe.v1.promotion_codes.update(code.id, {"active": False})
        return making(*asked)

    monkeypatch.setattr(world.gateway, "create_session", too_late)
    answer = buyer.order(code="RENTREE")
    text = words(answer.text)
    assert answer.status_code == 422 and "This code has expired." in text and "Pay €90.87 incl. VAT" in text
    assert sessions(world) == [] and [one.state.value for one in attempts()] == ["failed"]


def test_a_code_that_stands_for_something_else_meanwhile_is_shown_first(world: World) -> None:
    first = a_code(world)
    buyer = world.buyer()
    shown = re.search(r'name="totals"[^>]*value="([^"]+)"', buyer.order(step="update", code="RENTREE").text)
    assert shown and shown[1] == f"7270/7270/{first.id}"
    world.stripe.v1.promotion_codes.update(first.id, {"active": False})
    a_code(world, duration="once")
    assert buyer.order(code="RENTREE", totals=shown[1]).status_code == 422, "the same today, more later"
    assert attempts() == []


def test_leaving_the_code_out_again_is_shown_before_it_is_paid(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    assert buyer.order(totals="7270/7270/promo_x").status_code == 422


def test_a_page_that_asks_for_more_than_was_shown_is_closed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_code(world)
    buyer = world.buyer()
    monkeypatch.setattr("portal.billing.reductions._percent", lambda cents, _percent: cents)
    answer = buyer.order(code="RENTREE")
    assert answer.status_code == 422 and sessions(world) == ["expired"]
    assert [one.state.value for one in attempts()] == ["failed"]


def test_another_code_is_another_order(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    first, second = buyer.order(), buyer.order(code="RENTREE")
    assert first.location != second.location and sessions(world) == ["expired", "open"]
    assert buyer.order(code="rentree").location == second.location


def test_guessing_is_slowed_down_and_knowing_is_not(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    for number in range(TRIES - 1):
        assert buyer.order(step="update", code=f"GUESS{number}").status_code == 422
    for _again in range(3):
        assert buyer.order(step="update", code="RENTREE").status_code == 200
    buyer.order(step="update", code="GUESS")
    answer = buyer.order(step="update", code="RENTREE")
    assert answer.status_code == 429, "not even whether this one exists is told now"
    assert buyer.order().status_code == 303, "without a code the order goes on"


@pytest.mark.parametrize("junk", ["é" * 9, "x" * 5000, "a\x00b", "' OR 1=1", "../../v1", "%0A"])
def test_what_can_be_no_code_is_never_asked_for(world: World, monkeypatch: pytest.MonkeyPatch, junk: str) -> None:
    monkeypatch.setattr(world.gateway, "promotions", None)
    assert world.buyer().order(step="update", code=junk).status_code == 422


def test_the_code_of_a_link_stands_in_the_field(world: World) -> None:
    answer = world.buyer().client.get(f"{CHECKOUT}?price=health-month-eur&code=RENTREE")
    assert answer.status_code == 200 and 'value="RENTREE"' in answer.text


def test_whoever_runs_the_portal_makes_codes_by_command(world: World) -> None:
    def says(*words_: str) -> str:
        return world.app.test_cli_runner().invoke(args=["stripe", "promotion-code", *words_]).output

    assert "Made ETE (promo_" in says("ETE", "--percent", "12.5", "--once", "--plan", "health", "--most", "1")
    assert "already exists" in says("ete", "--percent", "50")
    assert "is not known at Stripe" in says("AUTRE", "--percent", "50", "--plan", "platinum")
    buyer = world.buyer()
    assert "Code ETE (−12.5%) −€11.13" in page(buyer, code="ete")
    buyer.client.set_cookie("locale", "en")
    other = buyer.order("media-month-eur", step="update", code="ETE")
    assert "This code is not for this plan." in words(other.text)
    buyer.subscribe(code="ETE")
    end_reading()
    assert db.session.query(Invoice).one().subtotal == 7_787
