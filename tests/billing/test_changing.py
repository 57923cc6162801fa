"""Later changes of a subscription: shown to the cent, agreed to, made once, or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.access.models import Grant
from portal.billing import sync
from portal.billing.gateway import Gateway
from portal.billing.models import Invoice, Price, Subscription
from portal.billing.models_changing import ChangeState, SubscriptionChange
from portal.billing.shapes import GatewayUnavailable
from portal.db import db, end_reading, writing
from portal.organisations import founding, seats
from portal.organisations.models import Organisation
from tests.billing.test_buying import opens
from tests.billing.test_life import in_portal, says, subscriber
from tests.billing.world import Buyer, World
from tests.builders import a_reader
from tests.forms import csrf_token
from tests.sandbox.shop import visit, words

CHANGE, SUMMARY = "/billing/change", "/billing/change/summary"
ENGLISH = {"Accept-Language": "en"}


def asked(*titles: str, seats: int = 1, interval: str = "month") -> dict[str, Any]:
    """What the page of changes asks for."""
    return {"titles": list(titles), "quantity": str(seats), "interval": interval}


def look(buyer: Buyer, wish: dict[str, Any]) -> TestResponse:
    """The summary of a wish."""
    buyer.sign_in()
    return buyer.client.get(f"{SUMMARY}?{urlencode(wish, doseq=True)}", headers=ENGLISH)


def shown(answer: TestResponse) -> str:
    """What the summary would post back."""
    found = re.search(r'name="shown" value="([^"]+)"', answer.text)
    assert found, words(answer.text)
    return found[1]


def due(answer: TestResponse) -> int:
    """What the summary says is charged now, in cents."""
    return int(shown(answer).split("/")[1])


def agree(buyer: Buyer, wish: dict[str, Any], seen: str, page: TestResponse | None = None) -> TestResponse:
    """Press the button of a summary."""
    token = csrf_token(buyer.client, page or "/billing/")
    return buyer.client.post(SUMMARY, data={**wish, "shown": seen, "csrf_token": token}, headers=ENGLISH)


def change(buyer: Buyer, wish: dict[str, Any]) -> int:
    """Look, agree, and land on the billing page; returns what was shown as due."""
    summary = look(buyer, wish)
    assert summary.status_code == 200, words(summary.text)
    answer = agree(buyer, wish, shown(summary))
    assert (answer.status_code, answer.location) == (303, "/billing/"), words(answer.text)
    return due(summary)


def invoices(world: World) -> list[Invoice]:
    """Mirrored invoices, oldest first."""
    end_reading()
    return list(db.session.scalars(select(Invoice).order_by(Invoice.created_at, Invoice.id)))


def held(world: World) -> list[tuple[str, int]]:
    """What the mirror says is paid for."""
    end_reading()
    row = world.subscription()
    statement = select(Price.lookup_key).order_by(Price.lookup_key)
    keys = statement.where(Price.stripe_price_id.in_([one["price"]["id"] for one in at_stripe(world)]))
    return [(key, row.quantity) for key in db.session.scalars(keys)]


def at_stripe(world: World) -> list[Any]:
    """The items as Stripe has them."""
    found = world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id).to_dict(for_json=True)
    return list(found["items"]["data"])


def refuse_payments(world: World) -> None:
    """The bank refuses from now on."""
    found = world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id)
    refused: Any = {"customer": str(found.customer)}
    method = world.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", refused)
    world.stripe.v1.subscriptions.update(found.id, {"default_payment_method": method.id})


def rows() -> list[SubscriptionChange]:
    """Changes agreed to so far."""
    end_reading()
    return list(db.session.scalars(select(SubscriptionChange).order_by(SubscriptionChange.id)))


def half_up(value: Decimal) -> int:
    """Cents."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@contextmanager
def an_answer_lost() -> Iterator[None]:
    """Stripe does what is asked, and its answer does not arrive."""
    real = Gateway.change

    def lost(self: Gateway, *args: Any) -> Any:
        real(self, *args)
        raise GatewayUnavailable("lost")

    with patch.object(Gateway, "change", lost):
        yield


def test_a_second_title_is_shown_charged_and_opened_at_once(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=10):
        row = world.subscription()
        summary = look(buyer, asked("health", "fintech"))
        text = words(summary.text)
        assert "mind Health → mind Health, mind Fintech" in text
        assert "mind Fintech, from now until" in text and row.renews_at
        assert not opens(buyer.reader_id, "fintech")
        agree(buyer, asked("health", "fintech"), shown(summary))
        assert opens(buyer.reader_id, "fintech") and opens(buyer.reader_id)
        charged = invoices(world)[-1]
        assert (charged.status, charged.amount_paid) == ("paid", due(summary))
        assert held(world) == [("fintech-month-eur", 1), ("health-month-eur", 1)]
        assert world.subscription().renews_at == row.renews_at


