"""Changing a subscription on our own page: choose, see what it costs to the second, agree."""

from datetime import UTC, datetime
from typing import Any

from flask import flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal.access.asking import forget_facts
from portal.billing import catalogue, changing, queries, told_changing, wishes
from portal.billing.changes import ChangeBusy
from portal.billing.changing import Proposal, Shown
from portal.billing.forms_changing import ChangeForm
from portal.billing.gateway import current
from portal.billing.models import Interval
from portal.billing.queries import State
from portal.billing.shapes import CardRefused, GatewayRefused, GatewayUnavailable
from portal.billing.views import bp
from portal.billing.views.checkout import unavailable
from portal.billing.wishes import CannotChange, Present, Refusal, Wish
from portal.db import db, end_reading
from portal.formats import money
from portal.i18n import gettext
from portal.organisations import founding
from portal.web import READER, allow, leave_for, private, see_other

_STATES = (
    Refusal.PAST_DUE,
    Refusal.ENDING,
    Refusal.CLOSED,
    Refusal.BY_INVOICE,
    Refusal.SPECIAL,
)


_ON_THE_WAY = (State.PENDING, State.INCOMPLETE)
"""Something was paid or begun: nothing is sold to whoever waits for it."""


@bp.get("/billing/change")
@allow(READER)
@private
def change() -> Any:
    """Choose publications, licences, interval; the address may ask for a plan or a vertical."""
    try:
        now = _present()
    except CannotChange as error:
        return _elsewhere(error)
    if "titles" in request.args:  # back from a summary: what was chosen there
        form = ChangeForm(formdata=request.args)
        form.offer(_verticals(now))
        return _choose(form, now)
    return _choose(_filled(now, _asked(now)), now)


@bp.get("/billing/change/summary")
@allow(READER)
@private
def change_summary() -> Any:
    """What changes, what is charged now and later; nothing is changed yet."""
    return _answered(request.args, None)


@bp.post("/billing/change/summary")
@allow(READER)
@private
def change_now() -> Any:
    """Make the change that was shown; when the amounts moved meanwhile, show the new ones and ask again."""
    shown = _shown(request.form)
    return _answered(request.form, shown)


def _answered(sent: MultiDict[str, str], shown: Shown | None) -> Any:
    """The summary of what was sent, or what came of agreeing to it."""
    try:
        now = _present()
    except CannotChange as error:
        return _elsewhere(error)
    form = ChangeForm(formdata=sent)
    form.offer(_verticals(now))
    if not form.validate():
        return _choose(form, now, 422)
    try:
        return _agree(form.wish(), shown) if shown else _summary(_propose(form.wish()), form.wish(), _asks())
    except CannotChange as error:
        return _refused(form, now, error)
    except GatewayUnavailable:
        return unavailable()
    except GatewayRefused:
        return _choose(form, now, 422, gettext("The payment service refused this change. Nothing was charged."))


def _asks() -> str:
    """A form that was sent without what it had shown: it is shown again, and asked again."""
    if request.method == "GET":
        return ""
    return gettext("Check the amounts, then agree.")


def _present() -> Present:
    organisation = founding.managed_by(db.session, current_user.id)
    return wishes.present(db.session, organisation.id if organisation else None)


def _propose(wish: Wish) -> Proposal:
    return changing.propose(db.session, current(), _present().organisation_id, wish)


def _agree(wish: Wish, shown: Shown) -> Any:
    organisation_id, problem = _present().organisation_id, ""
    end_reading()
    try:
        done = changing.agree(db.session, current(), organisation_id, wish, shown, reader_id=current_user.id)
    except changing.AmountsMoved as moved:
        return _summary(moved.proposal, wish, _moved(moved.proposal))
    except ChangeBusy:
        problem = gettext("Another change was being made at the same moment. Look at the amounts, then agree again.")
    except CardRefused:
        problem = gettext("Your bank refused the payment. Nothing was changed and nothing is owed.")
        return _summary(_propose(wish), wish, problem, declined=True)
    if problem:
        return _summary(_propose(wish), wish, problem)
    return _done(organisation_id, done)


def _moved(proposal: Proposal) -> str:
    due = money(proposal.preview.due, proposal.now.currency)
    return gettext("The amount due now is %(due)s incl. VAT. Check it, then agree.", due=due)


