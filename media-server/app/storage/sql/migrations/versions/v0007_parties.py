"""Files are sent for items of a link, by parties; for each of these is noted how far it has got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    nothing = sa.text("0")
    op.add_column("ledger", sa.Column("item", sa.Text()))
    op.add_column("ledger", sa.Column("party", sa.Text()))
    op.add_column("links", sa.Column("parties", sa.BigInteger(), nullable=False, server_default=nothing))
    op.add_column("events", sa.Column("about", sa.Text()))
    for name, columns in (
        ("item", ["link", "state", "item", "party", "at", "upload_id"]),
        ("party", ["link", "state", "party", "at", "upload_id"]),
    ):
        some = sa.text(f"state = 3 AND {name} IS NOT NULL")
        op.create_index(f"ledger_by_{name}", "ledger", columns, sqlite_where=some, postgresql_where=some)
    coming = sa.text("state = 1 AND item IS NOT NULL")
    columns = ["link", "state", "item", "party", "until"]
    op.create_index("ledger_coming_by_item", "ledger", columns, sqlite_where=coming, postgresql_where=coming)
    op.create_table(
        "parties",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.Text()),
        sa.PrimaryKeyConstraint("link", "party"),
        sqlite_with_rowid=False,
    )
    op.create_index("parties_by_age", "parties", ["link", "first_at", "party"])
    op.create_table(
        "party_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("coming", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("returned_at", sa.Double()),
    )
    op.create_index("party_items_by_item", "party_items", ["link", "party", "item"], unique=True)
