"""What the billing page adds about leaving: an end that Stripe has not heard of, the way out while money is owed."""

from dataclasses import replace
from datetime import datetime

from portal.billing.queries import Standing, State
from portal.billing.told import Step, Told
from portal.formats import moment
from portal.i18n import gettext as _

_OWING = (State.PAST_DUE, State.UNPAID, State.PAUSED)


def with_leaving(said: Told, standing: Standing, waiting_since: datetime | None) -> Told:
    """The words of the page, with what is to be said about leaving."""
    if waiting_since is not None:
        return _waiting(standing, waiting_since)
    if standing.state not in _OWING or standing.subscription is None:
        return said
    if standing.subscription.ending_at is None:
        return replace(said, steps=[*said.steps, cancel_step()])
    text = _("It ends on %(day)s and is not renewed.", day=moment(standing.subscription.ending_at))
    return replace(said, sentence=f"{said.sentence} {text}", steps=[*said.steps, resume_step()])


def _waiting(standing: Standing, since: datetime) -> Told:
    plan = standing.plan or _("Your subscription")
    sentence = _("You cancelled %(plan)s on %(day)s.", plan=plan, day=moment(since))
    title = _("Your cancellation is kept, and being passed on")
    text = _(
        "The payment service does not answer right now. There is nothing left for you to do: an e-mail confirms it."
    )
    return Told(sentence, "warn", _("Ending"), ("warn", title, text), [resume_step()])


def cancel_step() -> Step:
    """To the page that ends the subscription."""
    return Step(_("Cancel the subscription"), "/billing/cancel", icon="calendar-x")


def resume_step() -> Step:
    """The button that takes an end back."""
    return Step(_("Resume the subscription"), post="billing.resume", icon="refresh", kind="accent")
