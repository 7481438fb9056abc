"""The catalogue's tables of who may log in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text

from app.storage.sql.columns import Sorted, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", Sorted, primary_key=True),
    Column("role", Text, nullable=False),
    Column("teams", Text, nullable=False),  # As JSON.
    Column("display_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("password", Text),  # Hashed with Argon2id.
    Column("generation", BigInteger, nullable=False),  # Sessions of another one have ended.
)

# Log-ins that go on. What their cookies hold stands here as its digest.
account_sessions = Table(
    "account_sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("account", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("begun", Double, nullable=False),
    Column("seen", Double, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("ends_at", Double, nullable=False),
    Index("account_sessions_by_account", "account", "seen"),
    Index("account_sessions_by_use", "seen"),
    Index("account_sessions_by_end", "ends_at"),
)

# What their codes are stands here as digests, too.
invitations = Table(
    "account_invitations",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("teams", Text, nullable=False),  # As JSON.
    Column("email", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Index("account_invitations_by_end", "ends_at"),
)

# Keys for programs, as their digests.
account_keys = Table(
    "account_keys",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("account", Text, nullable=False),  # Empty: whoever holds the admin token.
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # As JSON.
    Column("made_at", Double, nullable=False),
    Column("ends_at", Double),
    Column("used_at", Double),
    Index("account_keys_by_account", "account", "made_at"),
    Index("account_keys_by_end", "ends_at"),
)
