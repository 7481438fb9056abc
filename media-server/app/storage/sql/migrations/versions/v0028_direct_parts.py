"""Parts that senders put into the store themselves: for which of them, and with which digest, URLs were signed. On PostgreSQL alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_TABLE = """
CREATE TABLE store_signed (
    upload bigint NOT NULL,
    part integer NOT NULL,
    multipart text NOT NULL,
    cell bigint NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (upload, part)
)
"""
_BY_CELL = "CREATE INDEX store_signed_by_cell ON store_signed (upload, cell)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in (_TABLE, _BY_CELL):
        op.execute(sa.text(statement))
