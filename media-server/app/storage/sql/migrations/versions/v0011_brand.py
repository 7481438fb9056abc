"""Files in folders of a rule, pictures of those who ask, and readable addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("lead", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("links", sa.Column("alias", sa.Text()))
    named = sa.text("alias IS NOT NULL")
    op.create_index("links_by_alias", "links", ["alias"], unique=True, sqlite_where=named, postgresql_where=named)
    op.create_table(
        "logos",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link", "digest"),
    )
