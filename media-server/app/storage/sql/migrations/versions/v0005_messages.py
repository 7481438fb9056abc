"""What owners and senders are told: batches, messages, and where webhooks go to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.Double()),
        sa.Column("closed_at", sa.Double()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link", "reader"),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("batches_due", "batches", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("next_at", sa.Double()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", sa.Double()),
        sa.Column("answer", sa.Text()),
        sa.Column("done_at", sa.Double()),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("messages_by_age", "messages", ["created_at", "id"])
    op.create_index("messages_by_state", "messages", ["state", "created_at", "id"])
    op.create_index("messages_by_link", "messages", ["link", "created_at", "id"])
    due = sa.text("next_at IS NOT NULL")
    op.create_index("messages_due", "messages", ["lane", "next_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    # Whoever is told from now on is not told of all that happened before.
    op.execute("INSERT INTO readers (name, passed) SELECT 'messages', id FROM events ORDER BY id DESC LIMIT 1")
