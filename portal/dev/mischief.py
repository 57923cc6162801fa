"""What the Stripe stand-in can be asked to do wrong, as buttons of the hub; the server pulls the levers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Blueprint, abort, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from portal.billing.mirror import LIVE
from portal.billing.models import Subscription
from portal.db import AnySession, db, end_reading
from portal.dev.standin import StandIn
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations.models import Organisation
from portal.settings import Settings
from portal.web import DEVELOPMENT, allow, see_other

blueprint = Blueprint("mischief", __name__)


@dataclass(frozen=True, slots=True)
class Act:
    """A button: the lever it pulls and with what. `mode` is the webhook mode it sets."""

    label: LazyString
    done: LazyString
    lever: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str | None:
        """The webhook mode this button stands for."""
        return self.values.get("mode") if self.lever == "webhooks" else None


def _hooks(label: LazyString, mode: str, **values: Any) -> Act:
    return Act(label, _("From now on webhooks are delivered this way."), "webhooks", {"mode": mode, **values})


ACTS: Mapping[str, Act] = {
    "normal": _hooks(_("As usual"), "normal"),
    "duplicate": _hooks(_("Each twice"), "duplicate"),
    "shuffle": _hooks(_("Out of order"), "shuffle", seed=7),
    "delay": _hooks(_("30 seconds late"), "delay", seconds=30),
    "hold": _hooks(_("Held back"), "hold"),
    "drop": _hooks(_("Lost"), "drop"),
    "bank-later": Act(
        _("Let the bank think"),
        _("Payments at Checkout now wait for the bank."),
        "bank",
        {"answers": "later"},
    ),
    "bank-now": Act(
        _("Answer at once"), _("Payments at Checkout are answered at once."), "bank", {"answers": "at-once"}
    ),
    "bank-answers": Act(_("Say yes to all that wait"), _("The bank has said yes."), "bank-answers"),
    "outage": Act(
        _("Out of order for a minute"), _("For a minute Stripe answers 500 to everything."), "outage", {"seconds": 60}
    ),
    "outage-over": Act(_("End the outage"), _("Stripe answers again."), "outage", {"seconds": 0}),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """The stand-in as the hub shows it; `state` is None when it does not answer."""

    base: str
    state: dict[str, Any] | None
    subscriptions: list[tuple[str, str]]
    acts: Mapping[str, Act] = field(default_factory=lambda: ACTS)


def seen(settings: Settings) -> Seen | None:
    """The stand-in now; None when a real key is set."""
    if not settings.uses_sandbox:
        return None
    subscriptions = _subscriptions(db.session)
    end_reading()
    try:
        state = StandIn(settings).state(patience=1.5)
    except requests.RequestException:
        state = None
    return Seen(settings.stripe_api_base, state, subscriptions)


def _subscriptions(session: AnySession) -> list[tuple[str, str]]:
    """Subscriptions that will renew: Stripe's id and who pays."""
    statement = (
        select(Subscription.stripe_id, Organisation.name)
        .join(Organisation, Organisation.id == Subscription.organisation_id)
        .where(Subscription.status.in_(LIVE), Subscription.ending_at.is_(None))
        .order_by(Organisation.name)
    )
    return [(row.stripe_id, row.name) for row in session.execute(statement)]


@blueprint.post("/dev/stripe")
@allow(DEVELOPMENT)
def pull() -> ResponseReturnValue:
    """Pull a lever of the stand-in."""
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        abort(404)
    return _pulled(act.lever, str(act.done), **act.values)


@blueprint.post("/dev/stripe/refuse")
@allow(DEVELOPMENT)
def refuse() -> ResponseReturnValue:
    """Have the bank refuse the next renewal of a live subscription."""
    subscription = request.form.get("subscription", "")
    if subscription not in dict(_subscriptions(db.session)):
        abort(404)
    end_reading()
    done = gettext("The next renewal will be refused: move the clock to see it.")
    return _pulled("fail-next-renewal", done, subscription=subscription)


def _pulled(lever: str, done: str, **values: Any) -> ResponseReturnValue:
    settings: Settings = current_app.extensions["portal.settings"]
    if not settings.uses_sandbox:
        abort(404)
    try:
        StandIn(settings).pull(lever, **values)
    except requests.RequestException:
        flash(gettext("The Stripe stand-in does not answer."), "warning")
    else:
        flash(done, "success")
    return see_other(url_for("dev.hub") + "#stripe")
