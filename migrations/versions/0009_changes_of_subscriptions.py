"""Later changes of a subscription, agreed to on our own page"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    document = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "subscription_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("prorated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target", document, nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("due >= 0", name=op.f("ck_subscription_changes_due_not_negative")),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'failed')", name=op.f("ck_subscription_changes_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_subscription_changes_reader_id_readers")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_changes_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_changes")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_subscription_changes_idempotency_key")),
    )
    for column in ("reader_id", "subscription_id"):
        op.create_index(op.f(f"ix_subscription_changes_{column}"), "subscription_changes", [column], unique=False)
    op.create_index(
        "uq_subscription_changes_open",
        "subscription_changes",
        ["subscription_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_index("uq_subscription_changes_open", "subscription_changes")
    for column in ("subscription_id", "reader_id"):
        op.drop_index(op.f(f"ix_subscription_changes_{column}"), "subscription_changes")
    op.drop_table("subscription_changes")
