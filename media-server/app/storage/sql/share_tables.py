"""The catalogue's tables of what owners share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text

from app.storage.sql.columns import Number, metadata, number, some

# Received files that others may download.
shares = Table(
    "shares",
    metadata,
    Column("id", Number, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("link", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("max_downloads", BigInteger, nullable=False),
    Column("downloads", BigInteger, nullable=False),
    Column("document", Text, nullable=False),  # The rest of it, as JSON.
    Column("files", Text),  # Ids of uploads as JSON; none where all are shared.
    Index("shares_by_link", "link", "created_at", "hash"),
)

# Clients that are downloading them, or did a short while ago, each as a digest.
share_visits = Table(
    "share_visits",
    metadata,
    Column("share", BigInteger, primary_key=True, autoincrement=False),
    Column("client", LargeBinary, primary_key=True),
    Column("link", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
    Column("held_until", Double, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("sent", Text, nullable=False),  # How many bytes of which item, as JSON.
    Index("share_visits_by_end", "share", "until"),
    Index("share_visits_by_link", "link"),
    sqlite_with_rowid=False,
)
some("share_visits_going_on", share_visits.c.share, share_visits.c.held_until, only=share_visits.c.counted == number(0))
