"""Readers, pending registrations, sessions and single-use tokens."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of
from portal.history import Recorded, iso
from portal.roles import Role


class Reader(Recorded, Base):
    """A person with an account. `email` is as typed, `email_key` is what makes two addresses the same account."""

    __tablename__ = "readers"
    __table_args__ = (one_of("role", Role), CheckConstraint("length(email) > 2", name="email_present"))
    history_kind = "reader"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    person_key: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    company_key: Mapped[str | None] = mapped_column(String(253), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    company: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(EnumType(Role), default=Role.READER)
    locale: Mapped[str | None] = mapped_column(String(5))
    theme: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str | None] = mapped_column(String(300))
    marketing_consent_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    origin: Mapped[dict[str, Any] | None]  # how they came: first article, referring site, campaign; for sales
    erased_at: Mapped[datetime | None]

    def snapshot(self) -> dict[str, Any]:
        return {
            "role": self.role.value,
            "confirmed_at": iso(self.confirmed_at),
            "suspended_at": iso(self.suspended_at),
            "person_key": self.person_key.hex(),
        }


class PersonKey(Base):
    """A keyed hash of a person's address, and the key under which that person is known: the one made first."""

    __tablename__ = "person_keys"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_key: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    key_id: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]


class PendingRegistration(Base):
    """Somebody typed this address and a password; nothing is theirs until the mail's link is confirmed.

    Each attempt is its own row with its own password hash, so that a stranger who registered the address first gains
    nothing when its owner confirms.
    """

    __tablename__ = "pending_registrations"
    __table_args__ = (Index("ix_pending_registrations_email_key", "email_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(200))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    name: Mapped[str] = mapped_column(String(120), default="")
    company: Mapped[str] = mapped_column(String(120), default="")
    locale: Mapped[str] = mapped_column(String(5))
    intent: Mapped[dict[str, Any]]
    origin: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ReaderSession(Base):
    """One sign-in on one device. The cookie holds a random token; only its SHA-256 is here.

    `verified_at` is when the person last proved who they are here, `second_factor_at` when they last did so with the
    second factor; `viewing_as_id` is the reader whose eyes a member of the staff looks through.
    """

    __tablename__ = "reader_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_cause: Mapped[str | None] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(200), default="")
    network_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    verified_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    viewing_as_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"))


class TokenPurpose(StrEnum):
    """What a mailed token may be used for, and for nothing else."""

    CONFIRM_ADDRESS = "confirm-address"
    RESET_PASSWORD = "reset-password"  # noqa: S105  # nosec B105 - a name, not a secret
    SECOND_STEP = "second-step"  # the first step of a sign-in is done; the cookie holds it, no mail does
    LEAVE_ADDRESS = "leave-address"
    TAKE_ADDRESS = "take-address"


class AccountToken(Base):
    """A single-use token of an existing account, hashed at rest, consumed only by POST."""

    __tablename__ = "account_tokens"
    __table_args__ = (one_of("purpose", TokenPurpose),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[TokenPurpose] = mapped_column(EnumType(TokenPurpose))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    email_key: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecondAddress(Base):
    """Another address this reader has proved to be theirs; an account that has it as its own may be linked."""

    __tablename__ = "second_addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    proved_at: Mapped[datetime]


class AddressProof(Base):
    """A six-digit code mailed to an address that a signed-in reader says is theirs; hashed, few tries, one use."""

    __tablename__ = "address_proofs"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
