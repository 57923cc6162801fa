"""What a subscription holds now, and what somebody wishes it held: worked out here, refused here, priced at Stripe."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.billing import catalogue, disputing, leaving
from portal.billing.mirror import LIVE
from portal.billing.models import Interval, Plan, Price, Subscription
from portal.billing.quotes import Quote, is_reverse_charge, quote
from portal.billing.reductions import Reduction, known, reduced
from portal.db import AnySession
from portal.organisations import seats
from portal.organisations.models import Organisation
from portal.verticals import Vertical


class Refusal(StrEnum):
    """Why a subscription cannot be changed, or not so."""

    NOT_SUBSCRIBED = "not-subscribed"
    PAST_DUE = "past-due"
    ENDING = "ending"
    CLOSED = "closed"
    BY_INVOICE = "by-invoice"
    SPECIAL = "special"
    NOTHING_CHOSEN = "nothing-chosen"
    NOT_SOLD = "not-sold"
    TOO_MANY = "too-many"
    TAKEN = "taken"
    UNCHANGED = "unchanged"


class CannotChange(Exception):
    """The wish is refused; `count` is how many licences are taken, where that is the reason."""

    def __init__(self, reason: Refusal, count: int = 0) -> None:
        super().__init__(reason.value)
        self.reason, self.count = reason, count


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: slugs of verticals, an interval, licences."""

    verticals: frozenset[str]
    interval: Interval
    seats: int


@dataclass(frozen=True, slots=True)
class Line:
    """One plan at one price; `item_id` where the subscription has it already, under `present_price_id`."""

    plan_id: int
    plan_name: str
    verticals: frozenset[str]
    price_row_id: int
    price_id: str
    unit_amount: int
    item_id: str | None = None
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """A live subscription that may be changed."""

    subscription_id: int
    stripe_id: str
    organisation_id: int
    currency: str
    interval: Interval
    seats: int
    used: int
    period_start: datetime
    renews_at: datetime | None
    trialing: bool
    reverse_charge: bool
    vat_basis_points: int
    lines: tuple[Line, ...]
    quantities: tuple[int, ...]
    reductions: tuple[Reduction, ...] = ()

    @property
    def verticals(self) -> frozenset[str]:
        """Slugs of everything it opens."""
        return frozenset().union(*(line.verticals for line in self.lines))

    @property
    def wish(self) -> Wish:
        """What leaves everything as it is."""
        return Wish(self.verticals, self.interval, self.seats)

    def period(self, lines: Sequence[Line], count: int, at: datetime | None = None) -> Quote:
        """What one period of these lines costs, less the reductions that count then; without an instant, none do.

        Each line's tax is rounded by itself, as Stripe does.
        """
        whole = [(line.product_id, line.unit_amount * count) for line in lines]
        nets = reduced(whole, self.reductions, at) if at else whole
        reverse = self.reverse_charge
        each = [quote(net, 1, self.vat_basis_points, reverse_charge=reverse) for _product, net in nets]
        rate = 0 if self.reverse_charge else self.vat_basis_points
        return Quote(sum(one.net for one in each), sum(one.tax for one in each), rate)


@dataclass(frozen=True, slots=True)
class Target:
    """What a subscription shall hold: its lines, and the items that go."""

    interval: Interval
    seats: int
    lines: tuple[Line, ...]
    removed: tuple[str, ...] = field(default=())

    @property
    def items(self) -> list[list[object]]:
        """[Stripe's price, quantity] of each line, in a fixed order."""
        return sorted([line.price_id, self.seats] for line in self.lines)


def present(session: AnySession, organisation_id: int | None) -> Present:
    """The organisation's subscription, when it may be changed. Raises CannotChange."""
    if organisation_id is None:
        raise CannotChange(Refusal.NOT_SUBSCRIBED)
    organisation = session.get_one(Organisation, organisation_id)
    row = _live(session, organisation.id)
    _refuse_state(session, row)
    lines = _lines(session, row)
    return Present(
        subscription_id=row.id,
        stripe_id=row.stripe_id,
        organisation_id=organisation.id,
        currency=row.currency,
        interval=_interval(session, lines),
        seats=row.quantity,
        used=seats.used(session, organisation.id),
        period_start=max(item.period_start for item in row.items),
        renews_at=row.renews_at,
        trialing=row.status == "trialing",
        reverse_charge=is_reverse_charge(organisation.country, organisation.vat_number),
        vat_basis_points=catalogue.press_vat(session),
        lines=lines,
        quantities=tuple(item.quantity for item in row.items),
        reductions=tuple(known(one) for one in row.reductions),
    )


def _live(session: AnySession, organisation_id: int) -> Subscription:
    statement = select(Subscription).where(
        Subscription.organisation_id == organisation_id, Subscription.status.in_(LIVE)
    )
    found = session.scalars(statement.options(selectinload(Subscription.items)).order_by(Subscription.id)).all()
    if not found:
        raise CannotChange(Refusal.NOT_SUBSCRIBED)
    if len(found) > 1:
        raise CannotChange(Refusal.SPECIAL)
    return found[0]


