"""The catalogue's tables that are about telling people what happened, and whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text

from app.storage.sql.columns import NOTHING, metadata, some

# What happened and was not told yet, gathered for each who is told.
batches = Table(
    "batches",
    metadata,
    Column("link", Text, primary_key=True),  # Its hash.
    Column("reader", Text, primary_key=True),
    Column("event", BigInteger, nullable=False),
    Column("due_at", Double),
    Column("closed_at", Double),
    Column("document", Text, nullable=False),  # The rest of it, as JSON.
)
some("batches_due", batches.c.due_at, only=batches.c.due_at.is_not(None))

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("link", Text),
    Column("facts", Text, nullable=False),  # As JSON.
    Column("created_at", Double, nullable=False),
    Column("next_at", Double),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("since", Double),
    Column("answer", Text),
    Column("done_at", Double),
    Column("lane", Text, nullable=False),  # What is slow or fails together.
    Column("reason", Text),  # Of what was answered: its kind, and what the other side said.
    Column("said", Text),
    Index("messages_by_age", "created_at", "id"),
    Index("messages_by_state", "state", "created_at", "id"),
    Index("messages_by_link", "link", "created_at", "id"),
)
some("messages_due", messages.c.lane, messages.c.next_at, only=messages.c.next_at.is_not(None))

# To whom a link was mailed.
invited = Table(
    "invited",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("address", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("state", Integer, nullable=False, server_default=NOTHING),  # How far they have got, see ``progress.py``.
    sqlite_with_rowid=False,
)

# Who wants no reminders: digests of mailboxes.
unreminded = Table(
    "unreminded",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)

# Where webhooks go to. Their secrets stand here, as every message is signed with one.
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("document", Text, nullable=False),  # The endpoint as JSON.
)
