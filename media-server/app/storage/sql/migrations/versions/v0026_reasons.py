"""Messages and what is passed on tell why they failed, by kind, and in whose words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"


def upgrade() -> None:
    for table in ("messages", "outbox"):
        for column in ("reason", "said"):
            op.add_column(table, sa.Column(column, sa.Text()))
