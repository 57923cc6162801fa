"""What a team has beside its seats: proved mail domains, wishes for a licence, replacements that staff answer."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of


def _once(name: str, *columns: str, while_: str) -> Index:
    """At most one row with these values as long as it is not over."""
    return Index(name, *columns, unique=True, sqlite_where=text(while_), postgresql_where=text(while_))


class MailDomain(Base):
    """A mail domain that is an organisation's: one of its managers reads mail there. One organisation at a time."""

    __tablename__ = "mail_domains"
    __table_args__ = (
        CheckConstraint("domain = lower(domain) AND length(domain) > 3", name="domain_written"),
        CheckConstraint("ended_at IS NULL OR ended_at >= proved_at", name="ended_after_proved"),
        _once("uq_mail_domains_open", "domain", while_="ended_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    domain: Mapped[str] = mapped_column(String(253))
    proved_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    proved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Answer(StrEnum):
    """What became of a wish."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class JoinRequest(Base):
    """Somebody whose address is on an organisation's domain asks its managers for a licence."""

    __tablename__ = "join_requests"
    __table_args__ = (
        one_of("answer", Answer, optional=True),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_with_an_answer"),
        _once("uq_join_requests_waiting", "organisation_id", "reader_id", while_="answered_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[Answer | None] = mapped_column(EnumType(Answer))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))


class ReplacementRequest(Base):
    """One replacement more than the organisation may make by itself: a seat, and the address it is to go to."""

    __tablename__ = "replacement_requests"
    __table_args__ = (
        one_of("answer", Answer, optional=True),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_with_an_answer"),
        CheckConstraint("answer IS NULL OR answer <> 'declined' OR length(reply) > 0", name="declined_with_a_reply"),
        _once("uq_replacement_requests_waiting", "seat_id", while_="answered_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[Answer | None] = mapped_column(EnumType(Answer))
    reply: Mapped[str] = mapped_column(String(500), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
