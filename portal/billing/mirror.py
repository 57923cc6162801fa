"""Writing Stripe's state: subscription, items, invoices, then what follows from them, in the caller's unit of work."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import audit, clock
from portal.access import grants
from portal.access.grants import Mirrored
from portal.billing import alarm, awaiting, changed, disputing, invoiced, leaving, mails, reductions
from portal.billing.mails import Known
from portal.billing.models import Customer, Invoice, Plan, Price, Subscription, SubscriptionItem
from portal.billing.rights import INVOICE_GRACE, KNOWN, Debt, Line, SubscriptionState, rights
from portal.billing.shapes import RemoteInvoice, RemoteItem, RemoteState, RemoteSubscription
from portal.db import AnySession
from portal.organisations import mails as organisation_mails
from portal.organisations import seats

LIVE = ("trialing", "active", "past_due", "unpaid", "paused")
"""A subscription in one of these is still one: no second one is sold beside it."""


def write(session: AnySession, state: RemoteState, livemode: bool, ticket: int) -> bool:
    """Make everything here equal to the fetched state. False (and nothing written) when the customer is not ours."""
    remote = state.subscription
    customer = _customer(session, remote, livemode)
    if customer is None:
        return False
    sold = _sold(session, remote)
    invoiced.recognise(session, customer.organisation_id, remote.id, remote.metadata)
    row, before = _subscription(session, state, customer.organisation_id)
    _items(session, row, remote, sold)
    invoices = [_invoice(session, row, one) for one in state.invoices]
    disputed_since = disputing.observe(session, row, state)
    known = state_of(state, sold, invoiced.grace(session, remote.id))
    wanted = rights(replace(known, disputed_since=disputed_since), clock.now())
    grants.mirror_subscription(session, row.organisation_id, row.stripe_id, wanted)
    _seats(session, row)
    _alerts(session, row, remote, sold)
    _settle(session, row, remote, wanted)
    invoiced.settle(session, row, invoices)
    _note(session, row, before)
    leaving.observe(session, row, before.ending_at if before else None, live=row.status in LIVE)
    asked = frozenset(one.id for one in state.invoices if one.asked)
    agreed = changed.settle(session, row, remote)
    seen = mails.Change(before=before, remote=remote, ticket=ticket, asked=asked, agreed=agreed)
    mails.after_sync(session, row, seen, invoices)
    return True


def _customer(session: AnySession, remote: RemoteSubscription, livemode: bool) -> Customer | None:
    found = session.scalars(select(Customer).where(Customer.stripe_id == remote.customer_id)).one_or_none()
    return found if found is not None and remote.livemode == livemode == found.livemode else None


@dataclass(frozen=True, slots=True)
class Sold:
    """Our side of a Stripe price."""

    price_id: int
    vertical_ids: tuple[int, ...]


def _sold(session: AnySession, remote: RemoteSubscription) -> dict[str, Sold]:
    """Our prices by Stripe's id; archived ones count: whoever pays an old price keeps reading."""
    ids = [item.price_id for item in remote.items]
    statement = select(Price, Plan).join(Plan, Plan.id == Price.plan_id).where(Price.stripe_price_id.in_(ids))
    return {
        price.stripe_price_id or "": Sold(price.id, tuple(vertical.id for vertical in plan.verticals))
        for price, plan in session.execute(statement.options(selectinload(Plan.verticals)))
    }


def state_of(state: RemoteState, sold: dict[str, Sold], invoice_grace: timedelta = INVOICE_GRACE) -> SubscriptionState:
    """The fetched state as the rule of rights wants it."""
    remote = state.subscription
    nothing = Sold(0, ())
    return SubscriptionState(
        status=remote.status,
        collection_method=remote.collection_method,
        lines=tuple(_line(item, sold.get(item.price_id, nothing)) for item in remote.items if item.quantity > 0),
        ending_at=remote.ending_at,
        ended_at=remote.ended_at,
        cancel_reason=remote.cancel_reason,
        debts=tuple(Debt(one.created, one.due_at) for one in state.invoices if one.status == "open"),
        invoice_grace=invoice_grace,
    )


def _line(item: RemoteItem, sold: Sold) -> Line:
    return Line(sold.vertical_ids, item.created, item.period_start, item.period_end)


def _subscription(session: AnySession, state: RemoteState, organisation_id: int) -> tuple[Subscription, Known | None]:
    remote = state.subscription
    statement = select(Subscription).where(Subscription.stripe_id == remote.id)
    row = session.scalars(statement.options(selectinload(Subscription.items))).one_or_none()
    before = Known(row.status, row.quantity, row.ending_at) if row else None
    if row is None:
        row = Subscription(stripe_id=remote.id, organisation_id=organisation_id, items=[])
        session.add(row)
    for name, value in _columns(state).items():
        setattr(row, name, value)
    session.flush()
    return row, before


