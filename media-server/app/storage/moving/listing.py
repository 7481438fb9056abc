"""What the database knows of objects, held to what the bucket itself lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.storage.cluster.bucket import Bucket
from app.storage.sql.postgresql import PostgreSQLDatabase

_ROWS = 1000
_MAKE = "CREATE TEMPORARY TABLE listed (key text PRIMARY KEY, size bigint NOT NULL) ON COMMIT DROP"
_ADD = "INSERT INTO listed (key, size) VALUES (%(key)s, %(size)s) ON CONFLICT DO NOTHING"
_WRONG = """
    SELECT o.identity, o.key, o.size, l.size FROM store_objects o LEFT JOIN listed l USING (key)
    WHERE o.state IN ('there', 'sparse') AND o.size IS DISTINCT FROM l.size ORDER BY o.identity
"""


@dataclass(frozen=True, slots=True)
class Wrong:
    """An object that is not in the bucket, or of another length there."""

    identity: str
    key: str
    size: int
    found: int | None


def wrong_objects(database: PostgreSQLDatabase, bucket: Bucket) -> list[Wrong]:
    """What is not as it is known, of all objects that are there for good. Nobody may change any meanwhile. Raises Busy."""
    # A transaction as long as the list takes, while nobody else is there who could wait for it.
    with database.write() as tx:
        tx.run(_MAKE)
        listed = bucket.listed("")
        while rows := _some(listed):
            tx.many(_ADD, [{"key": key, "size": size} for key, size in rows])
        return [Wrong(*row) for row in tx.all(_WRONG)]


def _some(listed: Iterator[tuple[str, int]]) -> list[tuple[str, int]]:
    return list(islice(listed, _ROWS))
