"""A question put to the house, and its answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of


class EnquiryKind(StrEnum):
    """What it is about; decides who answers."""

    CONTACT = "contact"
    RESEARCH = "research"
    QUOTE = "quote"
    ACCESS = "access"


class EnquiryState(StrEnum):
    """Where it stands in the staff's queue."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Enquiry(Base):
    """One question. `facts` holds what else the form knew: verticals and seats of a quote, an explanation."""

    __tablename__ = "enquiries"
    __table_args__ = (
        one_of("kind", EnquiryKind),
        one_of("state", EnquiryState),
        CheckConstraint("state <> 'answered' OR (answer <> '' AND answered_at IS NOT NULL)", name="answered_has_words"),
        Index("ix_enquiries_state_created", "state", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EnquiryKind] = mapped_column(EnumType(EnquiryKind))
    state: Mapped[EnquiryState] = mapped_column(EnumType(EnquiryState), default=EnquiryState.OPEN)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    company: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    subject: Mapped[str] = mapped_column(String(160), default="")
    message: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]
    locale: Mapped[str] = mapped_column(String(5))
    created_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
