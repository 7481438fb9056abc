"""The lists of what belongs to entities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Double()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("documents_by_id", "documents", ["entity", "document"], unique=True)
    op.create_index("documents_by_age", "documents", ["entity", "at", "document"])
    op.create_index("documents_by_state", "documents", ["entity", "state", "link"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("documents_due", "documents", ["next_at", "id"], sqlite_where=due, postgresql_where=due)
