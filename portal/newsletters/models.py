"""Newsletters as data, and each reader's choice about each."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of


class Audience(StrEnum):
    """Who a newsletter is for."""

    RIGHT = "right"
    CONFIRMED = "confirmed"


class Newsletter(Base):
    """A letter of one vertical. `rhythm` says when it comes, in words; its names are data like the vertical's."""

    __tablename__ = "newsletters"
    __table_args__ = (UniqueConstraint("vertical_id", "slug"), one_of("audience", Audience))

    id: Mapped[int] = mapped_column(primary_key=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    slug: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    about: Mapped[str] = mapped_column(String(300))
    about_en: Mapped[str] = mapped_column(String(300), default="")
    rhythm: Mapped[str] = mapped_column(String(120))
    rhythm_en: Mapped[str] = mapped_column(String(120), default="")
    audience: Mapped[Audience] = mapped_column(EnumType(Audience))
    position: Mapped[int] = mapped_column(default=100)


class NewsletterChoice(Base):
    """A reader wants this newsletter, or said that they do not; kept when a trial ends."""

    __tablename__ = "newsletter_choices"

    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True)
    newsletter_id: Mapped[int] = mapped_column(ForeignKey("newsletters.id", ondelete="CASCADE"), primary_key=True)
    wanted: Mapped[bool]
    changed_at: Mapped[datetime]
