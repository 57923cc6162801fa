"""Moving an account to another address: both mailboxes must agree, each by a link of its own, within the hour.

Whoever asks learns nothing about the new address: one that has an account already gets a mail that says so, and what
the asker sees and receives is the same.
"""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update

from portal import audit, clock, throttle
from portal.accounts import mails, readers, sessions, tokens
from portal.accounts.identity import email_key
from portal.accounts.models import AddressProof, Reader, SecondAddress, TokenPurpose
from portal.accounts.models_security import AddressChange
from portal.accounts.readers import AddressTaken
from portal.accounts.tokens import LinkUsed
from portal.db import AnySession

WISHES, WINDOW = 3, timedelta(days=1)
WISHES_TO_ADDRESS = 6  # from all readers together: nobody's mailbox is filled from here


class OwnAddress(ValueError):
    """The address is the reader's already."""


class Step(StrEnum):
    """What an answer did: the other mailbox is waited for, the address is changed, somebody else took it meanwhile."""

    WAITING = "waiting"
    DONE = "done"
    TAKEN = "taken"


def ask(session: AnySession, reader_id: int, *, email: str, locale: str) -> AddressChange:
    """Write to both addresses; an earlier wish is replaced. `email` is checked. Raises OwnAddress, Throttled."""
    reader = _held(session, reader_id)
    key = email_key(email)
    if key == reader.email_key:
        raise OwnAddress
    throttle.hit(session, f"address-change:{reader.id}", limit=WISHES, window=WINDOW)
    throttle.hit(session, f"address-change-to:{key}", limit=WISHES_TO_ADDRESS, window=WINDOW)
    _end(session, reader.id)
    wish = _new_wish(session, reader.id, email)
    leave = tokens.issue(session, reader, TokenPurpose.LEAVE_ADDRESS)
    take = tokens.issue(session, reader, TokenPurpose.TAKE_ADDRESS)
    mails.leave_address(session, reader, wish, leave, locale)
    owner = readers.by_address(session, email)
    if owner is None:
        mails.take_address(session, reader, wish, take, locale)
    else:
        mails.address_taken(session, owner, locale)
    return wish


def _new_wish(session: AnySession, reader_id: int, email: str) -> AddressChange:
    now = clock.now()
    wish = AddressChange(
        reader_id=reader_id,
        email=email,
        email_key=email_key(email),
        created_at=now,
        expires_at=now + tokens.LIFETIME,
    )
    session.add(wish)
    session.flush()
    return wish


def wish_of(session: AnySession, reader_id: int) -> AddressChange | None:
    """The change this reader waits for; None when there is none, or its hour is over."""
    live = (AddressChange.ended_at.is_(None), AddressChange.expires_at > clock.now())
    statement = select(AddressChange).where(AddressChange.reader_id == reader_id, *live)
    return session.scalars(statement.order_by(AddressChange.id.desc()).limit(1)).one_or_none()


def cancel(session: AnySession, reader_id: int) -> None:
    """Give the wish up: both links are dead. Nothing happens when there is none."""
    _held(session, reader_id)
    _end(session, reader_id)
    for purpose in (TokenPurpose.LEAVE_ADDRESS, TokenPurpose.TAKE_ADDRESS):
        tokens.kill(session, reader_id, purpose)


def look(session: AnySession, token: str, purpose: TokenPurpose) -> tuple[Reader, AddressChange]:
    """Whose change a link belongs to; uses nothing up. Raises LinkError."""
    reader = tokens.look(session, token, purpose)
    wish = wish_of(session, reader.id)
    if wish is None:
        raise LinkUsed
    return reader, wish


def answer(
    session: AnySession, token: str, purpose: TokenPurpose, *, locale: str, here: int | None = None
) -> tuple[Step, Reader]:
    """Use a link; the second of the two changes the address. `here` is the session that goes on. Raises LinkError."""
    reader = _held(session, tokens.look(session, token, purpose).id)
    tokens.redeem(session, token, purpose)
    wish = wish_of(session, reader.id)
    if wish is None:
        raise LinkUsed
    if purpose is TokenPurpose.LEAVE_ADDRESS:
        wish.left_at = clock.now()
    else:
        wish.taken_at = clock.now()
    session.flush()
    if wish.left_at is None or wish.taken_at is None:
        return Step.WAITING, reader
    return _moved(session, reader, wish, locale, here), reader


def _moved(session: AnySession, reader: Reader, wish: AddressChange, locale: str, here: int | None) -> Step:
    before, after = reader.email, wish.email
    try:
        readers.change_address(session, reader, after)
    except AddressTaken:
        cancel(session, reader.id)
        return Step.TAKEN
    reader.confirmed_at = reader.confirmed_at or clock.now()
    _forget_other_proofs(session, reader)
    _end(session, reader.id)
    tokens.kill(session, reader.id)
    sessions.end_all(session, reader.id, "address-changed", but=here)
    target, personal = ("reader", reader.id), {"before": before, "after": after}
    audit.record(session, "account.address-changed", actor_id=reader.id, target=target, personal=personal)
    for address in (before, after):
        mails.address_changed(session, reader, address, before=before, after=after, locale=locale)
    session.flush()
    return Step.DONE


def _forget_other_proofs(session: AnySession, reader: Reader) -> None:
    """What is the account's own address is no second one, and no code can make it one again."""
    mine = (SecondAddress.reader_id == reader.id, SecondAddress.email_key == reader.email_key)
    session.execute(delete(SecondAddress).where(*mine))
    codes = (AddressProof.reader_id == reader.id, AddressProof.email_key == reader.email_key)
    session.execute(update(AddressProof).where(*codes, AddressProof.used_at.is_(None)).values(used_at=clock.now()))


def _end(session: AnySession, reader_id: int) -> None:
    mine = (AddressChange.reader_id == reader_id, AddressChange.ended_at.is_(None))
    session.execute(update(AddressChange).where(*mine).values(ended_at=clock.now()))


def _held(session: AnySession, reader_id: int) -> Reader:
    """The reader, locked: two tabs that ask or answer at once wait for each other."""
    return session.get_one(Reader, reader_id, with_for_update=True, populate_existing=True)
