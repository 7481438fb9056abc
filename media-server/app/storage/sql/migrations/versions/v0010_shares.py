"""Received files that are shared, and who is downloading them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("max_downloads", sa.BigInteger(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("files", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("shares_by_link", "shares", ["link", "created_at", "hash"])
    op.create_table(
        "share_visits",
        sa.Column("share", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("held_until", sa.Double(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("share", "client"),
        sqlite_with_rowid=False,
    )
    op.create_index("share_visits_by_end", "share_visits", ["share", "until"])
    op.create_index("share_visits_by_link", "share_visits", ["link"])
    some = sa.text("counted = 0")
    op.create_index(
        "share_visits_going_on", "share_visits", ["share", "held_until"], sqlite_where=some, postgresql_where=some
    )
