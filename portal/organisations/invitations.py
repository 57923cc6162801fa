"""A seat offered to an address: it waits there until its owner accepts it, it is withdrawn, or its time is over.

An organisation may invite more people than it has licences; whoever accepts when none is left is told so. The link of
its mail is a token of its own, bound to this and to nothing else, hashed at rest; a new link kills the former one.
"""

from datetime import timedelta

from sqlalchemy import select

from portal import audit, clock
from portal.accounts import tokens
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.second_address import keys_of
from portal.accounts.tokens import LinkError, LinkExpired, LinkUnknown, LinkUsed
from portal.db import AnySession
from portal.organisations import seats
from portal.organisations.models import Invitation, Seat

LIFETIME = timedelta(days=14)


class LinkWithdrawn(LinkError):
    """Whoever invited has thought better of it."""


class NotInvited(Exception):
    """The invitation is not for any address this reader has proved, or it waits no more."""


def invite(session: AnySession, organisation_id: int, address: str, *, actor_id: int | None) -> Invitation:
    """Offer a licence to an address; asked again while it waits, the same invitation. The caller writes the mail."""
    seats.hold(session, organisation_id)
    known = _open(session, organisation_id, address)
    now = clock.now()
    if known is not None and now < known.expires_at:
        return known
    if known is not None:  # its time is over: one row at a time is open for an address
        known.withdrawn_at = known.expires_at
        session.flush()
    invitation = Invitation(
        organisation_id=organisation_id,
        email=address,
        email_key=email_key(address),
        token_hash=tokens.new_token()[1],
        invited_by=actor_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(invitation)
    session.flush()
    _audit(session, "seat.invited", invitation, actor_id)
    return invitation


def new_link(session: AnySession, invitation: Invitation) -> str:
    """A token for the mail, good for fourteen days from now; the one before is dead."""
    token, invitation.token_hash = tokens.new_token()
    invitation.expires_at = clock.now() + LIFETIME
    session.flush()
    return token


def renewed(session: AnySession, invitation: Invitation, *, actor_id: int | None) -> None:
    """Note that its mail was asked for again."""
    _audit(session, "seat.invited-again", invitation, actor_id)


def withdraw(session: AnySession, invitation: Invitation, *, actor_id: int | None) -> None:
    """Offer it no more; nobody is told. Nothing happens when it waits no more."""
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        return
    invitation.withdrawn_at = clock.now()
    session.flush()
    _audit(session, "seat.invitation-withdrawn", invitation, actor_id)


def of(session: AnySession, organisation_id: int, invitation_id: int) -> Invitation | None:
    """This organisation's invitation, held; None when there is none."""
    invitation = held(session, invitation_id)
    return invitation if invitation and invitation.organisation_id == organisation_id else None


def held(session: AnySession, invitation_id: int) -> Invitation | None:
    """The invitation as it is now; two answers to it at once wait for each other."""
    statement = select(Invitation).where(Invitation.id == invitation_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def look(session: AnySession, token: str) -> Invitation:
    """The waiting invitation of a link; uses nothing up. Raises LinkUnknown, LinkUsed, LinkWithdrawn, LinkExpired."""
    statement = select(Invitation).where(Invitation.token_hash == tokens.hash_of(token))
    invitation = session.scalars(statement).one_or_none()
    if invitation is None:
        raise LinkUnknown
    if invitation.accepted_at is not None:
        raise LinkUsed
    if clock.now() >= invitation.expires_at:
        raise LinkExpired
    if invitation.withdrawn_at is not None:
        raise LinkWithdrawn
    return invitation


def is_for(session: AnySession, invitation: Invitation, reader_id: int) -> bool:
    """True when it was sent to an address of this reader: the account's own, or another they have proved."""
    return invitation.email_key in set(session.scalars(keys_of(reader_id)))


def accept(session: AnySession, invitation_id: int, reader_id: int) -> Seat:
    """Take the licence it offers. Raises NotInvited; seats.NoSeatLeft, and then it goes on waiting."""
    invitation, reader = held(session, invitation_id), session.get_one(Reader, reader_id)
    if invitation is None or reader.confirmed_at is None or not is_for(session, invitation, reader_id):
        raise NotInvited
    if invitation.withdrawn_at is not None:
        raise NotInvited
    if invitation.accepted_at is not None:
        return _seat_already(session, invitation, reader_id)
    if clock.now() >= invitation.expires_at:
        raise NotInvited
    seat = seats.open_seat(session, invitation.organisation_id, reader_id, actor_id=reader_id)
    invitation.accepted_at = clock.now()
    session.flush()
    return seat


def _seat_already(session: AnySession, invitation: Invitation, reader_id: int) -> Seat:
    """A second click, or a second tab: the seat that is there, never another one."""
    seat = seats.seat_of(session, invitation.organisation_id, reader_id)
    if seat is None:
        raise NotInvited
    return seat


def waiting_for(session: AnySession, organisation_id: int, address: str) -> Invitation | None:
    """The invitation of this organisation that waits for this address."""
    known = _open(session, organisation_id, address)
    return known if known is not None and clock.now() < known.expires_at else None


def _open(session: AnySession, organisation_id: int, address: str) -> Invitation | None:
    """Neither accepted nor withdrawn; its time may be over."""
    statement = select(Invitation).where(
        Invitation.organisation_id == organisation_id,
        Invitation.email_key == email_key(address),
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    return session.scalars(statement).one_or_none()


def _audit(session: AnySession, act: str, invitation: Invitation, actor_id: int | None) -> None:
    target, values = ("organisation", invitation.organisation_id), {"invitation_id": invitation.id}
    audit.record(session, act, actor_id=actor_id, target=target, values=values, personal={"email": invitation.email})
