"""A later change of a subscription: shown with what it costs to the second, agreed to, made once.

What was shown is posted back (the instant it was prorated at, and the amounts); when Stripe would charge anything
else, the new amounts are shown and nothing happens. A row is committed before Stripe is asked, with the key of the
call, and no transaction is open meanwhile. A change whose payment is refused leaves everything as it was.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal import clock
from portal.billing import changes, sync, wishes
from portal.billing.changes import ChangeBusy
from portal.billing.customers import sold_at_stripe
from portal.billing.demands import ChangeOrder, ItemWish
from portal.billing.gateway import Gateway
from portal.billing.models_changing import ChangeState, SubscriptionChange
from portal.billing.shapes import CardRefused, GatewayError, GatewayRefused, RemotePreview
from portal.billing.wishes import Present, Target, Wish
from portal.db import AnySession, end_reading, writing

SHOWN_FOR = timedelta(minutes=30)
"""How long amounts that were shown may be agreed to; afterwards they are worked out again."""
_AHEAD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody was shown and agrees to: the second of the proration, and the amounts in cents."""

    at: datetime
    due: int
    total: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change with its price. `at` and the preview's amounts are what is agreed to."""

    now: Present
    target: Target
    at: datetime
    preview: RemotePreview

    @property
    def shown(self) -> Shown:
        """What agreeing posts back."""
        return Shown(self.at, self.preview.due, self.preview.total)


class AmountsMoved(Exception):
    """Something else would be charged than was shown: `proposal` is what holds now."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__("the amounts are others now")
        self.proposal = proposal


@dataclass(frozen=True, slots=True)
class Made:
    """The change was made; `to_confirm` is where the payer must agree first, `seen` whether our mirror shows it."""

    to_confirm: str | None = None
    seen: bool = True


def propose(
    session: AnySession, gateway: Gateway, organisation_id: int | None, wish: Wish, at: datetime | None = None
) -> Proposal:
    """What a wish would change and cost. Raises CannotChange, GatewayError."""
    now = wishes.present(session, organisation_id)
    made = wishes.target(session, now, wish)
    # Stripe's clock may be a little ahead of ours: a period that has just begun is prorated from its start.
    moment = max((at or clock.now()).replace(microsecond=0), now.period_start)
    order = _order(session, now, made, moment)
    end_reading(session)
    return Proposal(now, made, moment, gateway.preview_change(order))


def agree(
    session: AnySession, gateway: Gateway, organisation_id: int, wish: Wish, shown: Shown, *, reader_id: int
) -> Made:
    """Make a change as it was shown, once however often it is sent.

    Raises CannotChange, AmountsMoved, ChangeBusy, CardRefused (everything is as before), GatewayUnavailable (the same
    form goes on where it stopped) and GatewayRefused.
    """
    if _made_before(session, gateway, organisation_id, wish, shown.at):
        return Made()
    proposal = propose(session, gateway, organisation_id, wish, shown.at if _fresh(shown.at) else None)
    if proposal.shown != shown:
        raise AmountsMoved(proposal)
    change_id = _opened(session, gateway, proposal, organisation_id, reader_id)
    return _made(session, gateway, proposal, change_id)


def _made_before(session: AnySession, gateway: Gateway, organisation_id: int, wish: Wish, at: datetime) -> bool:
    """True when this very form was sent before and did its work; when its answer was lost, Stripe is asked."""
    if _known(session, organisation_id, wish, at) is ChangeState.OPEN:
        stripe_id = wishes.present(session, organisation_id).stripe_id
        end_reading(session)
        _seen(session, gateway, stripe_id)
    return _known(session, organisation_id, wish, at) is ChangeState.DONE


def _known(session: AnySession, organisation_id: int, wish: Wish, at: datetime) -> ChangeState | None:
    now = wishes.present(session, organisation_id)
    return changes.known_at(session, now.subscription_id, wishes.worked_out(session, now, wish), at)


def _fresh(at: datetime) -> bool:
    return clock.now() - SHOWN_FOR <= at <= clock.now() + _AHEAD


def _order(session: AnySession, now: Present, made: Target, at: datetime) -> ChangeOrder:
    _price, rate = sold_at_stripe(session, made.lines[0].price_row_id)
    items = [ItemWish(line.item_id, line.price_id, made.seats) for line in made.lines]
    gone = [ItemWish(item_id, deleted=True) for item_id in made.removed]
    return ChangeOrder(now.stripe_id, (*items, *gone), () if now.reverse_charge else (rate,), at)


def _opened(session: AnySession, gateway: Gateway, proposal: Proposal, organisation_id: int, reader_id: int) -> int:
    """The committed row of this change; one that was left behind is taken back first."""
    try:
        return _row(session, proposal, organisation_id, reader_id)
    except changes.Waiting as waiting:
        give_up(session, gateway, waiting.change_id, proposal.now.stripe_id)
        return _row(session, proposal, organisation_id, reader_id)


def _row(session: AnySession, proposal: Proposal, organisation_id: int, reader_id: int) -> int:
    """Raises ChangeBusy when the subscription is not what the proposal was made from any more."""
    with writing(session):
        if wishes.present(session, organisation_id) != proposal.now:
            raise ChangeBusy
        due, at = proposal.preview.due, proposal.at
        return changes.opened(session, proposal.now, proposal.target, prorated_at=at, due=due, reader_id=reader_id)


def _made(session: AnySession, gateway: Gateway, proposal: Proposal, change_id: int) -> Made:
    key = session.get_one(SubscriptionChange, change_id).idempotency_key
    order = _order(session, proposal.now, proposal.target, proposal.at)
    end_reading(session)
    try:
        answer = gateway.change(order, key)
    except GatewayRefused:
        _close(session, change_id)
        raise
    if answer.pending and answer.to_confirm is None:
        give_up(session, gateway, change_id, order.subscription_id)
        raise CardRefused("card_declined", "the payment of the change was refused")
    return Made(answer.to_confirm, _seen(session, gateway, order.subscription_id))


def _seen(session: AnySession, gateway: Gateway, subscription_id: str) -> bool:
    """Read the new state at once, so that rights follow; the webhook does it otherwise."""
    try:
        sync.subscription(session, gateway, subscription_id)
    except GatewayError:
        return False
    return True


def give_up(session: AnySession, gateway: Gateway, change_id: int, subscription_id: str) -> None:
    """Take back a change whose payment did not come; when it was made after all, that is what is seen."""
    gateway.withdraw_change(subscription_id)
    _seen(session, gateway, subscription_id)
    _close(session, change_id)


def _close(session: AnySession, change_id: int) -> None:
    with writing(session):
        changes.closed(session, change_id, ChangeState.FAILED)
