"""The proof that a renewal was announced, kept longer than the mail that did it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RenewalProof(Base):
    """A renewal notice that left: which period it announced, at what price (cents with VAT), when, to whom.

    `key` is the mail's; the address is kept as it can be recognised and not written to ("c…@clinique.example").
    """

    __tablename__ = "renewal_proofs"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True)
    renews_at: Mapped[datetime]
    total: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    to_masked: Mapped[str] = mapped_column(String(254))
    sent_at: Mapped[datetime]
