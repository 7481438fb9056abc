"""Links tell how far people have got with them, files what their senders called them, and in which language people are mailed."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    nothing = sa.text("0")
    op.add_column("links", sa.Column("steps_done", sa.Integer(), nullable=False, server_default=nothing))
    for name in ("people_waited", "people_begun", "people_finished"):
        op.add_column("links", sa.Column(name, sa.BigInteger(), nullable=False, server_default=nothing))
    op.add_column("parties", sa.Column("language", sa.Text()))
    for table in ("parties", "invited"):
        op.add_column(table, sa.Column("state", sa.Integer(), nullable=False, server_default=nothing))
    op.add_column("ledger", sa.Column("sent_name", sa.Text()))
    op.add_column("ledger", sa.Column("language", sa.Text()))
    # What has come until now is counted by the reader of events.
    op.execute(
        sa.text(
            "INSERT INTO events (at, kind, link, actor) SELECT :at, 'people_asked', hash, 'service:counting' FROM links "
            "WHERE parties > 0 OR id IN (SELECT link FROM invited)"
        ).bindparams(at=time.time())
    )
