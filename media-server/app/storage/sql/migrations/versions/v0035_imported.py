"""Files of a data folder that were brought into the bucket, until the catalogue has followed them. On PostgreSQL alone.

The words are those of ``app.storage.moving``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
kind = "expand"

_TABLE = """
CREATE TABLE store_imported (
    link text NOT NULL,
    upload_id text COLLATE "C" NOT NULL,
    identity text NOT NULL,
    file_identity text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (link, upload_id)
)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(sa.text(_TABLE))
