"""The only module that speaks to Stripe: typed functions, our own values and errors, short time-outs.

Never call these with a database transaction open.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import requests
import stripe
from flask import current_app
from stripe import RequestsClient, StripeClient

from portal.billing import (
    catalogue_calls,
    change_calls,
    ending,
    invoice_calls,
    money,
    parameters,
    portal_session,
    promotion_calls,
    reading,
    signing,
)
from portal.billing.demands import CustomerDetails, SessionOrder
from portal.billing.shapes import (
    CardRefused,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    ObjectGone,
    RemoteDispute,
    RemoteEvent,
    RemoteSession,
    RemoteState,
    RemoteSubscription,
)
from portal.settings import Settings

Args = ParamSpec("Args")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

TIMEOUT = 8.0
RETRIES = 2
PAGE = 100
KEY = "portal.stripe"
"""Where the app keeps its gateway; tests put another one there."""
# Else the library writes to the home folder of whoever runs it.
stripe.enable_telemetry = False


def _speaking(call: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Stripe's errors as ours, with a log line that holds no address and no session URL."""

    @wraps(call)
    def spoken(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        try:
            return call(*args, **kwargs)
        except stripe.StripeError as error:
            log.warning("stripe %s: %s %s", call.__name__, type(error).__name__, error.code or "")
            raise _ours(error) from error

    return spoken


def _ours(error: stripe.StripeError) -> GatewayError:
    message = error.user_message or str(error)
    if isinstance(error, stripe.RateLimitError):
        return GatewayBusy(message)
    if isinstance(error, stripe.IdempotencyError):
        return GatewayRefused("idempotency", message)
    if isinstance(error, stripe.CardError):
        return CardRefused(error.code or "card_declined", message)
    if isinstance(error, stripe.InvalidRequestError):
        gone = error.code == "resource_missing" or error.http_status == 404
        return (ObjectGone if gone else GatewayRefused)(error.code or "invalid", message)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return GatewayRefused("key", message)
    return GatewayUnavailable(message)


def _signed(payload: str, header: str, secret: str) -> bool:
    """True when this secret signed the payload, not more than the tolerance ago."""
    try:
        stripe.WebhookSignature.verify_header(payload, header, secret, signing.TOLERANCE)
    except stripe.SignatureVerificationError:
        return False
    return True


def _plain(found: Any) -> dict[str, Any]:
    return cast(dict[str, Any], found.to_dict())


class _Straight(RequestsClient):
    """Speaks to Stripe and to nobody that an answer points at: its API redirects nowhere."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if getattr(self._thread_local, "session", None) is None:
            self._thread_local.session = requests.Session()
            self._thread_local.session.max_redirects = 0
        return super().request(*args, **kwargs)


class Gateway:
    """Stripe, for one key. `livemode` is the key's; every function raises GatewayError only."""

    def __init__(self, settings: Settings) -> None:
        self.livemode = settings.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
        self._secrets, self._suspends = settings.stripe_webhook_secrets, settings.suspend_disputed
        self._portal_configuration: str | None = None
        self._client = StripeClient(
            settings.stripe_secret_key,
            base_addresses={"api": settings.stripe_api_base},
            max_network_retries=RETRIES,
            http_client=_Straight(timeout=TIMEOUT),
        )

    def verify(self, payload: bytes, header: str | None) -> RemoteEvent:
        """The ids of a webhook. Raises BadWebhook: signature, age, future, UTF-8, JSON, thin."""
        return signing.verified(payload, header, self._secrets, _signed)

    # -- customers

    @_speaking
    def create_customer(self, details: CustomerDetails, idempotency_key: str) -> str:
        """Make a customer; returns its id."""
        params: Any = parameters.customer(details)
        return self._client.v1.customers.create(params, {"idempotency_key": idempotency_key}).id

    @_speaking
    def update_customer(self, customer_id: str, details: CustomerDetails) -> None:
        """Write who is invoiced."""
        params: Any = parameters.customer(details)
        self._client.v1.customers.update(customer_id, params)

    @_speaking
    def customer_exists(self, customer_id: str) -> bool:
        """False when Stripe does not know it, or only remembers that it was deleted."""
        try:
            return not _plain(self._client.v1.customers.retrieve(customer_id)).get("deleted", False)
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                return False
            raise

    # -- checkout and portal

    @_speaking
    def create_session(self, order: SessionOrder, idempotency_key: str) -> RemoteSession:
        """Open a Checkout page for a first subscription."""
        params: Any = parameters.session(order)
        options: Any = {"idempotency_key": idempotency_key}
        return reading.session(_plain(self._client.v1.checkout.sessions.create(params, options)))

    @_speaking
    def session(self, session_id: str) -> RemoteSession:
        """A Checkout session as it stands."""
        return reading.session(_plain(self._client.v1.checkout.sessions.retrieve(session_id)))

    @_speaking
    def expire_session(self, session_id: str) -> None:
        """Close a Checkout page. Raises GatewayRefused when it is not open any more."""
        self._client.v1.checkout.sessions.expire(session_id)

    @_speaking
    def open_portal(
        self, customer_id: str, return_url: str, locale: str, *, flow: str | None = None, subscription: str = ""
    ) -> str:
        """The address of Stripe's portal for a customer. `flow`: None, "card" or "cancel" (of `subscription`)."""
        if self._portal_configuration is None or not portal_session.usable(self._client, self._portal_configuration):
            self._portal_configuration = portal_session.configuration(self._client)
        return portal_session.opened(
            self._client,
            self._portal_configuration,
            customer_id,
            return_url=return_url,
            locale=locale,
            flow=flow,
            target=subscription,
        )

    # -- subscriptions, invoices, events

    @_speaking
    def state(self, subscription_id: str) -> RemoteState:
        """A subscription with its card, its invoices and, where they close it, its disputes."""
        wish: Any = {"expand": ["default_payment_method", "customer", *promotion_calls.GRANTED]}
        found = _plain(self._client.v1.subscriptions.retrieve(subscription_id, wish))
        if (method := reading.unread_card(found)) is not None:
            found["default_payment_method"] = _plain(self._client.v1.payment_methods.retrieve(method))
        read = reading.subscription(found)
        disputes = self._disputes(read) if self._suspends else None
        return RemoteState(read, money.invoices(self._client, subscription_id), disputes)

    def _disputes(self, read: RemoteSubscription) -> tuple[RemoteDispute, ...]:
        found = money.disputes(self._client, read.customer_id)
        return tuple(one for one in found if self.subscription_of_payment(one.payment) == read.id)

    preview_change = _speaking(change_calls.previewed)
    change = _speaking(change_calls.made)
    withdraw_change = _speaking(change_calls.withdrawn)

    def subscriptions(self, customer_id: str | None = None) -> Iterator[RemoteSubscription]:
        """Every subscription (of a customer), ended ones included, page by page."""
        params: Any = {"status": "all", "limit": PAGE} | ({"customer": customer_id} if customer_id else {})
        return self._paged(self._client.v1.subscriptions.list, params, reading.subscription)

    def events_since(self, since: datetime) -> Iterator[RemoteEvent]:
        """Every event since then, newest first; Stripe keeps thirty days of them."""
        params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        return self._paged(self._client.v1.events.list, params, reading.event)

    def _paged(
        self, listing: Callable[..., Any], params: Any, read: Callable[[dict[str, Any]], Answer]
    ) -> Iterator[Answer]:
        pages = iter(self._first_page(listing, params).auto_paging_iter())
        while (found := self._next(pages)) is not None:
            yield read(_plain(found))

    @_speaking
    def _first_page(self, listing: Callable[..., Any], params: Any) -> Any:
        return listing(params)

    @_speaking
    def _next(self, pages: Iterator[Any]) -> Any:
        return next(pages, None)

    @_speaking
    def subscription_of_payment(self, payment_intent: str) -> str | None:
        """The subscription whose invoice this payment paid: `charge.invoice` is gone, so through invoice payments."""
        params: Any = {"payment": {"type": "payment_intent", "payment_intent": payment_intent}, "limit": 1}
        found = self._client.v1.invoice_payments.list(params).data
        invoice_id = reading.identifier(_plain(found[0])["invoice"]) if found else None
        return self.subscription_of_invoice(invoice_id) if invoice_id else None

    @_speaking
    def subscription_of_invoice(self, invoice_id: str) -> str | None:
        """The subscription an invoice is for."""
        return reading.subscription_of_invoice(_plain(self._client.v1.invoices.retrieve(invoice_id)))

    # -- leaving

    end_with_period = _speaking(ending.end_with_period)
    resume = _speaking(ending.resume)
    end_now = _speaking(ending.end_now)
    payment_of_invoice = _speaking(ending.payment_of_invoice)
    refund = _speaking(ending.refund)
    taken = _speaking(money.taken)
    void_open_invoices = _speaking(ending.void_open_invoices)

    # -- reductions

    promotions = _speaking(promotion_calls.of_word)
    create_promotion = _speaking(promotion_calls.made)

    # -- by invoice

    subscribe_by_invoice = _speaking(invoice_calls.subscribe_by_invoice)
    subscription_of_order = _speaking(invoice_calls.subscription_of_order)
    send_first_invoice = _speaking(invoice_calls.send_first_invoice)
    paid_by_transfer = _speaking(invoice_calls.paid_by_transfer)

    # -- the catalogue

    prices = _speaking(catalogue_calls.prices)
    products = _speaking(catalogue_calls.products)
    tax_rates = _speaking(catalogue_calls.tax_rates)
    create_product = _speaking(catalogue_calls.create_product)
    create_price = _speaking(catalogue_calls.create_price)
    create_tax_rate = _speaking(catalogue_calls.create_tax_rate)


def current() -> Gateway:
    """The gateway of the running app, made at the first need."""
    found: Gateway | None = current_app.extensions.get(KEY)
    if found is None:
        found = current_app.extensions[KEY] = Gateway(current_app.extensions["portal.settings"])
    return found
