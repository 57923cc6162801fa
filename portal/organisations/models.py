"""Organisations, who manages them, who sits on their seats and who is invited to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of
from portal.history import Recorded, iso


class OrganisationKind(StrEnum):
    """Who stands behind an organisation; decides the words and the law that apply."""

    INDIVIDUAL = "individual"
    COMPANY = "company"
    PUBLIC = "public"


class Organisation(Base):
    """Who pays. `seats` is how many licences it holds, as its contract or subscription says."""

    __tablename__ = "organisations"
    __table_args__ = (one_of("kind", OrganisationKind), CheckConstraint("seats >= 0", name="seats_not_negative"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[OrganisationKind] = mapped_column(EnumType(OrganisationKind))
    seats: Mapped[int] = mapped_column(default=0)
    siren: Mapped[str] = mapped_column(String(14), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    billing_email: Mapped[str] = mapped_column(String(254), default="")
    street: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(16), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    purchase_reference: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]


class ManagerRole(StrEnum):
    """What a manager may do: an owner everything, a manager seats and billing."""

    OWNER = "owner"
    MANAGER = "manager"


class Manager(Recorded, Base):
    """A person who looks after an organisation's billing and seats; holds no seat by that alone."""

    __tablename__ = "managers"
    __table_args__ = (
        one_of("role", ManagerRole),
        Index(
            "uq_managers_open",
            "organisation_id",
            "reader_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    history_kind = "manager"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    role: Mapped[ManagerRole] = mapped_column(EnumType(ManagerRole))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def snapshot(self) -> dict[str, Any]:
        return {
            "organisation_id": self.organisation_id,
            "reader_id": self.reader_id,
            "since": iso(self.since),
            "ended_at": iso(self.ended_at),
        }


class Seat(Recorded, Base):
    """A licence of an organisation, held by a reader from `opened_at` until `closed_at`.

    `replaces_id` is the seat of whoever was taken off it and whose place this one fills.
    """

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="closed_after_opened"),
        Index(
            "uq_seats_open",
            "organisation_id",
            "reader_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("replaces_id <> id", name="replaces_another"),
    )
    history_kind = "seat"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    close_cause: Mapped[str | None] = mapped_column(String(20))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("seats.id"), unique=True)

    def snapshot(self) -> dict[str, Any]:
        return {
            "organisation_id": self.organisation_id,
            "reader_id": self.reader_id,
            "opened_at": iso(self.opened_at),
            "closed_at": iso(self.closed_at),
        }


class Invitation(Recorded, Base):
    """A seat offered to an address; waits until it is accepted, withdrawn, or expires."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_open",
            "organisation_id",
            "email_key",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )
    history_kind = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def snapshot(self) -> dict[str, Any]:
        return {
            "organisation_id": self.organisation_id,
            "created_at": iso(self.created_at),
            "expires_at": iso(self.expires_at),
            "closed_at": iso(self.accepted_at or self.withdrawn_at),
        }
