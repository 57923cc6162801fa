"""Buying a first subscription: an attempt is committed, then Stripe is asked, then its answer is committed.

At most one attempt is open per organisation (the database says so), and every call that makes something carries the
attempt's idempotency key: double clicks, two tabs and lost answers end in one page to pay on.
"""

import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock
from portal.accounts import acquaintance
from portal.billing import catalogue, customers, invoiced, sync
from portal.billing.demands import SessionOrder
from portal.billing.gateway import Gateway
from portal.billing.mirror import LIVE
from portal.billing.models import AttemptState, CheckoutAttempt, StartChoice, Subscription
from portal.billing.orders import Addresses, Order, write_identity
from portal.billing.quotes import is_reverse_charge
from portal.billing.shapes import GatewayRefused, ObjectGone
from portal.db import AnySession, broke, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import Organisation

OPEN_FOR = timedelta(hours=3)
_TOO_LATE = timedelta(minutes=31)
"""Stripe refuses a page that closes within half an hour: a kept attempt nearer to its end is replaced."""
_NEVER_PAID = ("incomplete_expired", "canceled")


class AlreadySubscribed(Exception):
    """The organisation has a live subscription: nothing more is sold beside it."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class AmountMoved(Exception):
    """Stripe's page would ask for more than the buyer was told: it was closed at once."""


class CheckoutBusy(Exception):
    """Another attempt of the same organisation is being opened right now."""


def begin(session: AnySession, gateway: Gateway, order: Order, addresses: Addresses) -> str:
    """The address of a page to pay this order on.

    Raises AlreadySubscribed, OrderUnpaid, CheckoutBusy, AmountMoved, GatewayUnavailable (nothing was charged; the
    attempt is kept and the same call goes on where it stopped) and GatewayRefused.
    """
    try:
        return _begin(session, gateway, order, addresses)
    except ObjectGone:
        # Stripe's side was emptied (a new stand-in, another test account): find or make what is sold, and once more.
        catalogue.sync_plans(session, gateway)
        return _begin(session, gateway, order, addresses)


def _begin(session: AnySession, gateway: Gateway, order: Order, addresses: Addresses) -> str:
    _clear_others(session, gateway, order)
    attempt_id = _open(session, order)
    attempt = session.get_one(CheckoutAttempt, attempt_id)
    if attempt.stripe_session_url:
        return attempt.stripe_session_url
    try:
        return _page(session, gateway, attempt_id, order, addresses)
    except GatewayRefused:
        _close(session, attempt_id, AttemptState.FAILED)
        raise


def _page(session: AnySession, gateway: Gateway, attempt_id: int, order: Order, addresses: Addresses) -> str:
    customer_id = customers.ensure(session, gateway, attempt_id, order.locale)
    wish, key = _session_order(session, attempt_id, customer_id, order.locale, addresses)
    made = gateway.create_session(wish, key)
    if order.due is not None and made.total is not None and made.total > order.due:
        _shut(session, gateway, made.id)
        _close(session, attempt_id, AttemptState.FAILED)
        raise AmountMoved
    with writing(session):
        attempt = session.get_one(CheckoutAttempt, attempt_id)
        attempt.stripe_session_id, attempt.stripe_session_url = made.id, made.url
    return made.url or addresses.cancelled


def live_subscription(session: AnySession, organisation_id: int) -> Subscription | None:
    """The subscription an organisation has, if any is live."""
    statement = select(Subscription).where(
        Subscription.organisation_id == organisation_id, Subscription.status.in_(LIVE)
    )
    return session.scalars(statement.order_by(Subscription.id).limit(1)).one_or_none()


def refuse_another(session: AnySession, organisation_id: int) -> None:
    """Nothing is sold beside what there is. Raises AlreadySubscribed, OrderUnpaid."""
    live = live_subscription(session, organisation_id)
    if live is not None:
        raise AlreadySubscribed(live.status)
    invoiced.refuse_unpaid(session, organisation_id)


def refuse_beside(session: AnySession, organisation_id: int) -> None:
    """The same, of open payment pages too. Raises AlreadySubscribed, OrderUnpaid, CheckoutBusy."""
    refuse_another(session, organisation_id)
    if _open_attempt(session, organisation_id) is not None:
        raise CheckoutBusy


def close_open_page(session: AnySession, gateway: Gateway, organisation_id: int) -> None:
    """No page of this organisation takes money any more.

    Raises AlreadySubscribed (it was paid meanwhile), CheckoutBusy, GatewayUnavailable.
    """
    attempt = _open_attempt(session, organisation_id)
    attempt_id = attempt.id if attempt else None
    end_reading(session)
    if attempt_id is not None:
        _retire(session, gateway, attempt_id)


def _clear_others(session: AnySession, gateway: Gateway, order: Order) -> None:
    """Close the organisation's open attempt when it is for something else. Raises AlreadySubscribed."""
    organisation = founding.managed_by(session, order.reader_id)
    if organisation is None:
        return
    attempt = _open_attempt(session, organisation.id)
    if attempt is None or _same(attempt, order):
        return
    attempt_id = attempt.id
    end_reading(session)
    _retire(session, gateway, attempt_id)


