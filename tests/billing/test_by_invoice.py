"""A quote becomes an order, an order a subscription that is paid by transfer: once, whatever happens in between."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.billing import checkout, cut, invoiced, offering, ordering, placing, reconcile, sync, terms
from portal.billing.gateway import Gateway
from portal.billing.models import Interval
from portal.billing.models_invoiced import InvoiceOrder, OrderState, QuoteState, WrittenQuote
from portal.billing.offering import QuoteError, QuoteWish
from portal.db import db, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import ManagerRole, Organisation
from portal.roles import Role
from tests.billing.quoting import CITY, FORM, accepts, an_order, given, quote_of, sent
from tests.billing.world import CHECKOUT, FIRM, SECRET, World
from tests.builders import a_reader, an_organisation
from tests.conftest import NOON
from tests.forms import csrf_token
from tests.sandbox.server import start_sandbox
from tests.stripe_contract.police import assert_lawful

DAY = timedelta(days=1)


def orders() -> list[InvoiceOrder]:
    end_reading()
    return list(db.session.scalars(select(InvoiceOrder).order_by(InvoiceOrder.id)))


def rights() -> list[Grant]:
    end_reading()
    return list(db.session.scalars(select(Grant).order_by(Grant.vertical_id)))


def test_an_accepted_quote_opens_at_once_and_its_invoice_carries_everything(world: World) -> None:
    reader = a_reader()
    token = sent(titles={"health", "media"}, quantity=30, terms_days=50, grace_days=20, public_body=True)
    order = accepts(world, token, reader, **CITY)
    [row] = orders()
    assert (row.id, row.state, row.opened_at) == (order, OrderState.OPEN, NOON)
    subscription = world.stripe.v1.subscriptions.retrieve(str(row.stripe_subscription_id))
    assert (subscription.collection_method, subscription.days_until_due) == ("send_invoice", 50)
    assert subscription.metadata.to_dict() == {"order": str(order), "organisation": str(row.organisation_id)}
    invoice = world.stripe.v1.invoices.retrieve(str(subscription.latest_invoice)).to_dict()
    assert (invoice["status"], invoice["total"]) == ("open", 2 * (30 * 89_000 + 30 * 89_000 * 210 // 10_000))
    printed = {one["name"]: one["value"] for one in invoice["custom_fields"]}
    assert printed == {
        "Référence de bon de commande": "PO-4711",
        "Code service": "COMPTA-9",
        "Numéro d’engagement": "EJ-2026-88",
        "SIREN ou SIRET": "73282932000074",
    }
    assert "FR76 3000 6000 0112 3456 7890 189" in invoice["footer"] and "40" in invoice["footer"]
    due = datetime.fromtimestamp(invoice["due_date"], UTC)
    assert abs(due - NOON.astimezone(UTC) - 50 * DAY) < timedelta(minutes=1)
    assert [(right.ends_at, right.grace_until) for right in rights()] == [(due, due + 20 * DAY)] * 2
    organisation = db.session.get_one(Organisation, row.organisation_id)
    assert (organisation.kind, organisation.seats, organisation.purchase_reference) == ("public", 30, "PO-4711")
    assert [mail.kind for mail in world.mails() if mail.reader_id == reader.id] == ["order_received"]


def test_the_first_invoice_is_sent_at_once_where_stripe_keeps_drafts_for_an_hour(app: Flask, tmp_path: Path) -> None:
    options = ("--no-ticker", "--checkout-wait", "0", "--renewal-lag", "3600")
    slow = start_sandbox(tmp_path, None, SECRET, shuffle=None, options=options)
    world = World(app, slow)
    try:
        world.furnish()
        an_order(world, a_reader())
        [invoice] = world.stripe.v1.invoices.list({}).data
        assert (invoice.status, invoice.due_date is not None) == ("open", True)
        assert invoiced.owed(db.session, world.subscription().organisation_id) is not None
    finally:
        end_reading()
        world.close()
        slow.stop()
    assert_lawful(slow.wire_log, strict=False)


def test_an_order_that_is_paid_goes_on_and_its_renewal_is_due_after_the_terms_again(world: World) -> None:
    order = an_order(world, a_reader(), terms_days=45)
    with world.later(days=20):
        paid(world)
        assert orders()[0].state is OrderState.PAID
        assert [mail.kind for mail in world.mails("receipt")] == ["receipt"]
        year = world.subscription().renews_at
        assert year and rights()[0].grace_until is None and rights()[0].ends_at == year + DAY
    with world.later(days=366):
        sync.subscription(db.session, world.gateway, order)
        renewal = invoiced.owed(db.session, world.subscription().organisation_id)
        assert renewal is not None and renewal.due_at == renewal.created_at + 45 * DAY
        assert rights()[0].ends_at == renewal.due_at
        assert rights()[0].grace_until == renewal.due_at + 15 * DAY


def paid(world: World) -> None:
    """The transfer came: staff note it, the state is read."""
    invoice = invoiced.owed(db.session, world.subscription().organisation_id)
    assert invoice is not None
    known = invoice.stripe_id
    end_reading()
    world.gateway.paid_by_transfer(known, f"received-{known}")
    sync.subscription(db.session, world.gateway, world.subscription().stripe_id)


def test_a_late_invoice_closes_after_its_grace_with_one_notice_before(world: World) -> None:
    reader = a_reader()
    subscription = an_order(world, reader, terms_days=30, grace_days=10)
    colleague = a_reader()
    with writing() as unit:
        one = unit.scalars(select(Organisation)).one()
        one.billing_email = "compta@clinique.example.org"
        founding.add_manager(unit, one.id, colleague.id, ManagerRole.MANAGER, actor_id=None)
    with world.later(days=34, hours=23):
        sync.subscription(db.session, world.gateway, subscription)
        assert cut.process_due() == 0
    with world.later(days=35, hours=1):
        sync.subscription(db.session, world.gateway, subscription)
        assert world.subscription().status == "past_due"
        assert (cut.process_due(), cut.process_due()) == (3, 0)
        told = {mail.to_address for mail in world.mails("invoice_cut")}
        assert told == {reader.email, colleague.email, "compta@clinique.example.org"}
        owed = invoiced.owed(db.session, world.subscription().organisation_id)
        assert owed and owed.due_at and rights()[0].grace_until == owed.due_at + 10 * DAY
        assert [mail.kind for mail in world.mails() if mail.kind.startswith("payment")] == []
    with world.later(days=36):
        paid(world)
        from portal.outbox import is_wanted

        assert not any(is_wanted(db.session, mail) for mail in world.mails("invoice_cut"))


def test_one_unpaid_order_at_a_time_by_quote_and_by_card(world: World) -> None:
    reader = a_reader()
    first, second = sent(), sent(titles={"media"})
    accepts(world, first, reader)
    with pytest.raises(checkout.AlreadySubscribed):
        accepts(world, second, reader)
    world.gateway.end_now(world.subscription().stripe_id, "end")  # ended, and its invoice still open
    sync.subscription(db.session, world.gateway, world.subscription().stripe_id)
    with pytest.raises(invoiced.OrderUnpaid):
        accepts(world, second, reader)
    buyer = world.buyer(reader)
    page = buyer.client.get("/billing/checkout?price=health-month-eur", follow_redirects=True)
    assert "a une facture à régler" in page.text
    with pytest.raises(AssertionError):
        buyer.order()
    paid(world)
    accepts(world, second, reader)
    assert [one.state for one in orders()] == [OrderState.PAID, OrderState.OPEN]


def test_a_payment_page_left_open_is_closed_by_the_order(world: World) -> None:
    buyer = world.buyer()
    page = buyer.order()
    reader = db.session.get_one(Reader, buyer.reader_id)
    with clock.frozen(NOON + timedelta(minutes=1)):
        world.align()
        token = sent()
        quote = offering.look(db.session, token).quote
        ordering.make_room(db.session, world.gateway, reader.id, quote)
        accepts(world, token, reader)
    assert page.status_code == 303 and len(world.stripe.v1.subscriptions.list({"status": "all"}).data) == 1
    [session] = world.stripe.v1.checkout.sessions.list({}).data
    assert session.status == "expired"


def test_accepting_twice_or_by_two_managers_is_one_order(world: World) -> None:
    first, second = a_reader(), a_reader()
    firm = an_organisation(first)
    with writing() as unit:
        founding.add_manager(unit, firm.id, second.id, ManagerRole.MANAGER, actor_id=None)
    token = sent(organisation_id=firm.id)
    assert accepts(world, token, first) == accepts(world, token, first) == accepts(world, token, second)
    assert len(orders()) == len(world.stripe.v1.subscriptions.list({"status": "all"}).data) == 1
    with pytest.raises(ordering.NotYours):
        accepts(world, token, a_reader())


def test_an_order_and_a_card_at_the_same_instant_are_not_both_taken(world: World) -> None:
    """Two managers, two paths: whichever comes second sees the first, or is asked to try again."""
    first, second = a_reader(), a_reader()
    firm = an_organisation(first)
    with writing() as unit:
        founding.add_manager(unit, firm.id, second.id, ManagerRole.MANAGER, actor_id=None)
    path, by_card, by_quote = f"/quote/{sent(organisation_id=firm.id)}", world.buyer(first), world.buyer(second)
    price = {**FIRM, "price": "health-month-eur"}
    price["csrf_token"] = csrf_token(by_card.client, f"{CHECKOUT}?price=health-month-eur")
    form = {**FORM, "csrf_token": csrf_token(by_quote.client, path)}
    with ThreadPoolExecutor(2) as threads:
        paying = threads.submit(contextvars.copy_context().run, by_card.client.post, CHECKOUT, data=price)
        ordering_ = threads.submit(contextvars.copy_context().run, by_quote.client.post, path, data=form)
        answers = {paying.result().status_code, ordering_.result().status_code}
    assert answers <= {303, 422}
    pages = [one.status for one in world.stripe.v1.checkout.sessions.list().data if one.status == "open"]
    live = world.stripe.v1.subscriptions.list({"status": "all"}).data
    assert len(pages) + len(live) == 1


@pytest.mark.parametrize("fault", ["500", "nothing", "lost"])
def test_while_stripe_is_silent_the_order_stands_and_is_carried_out_once(world: World, fault: str) -> None:
    reader, token = a_reader(), sent()
    with writing() as unit:
        order = ordering.accept(unit, quote_of(token), reader.id, given())
    world.sandbox.control("outage", seconds=60) if fault == "500" else world.sandbox.control(
        "fault", kind=fault, times=9
    )
    assert not placing.carry_out(db.session, world.gateway, order)
    world.sandbox.control("outage", seconds=0)
    world.sandbox.control("fault", kind=fault, times=0)
    assert (orders()[0].state, orders()[0].attempts) == (OrderState.OPEN, 1)
    assert placing.finish_due() == 0  # its turn has not come
    with clock.frozen(NOON + timedelta(minutes=2)):
        world.align()
        assert placing.finish_due() == 1
    assert orders()[0].opened_at is not None
    assert len(world.stripe.v1.subscriptions.list({"status": "all"}).data) == 1


def test_a_killed_request_leaves_an_order_that_the_webhook_alone_completes(world: World) -> None:
    reader, token = a_reader(), sent()
    with writing() as unit:
        order = ordering.accept(unit, quote_of(token), reader.id, given())
    placing._subscription(db.session, world.gateway, order)
    with writing() as unit:  # the answer that told its id was never committed
        unit.get_one(InvoiceOrder, order).stripe_subscription_id = None
    assert world.deliver() > 0
    [row] = orders()
    assert row.opened_at is not None and row.stripe_subscription_id == world.subscription().stripe_id
    assert len(rights()) == 1


def test_an_order_found_again_after_its_key_was_forgotten_is_not_made_twice(world: World) -> None:
    reader, token = a_reader(), sent()
    with writing() as unit:
        order = ordering.accept(unit, quote_of(token), reader.id, given())
    made = placing._subscription(db.session, world.gateway, order)
    with writing() as unit:
        row = unit.get_one(InvoiceOrder, order)
        row.stripe_subscription_id, row.attempts, row.idempotency_key = None, 1, "another"
    assert placing.carry_out(db.session, world.gateway, order)
    assert orders()[0].stripe_subscription_id == made


def test_what_stripe_refuses_frees_the_quote_and_tells_staff(world: World) -> None:
    reader = a_reader()
    a_reader(role=Role.ADMIN)
    token = sent()
    with writing() as unit:
        order = ordering.accept(unit, quote_of(token), reader.id, given())
        unit.get_one(WrittenQuote, unit.get_one(InvoiceOrder, order).quote_id).quantity = 1

    class Refusing(Gateway):
        def subscribe_by_invoice(self, *_args: Any, **_kwargs: Any) -> str:
            from portal.billing.shapes import GatewayRefused

            raise GatewayRefused("currency", "no")

    refusing = Refusing(replace(world.app.extensions["portal.settings"], stripe_api_base=world.sandbox.url))
    assert not placing.carry_out(db.session, refusing, order)
    assert orders()[0].state is OrderState.FAILED and placing.failed(db.session, order)
    assert offering.look(db.session, token).quote.state is QuoteState.SENT
    assert len(world.mails("billing_alert")) == 1
    accepts(world, token, reader)
    assert [one.state for one in orders()] == [OrderState.FAILED, OrderState.OPEN]


def test_a_quote_expires_is_withdrawn_and_never_changes_once_sent(world: World) -> None:
    reader = a_reader()
    token = sent(valid_until=NOON + 2 * DAY)
    quote_id = offering.look(db.session, token).quote.id
    end_reading()
    with clock.frozen(NOON + 2 * DAY), pytest.raises(QuoteError) as refused:
        accepts(world, token, reader)
    assert refused.value.code == "expired"
    with pytest.raises(QuoteError), writing() as unit:
        offering.rewrite(unit, quote_id, QuoteWish(frozenset({"health"}), Interval.YEAR, {}))
    with writing() as unit:
        offering.withdraw(unit, quote_id, actor_id=reader.id)
    with pytest.raises(QuoteError) as gone:
        accepts(world, token, reader)
    assert gone.value.code == "withdrawn" and orders() == []


def test_a_voided_invoice_closes_the_order(world: World) -> None:
    subscription = an_order(world, a_reader())
    world.gateway.end_now(subscription, "end")
    world.gateway.void_open_invoices(subscription)
    sync.subscription(db.session, world.gateway, subscription)
    assert orders()[0].state is OrderState.CLOSED
    assert not invoiced.is_unpaid(db.session, world.subscription().organisation_id)


def test_a_reconcile_after_an_order_finds_no_difference(world: World) -> None:
    an_order(world, a_reader())
    world.deliver()
    assert reconcile.run(db.session, world.gateway).drifts == []
    assert terms.accepted(db.session, world.subscription().organisation_id)[0].version == terms.CURRENT
    acts = set(db.session.scalars(select(AuditEvent.act)))
    assert {"quote.sent", "quote.accepted", "order.placed"} <= acts