def test_the_amount_is_the_rest_of_the_period_to_the_second(world: World) -> None:
    buyer = subscriber(world)
    [item] = at_stripe(world)
    with world.later(days=12, seconds=34):
        summary = look(buyer, asked("health", seats=3))
        at = int(shown(summary).split("/")[0])
        left = Decimal(item["current_period_end"] - at)
        whole = item["current_period_end"] - item["current_period_start"]
        unused, rest = (half_up(8_900 * count * left / whole) for count in (1, 3))
        tax = half_up(Decimal(rest) * 21 / 1000) - half_up(Decimal(unused) * 21 / 1000)
        assert due(summary) == rest - unused + tax
        agree(buyer, asked("health", seats=3), shown(summary))
        assert invoices(world)[-1].total == due(summary)
        assert world.subscription().quantity == 3


def test_three_titles_are_offered_as_the_bundle_and_the_old_right_keeps_its_start(world: World) -> None:
    buyer = subscriber(world)
    begun = db.session.scalars(select(Grant.starts_at)).one()
    with world.later(days=5):
        change(buyer, asked("health", "fintech", "media"))
        assert held(world) == [("bundle-month-eur", 1)]
        end_reading()
        starts = sorted(db.session.scalars(select(Grant.starts_at)))
        assert starts[0] == begun and starts[1] > begun + timedelta(days=4)
        assert all(opens(buyer.reader_id, slug) for slug in ("health", "fintech", "media"))


def test_fewer_titles_are_credited_and_the_rest_closes_at_once(world: World) -> None:
    buyer = subscriber(world, "bundle-month-eur")
    with world.later(days=5):
        text = words(look(buyer, asked("media")).text)
        assert "Nothing is charged now" in text and "is credited to you" in text
        assert change(buyer, asked("media")) == 0
        assert opens(buyer.reader_id, "media") and not opens(buyer.reader_id)
        credit = invoices(world)[-1]
        assert credit.total < 0 and credit.amount_due == 0
        assert len(world.mails("receipt")) == 1
    with world.later(days=40):
        world.deliver()
        assert invoices(world)[-1].amount_paid < 9_087


def test_another_interval_begins_a_new_year_now(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=10) as now:
        year = now + timedelta(days=365)
        assert f"From {year:%-d %B %Y}" in words(look(buyer, asked("health", interval="year")).text)
        paid = change(buyer, asked("health", interval="year"))
        row = world.subscription()
        assert row.renews_at and timedelta(days=364) < row.renews_at - now < timedelta(days=367)
        assert 80_000 < paid < 90_869
        assert held(world) == [("health-year-eur", 1)]


def test_nothing_is_charged_for_a_change_before_the_first_payment(world: World) -> None:
    buyer = subscriber(world)
    found = world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id)
    customer: Any = {"customer": str(found.customer), "items": [{"price": at_stripe(world)[0]["price"]["id"]}]}
    world.stripe.v1.subscriptions.cancel(found.id)
    later: Any = {"trial_end": int(clock.now().timestamp()) + 864_000, "metadata": {}}
    made = world.stripe.v1.subscriptions.create(
        {**customer, **later, "default_payment_method": found.default_payment_method}
    )
    world.deliver()
    assert change(buyer, asked("health", "media", seats=2)) == 0
    end_reading()
    row = db.session.scalars(select(Subscription).where(Subscription.stripe_id == made.id)).one()
    assert (row.status, row.quantity) == ("trialing", 2) and opens(buyer.reader_id, "media")


def test_one_mail_says_what_was_changed_whoever_sees_it_first(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=3):
        change(buyer, asked("health", seats=2))
        world.deliver()
        sync.subscription(db.session, world.gateway, world.subscription().stripe_id)
        [mail] = world.mails("subscription_changed")
        at = int(rows()[0].prorated_at.timestamp())
        assert mail.key == f"changed:{world.subscription().stripe_id}:{at}"
        assert "2" in mail.text and "mind Health" in mail.subject


