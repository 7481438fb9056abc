"""What is written with every file takes fewer pages: what is counted of a link stands in a small row of its own, and SQLite keeps no last
number of the events, whose newest stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0029"

_COUNTS = (
    *("open", "announced", "coming_weight", "received", "received_bytes", "received_weight", "removed", "gone"),
    *("folders", "parties", "arrivals"),
)
_MOVED = (*_COUNTS, "last_received_at", "last_sender")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "link_sums",
        sa.Column("link", number, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("last_received_at", sa.Double(), nullable=False),
        sa.Column("last_sender", sa.Text()),
        sa.PrimaryKeyConstraint("link"),
    )
    columns = ", ".join(_MOVED)
    op.execute(f"INSERT INTO link_sums (link, hash, {columns}) SELECT id, hash, {columns} FROM links")
    op.drop_index("links_by_arrival", "links")
    op.create_index("links_by_arrival", "link_sums", ["last_received_at", "hash"])
    for name in _MOVED:
        op.drop_column("links", name)
    if op.get_bind().dialect.name == "sqlite":
        _number_events_by_the_newest()


def _number_events_by_the_newest() -> None:
    op.rename_table("events", "events_before")
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("about", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    columns = "id, at, kind, link, upload_id, actor, about"
    op.execute(f"INSERT INTO events ({columns}) SELECT {columns} FROM events_before")
    # All of them were pruned: the next number stands for none of those.
    op.execute(
        "INSERT INTO events (id, at, kind, link, actor) SELECT seq, 0, 'link_changed', '', 'service:catalogue' FROM sqlite_sequence "
        "WHERE name = 'events_before' AND seq > 0 AND NOT EXISTS (SELECT 1 FROM events WHERE id = seq)"
    )
    op.drop_table("events_before")
