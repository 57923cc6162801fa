"""Sessions as rows: a random token in the cookie, its SHA-256 in the database, ended the moment it should be."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Request
from flask import session as cookie
from flask_login import current_user, login_user, logout_user
from sqlalchemy import bindparam, select, update

from portal import clock
from portal.accounts.models import Reader, ReaderSession
from portal.db import AnySession
from portal.prepared import Prepared
from portal.roles import Permission, Role, is_staff, may

IDLE = timedelta(days=30)
ABSOLUTE = timedelta(days=90)
STAFF_ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, free of the database session: what the hot path knows of a reader."""

    id: int
    token: str
    session_id: int
    email: str
    name: str
    role: Role
    locale: str | None
    theme: str | None
    confirmed_at: datetime | None
    suspended_at: datetime | None
    last_seen_at: datetime
    verified_at: datetime
    second_factor: bool

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """Flask-Login's id is the session's token, so that ending the row ends the sign-in."""
        return self.token

    @property
    def confirmed(self) -> bool:
        """True when the address was confirmed."""
        return self.confirmed_at is not None

    @property
    def suspended(self) -> bool:
        """True while the account is suspended."""
        return self.suspended_at is not None

    @property
    def is_staff(self) -> bool:
        """True for everybody who works here."""
        return is_staff(self.role)

    def may(self, permission: Permission) -> bool:
        """True when this person's role has the permission."""
        return may(self.role, permission)

    @property
    def label(self) -> str:
        """How the masthead calls them."""
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        """Up to two letters for the avatar."""
        words = self.label.replace(".", " ").replace("-", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"


_BY_TOKEN = Prepared(
    select(
        Reader.id,
        Reader.email,
        Reader.name,
        Reader.role,
        Reader.locale,
        Reader.theme,
        Reader.confirmed_at,
        Reader.suspended_at,
        ReaderSession.id.label("session_id"),
        ReaderSession.created_at,
        ReaderSession.verified_at,
        ReaderSession.second_factor_at,
        ReaderSession.last_seen_at,
        ReaderSession.idle_until,
        ReaderSession.expires_at,
    )
    .join_from(ReaderSession, Reader, Reader.id == ReaderSession.reader_id)
    .where(ReaderSession.token_hash == bindparam("token_hash"), ReaderSession.ended_at.is_(None))
)


def by_token(session: AnySession, token: str) -> SignedIn | None:
    """The person behind a cookie's token, in one statement; None when the session ended, idled out or expired."""
    row = _BY_TOKEN.first(session, {"token_hash": _hash(token)})
    now = clock.now()
    if row is None or now >= row.idle_until or now >= row.expires_at:
        return None
    return SignedIn(
        id=row.id,
        token=token,
        session_id=row.session_id,
        email=row.email,
        name=row.name,
        role=row.role if row.suspended_at is None else Role.READER,  # suspended staff are nothing more
        locale=row.locale,
        theme=row.theme,
        confirmed_at=row.confirmed_at,
        suspended_at=row.suspended_at,
        last_seen_at=row.last_seen_at,
        verified_at=row.verified_at or row.created_at,
        second_factor=row.second_factor_at is not None,
    )


def open_session(session: AnySession, reader: Reader, device: str, *, second_factor: bool = False) -> str:
    """A new session row; returns the token for the cookie. Never reuses one (fixation)."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        ReaderSession(
            token_hash=_hash(token),
            reader_id=reader.id,
            created_at=now,
            last_seen_at=now,
            idle_until=now + IDLE,
            expires_at=now + (STAFF_ABSOLUTE if is_staff(reader.role) else ABSOLUTE),
            device=device[:200],
            verified_at=now,
            second_factor_at=now if second_factor else None,
        )
    )
    reader.last_seen_at = now
    session.flush()
    return token


def sign_in(session: AnySession, reader: Reader, request: Request, *, second_factor: bool = False) -> None:
    """Open a session and hand its token to the cookie, emptied of what it held before; the caller commits.

    Whoever was signed in with this browser is signed out. `second_factor` says that a code was asked for and right.
    """
    if current_user.is_authenticated:
        _end(session, ReaderSession.id == current_user.session_id, "replaced")
    token = open_session(session, reader, request.user_agent.string, second_factor=second_factor)
    person = by_token(session, token)
    assert person is not None  # nosec B101 - it was opened just above
    cookie.clear()
    cookie.permanent = True
    login_user(person)


def sign_out(session: AnySession, person: SignedIn) -> None:
    """End this session's row and empty the cookie; the caller commits."""
    _end(session, ReaderSession.id == person.session_id, "signed-out")
    logout_user()
    cookie.clear()


def end_all(session: AnySession, reader_id: int, cause: str, *, but: int | None = None) -> int:
    """End every session of a reader (but one); returns how many ended."""
    where = ReaderSession.reader_id == reader_id
    if but is not None:
        where = where & (ReaderSession.id != but)
    return _end(session, where, cause)


def _end(session: AnySession, where: object, cause: str) -> int:
    statement = update(ReaderSession).where(where, ReaderSession.ended_at.is_(None))  # type: ignore[arg-type]
    result = session.execute(statement.values(ended_at=clock.now(), end_cause=cause))
    return int(result.rowcount)  # type: ignore[attr-defined]


def verify(session: AnySession, session_id: int, *, second_factor: bool) -> None:
    """Note that the person at this session has just proved who they are, with the second factor or without."""
    now = clock.now()
    values = {"verified_at": now} | ({"second_factor_at": now} if second_factor else {})
    session.execute(update(ReaderSession).where(ReaderSession.id == session_id).values(values))


def lose_second_factor(session: AnySession, reader_id: int) -> None:
    """The reader has no second factor any more: no session has passed it."""
    mine = update(ReaderSession).where(ReaderSession.reader_id == reader_id)
    session.execute(mine.values(second_factor_at=None))


def touch(session: AnySession, person: SignedIn) -> bool:
    """Note that the session is in use, at most every ten minutes. True when something was written.

    One that ended while the request was answered stays ended.
    """
    now = clock.now()
    if now - person.last_seen_at < SEEN_EVERY:
        return False
    alive = (ReaderSession.ended_at.is_(None), ReaderSession.idle_until > now, ReaderSession.expires_at > now)
    statement = update(ReaderSession).where(ReaderSession.id == person.session_id, *alive)
    result = session.execute(statement.values(last_seen_at=now, idle_until=now + IDLE))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
