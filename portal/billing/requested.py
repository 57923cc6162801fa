"""Cancelling without an account: what was typed waits for the worker, and the truth goes by mail alone.

The page only keeps the request, so that it answers the same, and as fast, whoever is known. The worker looks for the
organisation whose owner or billing address it is, and sends a link for each of its subscriptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import selectinload

from portal import clock, outbox
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.tokens import LinkExpired, LinkUnknown, LinkUsed, claim, hash_of, new_token
from portal.billing import cancelling
from portal.billing.cancelling import NothingToCancel
from portal.billing.mails import plan_names
from portal.billing.mirror import LIVE
from portal.billing.models import Invoice, Subscription
from portal.billing.models_leaving import Cancellation, CancellationRequest, LeavingReason
from portal.db import AnySession
from portal.organisations.models import Manager, ManagerRole, Organisation

LINK_HOLDS = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody without an account says of themselves."""

    name: str
    email: str
    reference: str
    reason: LeavingReason | None


def keep(session: AnySession, typed: Typed, locale: str) -> CancellationRequest:
    """Keep a request until the worker looks at it."""
    request = CancellationRequest(
        name=typed.name,
        email=typed.email,
        reference=typed.reference,
        reason=typed.reason,
        locale=locale,
        created_at=clock.now(),
    )
    session.add(request)
    session.flush()
    return request


def waiting(session: AnySession, limit: int) -> list[int]:
    """Ids of requests nobody has looked at, oldest first."""
    statement = select(CancellationRequest.id).where(CancellationRequest.handled_at.is_(None))
    return list(session.scalars(statement.order_by(CancellationRequest.id).limit(limit)))


def take(session: AnySession, request_id: int) -> CancellationRequest | None:
    """The request, held; None when another worker was quicker."""
    statement = select(CancellationRequest).where(
        CancellationRequest.id == request_id, CancellationRequest.handled_at.is_(None)
    )
    return session.scalars(statement.with_for_update(skip_locked=True)).one_or_none()


def answer(session: AnySession, request: CancellationRequest) -> bool:
    """Send a link for each subscription that could be meant; False when there is none to end."""
    found = _named(session, request, _subscriptions(session, request.email))
    for row in found:
        _send_link(session, request, row)
    return bool(found)


def close(request: CancellationRequest) -> None:
    """It was looked at: what was typed is forgotten here (the mails and the staff's queue keep what they need)."""
    request.handled_at = clock.now()
    request.name = request.email = request.reference = ""


def _subscriptions(session: AnySession, email: str) -> Sequence[Subscription]:
    """What the organisations of this address pay for and have not ended."""
    owner = and_(Manager.role == ManagerRole.OWNER, Manager.ended_at.is_(None), Reader.email_key == email_key(email))
    owned = select(Manager.organisation_id).join(Reader, Reader.id == Manager.reader_id).where(owner)
    billed = func.lower(Organisation.billing_email) == email.lower()
    statement = (
        select(Subscription)
        .join(Organisation, Organisation.id == Subscription.organisation_id)
        .where(Subscription.status.in_(LIVE), Subscription.ending_at.is_(None))
        .where(or_(Organisation.id.in_(owned), billed))
        .order_by(Subscription.id)
    )
    return session.scalars(statement).all()


def _named(session: AnySession, request: CancellationRequest, found: Sequence[Subscription]) -> Sequence[Subscription]:
    """The one whose reference was typed, when one of them has it; else all of them."""
    if len(found) < 2 or not request.reference:
        return found
    wanted = request.reference.strip().lower()
    numbers = select(Invoice.subscription_id).where(func.lower(Invoice.number) == wanted)
    by_invoice = set(session.scalars(numbers))
    exact = [row for row in found if row.stripe_id.lower() == wanted or row.id in by_invoice]
    return exact or found


def _send_link(session: AnySession, request: CancellationRequest, row: Subscription) -> None:
    link = CancellationRequest(
        name="",
        email="",
        reference="",
        reason=request.reason,
        locale=request.locale,
        created_at=request.created_at,
        handled_at=clock.now(),
        subscription_id=row.id,
        expires_at=clock.now() + LINK_HOLDS,
    )
    token, link.token_hash = new_token()
    session.add(link)
    session.flush()
    outbox.post(
        session,
        "cancellation_link",
        key=f"cancellation-link:{link.id}",
        to=request.email,
        locale=request.locale,
        expires_in=LINK_HOLDS,
        context={
            "name": request.name,
            "plan": plan_names(session, row.id),
            "organisation": session.get_one(Organisation, row.organisation_id).name,
            "asked_at": request.created_at,
            "ends_at": row.renews_at,
            "expires_at": link.expires_at,
            "url": f"{current_app.config['SITE_URL']}/cancel/{token}",
            "colour": None,
        },
    )


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link is for."""

    request: CancellationRequest
    subscription: Subscription
    plan: str
    organisation: Organisation


def look(session: AnySession, token: str) -> Linked:
    """What this link would end, or has ended; uses nothing up. Raises LinkUnknown, LinkExpired."""
    statement = select(CancellationRequest).where(CancellationRequest.token_hash == hash_of(token))
    request = session.scalars(statement).one_or_none()
    if request is None or request.subscription_id is None or request.expires_at is None:
        raise LinkUnknown
    if request.used_at is None and clock.now() >= request.expires_at:
        raise LinkExpired
    found = select(Subscription).where(Subscription.id == request.subscription_id)
    row = session.scalars(found.options(selectinload(Subscription.items))).one()
    return Linked(request, row, plan_names(session, row.id), session.get_one(Organisation, row.organisation_id))


def use(session: AnySession, token: str) -> Cancellation | None:
    """Use the link up and write the cancellation down; None when there is nothing to end any more.

    Raises LinkUnknown, LinkExpired, LinkUsed; of two clicks at once only one gets through.
    """
    linked = look(session, token)
    if not claim(session, CancellationRequest, linked.request.id):
        raise LinkUsed
    try:
        return cancelling.ask(
            session, linked.subscription.id, reader_id=None, by_link=True, reason=linked.request.reason
        )
    except NothingToCancel:
        return None
