"""Files have their CRC-32, and those that are deleted lie in a bin for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("crc32", sa.BigInteger()),
        sa.Column("deleted_at", sa.Double()),
        sa.Column("deleted_by", sa.Text()),
    ):
        op.add_column("ledger", column)
    binned = sa.text("state = 6 AND until IS NOT NULL")
    op.create_index("ledger_bin", "ledger", ["until", "id"], sqlite_where=binned, postgresql_where=binned)
