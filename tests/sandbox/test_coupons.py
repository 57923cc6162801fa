"""Coupons and promotion codes: at Checkout, through the API, on invoices, for as long as they last."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, card, visit, words


def coupon(shop: Shop, **fields: Any) -> stripe.Coupon:
    given: Any = {"percent_off": 20, "duration": "forever", "name": "Rentrée", **fields}
    return shop.stripe.v1.coupons.create({key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]


def code(shop: Shop, made: stripe.Coupon, word: str = "RENTREE", **fields: Any) -> stripe.PromotionCode:
    promotion: Any = {"promotion": {"type": "coupon", "coupon": made.id}, "code": word, **fields}
    return shop.stripe.v1.promotion_codes.create(promotion)


def bills(shop: Shop, found: stripe.Subscription) -> list[tuple[int, int]]:
    """(before tax and discount, total) of the invoices, oldest first."""
    return [(one.subtotal, one.total) for one in shop.stripe.v1.invoices.list({"subscription": found.id}).data[::-1]]


def test_a_coupon_on_a_session_lowers_every_invoice(shop: Shop) -> None:
    found = shop.subscription(discounts=[{"coupon": coupon(shop).id}])
    assert bills(shop, found) == [(8_900, 7_270)]
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice), {"expand": ["discounts"]})
    assert invoice.total_excluding_tax == 7_120
    assert [one.amount for one in invoice.total_discount_amounts or []] == [1_780]
    assert [tax.amount for tax in invoice.total_taxes or []] == [150]
    shop.pass_time(32 * DAY)
    assert bills(shop, found) == [(8_900, 7_270)] * 2
    assert shop.stripe.v1.coupons.retrieve(coupon(shop, id="other").id).times_redeemed == 0


@pytest.mark.parametrize(
    ("lasts", "expected"),
    [
        ({"duration": "once"}, [7_270, 9_087, 9_087]),
        ({"duration": "repeating", "duration_in_months": 2}, [7_270, 7_270, 9_087]),
    ],
)
def test_a_coupon_lasts_as_long_as_it_says(shop: Shop, lasts: dict[str, Any], expected: list[int]) -> None:
    found = shop.subscription(discounts=[{"coupon": coupon(shop, **lasts).id}])
    shop.pass_time(64 * DAY)
    assert [total for _, total in bills(shop, found)] == expected


def test_a_coupon_of_one_invoice_waits_for_the_end_of_a_trial(shop: Shop) -> None:
    trial = {"trial_end": shop.now() + 5 * DAY}
    found = shop.subscription(discounts=[{"coupon": coupon(shop, duration="once").id}], subscription_data=trial)
    shop.pass_time(40 * DAY)
    assert [total for _, total in bills(shop, found)] == [0, 7_270, 9_087]


def test_an_amount_off_is_spread_over_the_lines_and_never_gives_money(shop: Shop) -> None:
    made = coupon(shop, percent_off=None, amount_off=1_000, currency="eur")
    rate = shop.vat().id
    lines = [{"price": shop.price(cents).id, "quantity": 1, "tax_rates": [rate]} for cents in (8_900, 1_100)]
    session = shop.session(line_items=lines, discounts=[{"coupon": made.id}])
    assert session.total_details is not None and session.total_details.amount_discount == 1_000
    assert session.amount_total == 9_000 + session.total_details.amount_tax
    huge = coupon(shop, percent_off=None, amount_off=99_999, currency="eur")
    assert shop.session(discounts=[{"coupon": huge.id}]).amount_total == 0


def test_a_buyer_types_a_code_and_pays_less(shop: Shop) -> None:
    made = code(shop, coupon(shop))
    session = shop.session(allow_promotion_codes=True, locale="fr")
    page = visit(f"{shop.sandbox.url}/pay/{session.id}/code", {"code": "nope"})
    assert page.status == 422 and "pas valable ici" in words(page.text)
    assert visit(f"{shop.sandbox.url}/pay/{session.id}/code", {"code": " rentree "}).status == 303
    text = words(visit(str(session.url)).text)
    assert "Remise RENTREE" in text and "Payer 72,70 €" in text and "Ensuite 72,70 €" in text
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).amount_total == 7_270
    visit(str(session.url), card())
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    assert [one.promotion_code for one in done.discounts or []] == [made.id]
    found = shop.again(done.subscription)
    assert bills(shop, found) == [(8_900, 7_270)]
    discount = shop.stripe.v1.subscriptions.retrieve(found.id, {"expand": ["discounts"]}).discounts[0]
    assert not isinstance(discount, str) and discount.promotion_code == made.id
    assert shop.stripe.v1.promotion_codes.retrieve(made.id).times_redeemed == 1
    assert shop.events("customer.discount.created")


def test_the_page_says_how_long_a_discount_lasts_and_what_comes_then(shop: Shop) -> None:
    made = coupon(shop, duration="repeating", duration_in_months=3)
    text = words(visit(f"{shop.session(discounts=[{'coupon': made.id}]).url}?lang=fr").text)
    assert "Remise pendant 3 mois, puis 90,87 € TTC." in text


def test_codes_ask_for_a_least_amount_for_their_products_and_their_currency(shop: Shop) -> None:
    price = shop.price()
    lines = [{"price": price.id, "quantity": 1}]
    some = coupon(shop, applies_to={"products": [str(shop.price().product)]})
    least = {"minimum_amount": 10_000, "minimum_amount_currency": "eur"}
    dollars = coupon(shop, percent_off=None, amount_off=100, currency="usd")
    for one in (
        code(shop, some, "SOME"),
        code(shop, coupon(shop), "MUCH", restrictions=least),
        code(shop, dollars, "USD"),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            shop.session(line_items=lines, discounts=[{"promotion_code": one.id}])
    mine = coupon(shop, applies_to={"products": [str(price.product)]})
    assert shop.session(line_items=lines, discounts=[{"coupon": mine.id}]).amount_total == 7_120
    assert not hasattr(shop.stripe.v1.coupons.retrieve(mine.id), "applies_to")
    shown = shop.stripe.v1.coupons.retrieve(mine.id, {"expand": ["applies_to"]})
    assert shown.applies_to and shown.applies_to.products == [price.product]


def test_a_typed_code_can_be_taken_away_again(shop: Shop) -> None:
    code(shop, coupon(shop))
    session = shop.session(allow_promotion_codes=True)
    address = f"{shop.sandbox.url}/pay/{session.id}/code"
    visit(address, {"code": "RENTREE"})
    visit(address, {"code": ""})
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).amount_total == 9_087


def test_no_code_is_asked_for_unless_the_session_allows_it(shop: Shop) -> None:
    code(shop, coupon(shop))
    session = shop.session()
    assert "Code promotionnel" not in words(visit(f"{session.url}?lang=fr").text)
    assert visit(f"{shop.sandbox.url}/pay/{session.id}/code", {"code": "RENTREE"}).status == 404


def test_codes_that_are_over_are_refused(shop: Shop) -> None:
    made = coupon(shop)
    off = shop.stripe.v1.promotion_codes.update(code(shop, made, "OFF").id, {"active": False})
    spent = code(shop, coupon(shop, max_redemptions=1), "ONE")
    other = code(shop, made, "OTHERS", customer=shop.customer(email="other@example.org").id)
    shop.subscription(discounts=[{"promotion_code": spent.id}])
    for gone in (off, spent, other):
        with pytest.raises(stripe.InvalidRequestError):
            shop.session(discounts=[{"promotion_code": gone.id}])
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.session(discounts=[{"coupon": spent.promotion.coupon}])
    assert refusal.value.code == "coupon_expired"


def test_a_code_for_first_orders_is_not_for_who_has_paid(shop: Shop) -> None:
    first = code(shop, coupon(shop), "FIRST", restrictions={"first_time_transaction": True})
    found = shop.subscription()
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(customer=str(found.customer), discounts=[{"promotion_code": first.id}])
    assert shop.session(discounts=[{"promotion_code": first.id}]).amount_total == 7_270


def test_a_word_names_one_active_code(shop: Shop) -> None:
    made = coupon(shop)
    first = code(shop, made)
    with pytest.raises(stripe.InvalidRequestError):
        code(shop, made, "rentree")
    assert [one.id for one in shop.stripe.v1.promotion_codes.list({"code": "RENTREE", "active": True}).data] == [
        first.id
    ]


def test_a_discount_is_given_to_a_subscription_and_taken_away(shop: Shop) -> None:
    found = shop.subscription()
    update = shop.stripe.v1.subscriptions.update
    assert len(update(found.id, {"discounts": [{"coupon": coupon(shop).id}]}).discounts) == 1
    shop.pass_time(32 * DAY)
    assert update(found.id, {"discounts": ""}).discounts == []
    shop.pass_time(31 * DAY)
    assert [total for _, total in bills(shop, found)] == [9_087, 7_270, 9_087]
    assert shop.events("customer.discount.deleted")


def test_a_deleted_coupon_goes_on_for_who_has_it(shop: Shop) -> None:
    made = coupon(shop)
    found = shop.subscription(discounts=[{"coupon": made.id}])
    assert shop.stripe.v1.coupons.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(discounts=[{"coupon": made.id}])
    shop.pass_time(32 * DAY)
    assert [total for _, total in bills(shop, found)] == [7_270, 7_270]
    assert "72,70 €" in words(visit(f"{shop.portal(found).url}?lang=fr").text)


@pytest.mark.parametrize(
    "given",
    [
        {"percent_off": 20, "amount_off": 100, "currency": "eur"},
        {"percent_off": None},
        {"percent_off": None, "amount_off": 100},
        {"duration": "repeating"},
    ],
)
def test_a_coupon_says_clearly_what_it_takes_off(shop: Shop, given: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        coupon(shop, **given)


def test_the_invoices_page_and_file_show_what_was_taken_off(shop: Shop) -> None:
    found = shop.subscription(discounts=[{"coupon": coupon(shop).id}])
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    assert "Remise Rentrée −17,80 €" in words(visit(f"{invoice.hosted_invoice_url}?lang=fr").text)
    assert visit(f"{invoice.invoice_pdf}?lang=fr").status == 200
