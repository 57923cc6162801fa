"""What is sold: plans, prices and VAT rates, kept here and made (or found again) at Stripe.

A plan lists its verticals; a new vertical is sold only once somebody makes a plan for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.billing.gateway import Gateway
from portal.billing.models import Interval, Plan, Price, TaxRate
from portal.billing.shapes import RemotePrice
from portal.db import AnySession, end_reading, writing
from portal.verticals import Vertical

PRESS_VAT = "press-fr"
BUNDLE = "bundle"
MAX_SEATS = 20
"""Seats sold on line; above, a quote."""


@dataclass(frozen=True, slots=True)
class PlanWish:
    """A plan to be made: prices in cents before tax per seat."""

    slug: str
    name: str
    verticals: tuple[str, ...]
    month: int
    year: int
    position: int


DEFAULT_PLANS = (
    PlanWish("health", "mind Health", ("health",), 8900, 89000, 10),
    PlanWish("fintech", "mind Fintech", ("fintech",), 8900, 89000, 20),
    PlanWish("media", "mind Media", ("media",), 8900, 89000, 30),
    PlanWish(BUNDLE, "mind Intégrale", ("health", "fintech", "media"), 19900, 199000, 40),
)


class CatalogueError(ValueError):
    """A plan cannot be made; the message says why."""


def add_default_plans(session: AnySession) -> list[Plan]:
    """The plans of the demonstration, as far as their verticals exist; what exists stays as it is. Returns new ones."""
    if session.scalar(select(TaxRate.id).where(TaxRate.key == PRESS_VAT)) is None:
        session.add(TaxRate(key=PRESS_VAT, basis_points=210))
    known = set(session.scalars(select(Plan.slug)))
    slugs = set(session.scalars(select(Vertical.slug)))
    wishes = [wish for wish in DEFAULT_PLANS if wish.slug not in known and slugs.issuperset(wish.verticals)]
    return [add_plan(session, wish) for wish in wishes]


def add_plan(session: AnySession, wish: PlanWish) -> Plan:
    """One plan with a monthly and a yearly price. Raises CatalogueError for a taken slug or an unknown vertical."""
    if session.scalar(select(Plan.id).where(Plan.slug == wish.slug)):
        raise CatalogueError(f"There is already a plan “{wish.slug}”.")
    verticals = list(session.scalars(select(Vertical).where(Vertical.slug.in_(wish.verticals))))
    if len(verticals) < len(set(wish.verticals)) or not verticals:
        raise CatalogueError(f"A vertical of the plan “{wish.slug}” does not exist.")
    plan = Plan(slug=wish.slug, name=wish.name, position=wish.position, verticals=verticals, prices=_prices(wish))
    session.add(plan)
    session.flush()
    return plan


def _prices(wish: PlanWish) -> list[Price]:
    amounts = {Interval.MONTH: wish.month, Interval.YEAR: wish.year}
    return [
        Price(interval=each, currency="eur", unit_amount=cents, lookup_key=f"{wish.slug}-{each.value}-eur")
        for each, cents in amounts.items()
    ]


_OPENS_SOMETHING = Plan.verticals.any(Vertical.on_sale)
"""A plan whose every vertical is off sale is sold no more."""


def on_sale(session: AnySession) -> Sequence[Plan]:
    """Plans that are sold, with their verticals and prices, in the order of the offers page."""
    statement = (
        select(Plan)
        .where(Plan.archived_at.is_(None), _OPENS_SOMETHING)
        .options(selectinload(Plan.verticals), selectinload(Plan.prices))
        .order_by(Plan.position, Plan.id)
    )
    return session.scalars(statement).all()


@dataclass(frozen=True, slots=True)
class Offer:
    """One price of one plan, free of the session. `verticals` are (id, slug, name), `product_id` is Stripe's."""

    price_id: int
    lookup_key: str
    interval: Interval
    unit_amount: int
    currency: str
    plan_slug: str
    plan_name: str
    verticals: tuple[tuple[int, str, str], ...]
    vat_basis_points: int
    product_id: str = ""


