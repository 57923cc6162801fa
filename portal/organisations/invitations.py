"""A seat offered to an address: it waits there until its owner accepts it, it is withdrawn, or its time is over.

An organisation may invite more people than it has licences; whoever accepts when none is left is told so.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.identity import email_key
from portal.db import AnySession
from portal.organisations.models import Invitation

LIFETIME = timedelta(days=14)


def invite(session: AnySession, organisation_id: int, address: str, *, actor_id: int | None) -> Invitation:
    """Offer a licence to an address; asked again while it waits, the same invitation."""
    waiting = waiting_for(session, organisation_id, address)
    if waiting is not None:
        return waiting
    now = clock.now()
    invitation = Invitation(
        organisation_id=organisation_id,
        email=address,
        email_key=email_key(address),
        token_hash=hashlib.sha256(secrets.token_bytes(32)).digest(),
        invited_by=actor_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(invitation)
    session.flush()
    target, values = ("organisation", organisation_id), {"invitation_id": invitation.id}
    audit.record(session, "seat.invited", actor_id=actor_id, target=target, values=values, personal={"email": address})
    return invitation


def waiting_for(session: AnySession, organisation_id: int, address: str) -> Invitation | None:
    """The invitation of this organisation that waits for this address."""
    statement = select(Invitation).where(
        Invitation.organisation_id == organisation_id,
        Invitation.email_key == email_key(address),
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > clock.now(),
    )
    return session.scalars(statement.limit(1)).one_or_none()
