"""Sessions as rows: a random token in the cookie, its SHA-256 in the database, ended the moment it should be."""

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Request, current_app
from flask import session as cookie
from flask_login import current_user, login_user, logout_user
from sqlalchemy import ColumnElement, bindparam, select, update

from portal import audit, clock, throttle, unsent
from portal.accounts import browser, mails, signals, user_agents
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.person import SignedIn
from portal.db import AnySession
from portal.prepared import Prepared
from portal.roles import Permission, Role, is_staff

IDLE = timedelta(days=30)
ABSOLUTE = timedelta(days=90)
STAFF_ABSOLUTE = timedelta(hours=12)
VISIT = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=10)
TOO_MANY = "too-many-devices"


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
        ReaderSession.viewing_as_id,
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
    person = _person(row, token)
    return person if row.viewing_as_id is None else _through(session, person, row.viewing_as_id)


def _person(row: Any, token: str) -> SignedIn:
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


def _through(session: AnySession, viewer: SignedIn, reader_id: int) -> SignedIn:
    """The reader whose eyes somebody of the staff looks through: what that reader may see, and nothing else."""
    reader = session.get(Reader, reader_id)
    if reader is None or not viewer.may(Permission.VIEW_AS) or not viewer.second_factor:
        return viewer
    seen = {name: getattr(reader, name) for name in ("id", "email", "name", "confirmed_at", "suspended_at")}
    return replace(viewer, **seen, role=Role.READER, second_factor=False, viewer_id=viewer.id)


def live() -> tuple[ColumnElement[bool], ...]:
    """What makes a session one that signs in: not ended, not idle for too long, not too old."""
    now = clock.now()
    return ReaderSession.ended_at.is_(None), ReaderSession.idle_until > now, ReaderSession.expires_at > now


def why_ended(session: AnySession, token: str) -> str | None:
    """The cause for which the session of a dead cookie ended; None when none did, or it only ran out."""
    return session.scalar(select(ReaderSession.end_cause).where(ReaderSession.token_hash == _hash(token)))


def open_session(
    session: AnySession, reader: Reader, device: str, *, second_factor: bool = False, stay: bool = True
) -> str:
    """A new session row; returns the token for the cookie. Never reuses one (fixation).

    Whoever does not wish to stay signed in is signed out after twelve hours, whatever the browser keeps.
    One device too many signs the one out that was left idle longest: nobody is refused.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    _make_room(session, reader.id, int(current_app.config["DEVICES"]))
    session.add(
        ReaderSession(
            token_hash=_hash(token),
            reader_id=reader.id,
            created_at=now,
            last_seen_at=now,
            idle_until=now + IDLE,
            expires_at=now + (STAFF_ABSOLUTE if is_staff(reader.role) else ABSOLUTE if stay else VISIT),
            device=device[:200],
            verified_at=now,
            second_factor_at=now if second_factor else None,
        )
    )
    reader.last_seen_at = now
    session.flush()
    return token


def _make_room(session: AnySession, reader_id: int, most: int) -> None:
    """Leave room for one more of at most so many sessions (0: any number); two sign-ins at once queue at the reader."""
    if not most:
        return
    session.execute(select(Reader.id).where(Reader.id == reader_id).with_for_update())
    mine = select(ReaderSession).where(ReaderSession.reader_id == reader_id, *live())
    newest_first = mine.order_by(ReaderSession.last_seen_at.desc(), ReaderSession.id.desc())
    for row in session.scalars(newest_first.offset(most - 1)).all():
        end_one(session, row, TOO_MANY)


def sign_in(
    session: AnySession,
    reader: Reader,
    request: Request,
    *,
    second_factor: bool = False,
    quiet: bool = False,
    stay: bool = True,
) -> None:
    """Open a session and hand its token to the cookie, emptied of what it held before; the caller commits.

    Whoever was signed in with this browser is signed out. `second_factor` says that a code was asked for and right.
    A device that this account has not seen is told to its reader by mail, unless `quiet`. Without `stay` the browser
    forgets the cookie when it is closed.
    """
    if current_user.is_authenticated:
        _end(session, ReaderSession.id == current_user.session_id, "replaced")
    seen_before = reader.last_seen_at is not None
    token = open_session(session, reader, request.user_agent.string, second_factor=second_factor, stay=stay)
    person = by_token(session, token)
    assert person is not None  # nosec B101 - it was opened just above
    if seen_before and not quiet and browser.known_device(reader.email_key) is None:
        mails.new_device(session, reader, user_agents.parse(request.user_agent.string))
    signals.note_network(session, reader.id, person.session_id, throttle.address_block(request.remote_addr))
    _note(session, "session.opened", reader.id, person.session_id, request.user_agent.string)
    unsent.survive()
    cookie.permanent = stay
    login_user(person)


def sign_out(session: AnySession, person: SignedIn) -> None:
    """End this session's row and empty the cookie; the caller commits."""
    row = session.get(ReaderSession, person.session_id)
    if row is not None:
        end_one(session, row, "signed-out")
    logout_user()
    cookie.clear()


def end_one(session: AnySession, row: ReaderSession, cause: str) -> bool:
    """End a session and note it for its reader; False when it had ended before."""
    if not _end(session, ReaderSession.id == row.id, cause):
        return False
    _note(session, "session.ended", row.reader_id, row.id, row.device, cause=cause)
    return True


def _note(session: AnySession, act: str, reader_id: int, session_id: int, device: str, **more: str) -> None:
    """Keep what happened to a session for its reader; the device is personal, and kept without a language."""
    values, personal = {"session_id": session_id, **more}, user_agents.parse(device).facts()
    audit.record(session, act, actor_id=reader_id, target=("reader", reader_id), values=values, personal=personal)


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
    """Note that the person at this session has just proved who they are, with the second factor or without.

    The session gets another name: a copy of its cookie, taken before, is worth nothing from here on.
    """
    now, token = clock.now(), secrets.token_urlsafe(32)
    values = {"verified_at": now, "token_hash": _hash(token)} | ({"second_factor_at": now} if second_factor else {})
    session.execute(update(ReaderSession).where(ReaderSession.id == session_id).values(values))
    cookie["_user_id"] = token


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
    statement = update(ReaderSession).where(ReaderSession.id == person.session_id, *live())
    result = session.execute(statement.values(last_seen_at=now, idle_until=now + IDLE))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