def _refuse_state(session: AnySession, row: Subscription) -> None:
    if row.status == "past_due":
        raise CannotChange(Refusal.PAST_DUE)
    if row.status not in ("active", "trialing"):
        raise CannotChange(Refusal.CLOSED)
    if disputing.shuts(session, row.stripe_id):
        raise CannotChange(Refusal.CLOSED)  # nobody pays for more that stays shut
    if row.ending_at is not None or leaving.waiting_since(session, row.id):
        raise CannotChange(Refusal.ENDING)
    if row.collection_method != "charge_automatically":
        raise CannotChange(Refusal.BY_INVOICE)


def _lines(session: AnySession, row: Subscription) -> tuple[Line, ...]:
    """The items as lines of ours. A price that was made elsewhere cannot be changed here."""
    statement = (
        select(Price, Plan)
        .join(Plan, Plan.id == Price.plan_id)
        .where(Price.id.in_([item.price_id for item in row.items]))
        .options(selectinload(Plan.verticals))
    )
    known = {price.id: (price, plan) for price, plan in session.execute(statement)}
    if not row.items or any(item.price_id not in known for item in row.items):
        raise CannotChange(Refusal.SPECIAL)
    pairs = [(item, *known[item.price_id]) for item in row.items if item.price_id is not None]
    return tuple(_line(plan, price, item.stripe_id, item.stripe_price_id) for item, price, plan in pairs)


def _line(plan: Plan, price: Price, item_id: str | None, price_id: str) -> Line:
    slugs = frozenset(vertical.slug for vertical in plan.verticals)
    return Line(plan.id, plan.name, slugs, price.id, price_id, price.unit_amount, item_id, plan.stripe_product_id or "")


def _interval(session: AnySession, lines: Sequence[Line]) -> Interval:
    found = set(session.scalars(select(Price.interval).where(Price.id.in_([line.price_row_id for line in lines]))))
    if len(found) != 1:
        raise CannotChange(Refusal.SPECIAL)
    return found.pop()


def target(session: AnySession, now: Present, wish: Wish) -> Target:
    """What the wish makes of the subscription. Raises CannotChange, also when that is nothing new."""
    made = worked_out(session, now, wish)
    if made.items == sorted([line.price_id, count] for line, count in zip(now.lines, now.quantities, strict=True)):
        raise CannotChange(Refusal.UNCHANGED)
    return made


def worked_out(session: AnySession, now: Present, wish: Wish) -> Target:
    """The wish as lines at their prices. Raises CannotChange."""
    _refuse_seats(now, wish.seats)
    if not wish.verticals:
        raise CannotChange(Refusal.NOTHING_CHOSEN)
    plans = covering(_candidates(session, now), wish.verticals)
    held = {line.plan_id: line for line in now.lines}
    lines = tuple(_priced(now, wish, plan, held.get(plan.id)) for plan in plans)
    kept = {line.item_id for line in lines}
    removed = tuple(line.item_id for line in now.lines if line.item_id and line.item_id not in kept)
    return Target(wish.interval, wish.seats, lines, removed)


def _refuse_seats(now: Present, count: int) -> None:
    if not 1 <= count <= catalogue.MAX_SEATS:
        raise CannotChange(Refusal.TOO_MANY)
    if count < now.used:
        raise CannotChange(Refusal.TAKEN, now.used)


def _candidates(session: AnySession, now: Present) -> list[Plan]:
    """Plans on sale, and those the subscription holds: who pays an old plan may keep it."""
    held = [line.plan_id for line in now.lines]
    sold = list(catalogue.on_sale(session))
    missing = [plan_id for plan_id in held if plan_id not in {plan.id for plan in sold}]
    statement = select(Plan).where(Plan.id.in_(missing))
    kept = session.scalars(statement.options(selectinload(Plan.verticals), selectinload(Plan.prices)))
    return [*kept, *sold]


def covering(plans: Sequence[Plan], wanted: frozenset[str]) -> list[Plan]:
    """Plans that open exactly these verticals, the largest first: all of them together are the bundle.

    Raises CannotChange(NOT_SOLD).
    """
    left, chosen = set(wanted), []
    for plan in sorted(plans, key=lambda one: -len(one.verticals)):
        opened = {vertical.slug for vertical in plan.verticals}
        if opened and opened <= left:
            chosen.append(plan)
            left -= opened
    if left:
        raise CannotChange(Refusal.NOT_SOLD)
    return sorted(chosen, key=lambda plan: (plan.position, plan.id))


def _priced(now: Present, wish: Wish, plan: Plan, held: Line | None) -> Line:
    """The plan at its price: the one that is paid already stays, archived or not, while the interval does."""
    if held is not None and wish.interval is now.interval:
        return held
    wanted = (wish.interval, now.currency)
    for price in plan.prices:
        if price.archived_at is None and (price.interval, price.currency) == wanted and price.stripe_price_id:
            return _line(plan, price, held.item_id if held else None, price.stripe_price_id)
    raise CannotChange(Refusal.NOT_SOLD)


def held_verticals(session: AnySession, now: Present) -> Sequence[Vertical]:
    """What the subscription opens, in the order of the site."""
    statement = select(Vertical).where(Vertical.slug.in_(now.verticals)).order_by(Vertical.position, Vertical.id)
    return session.scalars(statement).all()
