"""The mails of an account, written to the outbox in the caller's transaction."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

from portal import clock, outbox
from portal.accounts import tokens
from portal.accounts.models import AddressProof, PendingRegistration, Reader
from portal.accounts.models_security import AddressChange, SignInCode
from portal.accounts.user_agents import UserAgent
from portal.db import AnySession
from portal.i18n import current_locale
from portal.web import absolute, own_path

LAST_MAIL_TRIED = timedelta(days=1)


def confirm_registration(session: AnySession, pending: PendingRegistration, token: str) -> None:
    """The link that confirms a registration (the page behind it starts what was wanted)."""
    _post(
        session,
        "confirm_address",
        to=pending.email,
        locale=pending.locale,
        url=absolute(f"/confirm/{token}"),
        expires_at=pending.expires_at,
        perishes=True,
    )


def already_registered(session: AnySession, pending: PendingRegistration, reader: Reader) -> None:
    """For an address that has an account: sign in, or choose a new password."""
    next_path = own_path(str(pending.intent.get("next") or ""))
    _post(
        session,
        "already_registered",
        to=reader.email,
        locale=reader.locale or pending.locale,
        reader_id=reader.id,
        url=absolute("/login" + (f"?next={quote(next_path, safe='/')}" if next_path != "/" else "")),
        reset_url=absolute("/reset"),
    )


def confirm_account(session: AnySession, reader: Reader, token: str, locale: str) -> None:
    """The link that confirms the address of an account that exists already."""
    _post(
        session,
        "confirm_address",
        to=reader.email,
        locale=reader.locale or locale,
        reader_id=reader.id,
        url=absolute(f"/confirm-address/{token}"),
        expires_at=clock.now() + tokens.LIFETIME,
        perishes=True,
    )


def reset_password(session: AnySession, reader: Reader, token: str, locale: str) -> None:
    """The link that lets its owner choose a new password."""
    _post(
        session,
        "reset_password",
        to=reader.email,
        locale=reader.locale or locale,
        reader_id=reader.id,
        url=absolute(f"/reset/{token}"),
        expires_at=clock.now() + tokens.LIFETIME,
        perishes=True,
    )


def no_account(session: AnySession, address: str, locale: str, *, wanted: str = "password") -> None:
    """Somebody asked for a new password (or a "code" to log in) for an address without an account."""
    _post(session, "no_account", to=address, locale=locale, url=absolute("/register"), wanted=wanted)


def sign_in_code(session: AnySession, reader: Reader, asked: SignInCode, code: str, locale: str) -> None:
    """The six digits that sign in, in the browser that asked for them."""
    outbox.post(
        session,
        "sign_in_code",
        key=f"sign_in_code:{secrets.token_hex(12)}",
        to=reader.email,
        locale=reader.locale or locale,
        reader_id=reader.id,
        context={"code": code, "expires_at": asked.expires_at},
        expires_in=asked.expires_at - asked.created_at,
    )


def password_changed(session: AnySession, reader: Reader, locale: str, *, others: bool = False) -> None:
    """Tells the owner that the password is another one now and that every session ended, or every other."""
    _post(
        session,
        "password_changed",
        to=reader.email,
        locale=reader.locale or locale,
        reader_id=reader.id,
        url=absolute("/reset"),
        changed_at=clock.now(),
        others=others,
    )


def second_factor_changed(session: AnySession, reader: Reader, what: str) -> None:
    """Tells the owner what became of the second factor: on, off, codes-renewed, recovery-used."""
    _post(
        session,
        "second_factor_changed",
        to=reader.email,
        locale=reader.locale or "fr",
        reader_id=reader.id,
        url=absolute("/profile/security"),
        reset_url=absolute("/reset"),
        what=what,
        changed_at=clock.now(),
    )


def new_device(session: AnySession, reader: Reader, device: UserAgent) -> None:
    """Tells the owner that a device this account had not seen signed in."""
    _post(
        session,
        "new_device",
        to=reader.email,
        locale=reader.locale or current_locale(),
        reader_id=reader.id,
        url=absolute("/profile/security"),
        reset_url=absolute("/reset"),
        device=device,
        at=clock.now(),
    )


def address_code(session: AnySession, reader: Reader, proof: AddressProof, code: str, locale: str) -> None:
    """The code that proves another address, to that address: who asked for it, and that nobody else may have it."""
    outbox.post(
        session,
        "address_code",
        key=f"address_code:{secrets.token_hex(12)}",
        to=proof.email,
        locale=locale,
        context={"code": code, "asked_by": reader.email, "expires_at": proof.expires_at},
        expires_in=proof.expires_at - proof.created_at,
    )


def leave_address(session: AnySession, reader: Reader, wish: AddressChange, token: str, locale: str) -> None:
    """To the address the account has: a link that agrees to the move, and the way out when it was somebody else."""
    _post(
        session,
        "leave_address",
        to=reader.email,
        locale=reader.locale or locale,
        reader_id=reader.id,
        url=absolute(f"/confirm-address/leave/{token}"),
        reset_url=absolute("/reset"),
        new_address=wish.email,
        expires_at=wish.expires_at,
        perishes=True,
    )


def take_address(session: AnySession, reader: Reader, wish: AddressChange, token: str, locale: str) -> None:
    """To the address the account is to have: a link that says it is theirs.

    It is not among the reader's mails: their copy of them would tell whether the address has an account.
    """
    _post(
        session,
        "take_address",
        to=wish.email,
        locale=reader.locale or locale,
        url=absolute(f"/confirm-address/take/{token}"),
        account=reader.email,
        expires_at=wish.expires_at,
        perishes=True,
    )


def address_taken(session: AnySession, owner: Reader, locale: str) -> None:
    """To an address that has an account: somebody wanted to move theirs here; who it was is not told."""
    _post(
        session,
        "address_taken",
        to=owner.email,
        locale=owner.locale or locale,
        reader_id=owner.id,
        url=absolute("/login"),
        asked_at=clock.now(),
    )


def address_changed(session: AnySession, reader: Reader, to: str, *, before: str, after: str, locale: str) -> None:
    """To one of the two addresses: the account has moved."""
    _post(
        session,
        "address_changed",
        to=to,
        locale=reader.locale or locale,
        reader_id=reader.id,
        url=absolute("/contact"),
        before=before,
        after=after,
        changed_at=clock.now(),
    )


def export_ready(session: AnySession, reader: Reader, until: datetime) -> None:
    """The copy of the reader's data is made, and where they find it while signed in."""
    _post(
        session,
        "export_ready",
        to=reader.email,
        locale=reader.locale or "fr",
        reader_id=reader.id,
        url=absolute("/profile/data"),
        until=until,
    )


def account_erased(session: AnySession, address: str, locale: str) -> None:
    """The last mail: its row is the only place that still holds the address, and goes once it has left."""
    outbox.post(
        session,
        "account_erased",
        key=f"account_erased:{secrets.token_hex(12)}",
        to=address,
        locale=locale,
        context={"url": absolute("/contact"), "erased_at": clock.now()},
        expires_in=LAST_MAIL_TRIED,
    )


def _post(
    session: AnySession,
    kind: str,
    *,
    to: str,
    locale: str,
    reader_id: int | None = None,
    perishes: bool = False,
    **context: object,
) -> None:
    """Each of these mails answers one act, so its key is its own; those with a link are worthless after an hour."""
    outbox.post(
        session,
        kind,
        key=f"{kind}:{secrets.token_hex(12)}",
        to=to,
        locale=locale,
        reader_id=reader_id,
        context=context,
        expires_in=tokens.LIFETIME if perishes else outbox.KEEP_TRYING,
    )
