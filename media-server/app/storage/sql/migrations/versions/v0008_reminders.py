"""Links tell when their files are due and when people are reminded, to whom they were mailed, and who wants no reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.standing import NEVER

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    nothing = sa.text("0")
    for column in (
        sa.Column("due_at", sa.Double(), nullable=False, server_default=nothing),
        sa.Column("finished", sa.Integer(), nullable=False, server_default=nothing),
        sa.Column("remind_at", sa.Double()),
    ):
        op.add_column("links", column)
    op.execute(f"UPDATE links SET due_at = {NEVER:.0f}")
    op.create_index("links_by_due", "links", ["due_at", "hash"])
    some = sa.text("remind_at IS NOT NULL")
    op.create_index("links_to_remind", "links", ["remind_at"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "invited",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("link", "address"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unreminded",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox"),
        sqlite_with_rowid=False,
    )