def test_a_refused_card_leaves_everything_as_it_was_and_says_so(world: World) -> None:
    buyer = subscriber(world)
    refuse_payments(world)
    for wish in (asked("health", seats=4), asked("health", "fintech"), asked("health", "fintech", "media")):
        answer = agree(buyer, wish, shown(look(buyer, wish)))
        text = words(answer.text)
        assert answer.status_code == 422 and "Your bank refused the payment. Nothing was changed" in text
        assert "Change my card" in text and due(answer) > 0
    world.deliver()
    row = world.subscription()
    assert (row.status, row.quantity, held(world)) == ("active", 1, [("health-month-eur", 1)])
    assert opens(buyer.reader_id) and not opens(buyer.reader_id, "fintech")
    assert {one.state for one in rows()} == {ChangeState.FAILED}
    assert "open" not in {one.status for one in invoices(world)}
    assert not world.mails("payment_failed") and not world.mails("subscription_changed")


def test_two_tabs_and_a_double_click_make_one_change(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=3):
        wish = asked("health", seats=2)
        first = shown(look(buyer, wish))
        for _click in range(2):
            answer = agree(buyer, wish, first)
            assert (answer.status_code, answer.location) == (303, "/billing/")
    with world.later(days=3, minutes=1):
        other = agree(buyer, wish, first.replace(first[:10], str(int(first[:10]) + 7)))
        assert other.status_code == 422 and "This is what you have already" in words(other.text)
    assert len(invoices(world)) == 2 and len(rows()) == 1


def test_while_one_change_is_being_made_another_waits(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=3), an_answer_lost():
        wish = asked("health", seats=2)
        assert agree(buyer, wish, shown(look(buyer, wish))).status_code == 503
        [row] = rows()
        assert row.state is ChangeState.OPEN
        other = asked("health", seats=3)
        answer = agree(buyer, other, shown(look(buyer, other)))
        assert answer.status_code == 422 and "at the same moment" in words(answer.text)


def test_a_lost_answer_ends_in_one_charge_and_one_mail(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=3):
        wish = asked("health", seats=2)
        seen = shown(look(buyer, wish))
        with an_answer_lost():
            assert agree(buyer, wish, seen).status_code == 503
        assert agree(buyer, wish, seen).status_code == 303
        world.deliver()
        assert world.subscription().quantity == 2 and len(invoices(world)) == 2
        assert len(world.mails("subscription_changed")) == 1
        assert [one.state for one in rows()] == [ChangeState.DONE]


def test_a_change_that_was_left_behind_gives_way_after_a_minute(world: World) -> None:
    buyer = subscriber(world)
    wish, other = asked("health", seats=2), asked("health", seats=3)
    seen = shown(look(buyer, wish))
    with patch.object(Gateway, "change", side_effect=GatewayUnavailable("no")):
        assert agree(buyer, wish, seen).status_code == 503
    with world.later(minutes=2):
        change(buyer, other)
        assert [one.state for one in rows()] == [ChangeState.FAILED, ChangeState.DONE]
        assert world.subscription().quantity == 3


def test_other_amounts_are_shown_and_asked_about_again(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=3):
        wish = asked("health", seats=2)
        at, cents, total = shown(look(buyer, wish)).split("/")
        forged = agree(buyer, wish, f"{at}/{int(cents) - 100}/{total}")
        assert forged.status_code == 422 and "Check it, then agree" in words(forged.text)
        assert due(forged) == int(cents) and world.subscription().quantity == 1
    with world.later(days=3, hours=2):
        late = agree(buyer, wish, f"{at}/{cents}/{total}")
        assert late.status_code == 422 and due(late) < int(cents)
        assert agree(buyer, wish, shown(late)).status_code == 303
    assert world.subscription().quantity == 2


@pytest.mark.parametrize("seen", ["", "x", "1/2", "1/2/3/4", "-5/0/0", "99999999999/0/0", "1/-2/3", "٣/1/1"])
def test_what_was_shown_cannot_be_made_up(world: World, seen: str) -> None:
    buyer = subscriber(world)
    answer = agree(buyer, asked("health", seats=2), seen)
    assert answer.status_code == 422 and due(answer) > 0
    assert world.subscription().quantity == 1 and not rows()


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (asked("health", seats=0), "from 1 to 20"),
        (asked("health", seats=-1), "from 1 to 20"),
        (asked("health", seats=21), "Ask for a quote"),
        (asked("health", seats=10**9), "Ask for a quote"),
        (asked("health", seats=1), "This is what you have already"),
        (asked(), "Choose at least one publication"),
        (asked("bundle"), "Choose among the publications shown"),
        (asked("health-month-eur"), "Choose among the publications shown"),
        (asked("health", interval="day"), "Choose how often you pay"),
        (asked("health") | {"quantity": "zwei"}, "from 1 to 20"),
        (asked("health") | {"quantity": "9" * 400}, "from 1 to 20"),
        ({}, "Enter a number of licences"),
    ],
)
def test_what_is_not_sold_so_is_refused_in_words(world: World, wish: dict[str, Any], reason: str) -> None:
    buyer = subscriber(world)
    for answer in (look(buyer, wish), agree(buyer, wish, "1/0/0")):
        assert answer.status_code == 422 and reason in words(answer.text), words(answer.text)
    assert world.subscription().quantity == 1 and not rows()


