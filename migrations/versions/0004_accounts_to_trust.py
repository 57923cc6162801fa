"""Accounts to trust"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PURPOSE_KNOWN = "ck_account_tokens_purpose_known"


def upgrade() -> None:
    op.create_table(
        "address_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_address_changes_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
    )
    op.create_index(op.f("ix_address_changes_reader_id"), "address_changes", ["reader_id"], unique=False)

    op.create_table(
        "data_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_data_exports_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_index(op.f("ix_data_exports_reader_id"), "data_exports", ["reader_id"], unique=False)

    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_recovery_codes_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("reader_id", "code_hash", name=op.f("uq_recovery_codes_reader_id_code_hash")),
    )
    op.create_table(
        "second_factors",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_second_factors_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_sign_in_codes_tries_counted")),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_sign_in_codes_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
    )
    op.create_index(op.f("ix_sign_in_codes_browser_hash"), "sign_in_codes", ["browser_hash"], unique=False)
    op.create_index(op.f("ix_sign_in_codes_reader_id"), "sign_in_codes", ["reader_id"], unique=False)

    with op.batch_alter_table("pending_registrations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "origin",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=True,
            )
        )

    with op.batch_alter_table("reader_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("network_hash", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("viewing_as_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_reader_sessions_viewing_as_id_readers"),
            "readers",
            ["viewing_as_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "origin",
                sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("account_tokens", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(PURPOSE_KNOWN), type_="check")
        batch_op.create_check_constraint(
            op.f(PURPOSE_KNOWN),
            "purpose IN ('confirm-address', 'reset-password', 'second-step', 'leave-address', 'take-address')",
        )


def downgrade() -> None:
    op.execute("DELETE FROM account_tokens WHERE purpose NOT IN ('confirm-address', 'reset-password')")
    with op.batch_alter_table("account_tokens", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(PURPOSE_KNOWN), type_="check")
        batch_op.create_check_constraint(op.f(PURPOSE_KNOWN), "purpose IN ('confirm-address', 'reset-password')")
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_column("erased_at")
        batch_op.drop_column("origin")

    with op.batch_alter_table("reader_sessions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_reader_sessions_viewing_as_id_readers"), type_="foreignkey")
        batch_op.drop_column("viewing_as_id")
        batch_op.drop_column("second_factor_at")
        batch_op.drop_column("verified_at")
        batch_op.drop_column("network_hash")

    with op.batch_alter_table("pending_registrations", schema=None) as batch_op:
        batch_op.drop_column("origin")

    op.drop_index(op.f("ix_sign_in_codes_reader_id"), "sign_in_codes")
    op.drop_index(op.f("ix_sign_in_codes_browser_hash"), "sign_in_codes")

    op.drop_table("sign_in_codes")
    op.drop_table("second_factors")
    op.drop_table("recovery_codes")
    op.drop_index(op.f("ix_data_exports_reader_id"), "data_exports")

    op.drop_table("data_exports")
    op.drop_index(op.f("ix_address_changes_reader_id"), "address_changes")

    op.drop_table("address_changes")
