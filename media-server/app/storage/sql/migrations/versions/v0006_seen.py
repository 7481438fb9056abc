"""Links tell who sent last and when, and what of it their owner has not seen; they are sorted by that, by name, and by their end."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from app.core.actors import THE_OWNER
from app.core.links import link_of
from app.core.standing import ends_at, sorted_name

revision = "0006"
down_revision = "0005"

_ROWS = 1000
_ARRIVED = """
    UPDATE links SET arrivals = received + removed,
    last_received_at = coalesce((SELECT max(at) FROM ledger WHERE link = links.id AND state IN (3, 6)), 0),
    last_sender = (
        SELECT coalesce(nullif(sender_name, ''), nullif(sender_email, '')) FROM ledger
        WHERE link = links.id AND state IN (3, 6) ORDER BY at DESC, upload_id DESC LIMIT 1
    )
"""


def upgrade() -> None:
    nothing = sa.text("0")
    names = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for column in (
        sa.Column("max_files", sa.BigInteger(), nullable=False, server_default=nothing),
        sa.Column("max_total_size", sa.BigInteger(), nullable=False, server_default=nothing),
        sa.Column("sorted_name", names, nullable=False, server_default=sa.text("''")),
        sa.Column("ends_at", sa.Double(), nullable=False, server_default=nothing),
        sa.Column("arrivals", sa.BigInteger(), nullable=False, server_default=nothing),
        sa.Column("last_received_at", sa.Double(), nullable=False, server_default=nothing),
        sa.Column("last_sender", sa.Text()),
    ):
        op.add_column("links", column)
    op.add_column("ledger", sa.Column("arrival", sa.BigInteger(), nullable=False, server_default=nothing))
    received = sa.text("state = 3")
    op.create_index(
        "ledger_by_arrival",
        "ledger",
        ["link", "state", "arrival"],
        sqlite_where=received,
        postgresql_where=received,
    )
    op.create_table(
        "seen",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("viewer", sa.Text(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("link", "viewer"),
        sqlite_with_rowid=False,
    )
    _fill_in_terms()
    op.execute(_ARRIVED)
    # Nobody is shown all that ever arrived as news.
    op.execute(f"INSERT INTO seen (link, viewer, up_to, files) SELECT id, '{THE_OWNER}', arrivals, received FROM links")
    for name, column_name in (
        ("links_by_arrival", "last_received_at"),
        ("links_by_name", "sorted_name"),
        ("links_by_end", "ends_at"),
    ):
        op.create_index(name, "links", [column_name, "hash"])


def _fill_in_terms() -> None:
    """What of each link's document is asked for."""
    connection = op.get_bind()
    last = 0
    some = sa.text("SELECT id, document FROM links WHERE id > :last ORDER BY id LIMIT :most")
    put = sa.text(
        "UPDATE links SET max_files = :max_files, max_total_size = :max_total_size, sorted_name = :sorted_name, "
        "ends_at = :ends_at WHERE id = :id"
    )
    while rows := connection.execute(some, {"last": last, "most": _ROWS}).all():
        found = [(id, link_of(json.loads(document))) for id, document in rows]
        connection.execute(
            put,
            [
                {
                    "id": id,
                    "max_files": link.terms.max_files,
                    "max_total_size": link.terms.max_total_size,
                    "sorted_name": sorted_name(link),
                    "ends_at": ends_at(link),
                }
                for id, link in found
            ],
        )
        last = found[-1][0]