def test_a_posted_price_counts_for_nothing(world: World) -> None:
    buyer = subscriber(world)
    with world.later(days=1):
        wish = asked("health", "fintech")
        forged = {**wish, "price": "price_1", "unit_amount": "1", "currency": "usd", "items[0][price]": "x"}
        seen = shown(look(buyer, wish))
        assert agree(buyer, forged, seen).status_code == 303
        assert held(world) == [("fintech-month-eur", 1), ("health-month-eur", 1)]


def test_licences_in_use_are_not_taken_away(world: World) -> None:
    buyer = subscriber(world, quantity="3")
    with writing() as unit:
        organisation = founding.managed_by(unit, buyer.reader_id)
        assert organisation
        organisation_id = organisation.id
        seats.open_seat(unit, organisation_id, a_reader().id, actor_id=None)
    answer = look(buyer, asked("health", seats=1))
    assert answer.status_code == 422 and "2 licences are in use" in words(answer.text)
    assert f'href="/organisation/{organisation_id}/"' in answer.text
    assert change(buyer, asked("health", seats=2)) == 0


def test_a_seat_taken_between_looking_and_agreeing_is_not_lost(world: World) -> None:
    buyer = subscriber(world, quantity="2")
    wish = asked("health", seats=1)
    seen = shown(look(buyer, wish))
    with writing() as unit:
        organisation = founding.managed_by(unit, buyer.reader_id)
        assert organisation
        seats.open_seat(unit, organisation.id, a_reader().id, actor_id=None)
    answer = agree(buyer, wish, seen)
    assert answer.status_code == 422 and "2 licences are in use" in words(answer.text)
    assert db.session.scalars(select(Organisation.seats)).one() == 2


def test_who_owes_pays_first(world: World) -> None:
    buyer = subscriber(world)
    world.sandbox.control("fail-next-renewal", subscription=world.subscription().stripe_id)
    with world.later(days=32):
        world.deliver()
        assert world.subscription().status == "past_due"
        for answer in (look(buyer, asked("health", seats=2)), agree(buyer, asked("health", seats=2), "1/0/0")):
            assert (answer.status_code, answer.location) == (303, "/billing/")
        assert "settle it first" in words(buyer.client.get("/billing/", headers=ENGLISH).text)


def test_what_ends_is_resumed_first(world: World) -> None:
    buyer = subscriber(world)
    in_portal(buyer, "cancel")
    world.deliver()
    answer = look(buyer, asked("health", seats=2))
    assert (answer.status_code, answer.location) == (303, "/billing/")
    assert "resume it first" in words(buyer.client.get("/billing/", headers=ENGLISH).text)


def test_who_has_no_subscription_is_led_to_the_plans(world: World) -> None:
    buyer = world.buyer()
    for address in (CHANGE, SUMMARY, f"{CHANGE}?vertical=media"):
        answer = buyer.client.get(address)
        assert answer.status_code == 303 and answer.location.startswith("/plans")
    assert agree(buyer, asked("health"), "1/0/0").location == "/plans"


def test_a_price_made_elsewhere_is_left_to_people(world: World) -> None:
    buyer = subscriber(world)
    strange = world.stripe.v1.products.create({"name": "Autre"})
    price: Any = {"currency": "eur", "unit_amount": 5, "product": strange.id, "recurring": {"interval": "month"}}
    made = world.stripe.v1.prices.create(price)
    wish: Any = {"items": [{"price": made.id}], "proration_behavior": "none"}
    world.stripe.v1.subscriptions.update(world.subscription().stripe_id, wish)
    world.deliver()
    assert look(buyer, asked("health", seats=2)).location == "/billing/"
    assert "made to measure" in words(buyer.client.get("/billing/", headers=ENGLISH).text)


