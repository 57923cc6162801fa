"""Grants (the one source of rights), the trial ledger and rights awaiting confirmation of a payment."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.access.vocabulary import EndCause, GrantFacts, Source
from portal.db import Base, EnumType, one_of
from portal.history import Recorded, iso


class Grant(Recorded, Base):
    """A right: one holder, one vertical, one source, a start and an end. Rows of one act share `act_id`."""

    __tablename__ = "grants"
    __table_args__ = (
        one_of("source", Source),
        one_of("end_cause", EndCause, optional=True),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("grace_until IS NULL OR grace_until >= ends_at", name="grace_after_end"),
        CheckConstraint("grace_until IS NULL OR source = 'subscription'", name="grace_of_subscription"),
        CheckConstraint("(reader_id IS NULL) <> (organisation_id IS NULL)", name="one_holder"),
        CheckConstraint("source <> 'admin' OR length(trim(reason)) > 0", name="admin_reason"),
        CheckConstraint("source <> 'trial' OR reader_id IS NOT NULL", name="trial_of_reader"),
        CheckConstraint("source <> 'subscription' OR length(reference) > 0", name="subscription_reference"),
        Index(
            "uq_grants_one_trial",
            "reader_id",
            "vertical_id",
            unique=True,
            sqlite_where=text("source = 'trial'"),
            postgresql_where=text("source = 'trial'"),
        ),
        Index(
            "uq_grants_one_per_subscription",
            "reference",
            "vertical_id",
            unique=True,
            sqlite_where=text("source = 'subscription'"),
            postgresql_where=text("source = 'subscription'"),
        ),
        Index(
            "ix_grants_trial_end",
            "ends_at",
            sqlite_where=text("source = 'trial'"),
            postgresql_where=text("source = 'trial'"),
        ),
    )
    history_kind = "grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[str] = mapped_column(String(36), index=True)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    source: Mapped[Source] = mapped_column(EnumType(Source))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    grace_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    end_cause: Mapped[EndCause | None] = mapped_column(EnumType(EndCause))
    reason: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    reference: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]

    def facts(self, vertical: str, **more: Any) -> GrantFacts:
        """The row as decisions know it; `vertical` is its vertical's slug, `more` what a seat adds."""
        return GrantFacts(
            grant_id=self.id,
            vertical=vertical,
            source=self.source,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            grace_until=self.grace_until,
            revoked_at=self.revoked_at,
            end_cause=self.end_cause,
            **more,
        )

    def snapshot(self) -> dict[str, Any]:
        return {
            "reader_id": self.reader_id,
            "organisation_id": self.organisation_id,
            "vertical_id": self.vertical_id,
            "source": self.source.value,
            "starts_at": iso(self.starts_at),
            "ends_at": iso(self.ends_at),
            "grace_until": iso(self.grace_until),
            "revoked_at": iso(self.revoked_at),
            "end_cause": self.end_cause.value if self.end_cause else None,
        }


class TrialLedger(Recorded, Base):
    """That this person (a keyed hash, nothing more) has tried this vertical; survives the account's erasure."""

    __tablename__ = "trial_ledger"
    __table_args__ = (UniqueConstraint("person_key", "vertical_id", name="uq_trial_ledger_person"),)
    history_kind = "ledger"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    key_id: Mapped[str] = mapped_column(String(16))
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    tried_at: Mapped[datetime]
    forget_at: Mapped[datetime]

    def snapshot(self) -> dict[str, Any]:
        return {"person_key": self.person_key.hex(), "vertical_id": self.vertical_id, "tried_at": iso(self.tried_at)}


class AwaitedRight(Recorded, Base):
    """A payment came back from Checkout and is not yet confirmed here: nobody sells anything meanwhile."""

    __tablename__ = "awaited_rights"
    __table_args__ = (
        UniqueConstraint("reference", "vertical_id", name="uq_awaited_rights_reference"),
        CheckConstraint("until > since", name="until_after_since"),
    )
    history_kind = "awaited"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    reference: Mapped[str] = mapped_column(String(120))
    since: Mapped[datetime]
    until: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    def snapshot(self) -> dict[str, Any]:
        return {
            "organisation_id": self.organisation_id,
            "vertical_id": self.vertical_id,
            "since": iso(self.since),
            "until": iso(self.until),
            "settled_at": iso(self.settled_at),
        }
