"""Notices before money moves: the renewal of a yearly plan, and a card that expires.

Scheduled from the data: an indexed query finds whose day has come, and no row waits for a future mail. Each goes once
per subscription and period, and is decided again at the moment of sending. The outbox row, with the day it was sent, is
the proof that the law asks for (Code de la consommation, L215-1: between three months and one month before).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from flask import current_app
from sqlalchemy import BindParameter, Select, bindparam, desc, literal, select

from portal import clock, outbox
from portal.accounts.models import Reader
from portal.billing import catalogue, leaving, proving, quotes
from portal.billing.mails import period_price, plan_names
from portal.billing.models import Interval, Price, Subscription, SubscriptionItem
from portal.billing.models_renewals import RenewalProof
from portal.clock import PARIS, paris_date
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import Organisation
from portal.outbox import Mail

MORNING = time_of_day(9)
NOTICES = (60, 40)
"""Days before the renewal; both lie between three months and one month before it."""
LATEST = 31
"""Fewer days than this are less than a month before: a notice that late is none."""
CARD_DAYS = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A notice: sent while so many days are left, from `first` down to `last`."""

    first: int
    last: int

    def key(self, stripe_id: str, renews_at: datetime) -> str:
        """Once per subscription and period."""
        return f"renewal:{stripe_id}:{paris_date(renews_at)}:{self.first}"


def slots(notices: Sequence[int] = NOTICES) -> list[Slot]:
    """Each notice until the next one's day; the last one until it would come too late."""
    return [Slot(first, last + 1) for first, last in zip(notices, [*notices[1:], LATEST - 1], strict=True)]


def process_due(limit: int = 50) -> int:
    """The worker's turn: write what is due, one unit of work each; returns how many were written."""
    now = clock.now()
    proving.keep(db.session)
    if now.astimezone(PARIS).time() < MORNING:
        return 0
    due = [(row_id, slot) for slot in slots() for row_id in _renewing(db.session, slot, now, limit)]
    cards = list(db.session.scalars(_expiring(now, limit)))
    end_reading()
    done = 0
    for row_id, slot in due:
        with writing() as unit:
            done += tell_renewal(unit, row_id, slot)
    for row_id in cards:
        with writing() as unit:
            done += tell_card(unit, row_id)
    return done


def _renewing(session: AnySession, slot: Slot, now: datetime, limit: int) -> list[int]:
    today = paris_date(now)
    begins, ends = today + slot.last * _DAY, today + (slot.first + 1) * _DAY
    yearly = (
        select(SubscriptionItem.id)
        .join(Price, Price.id == SubscriptionItem.price_id)
        .where(SubscriptionItem.subscription_id == Subscription.id, Price.interval == Interval.YEAR)
    )
    statement = (
        select(Subscription)
        .where(
            Subscription.renews_at >= clock.paris_midnight(begins), Subscription.renews_at < clock.paris_midnight(ends)
        )
        .where(Subscription.status == "active", Subscription.ending_at.is_(None), yearly.exists())
        .order_by(Subscription.id)
    )
    rows = session.scalars(statement).all()
    keys = {slot.key(row.stripe_id, row.renews_at): row.id for row in rows if row.renews_at}
    told = set(session.scalars(select(Mail.key).where(Mail.key.in_(keys)))) if keys else set()
    return [row_id for key, row_id in keys.items() if key not in told][:limit]


def _expiring(now: datetime, limit: int) -> Select[Any]:
    """Cards that expire within the month and are to be charged after that."""
    today = paris_date(now)
    told = select(Mail.id).where(Mail.about == Subscription.stripe_id, Mail.kind == "card_expiring")
    told = told.where(Mail.created_at > now - 60 * _DAY)
    return (
        select(Subscription.id)
        .where(Subscription.card_expires_on >= today, Subscription.card_expires_on <= today + CARD_DAYS * _DAY)
        .where(Subscription.status.in_(("active", "trialing")), Subscription.ending_at.is_(None), ~told.exists())
        .where(Subscription.collection_method == "charge_automatically")
        .order_by(Subscription.id)
        .limit(limit)
    )


def tell_renewal(session: AnySession, subscription_row_id: int, slot: Slot) -> bool:
    """Write this notice when it is right now; False when it is not, or exists already."""
    row = session.get_one(Subscription, subscription_row_id)
    if not _renews(session, row) or row.renews_at is None:
        return False
    price = _price(session, row)
    facts: dict[str, Any] = {"subscription": row.stripe_id, "renews_at": row.renews_at.isoformat()}
    facts |= {"total": price.total, "currency": row.currency}
    latest = clock.paris_midnight(paris_date(row.renews_at) - (LATEST - 1) * _DAY)
    more = {"renews_at": row.renews_at, "price": price, "currency": row.currency}
    return _post(session, row, _Notice("renewal_notice", slot.key(row.stripe_id, row.renews_at), latest, facts, more))


