"""Files in folders of a rule, and pictures of those who ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("lead", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "logos",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link", "digest"),
    )
