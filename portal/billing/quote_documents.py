"""A quote as its document shows it: lines, sums, number, last day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.billing import quotes
from portal.billing.models import Interval, Plan, Price
from portal.billing.models_invoiced import QuoteLine, QuoteState, WrittenQuote
from portal.clock import paris_date
from portal.db import AnySession


@dataclass(frozen=True, slots=True)
class Line:
    """One plan of a quote: its titles by name, cents before tax per licence and for all of them."""

    price_id: int
    plan: str
    titles: tuple[str, ...]
    vertical_ids: tuple[int, ...]
    interval: Interval
    currency: str
    unit_amount: int
    net: int


@dataclass(frozen=True, slots=True)
class Document:
    """A quote with its lines and what one period costs."""

    quote: WrittenQuote
    lines: tuple[Line, ...]
    sums: quotes.Quote

    @property
    def number(self) -> str:
        """What people call it: D-2026-00012."""
        return number_of(self.quote)

    @property
    def interval(self) -> Interval:
        """How often it is paid: all lines share it."""
        return self.lines[0].interval

    @property
    def currency(self) -> str:
        """All lines share it."""
        return self.lines[0].currency

    @property
    def plan(self) -> str:
        """The names of its plans."""
        return ", ".join(line.plan for line in self.lines)

    @property
    def last_day(self) -> date:
        """The last civil day on which it can be accepted, included: it ends at the midnight after."""
        return paris_date(self.quote.valid_until - timedelta(seconds=1))

    def can_be_accepted(self, now: datetime) -> bool:
        """True while it waits for an answer."""
        return self.quote.state is QuoteState.SENT and now < self.quote.valid_until


def number_of(quote: WrittenQuote) -> str:
    """D-2026-00012: the year it was written in, and a number that goes on over the years."""
    return f"D-{paris_date(quote.created_at).year}-{quote.id:05d}"


def document(session: AnySession, quote: WrittenQuote) -> Document:
    """The quote with its lines; each line's tax is rounded by itself, as Stripe does."""
    statement = (
        select(QuoteLine, Price, Plan)
        .join(Price, Price.id == QuoteLine.price_id)
        .join(Plan, Plan.id == Price.plan_id)
        .where(QuoteLine.quote_id == quote.id)
        .order_by(Plan.position, Plan.id)
        .options(selectinload(Plan.verticals))
    )
    lines = tuple(_line(quote, *row) for row in session.execute(statement))
    reverse = quotes.is_reverse_charge(quote.country, quote.vat_number)
    each = [quotes.quote(line.net, 1, quote.vat_basis_points, reverse_charge=reverse) for line in lines]
    rate = 0 if reverse else quote.vat_basis_points
    return Document(quote, lines, quotes.Quote(sum(one.net for one in each), sum(one.tax for one in each), rate))


def _line(quote: WrittenQuote, line: QuoteLine, price: Price, plan: Plan) -> Line:
    return Line(
        price_id=price.id,
        plan=plan.name,
        titles=tuple(vertical.name for vertical in plan.verticals),
        vertical_ids=tuple(vertical.id for vertical in plan.verticals),
        interval=price.interval,
        currency=price.currency,
        unit_amount=line.unit_amount,
        net=line.unit_amount * quote.quantity,
    )
