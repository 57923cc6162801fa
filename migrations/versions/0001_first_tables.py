"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("target_kind", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column(
            "values",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("personal_digest", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_act"), ["act"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_events_target", ["target_kind", "target_id"], unique=False)

    op.create_table(
        "authors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("job", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
        sa.UniqueConstraint("slug", name=op.f("uq_authors_slug")),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "facts",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index("ix_history_subject", ["kind", "subject_id", "recorded_at"], unique=False)

    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("siren", sa.String(length=14), nullable=False),
        sa.Column("vat_number", sa.String(length=20), nullable=False),
        sa.Column("billing_email", sa.String(length=254), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=16), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("purchase_reference", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('individual', 'company', 'public')", name=op.f("ck_organisations_kind_known")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_organisations_seats_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )
    op.create_table(
        "pending_registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("company", sa.String(length=120), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column(
            "intent",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_registrations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pending_registrations_token_hash")),
    )
    with op.batch_alter_table("pending_registrations", schema=None) as batch_op:
        batch_op.create_index("ix_pending_registrations_email_key", ["email_key"], unique=False)

    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stripe_product_id", sa.String(length=80), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("slug", name=op.f("uq_plans_slug")),
        sa.UniqueConstraint("stripe_product_id", name=op.f("uq_plans_stripe_product_id")),
    )
    op.create_table(
        "readers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("person_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("company_key", sa.String(length=253), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("company", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=True),
        sa.Column("theme", sa.String(length=5), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_reason", sa.String(length=300), nullable=True),
        sa.Column("marketing_consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('reader', 'editor', 'support', 'sales', 'admin', 'auditor')", name=op.f("ck_readers_role_known")
        ),
        sa.CheckConstraint("length(email) > 2", name=op.f("ck_readers_email_present")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readers")),
        sa.UniqueConstraint("email_key", name=op.f("uq_readers_email_key")),
    )
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_readers_company_key"), ["company_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_readers_person_key"), ["person_key"], unique=False)

    op.create_table(
        "reconcile_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subscriptions_seen", sa.Integer(), nullable=False),
        sa.Column("events_seen", sa.Integer(), nullable=False),
        sa.Column(
            "drifts",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_runs")),
    )
    op.create_table(
        "rubrics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubrics")),
        sa.UniqueConstraint("slug", name=op.f("uq_rubrics_slug")),
    )
    op.create_table(
        "stripe_events",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("subscription_id", sa.String(length=80), nullable=True),
        sa.Column("customer_id", sa.String(length=80), nullable=True),
        sa.Column("api_version", sa.String(length=40), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_events")),
    )
    with op.batch_alter_table("stripe_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stripe_events_pending",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "sync_tickets",
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.CheckConstraint("applied <= issued", name=op.f("ck_sync_tickets_applied_was_issued")),
        sa.PrimaryKeyConstraint("stripe_id", name=op.f("pk_sync_tickets")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("stripe_tax_rate_id", sa.String(length=80), nullable=True),
        sa.CheckConstraint("basis_points >= 0", name=op.f("ck_tax_rates_rate_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("key", name=op.f("uq_tax_rates_key")),
        sa.UniqueConstraint("stripe_tax_rate_id", name=op.f("uq_tax_rates_stripe_tax_rate_id")),
    )
    op.create_table(
        "throttle_hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_throttle_hits")),
    )
    with op.batch_alter_table("throttle_hits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_hits_key_hash"), ["key_hash"], unique=False)

    op.create_table(
        "verticals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tagline", sa.String(length=300), nullable=False),
        sa.Column("tagline_en", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("colour_dark", sa.String(length=7), nullable=False),
        sa.Column("colour_soft", sa.String(length=7), nullable=False),
        sa.Column("colour_soft_dark", sa.String(length=7), nullable=False),
        sa.Column("editor_in_chief", sa.String(length=120), nullable=False),
        sa.Column("trial_open", sa.Boolean(), nullable=False),
        sa.Column("on_sale", sa.Boolean(), nullable=False),
        sa.Column("trial_cap_per_company", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(colour) = 7 AND length(colour_dark) = 7", name=op.f("ck_verticals_colour_hex")),
        sa.CheckConstraint("length(slug) > 1", name=op.f("ck_verticals_slug_present")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verticals")),
        sa.UniqueConstraint("slug", name=op.f("uq_verticals_slug")),
    )
    op.create_table(
        "account_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('confirm-address', 'reset-password')", name=op.f("ck_account_tokens_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_account_tokens_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_tokens_token_hash")),
    )
    with op.batch_alter_table("account_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_tokens_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "audit_personal",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "values",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["audit_events.id"], name=op.f("fk_audit_personal_event_id_audit_events")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_personal")),
    )
    with op.batch_alter_table("audit_personal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_personal_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "awaited_rights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until > since", name=op.f("ck_awaited_rights_until_after_since")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_awaited_rights_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["vertical_id"], ["verticals.id"], name=op.f("fk_awaited_rights_vertical_id_verticals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaited_rights")),
        sa.UniqueConstraint("reference", "vertical_id", name="uq_awaited_rights_reference"),
    )
    with op.batch_alter_table("awaited_rights", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_awaited_rights_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id_categories")),
        sa.ForeignKeyConstraint(["vertical_id"], ["verticals.id"], name=op.f("fk_categories_vertical_id_verticals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("vertical_id", "parent_id", "slug", name=op.f("uq_categories_vertical_id_parent_id_slug")),
    )
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_categories_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            "uq_categories_top",
            ["vertical_id", "slug"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )

    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_customers_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_customers_stripe_id")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(
            "uq_customers_live",
            ["organisation_id", "livemode"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.String(length=36), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grace_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_cause", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "end_cause IS NULL OR end_cause IN ('lapsed', 'cancelled', 'unpaid', 'paused', 'refunded', 'revoked')",
            name=op.f("ck_grants_end_cause_known"),
        ),
        sa.CheckConstraint(
            "grace_until IS NULL OR source = 'subscription'", name=op.f("ck_grants_grace_of_subscription")
        ),
        sa.CheckConstraint("source <> 'admin' OR length(trim(reason)) > 0", name=op.f("ck_grants_admin_reason")),
        sa.CheckConstraint(
            "source <> 'subscription' OR length(reference) > 0", name=op.f("ck_grants_subscription_reference")
        ),
        sa.CheckConstraint("source <> 'trial' OR reader_id IS NOT NULL", name=op.f("ck_grants_trial_of_reader")),
        sa.CheckConstraint("source IN ('trial', 'subscription', 'admin')", name=op.f("ck_grants_source_known")),
        sa.CheckConstraint("(reader_id IS NULL) <> (organisation_id IS NULL)", name=op.f("ck_grants_one_holder")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_grants_ends_after_start")),
        sa.CheckConstraint("grace_until IS NULL OR grace_until >= ends_at", name=op.f("ck_grants_grace_after_end")),
        sa.ForeignKeyConstraint(["actor_id"], ["readers.id"], name=op.f("fk_grants_actor_id_readers")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_grants_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_grants_reader_id_readers")),
        sa.ForeignKeyConstraint(["vertical_id"], ["verticals.id"], name=op.f("fk_grants_vertical_id_verticals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_act_id"), ["act_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_reader_id"), ["reader_id"], unique=False)
        batch_op.create_index(
            "ix_grants_trial_end",
            ["ends_at"],
            unique=False,
            sqlite_where=sa.text("source = 'trial'"),
            postgresql_where=sa.text("source = 'trial'"),
        )
        batch_op.create_index(
            "uq_grants_one_per_subscription",
            ["reference", "vertical_id"],
            unique=True,
            sqlite_where=sa.text("source = 'subscription'"),
            postgresql_where=sa.text("source = 'subscription'"),
        )
        batch_op.create_index(
            "uq_grants_one_trial",
            ["reader_id", "vertical_id"],
            unique=True,
            sqlite_where=sa.text("source = 'trial'"),
            postgresql_where=sa.text("source = 'trial'"),
        )

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invited_by"], ["readers.id"], name=op.f("fk_invitations_invited_by_readers")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invitations_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_email_key"), ["email_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "managers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'manager')", name=op.f("ck_managers_role_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_managers_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_managers_reader_id_readers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_managers")),
    )
    with op.batch_alter_table("managers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_managers_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_managers_reader_id"), ["reader_id"], unique=False)
        batch_op.create_index(
            "uq_managers_open",
            ["organisation_id", "reader_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column(
            "headers",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "facts",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_outbox_reader_id_readers"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due",
            ["next_attempt_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "plan_verticals",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_verticals_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vertical_id"], ["verticals.id"], name=op.f("fk_plan_verticals_vertical_id_verticals")
        ),
        sa.PrimaryKeyConstraint("plan_id", "vertical_id", name=op.f("pk_plan_verticals")),
    )
    with op.batch_alter_table("plan_verticals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_verticals_vertical_id"), ["vertical_id"], unique=False)

    op.create_table(
        "prices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("interval", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_amount", sa.Integer(), nullable=False),
        sa.Column("lookup_key", sa.String(length=80), nullable=False),
        sa.Column("stripe_price_id", sa.String(length=80), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_prices_interval_known")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_prices_currency_code")),
        sa.CheckConstraint("unit_amount > 0", name=op.f("ck_prices_amount_positive")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_prices_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("lookup_key", name=op.f("uq_prices_lookup_key")),
        sa.UniqueConstraint("plan_id", "interval", "currency", name="uq_prices_plan_interval_currency"),
        sa.UniqueConstraint("stripe_price_id", name=op.f("uq_prices_stripe_price_id")),
    )
    op.create_table(
        "reader_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_cause", sa.String(length=20), nullable=True),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_reader_sessions_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reader_sessions_token_hash")),
    )
    with op.batch_alter_table("reader_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_sessions_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "readings",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_readings_reader_id_readers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", "article_id", "day", name=op.f("pk_readings")),
    )
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.create_index("ix_readings_reader_day", ["reader_id", "day"], unique=False)

    op.create_table(
        "seats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_cause", sa.String(length=20), nullable=True),
        sa.CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name=op.f("ck_seats_closed_after_opened")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_seats_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_seats_reader_id_readers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seats_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seats_reader_id"), ["reader_id"], unique=False)
        batch_op.create_index(
            "uq_seats_open",
            ["organisation_id", "reader_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("collection_method", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trial_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renews_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unpaid_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_brand", sa.String(length=20), nullable=False),
        sa.Column("card_last4", sa.String(length=4), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_subscriptions_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_subscriptions_stripe_id")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["vertical_id"], ["verticals.id"], name=op.f("fk_tags_vertical_id_verticals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("vertical_id", "slug", name=op.f("uq_tags_vertical_id_slug")),
    )
    op.create_table(
        "trial_ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["vertical_id"], ["verticals.id"], name=op.f("fk_trial_ledger_vertical_id_verticals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_ledger")),
        sa.UniqueConstraint("person_key", "vertical_id", name="uq_trial_ledger_person"),
    )
    op.create_table(
        "trial_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.CheckConstraint("kind IN ('company-cap', 'extension')", name=op.f("ck_trial_requests_kind_known")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_trial_requests_reader_id_readers")),
        sa.ForeignKeyConstraint(
            ["vertical_id"], ["verticals.id"], name=op.f("fk_trial_requests_vertical_id_verticals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_requests")),
    )
    with op.batch_alter_table("trial_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trial_requests_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=160), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(length=5), nullable=False),
        sa.Column("primary_vertical_id", sa.Integer(), nullable=False),
        sa.Column("rubric_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("research", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("access", sa.String(length=40), nullable=False),
        sa.Column("free_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("free_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("words_locked", sa.Integer(), nullable=False),
        sa.Column("tables_locked", sa.Integer(), nullable=False),
        sa.Column(
            "outline",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.CheckConstraint("access IN ('free', 'registered', 'subscriber')", name=op.f("ck_articles_access_known")),
        sa.CheckConstraint(
            "format IN ('breve', 'enquete', 'interview', 'fiche', 'infographie', 'classement', 'nominations', 'dossier')",
            name=op.f("ck_articles_format_known"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'published', 'withdrawn')", name=op.f("ck_articles_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('scheduled', 'published') OR published_at IS NOT NULL", name=op.f("ck_articles_dated")
        ),
        sa.CheckConstraint(
            "free_until IS NULL OR free_from IS NULL OR free_until > free_from", name=op.f("ck_articles_free_window")
        ),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_articles_category_id_categories")),
        sa.ForeignKeyConstraint(
            ["primary_vertical_id"], ["verticals.id"], name=op.f("fk_articles_primary_vertical_id_verticals")
        ),
        sa.ForeignKeyConstraint(["rubric_id"], ["rubrics.id"], name=op.f("fk_articles_rubric_id_rubrics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_articles_category_id"), ["category_id"], unique=False)
        batch_op.create_index("ix_articles_date", ["published_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_articles_rubric_id"), ["rubric_id"], unique=False)
        batch_op.create_index("ix_articles_vertical_date", ["primary_vertical_id", "published_at", "id"], unique=False)

    op.create_table(
        "checkout_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("start", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("buyer_reads", sa.Boolean(), nullable=False),
        sa.Column("return_path", sa.String(length=500), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("stripe_session_id", sa.String(length=120), nullable=True),
        sa.Column("stripe_session_url", sa.String(length=1000), nullable=True),
        sa.Column("terms_version", sa.String(length=20), nullable=False),
        sa.Column("terms_accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("immediate_start", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("start IN ('today', 'after-trial')", name=op.f("ck_checkout_attempts_start_known")),
        sa.CheckConstraint(
            "state IN ('open', 'completed', 'expired', 'failed')", name=op.f("ck_checkout_attempts_state_known")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 500", name=op.f("ck_checkout_attempts_quantity_sensible")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_checkout_attempts_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_checkout_attempts_price_id_prices")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_checkout_attempts_reader_id_readers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_attempts")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_checkout_attempts_idempotency_key")),
        sa.UniqueConstraint("stripe_session_id", name=op.f("uq_checkout_attempts_stripe_session_id")),
    )
    with op.batch_alter_table("checkout_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkout_attempts_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkout_attempts_reader_id"), ["reader_id"], unique=False)
        batch_op.create_index(
            "uq_checkout_attempts_open",
            ["organisation_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal", sa.Integer(), nullable=False),
        sa.Column("tax", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("amount_paid", sa.Integer(), nullable=False),
        sa.Column("amount_due", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("hosted_url", sa.String(length=1000), nullable=True),
        sa.Column("pdf_url", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invoices_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_invoices_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_invoices_stripe_id")),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoices_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "subscription_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=True),
        sa.Column("stripe_price_id", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_subscription_items_price_id_prices")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_items_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_items")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_subscription_items_stripe_id")),
    )
    with op.batch_alter_table("subscription_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_items_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "article_authors",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_authors_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_article_authors_author_id_authors")),
        sa.PrimaryKeyConstraint("article_id", "author_id", name=op.f("pk_article_authors")),
    )
    with op.batch_alter_table("article_authors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_authors_author_id"), ["author_id"], unique=False)

    op.create_table(
        "article_categories",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_categories_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_article_categories_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("article_id", "category_id", name=op.f("pk_article_categories")),
    )
    with op.batch_alter_table("article_categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_categories_category_id"), ["category_id"], unique=False)

    op.create_table(
        "article_search",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_search_article_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_search")),
    )
    op.create_table(
        "article_tags",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_tags_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_article_tags_tag_id_tags")),
        sa.PrimaryKeyConstraint("article_id", "tag_id", name=op.f("pk_article_tags")),
    )
    with op.batch_alter_table("article_tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_tags_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "article_texts",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("preview_html", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column(
            "figures",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "persons",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_texts_article_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_texts")),
    )
    op.create_table(
        "article_verticals",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("vertical_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_verticals_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vertical_id"], ["verticals.id"], name=op.f("fk_article_verticals_vertical_id_verticals")
        ),
        sa.PrimaryKeyConstraint("article_id", "vertical_id", name=op.f("pk_article_verticals")),
    )
    with op.batch_alter_table("article_verticals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_verticals_vertical_id"), ["vertical_id"], unique=False)

    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(length=160), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_former_slugs_article_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
    )
    with op.batch_alter_table("former_slugs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_slugs_article_id"), ["article_id"], unique=False)

    op.create_table(
        "related_articles",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("related_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_related_articles_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["related_id"], ["articles.id"], name=op.f("fk_related_articles_related_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "related_id", name=op.f("pk_related_articles")),
    )