def _retire(session: AnySession, gateway: Gateway, attempt_id: int) -> None:
    """Make sure that an attempt's page takes no money any more; one that was paid meanwhile becomes a subscription."""
    attempt = session.get_one(CheckoutAttempt, attempt_id)
    known, asked = attempt.stripe_session_id, attempt.created_at
    end_reading(session)
    if known is not None:
        _shut(session, gateway, known)
    elif clock.now() - asked < timedelta(seconds=20):
        # The request that made it may still be talking to Stripe: its page must not be lost sight of.
        raise CheckoutBusy
    _close(session, attempt_id, AttemptState.EXPIRED)


def _shut(session: AnySession, gateway: Gateway, session_id: str) -> None:
    try:
        gateway.expire_session(session_id)
    except ObjectGone:
        return
    except GatewayRefused:
        found = gateway.session(session_id)
        if found.status == "complete" and found.subscription_id:
            sync.subscription(session, gateway, found.subscription_id)
            _refuse_paid(session, found.subscription_id)


def _refuse_paid(session: AnySession, subscription_id: str) -> None:
    """Raises AlreadySubscribed, unless the bank never paid what the page had taken: then it may be bought again."""
    status = session.scalar(select(Subscription.status).where(Subscription.stripe_id == subscription_id))
    end_reading(session)
    if status not in _NEVER_PAID:
        raise AlreadySubscribed(status or "active")


def _open(session: AnySession, order: Order) -> int:
    """The attempt of this order: the one that is open already, or a new one.

    Holds the organisation, so that an order by invoice waits. Raises AlreadySubscribed, OrderUnpaid, CheckoutBusy.
    """
    try:
        with writing(session):
            organisation = founding.organisation_held(session, order.reader_id)
            refuse_another(session, organisation.id)
            write_identity(organisation, order.identity)
            acquaintance.learn(session, order.reader_id, name=order.buyer_name, company=order.buyer_company)
            attempt = _open_attempt(session, organisation.id)
            if attempt is not None and not _same(attempt, order):
                raise CheckoutBusy
            attempt = attempt or _new_attempt(session, organisation.id, order)
            return attempt.id
    except IntegrityError as error:
        if broke(error, "uq_checkout_attempts_open"):
            raise CheckoutBusy from error
        raise


def _open_attempt(session: AnySession, organisation_id: int) -> CheckoutAttempt | None:
    statement = select(CheckoutAttempt).where(
        CheckoutAttempt.organisation_id == organisation_id, CheckoutAttempt.state == AttemptState.OPEN
    )
    return session.scalars(statement).one_or_none()


def _same(attempt: CheckoutAttempt, order: Order) -> bool:
    """True when an open attempt is for exactly this order and its page stays open long enough."""
    code = order.promotion.id if order.promotion else None
    wish = (order.offer.price_id, order.quantity, order.starts_at, order.buyer_reads, order.reader_id, code)
    names = ("price_id", "quantity", "starts_at", "buyer_reads", "reader_id", "promotion_code_id")
    same = wish == tuple(getattr(attempt, name) for name in names)
    return same and attempt.expires_at - clock.now() > _TOO_LATE


def _new_attempt(session: AnySession, organisation_id: int, order: Order) -> CheckoutAttempt:
    now = clock.now()
    attempt = CheckoutAttempt(
        organisation_id=organisation_id,
        reader_id=order.reader_id,
        price_id=order.offer.price_id,
        quantity=order.quantity,
        start=StartChoice.AFTER_TRIAL if order.starts_at else StartChoice.TODAY,
        starts_at=order.starts_at,
        buyer_reads=order.buyer_reads,
        promotion_code=order.promotion.reduction.name if order.promotion else "",
        promotion_code_id=order.promotion.id if order.promotion else None,
        return_path=order.return_path[:500],
        idempotency_key=secrets.token_hex(16),
        terms_version=order.terms_version,
        terms_accepted_at=now,
        immediate_start=order.immediate_start,
        state=AttemptState.OPEN,
        created_at=now,
        expires_at=now + OPEN_FOR,
    )
    session.add(attempt)
    session.flush()
    audit.record(
        session,
        "checkout.begun",
        actor_id=order.reader_id,
        target=("organisation", organisation_id),
        values={"attempt": attempt.id, "price": order.offer.lookup_key, "terms": order.terms_version, **_code(order)},
    )
    return attempt


def _code(order: Order) -> dict[str, object]:
    return {"promotion": order.promotion.reduction.name} if order.promotion else {}


def _session_order(
    session: AnySession, attempt_id: int, customer_id: str, locale: str, addresses: Addresses
) -> tuple[SessionOrder, str]:
    attempt = session.get_one(CheckoutAttempt, attempt_id)
    organisation = session.get_one(Organisation, attempt.organisation_id)
    price_id, rate_id = customers.sold_at_stripe(session, attempt.price_id)
    reverse = is_reverse_charge(organisation.country, organisation.vat_number)
    order = SessionOrder(
        customer_id=customer_id,
        price_id=price_id,
        quantity=attempt.quantity,
        tax_rate_ids=() if reverse else (rate_id,),
        trial_end=attempt.starts_at,
        reference=str(organisation.id),
        metadata={"attempt": str(attempt.id), "organisation": str(organisation.id)},
        success_url=addresses.success,
        cancel_url=addresses.cancelled,
        expires_at=attempt.expires_at,
        locale=locale,
        promotion_code_id=attempt.promotion_code_id,
    )
    key = attempt.idempotency_key
    end_reading(session)
    return order, key


def _close(session: AnySession, attempt_id: int, state: AttemptState) -> None:
    with writing(session):
        attempt = session.get_one(CheckoutAttempt, attempt_id)
        if attempt.state is AttemptState.OPEN:
            attempt.state = state
