"""Which programs work on a PostgreSQL database: each of their connections holds, shared, an advisory lock whose number is the schema that
the program knows. So whoever is about to take something away sees who still needs it, and keeps them out while he does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import errors

from app.storage.sql.schema import REVISION
from app.storage.sql.steps import FIND_OLDEST, trouble

KNOWS = 0x64726F75
"""The first half of the keys of these locks."""
_OTHERS = 0x64726F70, 0x64726F73
"""Between these are the first halves of what else a program locks, also one that marks nothing yet."""
_MARK = "SELECT pg_try_advisory_lock_shared(%s, %s)"
_FOUND = f"SELECT version_num, ({FIND_OLDEST}) FROM alembic_version"
_CHANGING = "The database is being brought to another schema at this moment."
_HERE = "locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
AT_WORK = f"""
    WITH held AS (SELECT pid, classid::bigint AS kind, objid::bigint AS number FROM pg_locks WHERE {_HERE} AND granted),
    marked AS (SELECT pid, min(number) AS known FROM held WHERE kind = {KNOWS} GROUP BY pid),
    unmarked AS (SELECT DISTINCT pid, 0::bigint AS known FROM held WHERE kind BETWEEN {_OTHERS[0]} AND {_OTHERS[1]}
        AND pid NOT IN (SELECT pid FROM marked))
    SELECT DISTINCT known, coalesce(host(client_addr), 'this machine')
    FROM (SELECT * FROM marked UNION ALL SELECT * FROM unmarked) AS programs JOIN pg_stat_activity USING (pid)
    WHERE pid <> pg_backend_pid() ORDER BY 1, 2
"""
"""The schema that each program knows, and where it runs; 0 for one of before there were such marks."""


class OtherSchema(psycopg.OperationalError):
    """This program must not work on the database, or not now. The ``sentence`` says why, and holds nothing of its address."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def mark(connection: psycopg.Connection[Any]) -> None:
    """Note that a program works over ``connection`` which knows this code's schema. Raises OtherSchema, psycopg.Error."""
    if connection.execute(_MARK, (KNOWS, int(REVISION))).fetchone() != (True,):
        raise OtherSchema(_CHANGING)
    # Only now: whoever changes the schema so that this code has to stay away holds that lock until he is done.
    try:
        found = connection.execute(_FOUND).fetchone() or (None, None)
    except errors.UndefinedTable:
        found = (None, None)
    said = trouble(*found)
    if said is not None:
        raise OtherSchema(said)


def told(programs: Iterable[tuple[int, str]]) -> str:
    """Where which programs run, for a sentence."""
    by_schema: dict[int, list[str]] = {}
    for known, where in programs:
        by_schema.setdefault(known, []).append(where)
    return "; ".join(
        f"{f'those of schema {known:04}' if known else 'those of before this was noted'} at {', '.join(where)}"
        for known, where in by_schema.items()
    )
