"""Inviting a list of addresses: what becomes of each is told, and what could not be sent stays to be corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from portal import throttle
from portal.accounts.identity import AddressError, checked_address, email_key
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import addresses, invitations, mails
from portal.organisations.models import Invitation, Organisation, Seat

MOST = 50
A_DAY = 200  # for one organisation: nobody's list is longer, and a stolen account sends no more
RESENDS, RESEND_WINDOW = 3, timedelta(days=1)
DAY = timedelta(days=1)


class TooMany(ValueError):
    """More addresses than one act takes; nothing was sent."""


class Outcome(StrEnum):
    """What became of one entry of a list."""

    INVITED = "invited"
    MEMBER = "member"
    WAITING = "waiting"
    NO_ADDRESS = "no-address"
    TOMORROW = "tomorrow"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it was typed."""

    entry: str
    outcome: Outcome

    @property
    def failed(self) -> bool:
        """True for what is worth typing again."""
        return self.outcome in (Outcome.NO_ADDRESS, Outcome.TOMORROW)


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who invites, for which organisation, in which language the mails are."""

    organisation: Organisation
    reader_id: int
    locale: str


def invite_all(session: AnySession, by: Inviter, text: str) -> list[Line]:
    """Invite whoever can be; what became of each entry, in order. Raises TooMany before anything is sent."""
    entries = addresses.typed(text)
    if len(entries) > MOST:
        raise TooMany
    found = [(entry, _checked(entry)) for entry in entries]
    members = _members(session, by.organisation.id, [email_key(address) for _entry, address in found if address])
    return [Line(entry, _invited(session, by, address, members)) for entry, address in found]


def _checked(entry: str) -> str | None:
    try:
        return checked_address(addresses.address_of(entry))
    except AddressError:
        return None


def _members(session: AnySession, organisation_id: int, keys: Sequence[str]) -> set[str]:
    statement = select(Reader.email_key).join(Seat, Seat.reader_id == Reader.id)
    here = (Seat.organisation_id == organisation_id, Seat.closed_at.is_(None), Reader.email_key.in_(keys))
    return set(session.scalars(statement.where(*here)))


def _invited(session: AnySession, by: Inviter, address: str | None, members: set[str]) -> Outcome:
    if address is None:
        return Outcome.NO_ADDRESS
    if email_key(address) in members:
        return Outcome.MEMBER
    if invitations.waiting_for(session, by.organisation.id, address):
        return Outcome.WAITING
    try:
        throttle.hit(session, f"invitations:{by.organisation.id}", limit=A_DAY, window=DAY)
    except throttle.Throttled:
        return Outcome.TOMORROW
    send(session, by, invitations.invite(session, by.organisation.id, address, actor_id=by.reader_id))
    return Outcome.INVITED


def resend(session: AnySession, by: Inviter, invitation: Invitation) -> None:
    """Another mail with a new link; the one before is dead. Raises Throttled after three within a day."""
    throttle.hit(session, f"invitation-again:{invitation.id}", limit=RESENDS, window=RESEND_WINDOW)
    invitations.renewed(session, invitation, actor_id=by.reader_id)
    send(session, by, invitation)


def send(session: AnySession, by: Inviter, invitation: Invitation) -> None:
    """Write the mail, with a link of its own."""
    token = invitations.new_link(session, invitation)
    inviter = session.get_one(Reader, by.reader_id)
    mails.invitation(session, invitation, token, inviter, by.locale)
