"""The summary and the way to Stripe's page: exact amounts, one page to pay on, nothing believed that is posted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.access.models import AwaitedRight
from portal.access.vocabulary import Source
from portal.billing import checkout, terms
from portal.billing.gateway import KEY
from portal.billing.models import AttemptState, CheckoutAttempt, Customer, Price
from portal.billing.shapes import GatewayUnavailable
from portal.db import db, end_reading, writing
from portal.organisations.models import Manager, ManagerRole, Organisation, Seat
from tests.billing.test_buying import opens
from tests.billing.world import CHECKOUT, FIRM, World
from tests.builders import a_grant, a_reader
from tests.forms import csrf_token
from tests.sandbox.shop import VISA, card, visit, words


def attempts() -> list[CheckoutAttempt]:
    """Every attempt, oldest first."""
    end_reading()
    return list(db.session.scalars(select(CheckoutAttempt).order_by(CheckoutAttempt.id)))


def sessions(world: World) -> list[str]:
    """Statuses of the Checkout sessions at Stripe, oldest first."""
    return [one.status or "" for one in world.stripe.v1.checkout.sessions.list({"limit": 100}).data][::-1]


def page_of(world: World, path: str) -> str:
    """The text of a page for somebody signed in, in English."""
    buyer = world.buyer()
    return words(buyer.client.get(path, headers={"Accept-Language": "en"}).text)


def test_stripe_is_asked_for_exactly_what_the_summary_said(world: World) -> None:
    buyer = world.buyer()
    buyer.order("bundle-year-eur", quantity="2")
    (session,) = world.stripe.v1.checkout.sessions.list().data
    assert session.amount_subtotal == 398_000 and session.amount_total == 406_358
    (attempt,) = attempts()
    assert session.metadata is not None and session.metadata["attempt"] == str(attempt.id)
    assert session.expires_at == int(attempt.expires_at.timestamp())
    assert attempt.terms_version == terms.CURRENT and attempt.immediate_start


def test_a_double_click_and_two_tabs_lead_to_one_page(world: World) -> None:
    buyer = world.buyer()
    first, second = buyer.order(), buyer.order()
    assert first.location == second.location
    assert len(attempts()) == 1 and sessions(world) == ["open"]


def test_two_clicks_at_the_same_instant_make_one_session_and_one_customer(world: World) -> None:
    buyer = world.buyer()
    token = csrf_token(buyer.client, f"{CHECKOUT}?price=health-month-eur")
    fields = {**FIRM, "csrf_token": token, "price": "health-month-eur"}
    cookie = buyer.client.get_cookie("session")
    assert cookie is not None

    def click(_number: int) -> int:
        other = world.client()
        other.set_cookie("session", cookie.value)
        return other.post(CHECKOUT, data=fields).status_code

    with ThreadPoolExecutor(3) as threads:
        assert set(threads.map(click, range(3))) <= {303, 422}
    assert len(attempts()) == 1 and sessions(world) == ["open"]
    assert len(world.stripe.v1.customers.list().data) == 1
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_another_wish_closes_the_first_page(world: World) -> None:
    buyer = world.buyer()
    first = buyer.order()
    second = buyer.order("media-year-eur")
    assert first.location != second.location
    assert sessions(world) == ["expired", "open"]
    assert [attempt.state for attempt in attempts()] == [AttemptState.EXPIRED, AttemptState.OPEN]
    assert visit(first.location, card(VISA)).status == 410


def test_a_second_manager_takes_the_page_over(world: World) -> None:
    owner, colleague = a_reader(), a_reader()
    first = world.buyer(owner).order()
    organisation = db.session.scalars(select(Organisation)).one()
    with writing() as unit:
        unit.add(
            Manager(
                organisation_id=organisation.id, reader_id=colleague.id, role=ManagerRole.MANAGER, since=clock.now()
            )
        )
    second = world.buyer(colleague).order()
    assert first.location != second.location and sessions(world) == ["expired", "open"]


def test_a_first_page_that_was_paid_meanwhile_is_found_out_and_not_sold_again(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    answer = buyer.order("media-month-eur")
    assert (answer.status_code, answer.location) == (303, "/billing/change?plan=media&period=month")
    assert opens(buyer.reader_id) and len(list(world.gateway.subscriptions())) == 1


def test_a_payment_that_the_bank_thinks_about_is_awaited_and_not_sold_again(world: World) -> None:
    world.sandbox.control("bank", answers="later")
    buyer = world.buyer()
    buyer.subscribe()
    assert world.subscription().status == "incomplete" and not opens(buyer.reader_id)
    assert buyer.order("media-month-eur").location == "/billing/"
    assert buyer.client.get("/billing/change?vertical=media").location == "/billing/"
    world.sandbox.control("bank-answers")
    world.deliver()
    assert opens(buyer.reader_id)


def test_what_the_bank_never_paid_may_be_bought_again(world: World) -> None:
    world.sandbox.control("bank", answers="later")
    buyer = world.buyer()
    buyer.subscribe()
    with world.later(hours=25):
        world.sandbox.control("bank", answers="at-once")
        buyer.sign_in()
        assert buyer.subscribe("health-year-eur").status_code == 200
        assert opens(buyer.reader_id)


def test_who_has_a_subscription_is_led_to_it(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    answer = buyer.client.get(f"{CHECKOUT}?price=media-month-eur")
    assert (answer.status_code, answer.location) == (303, "/billing/change?plan=media&period=month")


def test_nothing_is_charged_while_stripe_is_down_and_the_same_click_goes_on_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = world.buyer()

    def down(*_asked: object) -> None:
        raise GatewayUnavailable("no route")

    with monkeypatch.context() as broken:
        broken.setattr(world.gateway, "create_session", down)
        answer = buyer.order()
        assert answer.status_code == 503 and "Retry-After" in answer.headers
    assert [attempt.state for attempt in attempts()] == [AttemptState.OPEN]
    assert buyer.order().status_code == 303
    assert len(attempts()) == 1 and sessions(world) == ["open"]


def test_an_answer_that_was_lost_after_the_work_makes_no_second_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = world.buyer()
    create = world.gateway.create_session

    def lose(*asked: object) -> None:
        create(*asked)  # type: ignore[arg-type]
        raise GatewayUnavailable("timeout")

    with monkeypatch.context() as broken:
        broken.setattr(world.gateway, "create_session", lose)
        assert buyer.order().status_code == 503
    assert buyer.order().status_code == 303
    assert sessions(world) == ["open"]


def test_a_stand_in_that_was_emptied_is_furnished_again(world: World) -> None:
    world.sandbox.control("reset")
    world.align()
    buyer = world.buyer()
    assert buyer.order().status_code == 303
    buyer_two = world.buyer()
    assert buyer_two.subscribe().status_code == 200 and opens(buyer_two.reader_id)


def test_a_customer_deleted_at_stripe_is_replaced(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    (customer,) = world.stripe.v1.customers.list().data
    world.stripe.v1.customers.delete(customer.id)
    world.deliver()
    assert not opens(buyer.reader_id)
    assert buyer.order().status_code == 303
    end_reading()
    kept = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    assert [row.deleted_at is None for row in kept] == [False, True]


def test_who_only_manages_reads_nothing_until_a_licence_is_taken(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe(who="others", quantity="2")
    assert not opens(buyer.reader_id)
    token = csrf_token(buyer.client, "/billing/")
    assert buyer.client.post("/billing/seat", data={"csrf_token": token}).status_code == 303
    assert opens(buyer.reader_id)


def test_a_seat_that_was_closed_is_not_opened_again_by_a_later_sync(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    with writing() as unit:
        unit.scalars(select(Seat)).one().closed_at = clock.now()
    world.deliver()
    assert not opens(buyer.reader_id)


def test_starting_at_the_end_of_the_trial_costs_nothing_today(world: World) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=9), reason="")
    buyer = world.buyer(reader)
    text = words(buyer.client.get(f"{CHECKOUT}?price=health-month-eur", headers={"Accept-Language": "en"}).text)
    assert "nothing to pay today" in text
    buyer.subscribe(start="after-trial", immediate="")
    assert [invoice.total for invoice in world.stripe.v1.invoices.list().data] == [0]
    assert world.subscription().status == "trialing" and world.mails("receipt") == []
    with world.later(days=9, minutes=5):
        world.deliver()
        assert world.subscription().status == "active" and len(world.mails("receipt")) == 1


def test_a_trial_that_ends_within_two_days_offers_no_later_start(world: World) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(hours=48), reason="")
    assert 'value="after-trial"' not in world.buyer(reader).client.get(f"{CHECKOUT}?price=health-month-eur").text


def test_a_forged_foreign_or_old_session_is_no_page(world: World) -> None:
    buyer, stranger = world.buyer(), world.buyer()
    page = buyer.pay(buyer.order())
    path = "/billing/return?session_id="
    session = page.location.rpartition("=")[2]
    assert buyer.client.get(path + "cs_test_forged").status_code == 404
    assert buyer.client.get("/billing/return").status_code == 404
    assert buyer.client.get(path + "x" * 5000).status_code == 404
    assert stranger.client.get(path + session).status_code == 404
    assert not opens(buyer.reader_id) and not opens(stranger.reader_id)
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert buyer.client.get(path + session).status_code == 404


def test_coming_back_without_paying_says_that_nothing_was_charged(world: World) -> None:
    buyer = world.buyer()
    session = buyer.order().location.rpartition("/")[2]
    answer = buyer.client.get(f"/billing/return?session_id={session}", headers={"Accept-Language": "en"})
    assert "Nothing was charged" in answer.text and "/pay/" in answer.text
    assert db.session.scalars(select(AwaitedRight)).all() == []
    cancelled = buyer.client.get("/billing/cancelled?price=health-month-eur", headers={"Accept-Language": "en"})
    assert "Nothing was charged" in cancelled.text


def test_a_payment_that_is_not_confirmed_yet_is_awaited_and_never_sold_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = world.buyer()
    page = buyer.pay(buyer.order())

    def down(*_asked: object) -> None:
        raise GatewayUnavailable("no route")

    with monkeypatch.context() as broken:
        broken.setattr(world.gateway, "state", down)
        answer = buyer.come_back(page)
        assert 'http-equiv="refresh"' in answer.text and not opens(buyer.reader_id)
    (awaited,) = db.session.scalars(select(AwaitedRight)).all()
    assert awaited.until - awaited.since == timedelta(hours=24)
    world.deliver()
    end_reading()
    assert db.session.scalars(select(AwaitedRight.settled_at)).one() is not None and opens(buyer.reader_id)
    assert buyer.client.get("/billing/return?session_id=" + page.location.rpartition("=")[2]).status_code == 200


def test_an_abandoned_page_changes_nothing(world: World) -> None:
    buyer = world.buyer()
    buyer.order()
    with world.later(hours=4):
        world.deliver()
        assert [attempt.state for attempt in attempts()] == [AttemptState.EXPIRED]
        assert buyer.order().status_code == 303


def test_a_price_is_only_sold_as_long_as_it_is_not_archived(world: World) -> None:
    with writing() as unit:
        unit.scalars(select(Price).where(Price.lookup_key == "health-month-eur")).one().archived_at = clock.now()
    assert world.buyer().client.get(f"{CHECKOUT}?price=health-month-eur").status_code == 404


def test_no_second_live_subscription_is_begun_even_by_force(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    organisation = db.session.scalars(select(Organisation)).one()
    assert checkout.live_subscription(db.session, organisation.id) is not None
    assert world.app.extensions[KEY] is world.gateway
