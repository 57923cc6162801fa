"""Paying by invoice: quotes, the orders they become, and open invoices found by their due date"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UNPAID = sa.text("state = 'open'")
NOT_FAILED = sa.text("state <> 'failed'")
TO_TRANSFER = sa.text("status = 'open' AND due_at IS NOT NULL")


def upgrade() -> None:
    _quotes()
    _orders()
    op.create_index(
        "ix_invoices_owed", "invoices", ["due_at"], sqlite_where=TO_TRANSFER, postgresql_where=TO_TRANSFER
    )


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("enquiry_id", sa.Integer(), nullable=True),
        sa.Column("company", sa.String(length=160), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("public_body", sa.Boolean(), nullable=False),
        sa.Column("siren", sa.String(length=14), nullable=False),
        sa.Column("vat_number", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("terms_days IN (30, 45, 50, 60)", name=op.f("ck_quotes_terms_known")),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 60", name=op.f("ck_quotes_grace_sensible")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 5000", name=op.f("ck_quotes_quantity_sensible")),
        sa.CheckConstraint("(state = 'draft') = (sent_at IS NULL)", name=op.f("ck_quotes_sent_has_instant")),
        sa.CheckConstraint("(sent_at IS NULL) = (token_hash IS NULL)", name=op.f("ck_quotes_sent_has_link")),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'accepted', 'declined', 'withdrawn')", name=op.f("ck_quotes_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["enquiry_id"], ["enquiries.id"], name=op.f("fk_quotes_enquiry_id_enquiries"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_quotes_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["readers.id"], name=op.f("fk_quotes_written_by_readers"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_quotes_token_hash")),
    )
    for column in ("enquiry_id", "organisation_id", "state", "written_by"):
        op.create_index(op.f(f"ix_quotes_{column}"), "quotes", [column], unique=False)
    op.create_table(
        "quote_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("unit_amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit_amount > 0", name=op.f("ck_quote_lines_amount_positive")),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_quote_lines_price_id_prices")),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quotes.id"], name=op.f("fk_quote_lines_quote_id_quotes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_lines")),
        sa.UniqueConstraint("quote_id", "price_id", name="uq_quote_lines_quote_id_price_id"),
    )
    op.create_index(op.f("ix_quote_lines_quote_id"), "quote_lines", ["quote_id"], unique=False)


def _orders() -> None:
    op.create_table(
        "invoice_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("accepted_by", sa.Integer(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms_version", sa.String(length=20), nullable=False),
        sa.Column("purchase_reference", sa.String(length=60), nullable=False),
        sa.Column("service_code", sa.String(length=100), nullable=False),
        sa.Column("commitment_number", sa.String(length=50), nullable=False),
        sa.Column("buyer_reads", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("stripe_subscription_id", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'closed', 'failed')", name=op.f("ck_invoice_orders_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["readers.id"], name=op.f("fk_invoice_orders_accepted_by_readers"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invoice_orders_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_invoice_orders_quote_id_quotes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_orders")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_invoice_orders_idempotency_key")),
        sa.UniqueConstraint("stripe_subscription_id", name=op.f("uq_invoice_orders_stripe_subscription_id")),
    )
    for column in ("accepted_by", "organisation_id"):
        op.create_index(op.f(f"ix_invoice_orders_{column}"), "invoice_orders", [column], unique=False)
    for name, column, condition in (
        ("uq_invoice_orders_unpaid", "organisation_id", UNPAID),
        ("uq_invoice_orders_quote", "quote_id", NOT_FAILED),
    ):
        op.create_index(
            name, "invoice_orders", [column], unique=True, sqlite_where=condition, postgresql_where=condition
        )


def downgrade() -> None:
    op.drop_index("ix_invoices_owed", "invoices")
    op.drop_table("invoice_orders")
    op.drop_table("quote_lines")
    op.drop_table("quotes")
