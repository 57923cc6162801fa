"""What staff must answer (trials beyond a company's cap, wishes for more days), and caps that are a company's own."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of

_WAITS = text("answered_at IS NULL")


class RequestKind(StrEnum):
    """What is asked for."""

    COMPANY_CAP = "company-cap"
    EXTENSION = "extension"


class RequestAnswer(StrEnum):
    """What became of it. One that was settled without an answer (its account is erased) has none."""

    STARTED = "started"
    EXTENDED = "extended"
    DECLINED = "declined"


class TrialRequest(Base):
    """A reader's wish, answered by a person within one working day; one of a kind waits for each vertical."""

    __tablename__ = "trial_requests"
    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("answer", RequestAnswer, optional=True),
        Index("ix_trial_requests_waiting", "created_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(
            "uq_trial_requests_waiting",
            *("reader_id", "vertical_id", "kind"),
            unique=True,
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(EnumType(RequestKind))
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    created_at: Mapped[datetime]
    message: Mapped[str] = mapped_column(String(500), default="")
    answered_at: Mapped[datetime | None]
    answer: Mapped[RequestAnswer | None] = mapped_column(EnumType(RequestAnswer))
    reply: Mapped[str] = mapped_column(String(500), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)


class CompanyCap(Base):
    """How many trials of each vertical may run at a time for this company; without a row, the vertical's own cap."""

    __tablename__ = "company_caps"
    __table_args__ = (CheckConstraint("cap >= 0", name="cap_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_key: Mapped[str] = mapped_column(String(253), unique=True)
    cap: Mapped[int]
    changed_at: Mapped[datetime]
