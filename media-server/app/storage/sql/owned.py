"""What hangs on links of certain owners."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.storage.sql.database import Database
from app.storage.sql.schema import links


def hashes_of(database: Database) -> Any:
    """The hashes of all links of the owners that are filled in under ``owners``."""
    return select(links.c.hash).where(database.among(links.c.owner, "owners"))
