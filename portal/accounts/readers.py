"""Making and finding accounts."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts import person_keys
from portal.accounts.identity import checked_address, company_key, email_key
from portal.accounts.models import Reader
from portal.db import AnySession, refusing
from portal.roles import Role

_ONE_ACCOUNT = "uq_readers_email_key"


class AddressTaken(Exception):
    """There is an account with this address already."""


def by_address(session: AnySession, address: str) -> Reader | None:
    """The account with this address, however it is typed; what is left of an erased one is nobody's."""
    return session.scalar(select(Reader).where(Reader.email_key == email_key(address), Reader.erased_at.is_(None)))


def create_reader(
    session: AnySession,
    *,
    email: str,
    password_hash: str | None = None,
    role: Role = Role.READER,
    name: str = "",
    company: str = "",
    locale: str | None = None,
    confirmed: bool = False,
    origin: dict[str, Any] | None = None,
) -> Reader:
    """A new account, flushed. Raises AddressError for an address that cannot be used, AddressTaken for a known one."""
    address = checked_address(email)
    now = clock.now()
    reader = Reader(
        email=address,
        email_key=email_key(address),
        person_key=person_keys.key_of(session, address),
        company_key=company_key(address),
        password_hash=password_hash,
        role=role,
        name=name,
        company=company,
        locale=locale,
        created_at=now,
        confirmed_at=now if confirmed else None,
        origin=origin,
    )
    with refusing(session, _ONE_ACCOUNT, AddressTaken):
        session.add(reader)
    return reader


def change_address(session: AnySession, reader: Reader, email: str) -> None:
    """Another address, and the keys that are made from it. Raises AddressError, AddressTaken (then nothing changed)."""
    address = checked_address(email)
    person = person_keys.key_of(session, address)
    with refusing(session, _ONE_ACCOUNT, AddressTaken):
        reader.email, reader.email_key = address, email_key(address)
        reader.person_key, reader.company_key = person, company_key(address)
