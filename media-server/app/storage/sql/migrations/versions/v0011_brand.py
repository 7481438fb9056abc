"""Files in folders of a rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("lead", sa.Integer(), nullable=False, server_default=sa.text("0")))
