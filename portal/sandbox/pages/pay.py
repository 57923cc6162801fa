"""The payment page of a checkout session."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox import paying
from portal.sandbox.desk import Desk
from portal.sandbox.engine import duties
from portal.sandbox.pages import bank, cardform, layout, order
from portal.sandbox.pages.cardform import CardForm
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
) -> Response:
    tongue = layout.language(session["locale"])
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    entries = [item | {"tax_rates": item["_tax_rates"]} for item in items]
    summary = order.summed(desk, entries, session["customer_details"]["tax_exempt"])
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
        form=form,
        problems=cardform.problems(form, tongue, declined, word),
        declined=declined,
        cards=cardform.explained_cards(tongue),
        seller=desk.config.account_name,
    )
