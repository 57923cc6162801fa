"""« Résilier votre contrat » for whoever does not sign in: the page, the link of the mail, and the worker's part.

The page answers the same, and as fast, whether the address is known or not: it only keeps what was typed.
"""

from flask import render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import outbox, throttle
from portal.accounts.identity import email_key
from portal.accounts.tokens import LinkError, LinkUsed
from portal.accounts.views import network
from portal.billing import cancelling, leaving, requested
from portal.billing.gateway import current
from portal.billing.mirror import LIVE
from portal.billing.models_leaving import CancellationRequest
from portal.db import AnySession, db, writing
from portal.enquiries import asking, pace
from portal.enquiries.leave_forms import LeaveForm
from portal.enquiries.models import EnquiryKind
from portal.enquiries.views import blueprint
from portal.i18n import LOCALES, current_locale, use_locale
from portal.i18n import gettext as _
from portal.throttle import Throttled
from portal.web import PUBLIC, absolute, allow, no_referrer, private, see_other
from portal.working_days import answer_by

Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/cancel")
@allow(PUBLIC)
@private
def leave() -> Page:
    """Who ends which contract."""
    known = current_user if current_user.is_authenticated else None
    return _page(LeaveForm(data={"name": known.name, "email": known.email} if known else None))


@blueprint.post("/cancel")
@allow(PUBLIC)
@private
def send_leave() -> Page:
    """Keep the request; what comes of it goes by mail."""
    form = LeaveForm()
    if not form.validate():
        return _page(form)
    try:
        with writing() as unit:
            _keep(unit, form)
    except Throttled as error:
        form.wait(error.retry_after)
        return _page(form)
    return see_other(url_for("enquiries.leave_sent"))


def _keep(unit: AnySession, form: LeaveForm) -> None:
    typed, where = form.typed(), network()
    if pace.said_before(unit, "leaving", where, repr(typed)):
        return
    throttle.hit(unit, f"leaving:{where}", limit=pace.PER_NETWORK, window=pace.WINDOW)
    throttle.hit(unit, f"leaving-mail:{email_key(typed.email)}", limit=pace.PER_ADDRESS, window=pace.WINDOW)
    requested.keep(unit, typed, current_locale())


def _page(form: LeaveForm) -> Page:
    page = render_template("enquiries/leave.html", form=form)
    if form.retry_after:
        return page, 429, {"Retry-After": str(form.retry_after)}
    return (page, 422) if form.errors else page


@blueprint.get("/cancel/sent")
@allow(PUBLIC)
def leave_sent() -> str:
    """What happens next: the same for everybody who comes here."""
    return render_template("enquiries/leave_sent.html")


@blueprint.get("/cancel/<token>")
@allow(PUBLIC)
@no_referrer
def leave_link(token: str) -> Page:
    """What the link ends, and the button; or what it has ended. Opening it changes nothing."""
    try:
        linked = requested.look(db.session, token)
    except LinkError as error:
        return _gone(error)
    row = linked.subscription
    ended = linked.request.used_at is not None or row.ending_at is not None or row.status not in LIVE
    return render_template(
        "enquiries/leave_link.html",
        linked=linked,
        ended=ended,
        waiting=leaving.waiting_since(db.session, row.id),
        asked_at=leaving.asked_at(db.session, row.id),
        ends_at=row.ended_at or row.ending_at or max((item.period_end for item in row.items), default=None),
    )


@blueprint.post("/cancel/<token>")
@allow(PUBLIC)
@no_referrer
def leave_now(token: str) -> Page:
    """End the subscription with its period, once."""
    try:
        with writing() as unit:
            asked = requested.use(unit, token)
    except LinkUsed:
        asked = None
    except LinkError as error:
        return _gone(error)
    if asked is not None:
        cancelling.carry_out(db.session, current(), asked.id)
    return see_other(url_for("enquiries.leave_link", token=token))


def _gone(error: LinkError) -> Page:
    return render_template("enquiries/leave_gone.html", cause=type(error).__name__), 410


def handle_due(limit: int = 20) -> int:
    """The worker's turn: requests nobody has looked at; returns how many were."""
    handled = 0
    for request_id in requested.waiting(db.session, limit):
        with writing() as unit:
            request = requested.take(unit, request_id)
            if request is not None:
                handle(unit, request)
                handled += 1
    return handled


def handle(unit: AnySession, request: CancellationRequest) -> None:
    """Send the links; or say by mail what to do, and tell staff. What was typed is forgotten then."""
    if not requested.answer(unit, request):
        _tell_staff(unit, request)
        _say_what_to_do(unit, request)
    requested.close(request)


def _say_what_to_do(unit: AnySession, request: CancellationRequest) -> None:
    outbox.post(
        unit,
        "cancellation_unknown",
        key=f"cancellation-unknown:{request.id}",
        to=request.email,
        locale=request.locale,
        context={
            "name": request.name,
            "reference": request.reference,
            "asked_at": request.created_at,
            "due": answer_by(request.created_at),
            "url": absolute("/cancel"),
            "colour": None,
        },
    )


def _tell_staff(unit: AnySession, request: CancellationRequest) -> None:
    """Their queue, in the house's own language: somebody wants to leave and was not found."""
    with use_locale(LOCALES[0]):
        text = _("Cancellation asked for without an account; no live subscription belongs to this address.")
        pairs = [(_("Reference typed"), request.reference or "–")]
    asking.ask(
        unit,
        kind=EnquiryKind.CONTACT,
        name=request.name,
        email=request.email,
        message=text,
        facts={"topic": "subscription", "explanation": pairs},
        locale=request.locale,
        answered_elsewhere=True,
    )