def offer(session: AnySession, lookup_key: str) -> Offer | None:
    """The price of this key, when it is sold: the server's own table is the only one that counts."""
    statement = (
        select(Price, Plan)
        .join(Plan, Plan.id == Price.plan_id)
        .where(Price.lookup_key == lookup_key, Price.archived_at.is_(None))
        .where(Plan.archived_at.is_(None), _OPENS_SOMETHING)
        .options(selectinload(Plan.verticals))
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    price, plan = found
    return Offer(
        price_id=price.id,
        lookup_key=price.lookup_key,
        interval=price.interval,
        unit_amount=price.unit_amount,
        currency=price.currency,
        plan_slug=plan.slug,
        plan_name=plan.name,
        verticals=tuple((one.id, one.slug, one.name) for one in plan.verticals),
        vat_basis_points=press_vat(session),
        product_id=plan.stripe_product_id or "",
    )


def press_vat(session: AnySession) -> int:
    """The VAT rate of press lines in hundredths of a percent; zero before any plan was made."""
    return session.scalar(select(TaxRate.basis_points).where(TaxRate.key == PRESS_VAT)) or 0


def months_free(month: int, year: int) -> int:
    """Whole months that a year costs less than twelve, computed from the prices in cents."""
    return max(0, (12 * month - year) // month)


def sync_plans(session: AnySession, gateway: Gateway) -> list[str]:
    """Find or make every product, price and tax rate at Stripe; returns a line for each thing that was made.

    Idempotent: products and rates are found by their metadata, prices by lookup key. Raises GatewayError, and
    CatalogueError when a price of this key has another amount at Stripe.
    """
    plans = [_Sold.of(plan) for plan in on_sale(session)]
    rates = {rate.key: rate.basis_points for rate in session.scalars(select(TaxRate))}
    end_reading(session)
    made: list[str] = []
    rate_ids = {key: _tax_rate(gateway, key, points, made) for key, points in rates.items()}
    found = _Found(gateway.products(), gateway.prices([key for plan in plans for key in plan.prices]))
    ids = {plan.slug: _product(gateway, plan, found, made) for plan in plans}
    with writing(session):
        _keep(session, ids, rate_ids)
    return made


@dataclass(frozen=True, slots=True)
class _Sold:
    slug: str
    name: str
    verticals: list[str]
    prices: dict[str, tuple[int, str, str]]

    @classmethod
    def of(cls, plan: Plan) -> "_Sold":
        prices = {p.lookup_key: (p.unit_amount, p.currency, p.interval.value) for p in plan.prices if not p.archived_at}
        return cls(plan.slug, plan.name, [vertical.slug for vertical in plan.verticals], prices)


@dataclass(frozen=True, slots=True)
class _Found:
    products: dict[str, str]
    prices: dict[str, RemotePrice]


@dataclass(frozen=True, slots=True)
class _Ids:
    product: str
    prices: dict[str, str]


def _tax_rate(gateway: Gateway, key: str, basis_points: int, made: list[str]) -> str:
    name = f"{key}-{basis_points}"
    known = gateway.tax_rates().get(name)
    if known is None:
        known = gateway.create_tax_rate(name, "TVA", basis_points / 100, "FR")
        made.append(f"tax rate {name}")
    return known


def _product(gateway: Gateway, plan: _Sold, found: _Found, made: list[str]) -> _Ids:
    product = found.products.get(plan.slug)
    if product is None:
        product = gateway.create_product(plan.slug, plan.name, plan.verticals)
        made.append(f"product {plan.slug}")
    prices = {key: _price(gateway, product, key, wish, found.prices.get(key)) for key, wish in plan.prices.items()}
    made += [f"price {key}" for key in plan.prices if key not in found.prices]
    return _Ids(product, prices)


def _price(gateway: Gateway, product: str, key: str, wish: tuple[int, str, str], known: RemotePrice | None) -> str:
    """Amounts never change under a lookup key: those who pay the old price would become unknown to us."""
    if known is None:
        return gateway.create_price(product, key, wish)
    if (known.unit_amount, known.currency, known.interval) != wish:
        raise CatalogueError(f"The price “{key}” differs at Stripe: archive it and sell under a new lookup key.")
    return known.id


def _keep(session: AnySession, ids: dict[str, _Ids], rates: dict[str, str]) -> None:
    for plan in on_sale(session):
        if plan.slug in ids:
            plan.stripe_product_id = ids[plan.slug].product
            for price in plan.prices:
                price.stripe_price_id = ids[plan.slug].prices.get(price.lookup_key, price.stripe_price_id)
    for rate in session.scalars(select(TaxRate)):
        rate.stripe_tax_rate_id = rates.get(rate.key, rate.stripe_tax_rate_id)
