"""Quotes as staff write and send them, and as whoever holds their link sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from portal import audit, clock, outbox
from portal.accounts.tokens import LinkUnknown, hash_of, new_token
from portal.billing import catalogue, on_invoices, wishes
from portal.billing.models import Interval, Price
from portal.billing.models_invoiced import QuoteLine, QuoteState, WrittenQuote
from portal.billing.quote_documents import Document, document, number_of
from portal.db import AnySession
from portal.web import absolute


class QuoteError(ValueError):
    """What was asked of a quote cannot be done; the code says why.

    not-sold: no plan opens exactly these titles · no-account: the publisher's bank account is not set · draft, sent,
    accepted, declined, withdrawn: that is what it is by now · expired.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class QuoteWish:
    """What staff write. `titles` are slugs of verticals; `details` the columns of a quote that its form fills in."""

    titles: frozenset[str]
    interval: Interval
    details: dict[str, Any]


def write(session: AnySession, wish: QuoteWish, *, actor_id: int) -> WrittenQuote:
    """A draft that nobody else sees yet. Raises QuoteError("not-sold")."""
    prices = _prices(session, wish)
    quote = WrittenQuote(written_by=actor_id, created_at=clock.now(), state=QuoteState.DRAFT, **_columns(session, wish))
    session.add(quote)
    session.flush()
    _set_lines(session, quote, prices)
    return quote


def rewrite(session: AnySession, quote_id: int, wish: QuoteWish) -> WrittenQuote:
    """Other words or amounts for a draft. Raises QuoteError: what was sent never changes."""
    quote = _held(session, quote_id, QuoteState.DRAFT)
    prices = _prices(session, wish)
    for name, value in _columns(session, wish).items():
        setattr(quote, name, value)
    session.execute(delete(QuoteLine).where(QuoteLine.quote_id == quote.id))
    _set_lines(session, quote, prices)
    return quote


def _columns(session: AnySession, wish: QuoteWish) -> dict[str, Any]:
    return {**wish.details, "vat_basis_points": catalogue.press_vat(session)}


def _set_lines(session: AnySession, quote: WrittenQuote, prices: Sequence[Price]) -> None:
    session.add_all(QuoteLine(quote_id=quote.id, price_id=one.id, unit_amount=one.unit_amount) for one in prices)
    session.flush()


def _prices(session: AnySession, wish: QuoteWish) -> list[Price]:
    """What opens these titles at our own prices: all of them together are the bundle."""
    try:
        plans = wishes.covering(catalogue.on_sale(session), wish.titles)
    except wishes.CannotChange as error:
        raise QuoteError("not-sold") from error
    found = [price for plan in plans for price in plan.prices if _fits(price, wish.interval)]
    if not plans or len(found) != len(plans):
        raise QuoteError("not-sold")
    return found


def _fits(price: Price, interval: Interval) -> bool:
    return price.archived_at is None and price.interval is interval and price.currency == "eur"


def send(session: AnySession, quote_id: int, *, actor_id: int) -> Document:
    """Send a draft, or once more what waits for an answer: a new link by mail, and the one before opens nothing.

    Raises QuoteError.
    """
    quote = _held(session, quote_id, QuoteState.DRAFT, QuoteState.SENT)
    if not on_invoices.account():
        raise QuoteError("no-account")
    if clock.now() >= quote.valid_until:
        raise QuoteError("expired")
    token, quote.token_hash = new_token()
    quote.state, quote.sent_at = QuoteState.SENT, quote.sent_at or clock.now()
    session.flush()
    sent = document(session, quote)
    outbox.post(
        session,
        "quote_sent",
        key=f"quote:{quote.id}:{quote.token_hash.hex()[:16]}",
        to=quote.email,
        locale=quote.locale,
        context={"document": sent, "url": absolute(f"/quote/{token}"), "colour": None},
        facts={"quote": quote.id, "link": quote.token_hash.hex()},
    )
    _note(session, "quote.sent", quote, actor_id)
    return sent