def _done(organisation_id: int, done: changing.Made) -> Any:
    forget_facts()
    if done.to_confirm:
        return leave_for(done.to_confirm)
    try:
        sentence = told_changing.made(wishes.present(db.session, organisation_id)) if done.seen else ""
    except CannotChange:
        sentence = ""  # it has ended, or owes something, since
    flash(
        sentence or gettext("What you just changed will show here within minutes."), "success" if sentence else "info"
    )
    return see_other(url_for("billing.home"))


def _elsewhere(error: CannotChange) -> Any:
    """No page to choose on: the reason, where it can be mended."""
    if error.reason in _STATES:
        flash(told_changing.refused(error), "info")
        return see_other(url_for("billing.home"))
    organisation = founding.managed_by(db.session, current_user.id)
    if queries.standing(db.session, current_user.id, organisation).state in _ON_THE_WAY:
        return see_other(url_for("billing.home"))
    return see_other(url_for("billing.plans", vertical=request.args.get("vertical") or None))


def _refused(form: ChangeForm, now: Present, error: CannotChange) -> Any:
    """Said at the field it is about."""
    text = told_changing.refused(error)
    fields = {Refusal.TAKEN: form.quantity, Refusal.TOO_MANY: form.quantity, Refusal.NOTHING_CHOSEN: form.titles}
    if error.reason in _STATES:
        return _elsewhere(error)
    if (field := fields.get(error.reason)) is not None:
        field.errors = [*field.errors, text]
        text = ""
    return _choose(form, now, 422, text, told_changing.way_out(error, now.organisation_id))


def _choose(
    form: ChangeForm, now: Present, status: int = 200, problem: str = "", way_out: tuple[str, str] | None = None
) -> Any:
    page = render_template(
        "billing/change.html",
        form=form,
        now=now,
        plans=told_changing.plans(now.lines),
        hints=told_changing.hints(catalogue.on_sale(db.session), now),
        problem=problem,
        way_out=way_out,
    )
    return page, status


def _filled(now: Present, wish: Wish) -> ChangeForm:
    data = {"titles": sorted(wish.verticals), "interval": wish.interval.value, "quantity": wish.seats}
    form = ChangeForm(formdata=None, data=data)
    form.offer(_verticals(now))
    return form


def _verticals(now: Present) -> list[tuple[str, str]]:
    """Slugs and names of what is sold or held, in the order of the offers."""
    known = {one.slug: one.name for plan in catalogue.on_sale(db.session) for one in plan.verticals}
    held = {one.slug: one.name for one in wishes.held_verticals(db.session, now)}
    return list((known | held).items())


def _asked(now: Present) -> Wish:
    """What is held now, with what the address asks for: a plan, one vertical more, another interval."""
    interval = request.args.get("period")
    chosen = set(now.verticals)
    wanted = request.args.get("vertical")
    if any(wanted == slug for slug, _name in _verticals(now)):
        chosen.add(str(wanted))
    for plan in catalogue.on_sale(db.session):
        if plan.slug == request.args.get("plan"):
            opened = {vertical.slug for vertical in plan.verticals}
            chosen = opened if opened <= chosen else chosen | opened
    kept = Interval(interval) if interval in tuple(Interval) else now.interval
    return Wish(frozenset(chosen), kept, now.seats)


def _summary(proposal: Proposal, wish: Wish, problem: str = "", *, declined: bool = False) -> Any:
    shown = proposal.shown
    page = render_template(
        "billing/change_summary.html",
        told=told_changing.summary(db.session, proposal),
        wish=wish,
        titles=sorted(wish.verticals),
        currency=proposal.now.currency,
        shown=f"{int(shown.at.timestamp())}/{shown.due}/{shown.total}",
        problem=problem,
        declined=declined,
    )
    return page, 422 if problem else 200


def _shown(sent: MultiDict[str, str]) -> Shown | None:
    """What the page had shown; None when it does not say, and then it is shown first."""
    parts = sent.get("shown", "").split("/")
    if len(parts) != 3 or not all(part.removeprefix("-").isdecimal() and len(part) < 12 for part in parts):
        return None
    at, due, total = (int(part) for part in parts)
    return Shown(datetime.fromtimestamp(at, UTC), due, total) if at > 0 and due >= 0 else None
