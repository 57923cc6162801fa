"""Keeping the proof of renewal notices: a mail goes after a year, what it proves may be asked for during five."""

from datetime import datetime

from sqlalchemy import select

from portal.billing.models import Subscription
from portal.billing.models_renewals import RenewalProof
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail

SENT = ("sent", "kept")


def keep(session: AnySession, limit: int = 200) -> int:
    """Write the proofs of notices that left and have none yet; returns how many."""
    known = select(RenewalProof.id).where(RenewalProof.key == Mail.key)
    statement = (
        select(Mail, Subscription.id)
        .join(Subscription, Subscription.stripe_id == Mail.about)
        .where(Mail.about.is_not(None), Mail.kind == "renewal_notice", Mail.outcome.in_(SENT), ~known.exists())
        .order_by(Mail.id)
        .limit(limit)
    )
    made = [_proof(mail, subscription_id) for mail, subscription_id in session.execute(statement)]
    end_reading(session)
    if made:
        with writing(session) as unit:
            unit.add_all(made)
    return len(made)


def _proof(mail: Mail, subscription_id: int) -> RenewalProof:
    return RenewalProof(
        key=mail.key,
        subscription_id=subscription_id,
        renews_at=datetime.fromisoformat(mail.facts["renews_at"]),
        total=mail.facts.get("total", 0),
        currency=mail.facts.get("currency", "eur"),
        to_masked=masked(mail.to_address),
        sent_at=mail.closed_at or mail.created_at,
    )


def masked(address: str) -> str:
    """“c…@clinique.example”: enough to recognise it, too little to write to."""
    local, _at, domain = address.partition("@")
    return f"{local[:1]}…@{domain}"
