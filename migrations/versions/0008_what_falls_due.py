"""When a card expires, and subscriptions by the day they renew"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("card_expires_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_subscriptions_renews_at"), "subscriptions", ["renews_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_subscriptions_renews_at"), table_name="subscriptions")
    op.drop_column("subscriptions", "card_expires_on")