def test_whoever_subscribes_already_is_led_from_everywhere_to_the_change(world: World) -> None:
    buyer = subscriber(world)
    assert "Change the subscription" in words(buyer.client.get("/billing/", headers=ENGLISH).text)
    assert "/billing/change?plan=bundle" in buyer.client.get("/plans").text
    led = buyer.client.get("/billing/checkout?plan=media&period=year")
    assert (led.status_code, led.location) == (303, "/billing/change?plan=media&period=year")
    page = buyer.client.get(led.location).text
    text = words(buyer.client.get(led.location, headers=ENGLISH).text)
    assert "€89.00 a month or €890.00 a year" in text, text[text.index("Publications") :][:300]
    checked = re.findall(r"<input[^>]*\bchecked\b[^>]*>", page)
    assert sorted(re.search(r'value="(\w+)"', tag)[1] for tag in checked) == ["health", "media", "year"]  # type: ignore[index]


def test_both_languages_say_the_same(world: World) -> None:
    buyer = subscriber(world)
    for locale in ("fr", "en"):
        buyer.client.set_cookie("locale", locale)
        for path in (CHANGE, f"{SUMMARY}?{urlencode(asked('health', 'media'), doseq=True)}"):
            text = buyer.client.get(path).text
            assert f'lang="{locale}"' in text and "%(" not in text and "None" not in words(text)


def test_a_change_at_stripe_itself_meanwhile_is_found_out(world: World) -> None:
    """Somebody adds the same title in the Dashboard, and no news has come of it."""
    buyer = subscriber(world)
    with world.later(days=2):
        wish = asked("health", "fintech")
        seen = shown(look(buyer, wish))
        other = db.session.scalars(select(Price).where(Price.lookup_key == "fintech-month-eur")).one()
        item: Any = {"items": [{"price": other.stripe_price_id}], "proration_behavior": "none"}
        world.stripe.v1.subscriptions.update(world.subscription().stripe_id, item)
        answer = agree(buyer, wish, seen)
        assert answer.status_code == 422 and "refused this change" in words(answer.text)
        assert len(at_stripe(world)) == 2


def test_a_bank_that_wants_a_confirmation_gets_it_and_then_the_change_is_made(world: World) -> None:
    buyer = subscriber(world)
    found = world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id)
    to: Any = {"customer": str(found.customer)}
    method = world.stripe.v1.payment_methods.attach("pm_card_authenticationRequired", to)
    world.stripe.v1.subscriptions.update(found.id, {"default_payment_method": method.id})
    with world.later(days=2):
        wish = asked("health", seats=2)
        answer = agree(buyer, wish, shown(look(buyer, wish)))
        assert answer.status_code == 303 and "/invoice/" in answer.location
        row = world.subscription()
        assert (row.status, row.quantity, rows()[0].state) == ("active", 1, ChangeState.OPEN)
        assert opens(buyer.reader_id) and not world.mails("payment_failed")
        world.deliver()
        told = says(buyer)
        assert "Your change waits for your bank’s confirmation" in told and answer.location in buyer.billing()
        assert "Pay it by" not in told
        assert visit(f"{answer.location}/bank", {"answer": "yes"}).status == 303
        world.deliver()
        assert world.subscription().quantity == 2 and rows()[0].state is ChangeState.DONE
        assert len(world.mails("subscription_changed")) == 1 and len(world.mails("receipt")) == 2
        assert "Your change waits" not in says(buyer)


def test_a_confirmation_that_never_comes_leaves_all_as_it_was(world: World) -> None:
    buyer = subscriber(world)
    found = world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id)
    to: Any = {"customer": str(found.customer)}
    method = world.stripe.v1.payment_methods.attach("pm_card_authenticationRequired", to)
    world.stripe.v1.subscriptions.update(found.id, {"default_payment_method": method.id})
    with world.later(days=2):
        wish = asked("health", seats=2)
        agree(buyer, wish, shown(look(buyer, wish)))
    with world.later(days=4):
        world.deliver()
        assert (world.subscription().status, world.subscription().quantity) == ("active", 1)
        assert {one.status for one in invoices(world)} == {"paid", "void"}
        world.stripe.v1.subscriptions.update(found.id, {"default_payment_method": str(found.default_payment_method)})
        change(buyer, wish)
        assert [one.state for one in rows()] == [ChangeState.FAILED, ChangeState.DONE]


def test_what_was_chosen_is_still_chosen_on_the_way_back_from_a_summary(world: World) -> None:
    buyer = subscriber(world)
    back = re.search(r'href="(/billing/change\?[^"]+)"', look(buyer, asked("fintech", "media", seats=7)).text)
    assert back
    page = buyer.client.get(back[1].replace("&amp;", "&")).text
    checked = [re.search(r'value="(\w+)"', tag) for tag in re.findall(r"<input[^>]*\bchecked\b[^>]*>", page)]
    assert sorted(one[1] for one in checked if one) == ["fintech", "media", "month"] and 'value="7"' in page
