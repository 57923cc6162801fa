"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes for a lost phone.

The app's secret is not kept: it is worked out from a random salt with the server's key, so that a copy of the database
opens nothing. Codes follow the machine's own clock, as the phone does, and each is good once.
"""

import hmac
import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from pyotp import TOTP
from sqlalchemy import delete, func, select, update

from portal import audit, clock, throttle
from portal.accounts import mails
from portal.accounts.keyed import every_keyed
from portal.accounts.models import Reader
from portal.accounts.models_security import RecoveryCode, SecondFactor
from portal.db import AnySession

STEP = 30  # seconds
DRIFT = 1  # steps that a phone's clock may be early or late
RECOVERY_CODES = 10
TRIES, WINDOW = 5, timedelta(minutes=5)
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another
_HALF = 5


class AlreadyOn(Exception):
    """This account has a second factor: it must be taken off before another one is added."""


class Proof(StrEnum):
    """What was typed: a code of the app, or a recovery code."""

    APP = "app"
    RECOVERY = "recovery"


def of(session: AnySession, reader_id: int) -> SecondFactor | None:
    """The reader's second factor, when there is one."""
    return session.get(SecondFactor, reader_id)


def new_salt() -> bytes:
    """Where the secret of a new app comes from; the browser's cookie keeps it until its first code was right."""
    return secrets.token_bytes(16)


def confirm(
    session: AnySession, reader: Reader, salt: bytes, typed: str, at: datetime | None = None
) -> list[str] | None:
    """Turn it on when the code is right: the recovery codes, shown this once; None when it is not. Raises AlreadyOn."""
    session.get_one(Reader, reader.id, with_for_update=True)
    if of(session, reader.id) is not None:
        raise AlreadyOn
    factor = app_of(reader, salt)
    if not _spend_step(factor, typed, at or clock.wall()):
        return None
    session.add(factor)
    _tell(session, reader, "second-factor.on")
    return _new_codes(session, reader.id)


def app_of(reader: Reader, salt: bytes) -> SecondFactor:
    """A second factor that was never used; the demonstration's staff are born with one."""
    return SecondFactor(reader_id=reader.id, salt=salt, created_at=clock.now(), last_step=0)


def check(session: AnySession, reader_id: int, typed: str, at: datetime | None = None) -> Proof | None:
    """Which code this is, used up; None when it is none, or was used before."""
    factor = session.get(SecondFactor, reader_id, with_for_update=True, populate_existing=True)
    if factor is None:
        return None
    if _spend_step(factor, typed, at or clock.wall()):
        session.flush()
        return Proof.APP
    return Proof.RECOVERY if _spend_code(session, reader_id, typed) else None


def count_try(session: AnySession, reader_id: int) -> None:
    """Count a code that is typed, right or wrong. Raises Throttled."""
    throttle.hit(session, f"second-factor:{reader_id}", limit=TRIES, window=WINDOW)


def forgive(session: AnySession, reader_id: int) -> None:
    """Forget the tries, after a right code."""
    throttle.forget(session, f"second-factor:{reader_id}")


def renew_codes(session: AnySession, reader: Reader) -> list[str]:
    """New recovery codes, shown this once; the old ones are worth nothing."""
    _tell(session, reader, "second-factor.codes-renewed")
    return _new_codes(session, reader.id)


def remove(session: AnySession, reader: Reader, *, by_house: bool = False) -> None:
    """Take the second factor off, its recovery codes with it; `by_house` when its owner could not."""
    drop(session, reader.id)
    _tell(session, reader, "second-factor.off", by_house=by_house)


def drop(session: AnySession, reader_id: int) -> None:
    """Delete app and recovery codes without a word: whoever added them was not the owner of the address."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.reader_id == reader_id))
    session.execute(delete(SecondFactor).where(SecondFactor.reader_id == reader_id))
    session.expire_all()


def codes_left(session: AnySession, reader_id: int) -> int:
    """How many recovery codes can still be used."""
    unused = (RecoveryCode.reader_id == reader_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def secret(salt: bytes) -> str:
    """The app's secret in base32, as people type it when they cannot scan."""
    return _secrets(salt)[0]


def _secrets(salt: bytes) -> list[str]:
    """The secret under today's key, and what it was under those before."""
    return [b32encode(one[:20]).decode() for one in every_keyed("second-factor", salt.hex())]


def address(salt: bytes, email: str) -> str:
    """The otpauth address that the QR code holds."""
    issuer = str(current_app.config["SITE_NAME"])
    return TOTP(secret(salt), interval=STEP).provisioning_uri(name=email, issuer_name=issuer)


def code_at(salt: bytes, at: datetime) -> str:
    """The six digits that the app shows at this instant."""
    return TOTP(secret(salt), interval=STEP).at(int(at.timestamp()))


def _spend_step(factor: SecondFactor, typed: str, at: datetime) -> bool:
    """True when these are the digits of a step around now that is newer than the last one used."""
    digits = "".join(typed.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return False
    now = int(at.timestamp()) // STEP
    for step in range(max(now - DRIFT, factor.last_step + 1), now + DRIFT + 1):
        if any(hmac.compare_digest(code, digits) for code in _codes_of(factor.salt, step)):
            factor.last_step = step
            return True
    return False


def _codes_of(salt: bytes, step: int) -> list[str]:
    """The digits of a step, under each key."""
    return [TOTP(one, interval=STEP).at(step * STEP) for one in _secrets(salt)]


def _spend_code(session: AnySession, reader_id: int, typed: str) -> bool:
    plain = "".join(sign for sign in typed.casefold() if sign.isalnum())
    if len(plain) != 2 * _HALF:
        return False
    mine = (RecoveryCode.reader_id == reader_id, RecoveryCode.used_at.is_(None))
    statement = update(RecoveryCode).where(*mine, RecoveryCode.code_hash.in_(_hashes(reader_id, plain)))
    spent = session.execute(statement.values(used_at=clock.now()))
    return bool(spent.rowcount)  # type: ignore[attr-defined]


def _new_codes(session: AnySession, reader_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.reader_id == reader_id))
    plain: set[str] = set()
    while len(plain) < RECOVERY_CODES:
        plain.add("".join(secrets.choice(_SIGNS) for _sign in range(2 * _HALF)))
    now = clock.now()
    session.add_all(
        RecoveryCode(reader_id=reader_id, code_hash=_hashes(reader_id, code)[0], created_at=now) for code in plain
    )
    session.flush()
    return [f"{code[:_HALF]}-{code[_HALF:]}" for code in sorted(plain)]


def _hashes(reader_id: int, plain: str) -> list[bytes]:
    return every_keyed("recovery-code", f"{reader_id}:{plain}")


def _tell(session: AnySession, reader: Reader, act: str, *, by_house: bool = False) -> None:
    audit.record(session, act, actor_id=None if by_house else reader.id, target=("reader", reader.id))
    mails.second_factor_changed(session, reader, act.removeprefix("second-factor."))
    session.flush()
