"""The payment page of a checkout session."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox import paying
from portal.sandbox.desk import Desk
from portal.sandbox.engine import carts, discounting, duties
from portal.sandbox.engine.discounting import Offer
from portal.sandbox.pages import bank, cardform, layout, order
from portal.sandbox.pages.cardform import CardForm
from portal.sandbox.pages.words import say
from portal.sandbox.store import Document


def show(desk: Desk, session_id: str) -> AnyResponse:
    """The page, or where its session has led meanwhile."""
    duties.run_due(desk)
    with desk.store.turn():
        session = _session(desk, session_id)
        if session is None:
            return layout.unknown()
        return _elsewhere(session) or _page(desk, session, cardform.blank())


def submit(desk: Desk, session_id: str) -> AnyResponse:
    """The button: one transaction, then a bounded wait for the webhook, then back to the integrator."""
    duties.run_due(desk)
    with desk.store.turn():
        session = _session(desk, session_id)
        if session is None:
            return layout.unknown()
        elsewhere = _elsewhere(session)
        if elsewhere is not None:
            return elsewhere
        form = cardform.read(desk, layout.language(session["locale"]))
        if form.card is None:
            return _page(desk, session, form, status=422)
        paid = paying.pay(desk, session, form.card, form.details)
        if paid.asked:
            return redirect(_step(session), 303)
        if paid.completed is None:
            return _page(desk, session, form, declined=True, status=422)
    _wait(desk, paid.completed)
    return redirect(_success(session), 303)


def step(desk: Desk, session_id: str) -> AnyResponse:
    """The bank's own page, 3-D Secure: confirm or refuse; then on as after any card."""
    duties.run_due(desk)
    with desk.store.turn():
        session = _session(desk, session_id)
        if session is None:
            return layout.unknown()
        method, elsewhere = paying.asked(desk, session), _elsewhere(session)
        if elsewhere is not None or method is None:
            return elsewhere or redirect(f"/pay/{session_id}", 303)
        if request.method == "GET":
            return _step_page(desk, session, method)
        proved = request.form.get("answer") == "yes"
        paid = paying.confirm(desk, session, method, proved)
        if paid.completed is None:
            return _page(desk, session, cardform.blank(), declined=True, status=422, word="unproved")
    _wait(desk, paid.completed)
    return redirect(_success(session), 303)


def _step(session: Document) -> str:
    return f"/pay/{session['id']}/bank?lang={layout.language(session['locale'])}"


def _step_page(desk: Desk, session: Document, method: Document) -> AnyResponse:
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    tongue, free = layout.language(session["locale"]), session["_order"]["trial_end"]
    return bank.page(
        tongue,
        f"/pay/{session['id']}/bank",
        (0 if free else sum(item["amount_total"] for item in items), session["currency"]),
        method,
        (session["success_url"], session["cancel_url"]),
    )


def code(desk: Desk, session_id: str) -> AnyResponse:
    """A promotion code typed on the page, or taken away with an empty one."""
    duties.run_due(desk)
    with desk.store.turn():
        session = _session(desk, session_id)
        if session is None or not session["allow_promotion_codes"]:
            return layout.unknown()
        elsewhere = _elsewhere(session)
        if elsewhere is not None:
            return elsewhere
        word, tongue = request.form.get("code", "")[:100].strip(), layout.language(session["locale"])
        customer = desk.store.get(session["customer"] or "")
        wish = discounting.typed(desk, word, customer) if word else None
        if word and wish is None:
            wrong = (word, say(tongue, "code_unknown"))
            return _page(desk, session, cardform.blank(), status=422, code=wrong)
        desk.change(session, discounts=[wish.ids()] if wish else [])
        carts.price(desk, session)
        return redirect(f"/pay/{session_id}?lang={tongue}", 303)


def _later(desk: Desk, entries: list[Document], session: Document, wish: Offer | None) -> int:
    """What every later period costs: a coupon that does not last is over then."""
    lasting = wish.coupon if wish and wish.coupon["duration"] != "once" else None
    return order.summed(desk, entries, session["customer_details"]["tax_exempt"], lasting).total


def _wait(desk: Desk, event: str) -> None:
    """Let the integrator hear of the completion before its visitor comes back, as Stripe does."""
    seconds = desk.store.setting("checkout_wait", desk.config.checkout_wait)
    if desk.queue.mode.name != "hold":
        desk.store.wait(lambda: desk.queue.answered(event), seconds)


def _session(desk: Desk, session_id: str) -> Document | None:
    found = desk.store.get(session_id)
    return found if found and found["object"] == "checkout.session" else None


def _elsewhere(session: Document) -> AnyResponse | None:
    if session["status"] == "complete":
        return redirect(_success(session), 303)
    if session["status"] == "expired":
        tongue = layout.language(session["locale"])
        return layout.page("closed.html", tongue, status=410, kind="expired", link=session["cancel_url"])
    return None


def _success(session: Document) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _page(
    desk: Desk,
    session: Document,
    form: CardForm,
    *,
    declined: bool = False,
    status: int = 200,
    word: str = "declined",
    code: tuple[str, str] = ("", ""),
) -> Response:
    tongue = layout.language(session["locale"])
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    entries = [item | {"tax_rates": item["_tax_rates"]} for item in items]
    wish = carts.offer(desk, session)
    summary = order.summed(desk, entries, session["customer_details"]["tax_exempt"], wish and wish.coupon)
    return layout.page(
        "pay.html",
        tongue,
        (session["success_url"], session["cancel_url"]),
        status,
        session=session,
        summary=summary,
        lines=layout.entries(tongue, summary.lines),
        then=layout.then(summary.interval),
        trial_end=session["_order"]["trial_end"],
        offer=wish,
        later=_later(desk, entries, session, wish),
        full=_later(desk, entries, session, None),
        code=code,
        form=form,
        problems=cardform.problems(form, tongue, declined, word),
        declined=declined,
        cards=cardform.explained_cards(tongue),
        seller=desk.config.account_name,
    )
