"""The catalogue's tables of who may log in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text, literal_column, text

from app.storage.sql.columns import NOTHING, Sorted, metadata

NOBODYS = literal_column("''", Text())
"""As whose identities of removed accounts stand."""

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
    Column("second_factor", Integer, nullable=False, server_default=NOTHING),  # Whether it is on.
)

# How much the links of an owner may hold together, and what they hold. Who has none is not here.
quotas = Table(
    "quotas",
    metadata,
    Column("owner", Sorted, primary_key=True),
    Column("most", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
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
    Column("way", Text, nullable=False, server_default=text("'password'")),  # By which it was begun.
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

# Second factors: what the codes of an app are made of, and digests of recovery codes.
account_factors = Table(
    "account_factors",
    metadata,
    Column("account", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("is_on", Integer, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("recovery", Text, nullable=False),  # As JSON.
)

# Passkeys: what they are known by, and what their signatures are judged with. Nothing of it opens anything.
account_passkeys = Table(
    "account_passkeys",
    metadata,
    Column("credential", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("used_at", Double),
    Index("account_passkeys_by_account", "account", "made_at"),
)

# As whom accounts are known elsewhere. Those of an account that was removed are nobody's, and stay, so that nobody comes back by one.
account_identities = Table(
    "account_identities",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("account", Text, nullable=False),  # Empty: nobody's.
    Column("shown", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Index("account_identities_by_subject", "issuer", "subject", unique=True),
    Index("account_identities_by_account", "account", "made_at"),
)
