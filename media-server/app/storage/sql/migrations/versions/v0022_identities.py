"""Accounts are known elsewhere, and sessions say by which way they were begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("account_sessions", sa.Column("way", sa.Text(), nullable=False, server_default=sa.text("'password'")))
    op.create_table(
        "account_identities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("account_identities_by_subject", "account_identities", ["issuer", "subject"], unique=True)
    op.create_index("account_identities_by_account", "account_identities", ["account", "made_at"])