@outbox.still_wanted("quote_sent")
def _still_offered(session: AnySession, mail: outbox.Mail) -> bool:
    """Nobody is sent an offer that was taken back, or a link that another one replaced."""
    quote = session.get(WrittenQuote, mail.facts.get("quote", 0))
    if quote is None or quote.state is not QuoteState.SENT or quote.token_hash is None:
        return False
    return quote.token_hash.hex() == mail.facts.get("link")


def withdraw(session: AnySession, quote_id: int, *, actor_id: int) -> bool:
    """Offer it no more; a draft is thrown away. False then. Raises QuoteError when it was answered meanwhile."""
    quote = _held(session, quote_id, QuoteState.DRAFT, QuoteState.SENT)
    if quote.state is QuoteState.DRAFT:
        session.delete(quote)
        session.flush()
        return False
    _answer(session, "quote.withdrawn", quote, QuoteState.WITHDRAWN, actor_id)
    return True


def decline(session: AnySession, token: str, *, actor_id: int | None) -> WrittenQuote:
    """Whoever holds the link says no. Raises LinkUnknown, QuoteError."""
    quote = _held(session, look(session, token).quote.id, QuoteState.SENT)
    _answer(session, "quote.declined", quote, QuoteState.DECLINED, actor_id)
    tell_house(session, quote)
    return quote


def accepted(session: AnySession, quote: WrittenQuote, *, actor_id: int) -> None:
    """Note that it became an order."""
    _answer(session, "quote.accepted", quote, QuoteState.ACCEPTED, actor_id)
    tell_house(session, quote)


def _answer(session: AnySession, act: str, quote: WrittenQuote, state: QuoteState, actor_id: int | None) -> None:
    quote.state, quote.answered_at = state, clock.now()
    session.flush()
    _note(session, act, quote, actor_id)


def look(session: AnySession, token: str) -> Document:
    """What a link opens, whatever became of it. Raises LinkUnknown."""
    quote = session.scalars(select(WrittenQuote).where(WrittenQuote.token_hash == hash_of(token))).one_or_none()
    if quote is None:
        raise LinkUnknown
    return document(session, quote)


def of_enquiry(session: AnySession, enquiry_id: int) -> list[tuple[WrittenQuote, str]]:
    """Quotes that answer an enquiry, with their numbers."""
    statement = select(WrittenQuote).where(WrittenQuote.enquiry_id == enquiry_id).order_by(WrittenQuote.id)
    return [(quote, number_of(quote)) for quote in session.scalars(statement)]


def of_organisation(session: AnySession, organisation_id: int) -> list[tuple[WrittenQuote, str]]:
    """An organisation's quotes with their numbers, newest first."""
    statement = select(WrittenQuote).where(WrittenQuote.organisation_id == organisation_id)
    found = session.scalars(statement.order_by(WrittenQuote.id.desc()).limit(10))
    return [(quote, number_of(quote)) for quote in found]


def held(session: AnySession, quote_id: int) -> WrittenQuote:
    """The quote as it is now, held: of two who answer at once the second sees what the first did."""
    statement = select(WrittenQuote).where(WrittenQuote.id == quote_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def _held(session: AnySession, quote_id: int, *wanted: QuoteState) -> WrittenQuote:
    quote = held(session, quote_id)
    if quote.state not in wanted:
        raise QuoteError(quote.state.value)
    return quote


def tell_house(session: AnySession, quote: WrittenQuote) -> None:
    """To the house, once: what was said to a quote of ours."""
    address, locale = on_invoices.house()
    outbox.post(
        session,
        "quote_answered",
        key=f"quote-answered:{quote.id}:{quote.state.value}:{int((quote.answered_at or clock.now()).timestamp())}",
        to=address,
        locale=locale,
        context={
            "document": document(session, quote),
            "accepted": quote.state is QuoteState.ACCEPTED,
            "url": absolute(f"/admin/quotes/{quote.id}"),
            "site": current_app.config["SITE_NAME"],
            "colour": None,
        },
    )


def _note(session: AnySession, act: str, quote: WrittenQuote, actor_id: int | None) -> None:
    target = ("organisation", quote.organisation_id) if quote.organisation_id else ("", None)
    audit.record(session, act, actor_id=actor_id, target=target, values={"quote": quote.id})