def tell_card(session: AnySession, subscription_row_id: int) -> bool:
    """Write that the card expires before it is charged again."""
    row = session.get_one(Subscription, subscription_row_id)
    if row.card_expires_on is None:
        return False
    key = f"card-expiring:{row.stripe_id}:{row.card_last4}:{row.card_expires_on}"
    facts = {"subscription": row.stripe_id, "expires_on": row.card_expires_on.isoformat(), "last4": row.card_last4}
    more = {"brand": row.card_brand.capitalize(), "last4": row.card_last4, "expires_on": row.card_expires_on}
    return _post(
        session, row, _Notice("card_expiring", key, clock.paris_midnight(row.card_expires_on + _DAY), facts, more)
    )


@dataclass(frozen=True, slots=True)
class _Notice:
    """One mail: its kind and key, until when it may leave, what is asked at sending, what it tells."""

    kind: str
    key: str
    until: datetime
    facts: dict[str, Any]
    tells: dict[str, Any]


def _post(session: AnySession, row: Subscription, notice: _Notice) -> bool:
    organisation = session.get_one(Organisation, row.organisation_id)
    owner: Reader | None = founding.owner_of(session, organisation.id)
    if owner is None:
        return False
    site = current_app.config["SITE_URL"]
    about = {"name": owner.name, "plan": plan_names(session, row.id), "organisation": organisation.name}
    links = {"billing_url": f"{site}/billing/", "cancel_url": f"{site}/billing/cancel", "leave_url": f"{site}/cancel"}
    return outbox.post(
        session,
        notice.kind,
        key=notice.key,
        to=organisation.billing_email or owner.email,
        locale=owner.locale,
        reader_id=owner.id,
        context={**about, **links, **notice.tells, "colour": None},
        facts=notice.facts,
        about=row.stripe_id,
        expires_in=max(notice.until - clock.now(), timedelta(minutes=1)),
    )


def _price(session: AnySession, row: Subscription) -> quotes.Quote:
    """What the next period costs, from our own prices, reductions taken off, as it will be charged."""
    organisation = session.get_one(Organisation, row.organisation_id)
    net, _interval = period_price(session, row)
    reverse = quotes.is_reverse_charge(organisation.country, organisation.vat_number)
    return quotes.quote(net, 1, catalogue.press_vat(session), reverse_charge=reverse)


def _renews(session: AnySession, row: Subscription) -> bool:
    alive = row.status == "active" and row.ending_at is None
    return alive and leaving.waiting_since(session, row.id) is None


def _of(session: AnySession, mail: Mail) -> Subscription | None:
    statement = select(Subscription).where(Subscription.stripe_id == mail.facts.get("subscription"))
    return session.scalars(statement).one_or_none()


@outbox.still_wanted("renewal_notice")
def _still_renews(session: AnySession, mail: Mail) -> bool:
    """Nobody is told of a renewal that was cancelled meanwhile, or whose day has moved."""
    row = _of(session, mail)
    if row is None or row.renews_at is None or not _renews(session, row):
        return False
    return bool(row.renews_at == datetime.fromisoformat(mail.facts["renews_at"]))


@outbox.still_wanted("card_expiring")
def _still_that_card(session: AnySession, mail: Mail) -> bool:
    """Nobody is told of a card that was replaced meanwhile."""
    row = _of(session, mail)
    if row is None or row.ending_at is not None or row.card_expires_on is None:
        return False
    return (row.card_expires_on.isoformat(), row.card_last4) == (mail.facts["expires_on"], mail.facts["last4"])


_IDS: BindParameter[Any] = bindparam("stripe_ids", expanding=True)
_MAILS = select(Mail.about, Mail.to_address, Mail.created_at, Mail.closed_at, Mail.outcome).where(
    Mail.about.in_(_IDS), Mail.kind == "renewal_notice"
)
_PROOF = RenewalProof
_PROOFS = (
    select(Subscription.stripe_id, _PROOF.to_masked, _PROOF.sent_at, _PROOF.sent_at.label("closed"), literal("sent"))
    .join(Subscription, Subscription.id == _PROOF.subscription_id)
    .where(Subscription.stripe_id.in_(_IDS), ~select(Mail.id).where(Mail.key == _PROOF.key).exists())
)
_NOTICES = _MAILS.union_all(_PROOFS).order_by(desc("created_at"))


def notices_of(session: AnySession, stripe_ids: Collection[str]) -> dict[str, list[Any]]:
    """{subscription: its renewal notices, newest first}: rows of what was sent, to whom, when. One statement."""
    found: dict[str, list[Any]] = {}
    for row in session.execute(_NOTICES, {"stripe_ids": list(stripe_ids)}):
        found.setdefault(row.about, []).append(row)
    return found
