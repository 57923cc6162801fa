"""The customer portal: subscription, card, invoices."""

from __future__ import annotations

from typing import NamedTuple

from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards, discounting, duties, ending, planning, setups
from portal.sandbox.pages import bank, cardform, identity, layout, order
from portal.sandbox.pages.cardform import CardForm
from portal.sandbox.pages.words import say
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document

OVER = ("canceled", "incomplete_expired")
FIRST_VISIT, IDLE = 300, 3_600
"""Seconds (of the shared clock) that a session waits to be opened, and to be used again."""
NOTES = {"identity": "identity_saved", "canceled": "canceled_note", "resumed": "resumed_note", "card": "card_saved"}


class Visit(NamedTuple):
    """An open portal: its session, its customer, what its configuration allows, its language."""

    session: Document
    customer: Document
    features: Document
    tongue: str

    @property
    def home(self) -> str:
        """The portal's first page."""
        return f"/portal/{self.session['id']}?lang={self.tongue}"

    def allows(self, feature: str) -> bool:
        """Whether the configuration has a feature on."""
        return bool(self.features[feature]["enabled"])


def enter(desk: Desk, session_id: str) -> Visit | None:
    """The visit that a session's address opens; None when it leads nowhere."""
    duties.run_due(desk)
    session = desk.store.get(session_id)
    if session is None or session["object"] != "billing_portal.session":
        return None
    customer = desk.get("customer", session["customer"])
    if customer.get("deleted") or expired(desk, session):
        return None
    desk.change(session, _seen=desk.now())
    features = desk.get("billing_portal.configuration", session["configuration"])["features"]
    return Visit(session, customer, features, layout.language(session["locale"]))


def expired(desk: Desk, session: Document) -> bool:
    """Whether an address was opened too late, or has lain idle; a clock set back expires nothing."""
    seen = session.get("_seen")
    return bool(desk.now() - (seen or session["created"]) > (IDLE if seen else FIRST_VISIT))


def closed(desk: Desk, session_id: str) -> AnyResponse:
    """What is said of an address that leads nowhere any more, or never did."""
    session = desk.store.get(session_id)
    if session is None or session["object"] != "billing_portal.session" or not expired(desk, session):
        return layout.unknown()
    tongue = layout.language(session["locale"])
    return layout.page("closed.html", tongue, status=410, kind="portal_expired", link=session["return_url"])


def home(desk: Desk, visit: Visit) -> AnyResponse:
    """Everything at a glance, or straight into the flow that the session was opened for."""
    flow = visit.session["flow"]
    if flow and not visit.session.get("_flow_done") and "note" not in request.args:
        return redirect(_flow_address(visit, flow), 303)
    found = desk.store.find("subscription", ("customer", "=", visit.customer["id"]))
    note = NOTES.get(request.args.get("note", ""))
    return layout.page(
        "portal.html",
        visit.tongue,
        (visit.session["return_url"],),
        visit=visit,
        subscriptions=[_shown(desk, visit, one) for one in found],
        card=_card(desk, visit.customer, found),
        invoices=_invoices(desk, visit),
        identity=identity.known(visit.customer) if visit.allows("customer_update") else None,
        note=say(visit.tongue, note) if note else None,
        seller=desk.config.account_name,
    )


def card(desk: Desk, visit: Visit) -> AnyResponse:
    """The form for another card, and its reception."""
    form = cardform.blank() if request.method == "GET" else cardform.read(desk, visit.tongue)
    if request.method == "GET" or form.card is None:
        return _card_page(desk, visit, form, 200 if request.method == "GET" else 422)
    if form.card.refusal and not form.card.later:
        return _card_page(desk, visit, form, 422, declined=True)
    intent = setups.begin(desk, visit.customer, cards.keep(desk, form.card, form.details, None))
    if intent["status"] == "requires_action":
        return redirect(f"/portal/{visit.session['id']}/bank?lang={visit.tongue}", 303)
    charge_from_now_on(desk, visit.customer, desk.get("payment_method", intent["payment_method"]))
    return _after(desk, visit, "card")


def step(desk: Desk, visit: Visit) -> AnyResponse:
    """The bank's own page for a card to be kept, and the holder's answer."""
    intent = setups.waiting(desk, visit.customer)
    if intent is None:
        return redirect(f"{visit.home}&note=", 303)
    method = desk.get("payment_method", intent["payment_method"])
    if request.method == "GET":
        target = f"/portal/{visit.session['id']}/bank"
        return bank.page(visit.tongue, target, (0, "eur"), method, _ways_out(visit))
    if request.form.get("answer") != "yes":
        setups.fail(desk, intent)
        return _card_page(desk, visit, cardform.blank(), 422, declined=True, word="unproved_kept")
    setups.succeed(desk, intent)
    charge_from_now_on(desk, visit.customer, desk.get("payment_method", method["id"]))
    return _after(desk, visit, "card")


def charge_from_now_on(desk: Desk, customer: Document, method: Document) -> None:
    """Charge this card, for the customer and every subscription that is not over."""
    settings = customer["invoice_settings"] | {"default_payment_method": method["id"]}
    desk.change(customer, "customer.updated", invoice_settings=settings)
    for subscription in desk.store.find("subscription", ("customer", "=", customer["id"])):
        if subscription["status"] not in OVER:
            desk.change(subscription, ending.UPDATED, default_payment_method=method["id"])


