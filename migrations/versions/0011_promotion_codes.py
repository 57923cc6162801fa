"""Promotion codes of orders, reductions of subscriptions and what they took off invoices"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column(
        "checkout_attempts", sa.Column("promotion_code", sa.String(length=80), nullable=False, server_default="")
    )
    op.add_column("checkout_attempts", sa.Column("promotion_code_id", sa.String(length=80), nullable=True))
    op.add_column("subscriptions", sa.Column("reductions", document, nullable=False, server_default="[]"))
    op.add_column("invoices", sa.Column("discount", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("invoices", "discount")
    op.drop_column("subscriptions", "reductions")
    op.drop_column("checkout_attempts", "promotion_code_id")
    op.drop_column("checkout_attempts", "promotion_code")
