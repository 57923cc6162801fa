"""Mail: written in the caller's transaction with a unique key, sent later by the worker.

A mail is a folder templates/mail/<kind>/ with subject.txt, body.txt and body.html. A kind may register a "still
wanted?" question that is asked again at the moment of sending.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from flask import current_app, render_template
from sqlalchemy import ForeignKey, Index, String, Text, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import AnySession, Base
from portal.i18n import use_locale

Wanted = Callable[[AnySession, "Mail"], bool]

_WANTED: dict[str, Wanted] = {}
KEEP_TRYING = timedelta(days=3)


class Mail(Base):
    """One mail to one address. `key` makes it exist at most once, whatever happens around it.

    `about` names the thing, among millions of mails, whose mails are looked for again: a subscription at Stripe.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "next_attempt_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_outbox_about",
            "about",
            sqlite_where=text("about IS NOT NULL"),
            postgresql_where=text("about IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    about: Mapped[str | None] = mapped_column(String(80))
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    to_address: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    error: Mapped[str] = mapped_column(String(300), default="")


def still_wanted(kind: str) -> Callable[[Wanted], Wanted]:
    """Register the question asked of mails of this kind at the moment of sending."""

    def register(question: Wanted) -> Wanted:
        _WANTED[kind] = question
        return question

    return register


@dataclass(frozen=True, slots=True)
class Letter:
    """Whom a mail goes to, and the key under which it exists at most once."""

    key: str
    to: str
    reader_id: int | None = None


def post(
    session: AnySession,
    kind: str,
    *,
    key: str,
    to: str,
    locale: str | None,
    context: dict[str, Any] | None = None,
    reader_id: int | None = None,
    facts: dict[str, Any] | None = None,
    about: str | None = None,
    headers: dict[str, str] | None = None,
    expires_in: timedelta = KEEP_TRYING,
) -> bool:
    """Write a mail in the caller's transaction. False when one with this key exists already.

    `context` feeds the templates now; `facts` (JSON values) is what "still wanted?" may look at later; `about` is by
    what the mail is found again.
    Raises ValueError for an address or subject that would forge headers.
    """
    written = render(kind, locale, {**(context or {}), "to": to})
    more = {"headers": headers or {}, "facts": facts or {}, "about": about}
    return _insert_once(session, _row(kind, Letter(key, to, reader_id), locale, written, expires_in, **more))


def post_same(
    session: AnySession, kind: str, letters: Sequence[Letter], *, locale: str | None, context: dict[str, Any]
) -> None:
    """Write one text to many, composed once: nothing in it may depend on who reads it. Keys are as for post()."""
    written = render(kind, locale, context)
    rows = [_row(kind, letter, locale, written, KEEP_TRYING, headers={}, facts={}) for letter in letters]
    if rows:
        session.execute(_insert(session).on_conflict_do_nothing(index_elements=["key"]), rows)


def _row(
    kind: str, letter: Letter, locale: str | None, written: tuple[str, str, str], expires_in: timedelta, **more: Any
) -> dict[str, Any]:
    now = clock.now()
    subject, plain, html = written
    return {
        "key": letter.key,
        "kind": kind,
        "reader_id": letter.reader_id,
        "to_address": _address(letter.to),
        "locale": locale or "fr",
        "subject": subject,
        "text": plain,
        "html": html,
        "message_id": f"<{secrets.token_hex(16)}@{parseaddr(current_app.config['MAIL_FROM'])[1].split('@')[-1]}>",
        "created_at": now,
        "expires_at": now + expires_in,
        "next_attempt_at": now,
        "attempts": 0,
        "error": "",
        **more,
    }


def render(kind: str, locale: str | None, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail in a language; subject on one line."""
    house = {"site_url": current_app.config["SITE_URL"], "site_name": current_app.config["SITE_NAME"]}
    context = {**house, "locale": locale or "fr", **context}
    with use_locale(locale or "fr"):
        subject = " ".join(render_template(f"mail/{kind}/subject.txt", **context).split())
        plain = render_template(f"mail/{kind}/body.txt", **context)
        html = render_template(f"mail/{kind}/body.html", **context)
    return subject, plain.strip() + "\n", html


def _address(to: str) -> str:
    if any(sign in to for sign in "\r\n") or "@" not in to:
        raise ValueError("This is not an address a mail can be sent to.")
    return to


def _insert(session: AnySession) -> postgresql.Insert | sqlite.Insert:
    """INSERT … ON CONFLICT, as the database at hand writes it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(Mail)


def _insert_once(session: AnySession, row: dict[str, Any]) -> bool:
    """INSERT … ON CONFLICT DO NOTHING: the unique key decides, also between two workers."""
    statement = _insert(session).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(Mail.id)
    return session.execute(statement).scalar_one_or_none() is not None


def is_wanted(session: AnySession, mail: Mail) -> bool:
    """Ask the kind's question; a kind without one is always wanted until it expires."""
    if clock.now() >= mail.expires_at:
        return False
    question = _WANTED.get(mail.kind)
    return question is None or question(session, mail)


def due(session: AnySession, limit: int = 50) -> list[int]:
    """Ids of mails whose turn has come, oldest first."""
    statement = (
        select(Mail.id)
        .where(Mail.closed_at.is_(None), Mail.next_attempt_at <= clock.now())
        .order_by(Mail.next_attempt_at, Mail.id)
        .limit(limit)
    )
    return list(session.scalars(statement))
