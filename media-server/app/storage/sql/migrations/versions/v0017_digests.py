"""Files with the same content are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    hashed = sa.text("state = 3 AND sha256 IS NOT NULL")
    op.create_index(
        "ledger_by_digest",
        "ledger",
        ["sha256", "link", "state", "at"],
        sqlite_where=hashed,
        postgresql_where=hashed,
    )
