"""What staff must answer: trials beyond a company's cap and wishes for an extension."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of


class RequestKind(StrEnum):
    """What is asked for."""

    COMPANY_CAP = "company-cap"
    EXTENSION = "extension"


class TrialRequest(Base):
    """A wish of a reader that a person answers within one working day."""

    __tablename__ = "trial_requests"
    __table_args__ = (one_of("kind", RequestKind),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(EnumType(RequestKind))
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    created_at: Mapped[datetime]
    message: Mapped[str] = mapped_column(String(500), default="")
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(40))
