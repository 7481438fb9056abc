"""Up to when whoever takes archives has taken all of a link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"
kind = "expand"


def upgrade() -> None:
    op.add_column("seen", sa.Column("taken_until", sa.Double()))
