"""Other addresses of a reader, proved by typing back a six-digit code that was mailed to them.

Nothing is looked up by a typed address before its code has come back: whether it is known here shows in no answer, no
mail and no time.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CompoundSelect, select, union_all, update

from portal import audit, clock, throttle
from portal.accounts import codes, mails
from portal.accounts.identity import email_key
from portal.accounts.keyed import keyed
from portal.accounts.models import AddressProof, Reader, SecondAddress
from portal.db import AnySession, refusing
from portal.roles import is_staff

CODES, WINDOW = 3, timedelta(hours=1)
CODES_TO_ADDRESS = 6  # from all readers together: enough that one stranger cannot keep its owner from asking


class AddressRefused(ValueError):
    """No code is sent; the cause says why: own, proved (both by this reader), or what hinders() says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProofGone(Exception):
    """The code is worth nothing any more; the cause says why: used (or replaced), expired, tries."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProvedElsewhere(Exception):
    """The code was right, and another reader has proved this address before."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is signed in, and in which session: a code works in the session that asked for it, in no other."""

    reader_id: int
    session_id: int


def hinders(reader: Reader) -> str:
    """Why this account is never linked with another: staff, suspended, unconfirmed; empty when nothing hinders it."""
    if is_staff(reader.role):
        return "staff"
    if reader.suspended_at is not None:
        return "suspended"
    return "" if reader.confirmed_at is not None else "unconfirmed"


def ask_for_code(session: AnySession, asker: Asker, *, email: str, locale: str) -> AddressProof:
    """Mail a code to a checked address; the codes sent there before are dead. Raises AddressRefused, Throttled."""
    reader = session.get_one(Reader, asker.reader_id, with_for_update=True, populate_existing=True)
    key = email_key(email)
    _check_usable(session, reader, key)
    throttle.hit(session, f"address-code:{reader.id}", limit=CODES, window=WINDOW)
    throttle.hit(session, f"address-code-to:{key}", limit=CODES_TO_ADDRESS, window=WINDOW)
    _clear(session, reader.id, key)
    code = codes.new()
    proof = _new_proof(asker, email, code)
    session.add(proof)
    session.flush()
    mails.address_code(session, reader, proof, code, locale)
    return proof


def _check_usable(session: AnySession, reader: Reader, key: str) -> None:
    """Only what the reader knows of their own account plays a part."""
    if hindered := hinders(reader):
        raise AddressRefused(hindered)
    if key == reader.email_key:
        raise AddressRefused("own")
    if any(one.email_key == key for one in proved(session, reader.id)):
        raise AddressRefused("proved")


def _new_proof(asker: Asker, email: str, code: str) -> AddressProof:
    now, key = clock.now(), email_key(email)
    return AddressProof(
        reader_id=asker.reader_id,
        email=email,
        email_key=key,
        code_hash=_hash(asker, key, code),
        tries=0,
        created_at=now,
        expires_at=now + codes.LIFETIME,
    )


def _clear(session: AnySession, reader_id: int, key: str) -> None:
    """The reader's codes for this address are replaced."""
    own = (AddressProof.reader_id == reader_id, AddressProof.email_key == key, AddressProof.used_at.is_(None))
    session.execute(update(AddressProof).where(*own).values(used_at=clock.now()))


def proof_of(session: AnySession, reader_id: int, proof_id: int) -> AddressProof | None:
    """A code this reader asked for, dead or alive; None for somebody else's."""
    return session.scalar(select(AddressProof).where(AddressProof.id == proof_id, AddressProof.reader_id == reader_id))


def try_code(session: AnySession, asker: Asker, proof_id: int, typed: str) -> SecondAddress | None:
    """The address when the code is right, else None; a wrong one is counted when the caller's unit is committed.

    Raises LookupError for a foreign proof, ProofGone, ProvedElsewhere.
    """
    statement = select(AddressProof).where(AddressProof.id == proof_id, AddressProof.reader_id == asker.reader_id)
    proof = session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if proof is None:
        raise LookupError("This reader asked for no such code.")
    if cause := codes.gone(proof):
        raise ProofGone(cause)
    if not hmac.compare_digest(proof.code_hash, _hash(asker, proof.email_key, typed)):
        proof.tries += 1
        session.flush()
        return None
    proof.used_at = clock.now()
    return _prove(session, proof)


def _prove(session: AnySession, proof: AddressProof) -> SecondAddress:
    second = SecondAddress(
        reader_id=proof.reader_id, email=proof.email, email_key=proof.email_key, proved_at=clock.now()
    )
    with refusing(session, "uq_second_addresses_email_key", ProvedElsewhere):
        session.add(second)
    _audit(session, "address.proved", second)
    return second


def proved(session: AnySession, reader_id: int) -> Sequence[SecondAddress]:
    """The other addresses of this reader, oldest first."""
    statement = select(SecondAddress).where(SecondAddress.reader_id == reader_id)
    return session.scalars(statement.order_by(SecondAddress.proved_at, SecondAddress.id)).all()


def of_reader(session: AnySession, reader_id: int, second_id: int) -> SecondAddress | None:
    """One of this reader's other addresses; None for somebody else's."""
    return session.scalar(
        select(SecondAddress).where(SecondAddress.id == second_id, SecondAddress.reader_id == reader_id)
    )


def forget(session: AnySession, second: SecondAddress) -> None:
    """This address is the reader's no more; what was moved by it stays where it is."""
    _audit(session, "address.forgotten", second)
    session.delete(second)
    session.flush()


def keys_of(reader_id: Any, at: Any = None) -> CompoundSelect[Any]:
    """The keys of a reader's own address and of those proved (by then), as a subquery for statements of other rooms.

    Both may be values or parameters of the statement.
    """
    own = select(Reader.email_key).where(Reader.id == reader_id)
    others = select(SecondAddress.email_key).where(SecondAddress.reader_id == reader_id)
    return union_all(own, others if at is None else others.where(SecondAddress.proved_at <= at))


def _hash(asker: Asker, key: str, code: str) -> bytes:
    """It names reader and session, so that no other can use the code."""
    return keyed("address-proof", f"{asker.reader_id}:{asker.session_id}:{key}:{code}")


def _audit(session: AnySession, act: str, second: SecondAddress) -> None:
    target, personal = ("reader", second.reader_id), {"email": second.email}
    audit.record(session, act, actor_id=second.reader_id, target=target, personal=personal)
