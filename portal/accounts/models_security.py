"""Second factors, codes that sign in, addresses on their way, and copies of one's data."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SecondFactor(Base):
    """A reader's authenticator app. The secret is not here: it is derived from `salt` with the server's key.

    `last_step` is the newest 30-second step whose code was used; codes of this step or an older one are spent.
    """

    __tablename__ = "second_factors"

    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    created_at: Mapped[datetime]
    last_step: Mapped[int]


class RecoveryCode(Base):
    """One of the codes that stand in for a lost phone: keyed hash, one use."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("reader_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInCode(Base):
    """A six-digit code mailed to an address to sign in with, bound to the browser that asked.

    An address without an account has a row without a reader, so that both are answered alike.
    """

    __tablename__ = "sign_in_codes"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AddressChange(Base):
    """A reader's wish to move to another address: done when the mails to both addresses were answered."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class DataExport(Base):
    """A copy of everything kept about a reader, asked for by them, made by the worker, gone after a week."""

    __tablename__ = "data_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