def _columns(state: RemoteState) -> dict[str, object]:
    remote = state.subscription
    debts = [one for one in state.invoices if one.status == "open"]
    return {
        **fingerprint(remote),
        "currency": remote.currency,
        "collection_method": remote.collection_method,
        "started_at": remote.started_at,
        "trial_end": remote.trial_end,
        "unpaid_since": min((one.created for one in debts), default=None),
        "next_attempt_at": min((one.next_attempt_at for one in debts if one.next_attempt_at), default=None),
        "card_brand": remote.card_brand[:20],
        "card_last4": remote.card_last4[:4],
        "card_expires_on": remote.card_expires_on,
        "reductions": [reductions.kept(one) for one in remote.reductions],
        "synced_at": clock.now(),
    }


def fingerprint(remote: RemoteSubscription) -> dict[str, object]:
    """The columns by which reconcile tells drift: what rights and people see."""
    return {
        "status": remote.status[:40],
        "quantity": remote.quantity,
        "renews_at": None if remote.ending_at else remote.period_end,
        "ending_at": remote.ending_at,
        "ended_at": remote.ended_at,
    }


def _items(session: AnySession, row: Subscription, remote: RemoteSubscription, sold: dict[str, Sold]) -> None:
    known = {item.stripe_id: item for item in row.items}
    row.items = [known.get(item.id) or SubscriptionItem(stripe_id=item.id) for item in remote.items]
    for mine, item in zip(row.items, remote.items, strict=True):
        mine.price_id = sold[item.price_id].price_id if item.price_id in sold else None
        mine.stripe_price_id, mine.quantity = item.price_id, item.quantity
        mine.period_start, mine.period_end = item.period_start, item.period_end
    session.flush()


def _invoice(session: AnySession, row: Subscription, remote: RemoteInvoice) -> Invoice:
    found = session.scalars(select(Invoice).where(Invoice.stripe_id == remote.id)).one_or_none()
    invoice = found or Invoice(stripe_id=remote.id, organisation_id=row.organisation_id, subscription_id=row.id)
    for name in ("number", "status", "currency", "subtotal", "tax", "total", "discount", "amount_paid", "amount_due"):
        setattr(invoice, name, getattr(remote, name))
    invoice.created_at, invoice.due_at, invoice.paid_at = remote.created, remote.due_at, remote.paid_at
    invoice.attempt_count, invoice.hosted_url, invoice.pdf_url = (
        remote.attempt_count,
        remote.hosted_url,
        remote.pdf_url,
    )
    session.add(invoice)
    session.flush()
    return invoice


def _seats(session: AnySession, row: Subscription) -> None:
    """Licences are what live subscriptions hold together; an ended one leaves the last number as it was."""
    statement = select(Subscription.quantity).where(
        Subscription.organisation_id == row.organisation_id, Subscription.status.in_(LIVE)
    )
    held = list(session.scalars(statement))
    if held and seats.set_seats(session, row.organisation_id, sum(held)):
        organisation_mails.licences_over(session, row.organisation_id, seats.used(session, row.organisation_id))


def _alerts(session: AnySession, row: Subscription, remote: RemoteSubscription, sold: dict[str, Sold]) -> None:
    """Each oddity is told to staff once per subscription."""
    if remote.status not in KNOWN:
        alert(session, row, "unknown-status", {"status": remote.status})
    for item in remote.items:
        if item.price_id not in sold:
            alert(session, row, "unknown-price", {"price": item.price_id})
    if len({item.quantity for item in remote.items}) > 1:
        alert(session, row, "unequal-quantities", {"quantities": [item.quantity for item in remote.items]})
    statement = select(Subscription.stripe_id).where(
        Subscription.organisation_id == row.organisation_id, Subscription.status.in_(LIVE)
    )
    live = sorted(session.scalars(statement))
    if len(live) > 1:
        alert(session, row, "two-live", {"subscriptions": live})


def alert(session: AnySession, row: Subscription, what: str, details: dict[str, object]) -> None:
    """Tell staff, once for the same thing: the audit is where the back office reads alerts."""
    alarm.raise_once(session, row.organisation_id, {"what": what, "subscription": row.stripe_id, **details})


def _settle(session: AnySession, row: Subscription, remote: RemoteSubscription, wanted: list[Mirrored]) -> None:
    """The checkout that led here is over, the buyer sits down, and nothing is awaited any more."""
    if wanted:
        awaiting.complete(session, row.organisation_id, remote.metadata.get("attempt"))
        awaiting.settle(session, row.organisation_id, [right.vertical_id for right in wanted])


def _note(session: AnySession, row: Subscription, before: Known | None) -> None:
    after = Known(row.status, row.quantity, row.ending_at)
    if before == after:
        return
    values = {"subscription": row.stripe_id, "before": _facts(before), "after": _facts(after)}
    audit.record(session, "subscription.changed", target=("organisation", row.organisation_id), values=values)


def _facts(known: Known | None) -> dict[str, object]:
    if known is None:
        return {}
    ending = known.ending_at.isoformat() if known.ending_at else None
    return {"status": known.status, "quantity": known.quantity, "ending_at": ending}


def note_gone(session: AnySession, subscription_id: str) -> None:
    """Stripe does not know a subscription that we mirror: nothing is changed, staff are told."""
    row = session.scalars(select(Subscription).where(Subscription.stripe_id == subscription_id)).one_or_none()
    if row is not None:
        alert(session, row, "subscription-gone", {})
