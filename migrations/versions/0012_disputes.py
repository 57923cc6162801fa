"""Disputed payments, and rights that are closed while one is"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "'lapsed', 'cancelled', 'unpaid', 'paused', 'refunded', 'revoked'"


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_disputes_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_disputes_stripe_id")),
    )
    op.create_index(op.f("ix_disputes_subscription_id"), "disputes", ["subscription_id"], unique=False)
    _causes(f"{BEFORE}, 'disputed'")


def downgrade() -> None:
    op.execute("UPDATE grants SET end_cause = 'unpaid' WHERE end_cause = 'disputed'")
    _causes(BEFORE)
    op.drop_index(op.f("ix_disputes_subscription_id"), table_name="disputes")
    op.drop_table("disputes")


def _causes(words: str) -> None:
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_grants_end_cause_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_grants_end_cause_known"), f"end_cause IS NULL OR end_cause IN ({words})"
        )
