"""Proofs of renewal notices, kept longer than mails"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renewal_proofs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("renews_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("to_masked", sa.String(length=254), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_renewal_proofs_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_proofs")),
        sa.UniqueConstraint("key", name=op.f("uq_renewal_proofs_key")),
    )
    op.create_index(op.f("ix_renewal_proofs_subscription_id"), "renewal_proofs", ["subscription_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_renewal_proofs_subscription_id"), table_name="renewal_proofs")
    op.drop_table("renewal_proofs")
