"""Small files that came together share an object: which stretch of it is whose. On PostgreSQL alone.

A table of its own, and no columns of ``store_objects``: code of before, which knows nothing of stretches, finds no such file, where it
would else hand out the bytes of others.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_TABLE = """
CREATE TABLE store_members (
    identity text PRIMARY KEY,
    object text NOT NULL,
    start bigint NOT NULL,
    size bigint NOT NULL
)
"""
_BY_OBJECT = "CREATE INDEX store_members_by_object ON store_members (object)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in (_TABLE, _BY_OBJECT):
        op.execute(sa.text(statement))
