"""What a mail is about, so that the notices of a subscription are found among millions"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KNOWN = sa.text("about IS NOT NULL")
_SAID = {"sqlite": "json_extract(facts, '$.subscription')", "postgresql": "facts ->> 'subscription'"}


def upgrade() -> None:
    op.add_column("outbox", sa.Column("about", sa.String(length=80), nullable=True))
    said = _SAID[op.get_bind().dialect.name]
    op.execute(f"UPDATE outbox SET about = {said} WHERE kind IN ('renewal_notice', 'card_expiring')")
    op.create_index(
        "ix_outbox_about", "outbox", ["about"], unique=False, sqlite_where=KNOWN, postgresql_where=KNOWN
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_about", table_name="outbox")
    op.drop_column("outbox", "about")
