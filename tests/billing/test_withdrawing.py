"""« Renoncer au contrat ici »: who may, until when, how much comes back, and that it does so once whatever breaks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.audit import AuditEvent
from portal.billing import withdrawing
from portal.billing.gateway import KEY
from portal.billing.models import CheckoutAttempt
from portal.billing.models_leaving import Withdrawal
from portal.billing.shapes import GatewayUnavailable
from portal.db import db, end_reading, writing
from portal.organisations.models import Organisation, OrganisationKind
from portal.profile import export
from tests.billing.test_buying import opens
from tests.billing.test_cancelling import NOWHERE
from tests.billing.test_life import says, subscriber
from tests.billing.world import Buyer, World, connect
from tests.builders import a_reader
from tests.forms import csrf_token, submit
from tests.sandbox.shop import words

ENGLISH = {"Accept-Language": "en"}
PERSON = {"kind": "person", "name": "Inès Garrigue"}


def withdraws(buyer: Buyer, **fields: str) -> TestResponse:
    buyer.sign_in()
    return submit(buyer.client, "/billing/withdraw", fields)


def withdrawals() -> list[Withdrawal]:
    end_reading()
    return list(db.session.scalars(select(Withdrawal).order_by(Withdrawal.id)))


def refunds(world: World) -> list[int]:
    return [one.amount for one in world.stripe.v1.refunds.list({"limit": 100}).auto_paging_iter()]


def paid(world: World) -> int:
    return sum(one.amount_paid for one in world.stripe.v1.invoices.list({"limit": 100}).auto_paging_iter())


@pytest.mark.parametrize(
    ("ordered", "last"),
    [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 3, 16)),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), date(2026, 3, 17)),  # the 3rd already, in Paris
        (datetime(2026, 2, 28, 12, tzinfo=UTC), date(2026, 3, 16)),  # a Saturday moves to Monday
        (datetime(2026, 4, 17, 12, tzinfo=UTC), date(2026, 5, 4)),  # 1 May is a holiday, a Friday
        (datetime(2028, 2, 15, 12, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_last_day_is_the_fourteenth_or_the_next_working_day(ordered: datetime, last: date) -> None:
    assert withdrawing.last_day(ordered) == last


def test_on_the_first_day_everything_comes_back_and_access_closes_at_once(world: World) -> None:
    buyer = subscriber(world)
    assert "Withdraw from the contract here" in says(buyer)
    page = words(buyer.client.get("/billing/withdraw", headers=ENGLISH).text)
    assert "90.87" in page and withdrawals() == [] and opens(buyer.reader_id)
    answer = withdraws(buyer)
    assert (answer.status_code, answer.location) == (303, "/billing/withdraw/done")
    assert "You have withdrawn" in buyer.client.get("/billing/withdraw/done", headers=ENGLISH).text
    (one,) = withdrawals()
    assert one.done_at and one.amount == paid(world) and refunds(world) == [paid(world)]
    assert one.refunds[0]["refund"].startswith("re_")
    assert world.subscription().status == "canceled" and not opens(buyer.reader_id)
    world.deliver()
    assert len(world.mails("withdrawal_received")) == 1 and not world.mails("subscription_ended")
    assert "You withdrew from" in says(buyer) and "Withdraw from the contract here" not in says(buyer)


def test_days_gone_by_are_kept_when_access_was_asked_for_at_once(world: World) -> None:
    buyer = subscriber(world)
    whole = paid(world)
    with world.later(days=10, hours=5):
        buyer.sign_in()
        assert "for the days gone by" in words(buyer.client.get("/billing/withdraw", headers=ENGLISH).text)
        withdraws(buyer)
        (one,) = withdrawals()
        assert refunds(world) == [one.amount] and one.pro_rata
        assert whole - whole * 10 // 28 <= one.amount <= whole - whole * 10 // 31


def test_without_an_express_wish_for_access_at_once_all_of_it_comes_back(world: World) -> None:
    buyer = subscriber(world)
    with writing() as unit:
        unit.scalars(select(CheckoutAttempt)).one().immediate_start = False
    with world.later(days=10):
        withdraws(buyer)
        assert refunds(world) == [paid(world)]


@pytest.mark.parametrize(
    ("fields", "sent", "by_law", "words_of_law"),
    [
        (PERSON, {}, True, "This is your right as a consumer"),
        ({}, {"small": "y"}, True, "companies with at most five employees"),
        ({}, {}, False, "to every other company we offer the same"),
    ],
)
def test_whose_right_it_is_is_said_and_kept(
    world: World, fields: dict[str, str], sent: dict[str, str], by_law: bool, words_of_law: str
) -> None:
    buyer = subscriber(world, **fields)
    assert words_of_law in buyer.client.get("/billing/withdraw", headers=ENGLISH).text
    withdraws(buyer, **sent)
    assert withdrawals()[0].by_law is by_law


def test_a_public_body_withdraws_by_goodwill_whatever_is_posted(world: World) -> None:
    buyer = subscriber(world)
    with writing() as unit:
        unit.scalars(select(Organisation)).one().kind = OrganisationKind.PUBLIC
    withdraws(buyer, small="y")
    assert withdrawals()[0].by_law is False


def test_after_the_last_day_there_is_nothing_to_withdraw_from(world: World) -> None:
    buyer = subscriber(world)
    token = csrf_token(buyer.client, "/billing/withdraw")
    row = world.subscription()
    end = datetime.combine(withdrawing.last_day(row.started_at) + timedelta(days=1), datetime.min.time(), clock.PARIS)
    with clock.frozen(end - timedelta(seconds=1)):
        buyer.sign_in()
        assert buyer.client.get("/billing/withdraw").status_code == 200
    with clock.frozen(end):
        buyer.sign_in()
        for answer in (
            buyer.client.get("/billing/withdraw"),
            buyer.client.post("/billing/withdraw", data={"csrf_token": token}),
        ):
            assert (answer.status_code, answer.location) == (303, "/billing/")
    assert withdrawals() == [] and refunds(world) == []


def test_a_second_order_is_no_first_one(world: World) -> None:
    buyer = subscriber(world)
    withdraws(buyer)
    world.deliver()
    with world.later(hours=1):
        buyer.sign_in()
        buyer.subscribe()
        world.deliver()
        assert "Withdraw from the contract here" not in says(buyer)
        assert buyer.client.get("/billing/withdraw").status_code == 303


def test_two_tabs_and_a_double_click_refund_once(world: World) -> None:
    buyer = subscriber(world)
    token = csrf_token(buyer.client, "/billing/withdraw")
    for _tab in range(3):
        answer = buyer.client.post("/billing/withdraw", data={"csrf_token": token})
        assert (answer.status_code, answer.location) == (303, "/billing/withdraw/done")
    assert len(withdrawals()) == 1 and refunds(world) == [paid(world)]
    assert len(world.mails("withdrawal_received")) == 1


def test_a_stranger_finds_nothing_of_another_organisations_order(world: World) -> None:
    subscriber(world)
    stranger = world.buyer(a_reader())
    for path in ("/billing/withdraw", "/billing/withdraw/done"):
        answer = stranger.client.get(path)
        assert (answer.status_code, answer.location) == (303, "/billing/")
    answer = submit(stranger.client, "/billing/withdraw", page="/cancel")
    assert answer.location == "/billing/" and withdrawals() == []


def test_while_stripe_is_silent_the_date_stands_and_the_worker_does_the_rest(world: World) -> None:
    buyer = subscriber(world)
    world.app.extensions[KEY] = connect(world.app, NOWHERE)
    withdraws(buyer)
    assert "kept, and being passed on" in buyer.client.get("/billing/withdraw/done", headers=ENGLISH).text
    (one,) = withdrawals()
    assert one.done_at is None and len(world.mails("withdrawal_received")) == 1
    world.app.extensions[KEY] = world.gateway
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        world.align()
        assert withdrawing.finish_due() == 1 and withdrawing.finish_due() == 0
        assert refunds(world) == [paid(world)] and not opens(buyer.reader_id)
    assert withdrawals()[0].asked_at == one.asked_at


STEPS = ("end_now", "void_open_invoices", "payment_of_invoice", "refund", "state")


@pytest.mark.parametrize("after", [False, True], ids=["before", "answer-lost"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_converges_and_refunds_once(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    buyer = subscriber(world)
    real: Callable[..., Any] = getattr(type(world.gateway), step)

    def broken(*args: Any, **kwargs: Any) -> Any:
        if after:
            real(*args, **kwargs)
        raise GatewayUnavailable("lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.gateway), step, broken)
        assert withdraws(buyer).status_code == 303
    (one,) = withdrawals()
    assert one.done_at is None
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        world.align()
        assert withdrawing.finish_due() == 1
        (one,) = withdrawals()
        assert one.done_at and one.refunds[0]["refund"] and refunds(world) == [paid(world)]
        assert world.subscription().status == "canceled" and not opens(buyer.reader_id)


def test_a_lost_answer_is_found_again_after_stripe_forgot_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = subscriber(world)
    real = type(world.gateway).refund

    def lost(*args: Any) -> str:
        real(*args)
        raise GatewayUnavailable("lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.gateway), "refund", lost)
        withdraws(buyer)
    with world.later(days=3):
        assert withdrawing.finish_due() == 1
        assert refunds(world) == [paid(world)]


def test_money_that_staff_gave_back_already_is_a_case_for_people_told_once(world: World) -> None:
    buyer = subscriber(world)
    charge = world.stripe.v1.charges.list({"limit": 1}).data[0]
    world.stripe.v1.refunds.create({"charge": charge.id})
    withdraws(buyer)
    assert not opens(buyer.reader_id) or withdrawals()[0].ended_at
    with clock.frozen(clock.now() + timedelta(hours=3)):
        world.align()
        withdrawing.finish_due()
    end_reading()
    alerts = [one.values for one in db.session.scalars(select(AuditEvent).where(AuditEvent.act == "billing.alert"))]
    assert [one["what"] for one in alerts] == ["refund-refused"]
    assert refunds(world) == [paid(world)]


def test_billing_shows_which_terms_were_accepted_when_and_leads_to_that_text(world: World) -> None:
    buyer = subscriber(world)
    end_reading()
    attempt = db.session.scalars(select(CheckoutAttempt)).one()
    text = says(buyer)
    assert "accepted on" in text
    path = f"/legal/terms-of-sale/{attempt.terms_version}"
    assert f'href="{path}"' in buyer.client.get("/billing/").text
    assert buyer.client.get(path).status_code == 200


def test_terms_of_an_order_that_was_never_paid_are_not_shown(world: World) -> None:
    buyer = world.buyer()
    buyer.order()
    assert "/legal/terms-of-sale/" not in buyer.billing()


def test_the_copy_of_one_s_data_lists_what_was_asked_for(world: World) -> None:
    buyer = subscriber(world)
    submit(buyer.client, "/billing/cancel", {"reason": "unused"})
    submit(buyer.client, "/billing/resume", page="/billing/cancel/done")
    withdraws(buyer)
    rooms = export.collect(db.session, buyer.reader_id)
    (end,), (back,) = rooms["cancellations"], rooms["withdrawals"]
    assert (end["reason"], back["amount"], back["organisation"]) == ("unused", 9_087, "Clinique des Tilleuls")
    assert end["withdrawn_at"] and back["done_at"] and rooms["changes"] == []
