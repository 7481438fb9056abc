"""Who did what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("upload", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("mark", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_by_age", "audit", ["at", "id"])
    op.create_index("audit_by_act", "audit", ["act", "at", "id"])
    for name, columns, condition in (
        ("audit_by_link", ["link", "at", "id"], "link IS NOT NULL"),
        ("audit_said", ["mark", "at"], "mark IS NOT NULL"),
    ):
        only = sa.text(condition)
        op.create_index(name, "audit", columns, sqlite_where=only, postgresql_where=only)
