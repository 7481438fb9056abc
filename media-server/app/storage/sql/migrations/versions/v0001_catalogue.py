"""The catalogue as it began."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _links()
    _ledger()
    _folders()
    _outbox()
    _codes_and_counts()
    _events()
    _facts()


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("announced", sa.BigInteger(), nullable=False),
        sa.Column("coming_weight", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_weight", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("folders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("links_by_age", "links", ["created_at", "hash"])
    op.create_table(
        "doomed", sa.Column("link", NUMBER, autoincrement=False, nullable=False), sa.PrimaryKeyConstraint("link")
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Double()),
        sa.Column("path", sa.Text()),
        sa.Column("path_mark", sa.BigInteger()),
        sa.Column("disk_path", sa.Text()),
        sa.Column("sha256", sa.Text()),
        sa.Column("file_identity", sa.Text()),
        sa.Column("sender_name", sa.Text()),
        sa.Column("sender_email", sa.Text()),
        sa.Column("last_modified", sa.Double()),
        sa.Column("destination", sa.Text()),
        sa.Column("passed_on_to", sa.Text()),
        sa.Column("leaving", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("brings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ledger_by_age", "ledger", ["link", "state", "at", "upload_id"])
    op.create_index("ledger_by_path", "ledger", ["link", "state", "path_mark", "at"], **_only("state = 3"))
    op.create_index("ledger_by_upload", "ledger", ["link", "upload_id"], unique=True)
    op.create_index(
        "ledger_owed",
        "ledger",
        ["state", "passed_on_to", "link"],
        **_only("state = 3 AND destination IS NOT NULL AND passed_on_to IS NULL"),
    )
    op.create_index("ledger_unhashed", "ledger", ["id"], **_only("state = 3 AND sha256 IS NULL"))


def _folders() -> None:
    op.create_table(
        "folders",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("awaited", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("link", "mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("folders_awaited", "folders", ["link"], **_only("kept = 0"))
    op.create_table(
        "brought",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("link", "upload_id", "mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("brought_by_mark", "brought", ["link", "mark"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("transfer", sa.Text()),
        sa.Column("path", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("sent_bytes", sa.BigInteger(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id"),
    )
    op.create_index("outbox_by_age", "outbox", ["created_at", "upload_id"])
    op.create_index("outbox_due", "outbox", ["remote", "next_at", "created_at"])


def _codes_and_counts() -> None:
    op.create_table(
        "handoffs",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("upload_ids", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("handoffs_by_end", "handoffs", ["expires_at"])
    op.create_table(
        "counts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("counts_by_end", "counts", ["expires_at"])
    op.create_index("counts_by_key", "counts", ["key", "at"])
    op.create_table(
        "used_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("used_tokens_by_end", "used_tokens", ["expires_at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "readers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _only(condition: str) -> dict[str, Any]:
    """An index on the rows that meet a condition."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
