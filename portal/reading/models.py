"""The reading log, one row per reader, article and day; and what readers put aside."""

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


class SavedArticle(Base):
    """A reader put this article aside; its title stays in the list when the right to read it ends."""

    __tablename__ = "saved_articles"
    __table_args__ = (Index("ix_saved_articles_reader_saved", "reader_id", "saved_at"),)

    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(primary_key=True)
    saved_at: Mapped[datetime]
