"""People found under every key of the ledger; a company's own cap; requests about trials that are answered"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KNOWN_PEOPLE = """
INSERT INTO person_keys (key_hash, person_key, key_id, made_at)
SELECT person_key, person_key, '1', min(met) FROM (
    SELECT person_key, created_at AS met FROM readers WHERE erased_at IS NULL
    UNION ALL SELECT person_key, tried_at AS met FROM trial_ledger
) AS people GROUP BY person_key
"""
ASKED_TWICE = """
UPDATE trial_requests SET answered_at = created_at WHERE answered_at IS NULL AND id NOT IN (
    SELECT min(id) FROM trial_requests WHERE answered_at IS NULL GROUP BY reader_id, vertical_id, kind
)
"""
WAITING = sa.text("answered_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_person_keys")),
    )
    op.create_index(op.f("ix_person_keys_person_key"), "person_keys", ["person_key"], unique=False)
    op.execute(KNOWN_PEOPLE)

    op.create_table(
        "company_caps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_key", sa.String(length=253), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cap >= 0", name=op.f("ck_company_caps_cap_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_caps")),
        sa.UniqueConstraint("company_key", name=op.f("uq_company_caps_company_key")),
    )

    op.execute(ASKED_TWICE)
    with op.batch_alter_table("trial_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reply", sa.String(length=500), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("answered_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_trial_requests_answered_by_readers"), "readers", ["answered_by"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_trial_requests_answer_known"),
            "answer IS NULL OR answer IN ('started', 'extended', 'declined')",
        )
    with op.batch_alter_table("trial_requests", schema=None) as batch_op:
        batch_op.alter_column("reply", server_default=None)
    op.create_index(op.f("ix_trial_requests_answered_by"), "trial_requests", ["answered_by"], unique=False)
    op.create_index(
        "ix_trial_requests_waiting",
        "trial_requests",
        ["created_at"],
        unique=False,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "uq_trial_requests_waiting",
        "trial_requests",
        ["reader_id", "vertical_id", "kind"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    for name in ("uq_trial_requests_waiting", "ix_trial_requests_waiting"):
        op.drop_index(name, "trial_requests")
    op.drop_index(op.f("ix_trial_requests_answered_by"), "trial_requests")
    with op.batch_alter_table("trial_requests", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_trial_requests_answer_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_trial_requests_answered_by_readers"), type_="foreignkey")
        batch_op.drop_column("answered_by")
        batch_op.drop_column("reply")

    op.drop_table("company_caps")
    op.drop_index(op.f("ix_person_keys_person_key"), "person_keys")
    op.drop_table("person_keys")