def cancel(desk: Desk, visit: Visit, subscription_id: str) -> AnyResponse:
    """What ends and when; then the end announced."""
    subscription = _own(desk, visit, subscription_id)
    if subscription is None or subscription["status"] in OVER or subscription["cancel_at"]:
        return redirect(f"{visit.home}&note=", 303)
    if request.method == "GET":
        return _cancel_page(desk, visit, subscription)
    if visit.features["subscription_cancel"]["mode"] == "immediately":
        desk.change(subscription, cancellation_details=ending.NO_DETAILS | {"reason": "cancellation_requested"})
        ending.end(desk, subscription)
    else:
        ending.cancel_at(desk, subscription, planning.period_end(desk, subscription), _reasons(visit))
    return _after(desk, visit, "canceled")


def resume(desk: Desk, visit: Visit, subscription_id: str) -> AnyResponse:
    """An announced end withdrawn."""
    subscription = _own(desk, visit, subscription_id)
    if subscription and subscription["status"] not in OVER and subscription["cancel_at"]:
        ending.resume(desk, subscription)
    return redirect(f"{visit.home}&note=resumed", 303)


def _reasons(visit: Visit) -> Document:
    options = visit.features["subscription_cancel"]["cancellation_reason"]["options"]
    feedback = request.form.get("feedback")
    comment = request.form.get("comment", "").strip()[:500]
    return {"feedback": feedback if feedback in options else None, "comment": comment or None}


def _after(desk: Desk, visit: Visit, note: str) -> AnyResponse:
    flow = visit.session["flow"]
    desk.change(visit.session, _flow_done=True)
    if flow and flow["after_completion"]["type"] == "redirect":
        return redirect(flow["after_completion"]["redirect"]["return_url"], 303)
    return redirect(f"{visit.home}&note={note}", 303)


def _flow_address(visit: Visit, flow: Document) -> str:
    way = "card" if flow["type"] == "payment_method_update" else f"cancel/{flow['subscription_cancel']['subscription']}"
    return f"/portal/{visit.session['id']}/{way}?lang={visit.tongue}"


def _own(desk: Desk, visit: Visit, subscription_id: str) -> Document | None:
    found = desk.store.get(subscription_id)
    if found is None or found["object"] != "subscription" or found["customer"] != visit.customer["id"]:
        return None
    return found


def _ways_out(visit: Visit) -> tuple[str | None, ...]:
    after = (visit.session["flow"] or {}).get("after_completion") or {}
    return visit.session["return_url"], (after.get("redirect") or {}).get("return_url")


def _card_page(
    desk: Desk, visit: Visit, form: CardForm, status: int, *, declined: bool = False, word: str = "declined"
) -> AnyResponse:
    return layout.page(
        "portal_card.html",
        visit.tongue,
        _ways_out(visit),
        status,
        visit=visit,
        form=form,
        problems=cardform.problems(form, visit.tongue, declined, word),
        cards=cardform.explained_cards(visit.tongue),
        seller=desk.config.account_name,
    )


def _cancel_page(desk: Desk, visit: Visit, subscription: Document) -> AnyResponse:
    return layout.page(
        "portal_cancel.html",
        visit.tongue,
        _ways_out(visit),
        visit=visit,
        subscription=_shown(desk, visit, subscription),
        options=visit.features["subscription_cancel"]["cancellation_reason"],
        at_once=visit.features["subscription_cancel"]["mode"] == "immediately",
        seller=desk.config.account_name,
    )


def _shown(desk: Desk, visit: Visit, subscription: Document) -> Document:
    items = items_of(desk.store, subscription["id"])
    coupons = [discounting.coupon_of(desk, one) for one in discounting.current(desk, subscription)]
    summary = order.summed(desk, items, visit.customer["tax_exempt"], coupons[0] if coupons else None)
    ending_soon = subscription["cancel_at"] and subscription["status"] not in OVER
    return {
        "id": subscription["id"],
        "status": subscription["status"],
        "state": "sub_ending" if ending_soon else f"sub_{subscription['status']}",
        "lines": layout.entries(visit.tongue, summary.lines),
        "total": summary.total,
        "currency": summary.currency,
        "period_end": max(item["current_period_end"] for item in items),
        "cancel_at": subscription["cancel_at"],
        "ended_at": subscription["ended_at"],
        "over": subscription["status"] in OVER,
        "owed": _owed(desk, subscription),
    }


def _owed(desk: Desk, subscription: Document) -> Document | None:
    conditions = (("_subscription", "=", subscription["id"]), ("status", "=", "open"))
    return next(iter(desk.store.find("invoice", *conditions, oldest_first=True, limit=1)), None)


def _card(desk: Desk, customer: Document, subscriptions: list[Document]) -> Document | None:
    live = [one["default_payment_method"] for one in subscriptions if one["status"] not in OVER]
    chosen = next((method for method in live if method), customer["invoice_settings"]["default_payment_method"])
    found: Document | None = desk.get("payment_method", chosen)["card"] if chosen else None
    return found


def _invoices(desk: Desk, visit: Visit) -> list[Document]:
    conditions = [("customer", "=", visit.customer["id"]), ("status", "!=", "draft")]
    return desk.store.find("invoice", *conditions, limit=24)
