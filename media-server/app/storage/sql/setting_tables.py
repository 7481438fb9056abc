"""The catalogue's table of settings that owners change while the server runs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from app.storage.sql.columns import metadata

# One row: what is set together is judged together, and changes at once.
settings = Table(
    "settings",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("document", Text, nullable=False),  # Texts by the names of settings, as JSON.
    Column("logo", LargeBinary),
)
