"""The clock moved by a lever or through Stripe's test clocks: one clock, shared, with everything that falls due."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, visit


def test_a_lever_moves_the_clock_and_what_falls_due_happens(shop: Shop) -> None:
    found = shop.subscription()
    before = shop.now()
    moved = shop.sandbox.control("clock", days=31, hours=2)
    assert moved["offset"] == 31 * DAY + 7_200 and moved["now"] >= before + moved["offset"]
    shop.sandbox.settle()
    assert len(shop.events("invoice.paid")) == 2
    assert shop.again(found).status == "active"
    assert shop.sandbox.control("clock", real=True)["offset"] == 0


@pytest.mark.parametrize("form", [{"days": "0"}, {"days": "soon"}, {"days": "-1"}, {"days": "99999"}])
def test_a_lever_refuses_what_is_no_jump(shop: Shop, form: dict[str, str]) -> None:
    page = visit(f"{shop.sandbox.url}/_control/clock", form)
    assert page.status == 400
    assert shop.sandbox.control("state")["offset"] == 0


def test_a_test_clock_is_the_shared_clock_by_another_name(shop: Shop) -> None:
    found = shop.subscription()
    clocks = shop.stripe.v1.test_helpers.test_clocks
    made = clocks.create({"frozen_time": shop.now(), "name": "renewals"})
    assert made.status == "ready"
    advanced = clocks.advance(made.id, {"frozen_time": shop.now() + 32 * DAY})
    assert advanced.frozen_time >= made.frozen_time + 32 * DAY
    assert shop.stripe.v1.invoices.list({"subscription": found.id}).data[0].billing_reason == "subscription_cycle"
    assert clocks.retrieve(made.id).frozen_time >= advanced.frozen_time
    assert [one.id for one in clocks.list().data] == [made.id]
    assert clocks.delete(made.id).deleted


def test_a_test_clock_begins_now_and_only_goes_forward(shop: Shop) -> None:
    clocks = shop.stripe.v1.test_helpers.test_clocks
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        clocks.create({"frozen_time": shop.now() - 400 * DAY})
    assert "one shared clock" in str(refusal.value)
    made = clocks.create({"frozen_time": shop.now()})
    with pytest.raises(stripe.InvalidRequestError):
        clocks.advance(made.id, {"frozen_time": shop.now() - 10})
