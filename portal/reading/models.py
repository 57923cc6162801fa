"""The reading log: one row per reader, article and day."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Reading(Base):
    """A reader opened an article (in full) on this Paris day, `times` times."""

    __tablename__ = "readings"
    __table_args__ = (Index("ix_readings_reader_day", "reader_id", "day"),)

    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
