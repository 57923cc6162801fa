"""Sending what the outbox holds, by SMTP, one mail at a time, with no transaction open while the server is spoken to.

A mail is claimed by moving its next attempt into the future (a lease), so that two workers never send it both; a worker
that dies in between leaves it to be sent again after the lease, under the same Message-ID.
"""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app
from sqlalchemy import select

from portal import clock, outbox
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.settings import Settings

log = logging.getLogger(__name__)
TIMEOUT = 20.0  # seconds, for each exchange with the mail server
LEASE = timedelta(minutes=10)
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class MailServerError(Exception):
    """The mail server cannot be used as configured; the message says why."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail ready to leave, free of the database session."""

    id: int
    attempts: int
    message: EmailMessage


def deliver_due(limit: int = 20) -> int:
    """Deal with up to `limit` mails whose turn has come; returns how many were dealt with."""
    dealt = 0
    for _turn in range(limit):
        waiting = outbox.due(db.session, 1)
        end_reading()
        if not waiting or not _deliver_next():
            break
        dealt += 1
    return dealt


def _deliver_next() -> bool:
    """Claim one mail and send it; False when another worker was quicker."""
    settings: Settings = current_app.extensions["portal.settings"]
    with writing() as session:
        mail = _claim(session)
        parcel = _prepare(session, mail, settings) if mail else None
    if parcel is not None and settings.mail_url is not None:
        _settle(parcel, _send(settings.mail_url, parcel.message))
    return mail is not None


def _claim(session: AnySession) -> Mail | None:
    now = clock.now()
    statement = select(Mail).where(Mail.closed_at.is_(None), Mail.next_attempt_at <= now)
    statement = statement.order_by(Mail.next_attempt_at, Mail.id).limit(1).with_for_update(skip_locked=True)
    mail = session.scalars(statement).one_or_none()
    if mail is not None:
        mail.next_attempt_at = now + LEASE
        mail.attempts += 1
    return mail


def _prepare(session: AnySession, mail: Mail, settings: Settings) -> Parcel | None:
    """The mail as a message; None when it is closed instead: no longer wanted, too late, kept here, or not a mail."""
    outcome = _why_not(session, mail, settings)
    if outcome is None:
        try:
            return Parcel(mail.id, mail.attempts, compose(mail, settings.mail_from))
        except ValueError:
            outcome = "refused"
    _close(mail, outcome)
    return None


def _why_not(session: AnySession, mail: Mail, settings: Settings) -> str | None:
    if clock.now() >= mail.expires_at:
        return "expired"
    if not outbox.is_wanted(session, mail):
        return "unwanted"
    return "kept" if settings.mail_url is None else None


def _close(mail: Mail, outcome: str, error: str = "") -> None:
    mail.closed_at, mail.outcome, mail.error = clock.now(), outcome, error[:300]


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message as it goes over the wire: text and HTML as alternatives. Raises ValueError for forged headers."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to_address)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Content-Language"] = mail.locale
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an attempt: sent, refused for good, or to be tried again."""

    outcome: str | None
    error: str = ""


def _send(url: str, message: EmailMessage) -> Verdict:
    try:
        with _server(urlsplit(url)) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        return Verdict("refused" if min(codes) >= 500 else None, f"recipient refused: {min(codes)}")
    except smtplib.SMTPDataError as error:
        return Verdict("refused" if error.smtp_code >= 500 else None, f"text refused: {error.smtp_code}")
    except smtplib.SMTPResponseException as error:
        return Verdict(None, f"{type(error).__name__}: {error.smtp_code}")
    except (smtplib.SMTPException, OSError, MailServerError) as error:
        return Verdict(None, f"{type(error).__name__}: {error}"[:300])
    return Verdict("sent")


@contextmanager
def _server(parts: SplitResult) -> Iterator[smtplib.SMTP]:
    """An open connection to smtp://[user:password@]host[:port], by STARTTLS unless it is this machine, or smtps://…"""
    server = _connect(parts)
    try:
        yield server
    finally:
        # The mail is accepted or refused by now: how the server says goodbye changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
    elif parts.scheme == "smtp":
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    else:
        raise MailServerError("MAIL_URL must begin with smtp:// or smtps://.")
    try:
        _greet(server, parts, host)
    except BaseException:
        server.close()
        raise
    return server


def _greet(server: smtplib.SMTP, parts: SplitResult, host: str) -> None:
    server.ehlo()
    safe = parts.scheme == "smtps" or host in _LOOPBACK
    if parts.scheme == "smtp" and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
        safe = True
    if not safe:
        raise MailServerError("The mail server offers no TLS: neither mails nor a password are sent in the clear.")
    if parts.username is not None:
        server.login(unquote(parts.username), unquote(parts.password or ""))


def _settle(parcel: Parcel, verdict: Verdict) -> None:
    """Write down what came of it, in a unit of work of its own."""
    if verdict.error:
        log.warning("mail not sent", extra={"mail_id": parcel.id, "error": verdict.error})
    with writing() as session:
        mail = session.get_one(Mail, parcel.id)
        if verdict.outcome:
            _close(mail, verdict.outcome, verdict.error)
        else:
            mail.next_attempt_at = clock.now() + BACKOFF[min(parcel.attempts, len(BACKOFF)) - 1]
            mail.error = verdict.error
