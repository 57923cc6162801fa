"""A forgotten password, and the address of an account that is not confirmed yet: one mail, one link, one use."""

from datetime import timedelta

from portal import audit, clock, throttle
from portal.accounts import mails, readers, sessions, tokens
from portal.accounts.identity import email_key
from portal.accounts.models import Reader, TokenPurpose
from portal.db import AnySession

MAILS_PER_ADDRESS, MAILS_PER_NETWORK, MAIL_WINDOW = 5, 30, timedelta(hours=1)
CONFIRM_WAIT = timedelta(seconds=60)


def ask_for_reset(session: AnySession, *, email: str, locale: str, network: str) -> None:
    """Write the mail: a link for a known address, "no account here" for an unknown one. Raises Throttled."""
    throttle.hit(session, f"reset-mail:{email_key(email)}", limit=MAILS_PER_ADDRESS, window=MAIL_WINDOW)
    throttle.hit(session, f"reset:{network}", limit=MAILS_PER_NETWORK, window=MAIL_WINDOW)
    reader = readers.by_address(session, email)
    if reader is None:
        tokens.pretend_to_issue(session)
        mails.no_account(session, email, locale)
    else:
        token = tokens.issue(session, reader, TokenPurpose.RESET_PASSWORD)
        mails.reset_password(session, reader, token, locale)


def who_resets(session: AnySession, token: str) -> Reader:
    """Whose password this link would change; uses nothing up. Raises LinkError."""
    return tokens.look(session, token, TokenPurpose.RESET_PASSWORD)


def reset(session: AnySession, token: str, *, password_hash: str, locale: str) -> Reader:
    """Set the new password, end every session, kill every other link, tell the owner. Raises LinkError."""
    reader = tokens.redeem(session, token, TokenPurpose.RESET_PASSWORD)
    reader.password_hash = password_hash
    sessions.end_all(session, reader.id, "password-reset")
    tokens.kill(session, reader.id)
    audit.record(session, "account.password-reset", actor_id=reader.id, target=("reader", reader.id))
    mails.password_changed(session, reader, locale)
    session.flush()
    return reader


def change(session: AnySession, reader: Reader, *, password_hash: str, here: int, locale: str) -> None:
    """Set a new password from within the account: every other session ends, every link is dead, the owner is told."""
    reader.password_hash = password_hash
    sessions.end_all(session, reader.id, "password-changed", but=here)
    tokens.kill(session, reader.id)
    audit.record(session, "account.password-changed", actor_id=reader.id, target=("reader", reader.id))
    mails.password_changed(session, reader, locale, others=True)
    session.flush()


def send_confirmation(session: AnySession, reader: Reader, *, locale: str) -> None:
    """Send an unconfirmed account the link that confirms it. Raises Throttled within a minute of the last one."""
    key = f"confirm-mail:{reader.id}"
    throttle.check(session, key, limit=MAILS_PER_ADDRESS, window=MAIL_WINDOW)
    throttle.hit(session, key, limit=1, window=CONFIRM_WAIT)
    mail_confirmation(session, reader, locale=locale)


def mail_confirmation(session: AnySession, reader: Reader, *, locale: str) -> None:
    """Write the mail with a new link that confirms the address; the caller counts."""
    mails.confirm_account(session, reader, tokens.issue(session, reader, TokenPurpose.CONFIRM_ADDRESS), locale)


def who_confirms(session: AnySession, token: str) -> Reader:
    """Whose address this link would confirm; uses nothing up. Raises LinkError."""
    return tokens.look(session, token, TokenPurpose.CONFIRM_ADDRESS)


def confirm_address(session: AnySession, token: str) -> Reader:
    """Confirm the address of an account that existed. Raises LinkError."""
    reader = tokens.redeem(session, token, TokenPurpose.CONFIRM_ADDRESS)
    if reader.confirmed_at is None:
        reader.confirmed_at = clock.now()
        audit.record(session, "account.confirmed", actor_id=reader.id, target=("reader", reader.id))
    session.flush()
    return reader
