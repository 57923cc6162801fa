"""What the billing page adds about leaving: an end that Stripe has not heard of, the way out while money is owed."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal.billing.models_leaving import Withdrawal
from portal.billing.queries import Standing, State
from portal.billing.told import Step, Told
from portal.formats import moment, money
from portal.i18n import gettext as _

_OWING = (State.PAST_DUE, State.UNPAID, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Since when Stripe has not heard of an end; whether the first order can be given back; whether it was."""

    waiting_since: datetime | None = None
    may_withdraw: bool = False
    withdrawal: Withdrawal | None = None


def with_leaving(said: Told, standing: Standing, known: Leaving) -> Told:
    """The words of the page, with what is to be said about leaving."""
    if known.withdrawal is not None:
        return _withdrawn(standing, known.withdrawal)
    told = _ending(said, standing, known.waiting_since)
    return replace(told, steps=[*told.steps, withdraw_step()]) if known.may_withdraw else told


def _withdrawn(standing: Standing, withdrawal: Withdrawal) -> Told:
    plan = standing.plan or _("Your subscription")
    sentence = _("You withdrew from %(plan)s on %(day)s.", plan=plan, day=moment(withdrawal.asked_at))
    if withdrawal.by_transfer:
        values = {"total": money(withdrawal.amount, withdrawal.currency)}
        text = _("%(total)s go back to you by bank transfer: we write to you for the account, within fourteen days.")
        sentence = f"{sentence} {text % values}"
    elif withdrawal.amount:
        back = _("%(total)s go back to you.", total=money(withdrawal.amount, withdrawal.currency))
        sentence = f"{sentence} {back}"
    if withdrawal.done_at is not None:
        return Told(sentence, "plain", _("Ended"), steps=[Step(_("See the plans"), "/plans")])
    title = _("Your withdrawal is kept, and being passed on")
    text = _("The payment service does not answer right now. There is nothing left for you to do.")
    return Told(sentence, "warn", _("Ending"), ("warn", title, text))


def _ending(said: Told, standing: Standing, waiting_since: datetime | None) -> Told:
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


def withdraw_step() -> Step:
    """To the page that gives the first order back; the law wants these words."""
    return Step(_("Withdraw from the contract here"), "/billing/withdraw", icon="undo")


def cancel_step() -> Step:
    """To the page that ends the subscription."""
    return Step(_("Cancel the subscription"), "/billing/cancel", icon="calendar-x")


def resume_step() -> Step:
    """The button that takes an end back."""
    return Step(_("Resume the subscription"), post="billing.resume", icon="refresh", kind="accent")