def downgrade() -> None:

    op.drop_table("related_articles")
    with op.batch_alter_table("former_slugs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_slugs_article_id"))

    op.drop_table("former_slugs")
    with op.batch_alter_table("article_verticals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_verticals_vertical_id"))

    op.drop_table("article_verticals")
    op.drop_table("article_texts")
    with op.batch_alter_table("article_tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_tags_tag_id"))

    op.drop_table("article_tags")
    op.drop_table("article_search")
    with op.batch_alter_table("article_categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_categories_category_id"))

    op.drop_table("article_categories")
    with op.batch_alter_table("article_authors", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_authors_author_id"))

    op.drop_table("article_authors")
    with op.batch_alter_table("subscription_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscription_items_subscription_id"))

    op.drop_table("subscription_items")
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoices_subscription_id"))
        batch_op.drop_index(batch_op.f("ix_invoices_organisation_id"))

    op.drop_table("invoices")
    with op.batch_alter_table("checkout_attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_checkout_attempts_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_checkout_attempts_reader_id"))
        batch_op.drop_index(batch_op.f("ix_checkout_attempts_organisation_id"))

    op.drop_table("checkout_attempts")
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.drop_index("ix_articles_vertical_date")
        batch_op.drop_index(batch_op.f("ix_articles_rubric_id"))
        batch_op.drop_index("ix_articles_date")
        batch_op.drop_index(batch_op.f("ix_articles_category_id"))

    op.drop_table("articles")
    with op.batch_alter_table("trial_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trial_requests_reader_id"))

    op.drop_table("trial_requests")
    op.drop_table("trial_ledger")
    op.drop_table("tags")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_organisation_id"))

    op.drop_table("subscriptions")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_seats_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_seats_reader_id"))
        batch_op.drop_index(batch_op.f("ix_seats_organisation_id"))

    op.drop_table("seats")
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.drop_index("ix_readings_reader_day")

    op.drop_table("readings")
    with op.batch_alter_table("reader_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reader_sessions_reader_id"))

    op.drop_table("reader_sessions")
    op.drop_table("prices")
    with op.batch_alter_table("plan_verticals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_verticals_vertical_id"))

    op.drop_table("plan_verticals")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_reader_id"))
        batch_op.drop_index(
            "ix_outbox_due", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )

    op.drop_table("outbox")
    with op.batch_alter_table("managers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_managers_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_managers_reader_id"))
        batch_op.drop_index(batch_op.f("ix_managers_organisation_id"))

    op.drop_table("managers")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_email_key"))

    op.drop_table("invitations")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_grants_one_trial",
            sqlite_where=sa.text("source = 'trial'"),
            postgresql_where=sa.text("source = 'trial'"),
        )
        batch_op.drop_index(
            "uq_grants_one_per_subscription",
            sqlite_where=sa.text("source = 'subscription'"),
            postgresql_where=sa.text("source = 'subscription'"),
        )
        batch_op.drop_index(
            "ix_grants_trial_end",
            sqlite_where=sa.text("source = 'trial'"),
            postgresql_where=sa.text("source = 'trial'"),
        )
        batch_op.drop_index(batch_op.f("ix_grants_reader_id"))
        batch_op.drop_index(batch_op.f("ix_grants_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_grants_act_id"))

    op.drop_table("grants")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_customers_live",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.drop_table("customers")
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_categories_top",
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_categories_parent_id"))

    op.drop_table("categories")
    with op.batch_alter_table("awaited_rights", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_awaited_rights_organisation_id"))

    op.drop_table("awaited_rights")
    with op.batch_alter_table("audit_personal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_personal_reader_id"))

    op.drop_table("audit_personal")
    with op.batch_alter_table("account_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_tokens_reader_id"))

    op.drop_table("account_tokens")
    op.drop_table("verticals")
    with op.batch_alter_table("throttle_hits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_hits_key_hash"))

    op.drop_table("throttle_hits")
    op.drop_table("tax_rates")
    op.drop_table("sync_tickets")
    with op.batch_alter_table("stripe_events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_stripe_events_pending",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.drop_table("stripe_events")
    op.drop_table("rubrics")
    op.drop_table("reconcile_runs")
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_readers_person_key"))
        batch_op.drop_index(batch_op.f("ix_readers_company_key"))

    op.drop_table("readers")
    op.drop_table("plans")
    with op.batch_alter_table("pending_registrations", schema=None) as batch_op:
        batch_op.drop_index("ix_pending_registrations_email_key")

    op.drop_table("pending_registrations")
    op.drop_table("organisations")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index("ix_history_subject")

    op.drop_table("history")
    op.drop_table("authors")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_target")
        batch_op.drop_index(batch_op.f("ix_audit_events_at"))
        batch_op.drop_index(batch_op.f("ix_audit_events_act"))

    op.drop_table("audit_events")
