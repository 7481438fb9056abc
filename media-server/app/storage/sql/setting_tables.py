"""The catalogue's tables of settings that owners change while the server runs, and of templates for links."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, LargeBinary, Table, Text

from app.storage.sql.columns import Sorted, metadata

# One row: what is set together is judged together, and changes at once.
settings = Table(
    "settings",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("document", Text, nullable=False),  # Texts by the names of settings, as JSON.
    Column("logo", LargeBinary),
)

# Terms of links under names, to make others by.
templates = Table(
    "templates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Sorted, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("document", Text, nullable=False),  # The terms, as JSON.
    Index("templates_by_name", "owner", "name", unique=True),
)
