"""Single-use tokens sent by mail: 192 random bits, only their SHA-256 at rest, bound to a purpose and an address."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import AccountToken, Reader, TokenPurpose
from portal.accounts.models_security import SignInCode
from portal.db import AnySession

LIFETIME = timedelta(minutes=60)


class LinkError(Exception):
    """The link of a mail does not open anything (any more)."""


class LinkUnknown(LinkError):
    """No such link was ever sent, or for another purpose."""


class LinkUsed(LinkError):
    """It was used already, or another one replaced it, or the address has changed since."""


class LinkExpired(LinkError):
    """It is older than an hour."""


def new_token() -> tuple[str, bytes]:
    """(the token for the link, its hash for the database)."""
    token = secrets.token_urlsafe(24)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    """SHA-256 of a token (32 bytes)."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def issue(session: AnySession, reader: Reader, purpose: TokenPurpose, lifetime: timedelta = LIFETIME) -> str:
    """A new token for this reader; those issued before for the same purpose are dead."""
    kill(session, reader.id, purpose)
    token, token_hash = new_token()
    now = clock.now()
    session.add(
        AccountToken(
            reader_id=reader.id,
            purpose=purpose,
            token_hash=token_hash,
            email_key=reader.email_key,
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return token


def pretend_to_issue(session: AnySession) -> None:
    """The statements of issue() for nobody, so that an unknown address takes as long as a known one."""
    new_token()
    kill(session, 0)


def look(session: AnySession, token: str, purpose: TokenPurpose) -> Reader:
    """Whose live token this is; uses nothing up. Raises LinkUnknown, LinkUsed, LinkExpired."""
    return _live(session, token, purpose)[1]


def redeem(session: AnySession, token: str, purpose: TokenPurpose) -> Reader:
    """Use the token up. Raises LinkUnknown, LinkUsed, LinkExpired; of two at once only one gets through."""
    row, reader = _live(session, token, purpose)
    if not claim(session, AccountToken, row.id):
        raise LinkUsed
    return reader


def kill(session: AnySession, reader_id: int, purpose: TokenPurpose | None = None) -> None:
    """Make the reader's unused tokens worthless, of one purpose or of all; with all of them the codes that sign in."""
    statement = update(AccountToken).where(AccountToken.reader_id == reader_id, AccountToken.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(AccountToken.purpose == purpose)
    session.execute(statement.values(used_at=clock.now()))
    if purpose is None:
        codes = update(SignInCode).where(SignInCode.reader_id == reader_id, SignInCode.used_at.is_(None))
        session.execute(codes.values(used_at=clock.now()))


def claim(session: AnySession, table: type, row_id: int) -> bool:
    """Mark one unused row as used; False when somebody else was first."""
    statement = update(table).where(table.id == row_id, table.used_at.is_(None))  # type: ignore[attr-defined]
    result = session.execute(statement.values(used_at=clock.now()))
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def _live(session: AnySession, token: str, purpose: TokenPurpose) -> tuple[AccountToken, Reader]:
    statement = select(AccountToken, Reader).join(Reader)
    found = session.execute(
        statement.where(AccountToken.token_hash == hash_of(token), AccountToken.purpose == purpose)
    ).one_or_none()
    if found is None:
        raise LinkUnknown
    row, reader = found
    if row.used_at is not None or row.email_key != reader.email_key:
        raise LinkUsed
    if clock.now() >= row.expires_at:
        raise LinkExpired
    return row, reader
