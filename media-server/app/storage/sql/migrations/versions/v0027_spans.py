"""What has come of an upload stands beside its pieces, merged, so that asking for it costs as much as there are gaps. On PostgreSQL alone.

The words are those of ``app.storage.cluster``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_STATEMENTS = (
    """
    CREATE TABLE store_spans (
        upload bigint NOT NULL,
        span int8range NOT NULL,
        at double precision NOT NULL
    )
    """,
    "CREATE INDEX store_spans_by_upload ON store_spans (upload)",
    "LOCK TABLE store_pieces IN SHARE ROW EXCLUSIVE MODE",
    "INSERT INTO store_spans (upload, span, at) SELECT upload, span, at FROM store_pieces",
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in _STATEMENTS:
        op.execute(sa.text(statement))
