"""Seats that fill another's place; one open invitation for an address; mail domains, wishes to join, replacements"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN_INVITATION = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")
WAITING = sa.text("answered_at IS NULL")
OPEN_DOMAIN = sa.text("ended_at IS NULL")
INVITED_TWICE = """
UPDATE invitations SET withdrawn_at = created_at
WHERE accepted_at IS NULL AND withdrawn_at IS NULL AND id NOT IN (
    SELECT max(id) FROM invitations WHERE accepted_at IS NULL AND withdrawn_at IS NULL
    GROUP BY organisation_id, email_key
)
"""
ANSWERS = "answer IS NULL OR answer IN ('approved', 'declined', 'withdrawn')"
TOGETHER = "(answer IS NULL) = (answered_at IS NULL)"


def upgrade() -> None:
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_seats_replaces_id_seats"), "seats", ["replaces_id"], ["id"])
        batch_op.create_unique_constraint(batch_op.f("uq_seats_replaces_id"), ["replaces_id"])
        batch_op.create_check_constraint(batch_op.f("ck_seats_replaces_another"), "replaces_id <> id")

    op.execute(INVITED_TWICE)
    _once("uq_invitations_open", "invitations", ["organisation_id", "email_key"], OPEN_INVITATION)

    op.create_table(
        "mail_domains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("proved_by", sa.Integer(), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "domain = lower(domain) AND length(domain) > 3", name=op.f("ck_mail_domains_domain_written")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= proved_at", name=op.f("ck_mail_domains_ended_after_proved")
        ),
        *_references("mail_domains", organisation_id="organisations", proved_by="readers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_domains")),
    )
    _indexes("mail_domains", "organisation_id")
    _once("uq_mail_domains_open", "mail_domains", ["domain"], OPEN_DOMAIN)

    op.create_table(
        "join_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_answer_columns(),
        *_answer_rules("join_requests"),
        *_references("join_requests", organisation_id="organisations", reader_id="readers", answered_by="readers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_requests")),
    )
    _indexes("join_requests", "organisation_id", "reader_id")
    _once("uq_join_requests_waiting", "join_requests", ["organisation_id", "reader_id"], WAITING)

    op.create_table(
        "replacement_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_answer_columns(),
        sa.Column("reply", sa.String(length=500), nullable=False),
        *_answer_rules("replacement_requests"),
        sa.CheckConstraint(
            "answer IS NULL OR answer <> 'declined' OR length(reply) > 0",
            name=op.f("ck_replacement_requests_declined_with_a_reply"),
        ),
        *_references(
            "replacement_requests",
            organisation_id="organisations",
            seat_id="seats",
            asked_by="readers",
            answered_by="readers",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacement_requests")),
    )
    _indexes("replacement_requests", "organisation_id", "seat_id", "email_key", "asked_by")
    _once("uq_replacement_requests_waiting", "replacement_requests", ["seat_id"], WAITING)


def _answer_columns() -> list[sa.Column]:
    return [
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
    ]


def _answer_rules(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(ANSWERS, name=op.f(f"ck_{table}_answer_known")),
        sa.CheckConstraint(TOGETHER, name=op.f(f"ck_{table}_answered_with_an_answer")),
    ]


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in columns.items()
    ]


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _once(name: str, table: str, columns: list[str], while_: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=while_, postgresql_where=while_)


def downgrade() -> None:
    for table in ("replacement_requests", "join_requests", "mail_domains"):
        op.drop_table(table)
    op.drop_index("uq_invitations_open", "invitations")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_seats_replaces_another"), type_="check")
        batch_op.drop_constraint(batch_op.f("uq_seats_replaces_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("fk_seats_replaces_id_seats"), type_="foreignkey")
        batch_op.drop_column("replaces_id")
