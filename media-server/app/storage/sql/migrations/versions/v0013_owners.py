"""Links are found by whose they are, and documents by the link that they came by."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from app.core.actors import THE_OWNER

revision = "0013"
down_revision = "0012"

_ROWS = 1000


def upgrade() -> None:
    op.add_column("links", sa.Column("owner", sa.Text(), nullable=False, server_default=sa.text(f"'{THE_OWNER}'")))
    _fill_in_owners()
    op.create_index("links_by_owner", "links", ["owner", "hash"])
    op.create_index("documents_by_link", "documents", ["link", "entity"])


def _fill_in_owners() -> None:
    """Those that are not the default."""
    connection = op.get_bind()
    last = 0
    some = sa.text("SELECT id, document FROM links WHERE id > :last ORDER BY id LIMIT :most")
    put = sa.text("UPDATE links SET owner = :owner WHERE id = :id")
    while rows := connection.execute(some, {"last": last, "most": _ROWS}).all():
        owners = [(id, json.loads(document).get("owner", THE_OWNER)) for id, document in rows]
        others = [{"id": id, "owner": owner} for id, owner in owners if owner != THE_OWNER]
        if others:
            connection.execute(put, others)
        last = owners[-1][0]
