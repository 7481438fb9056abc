"""The database and the bucket of a cluster, for the tests: one of each, which every test finds empty."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.presence import Presence
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.files import eventually
from tests.support.postgresql import PostgreSQLServer
from tests.support.s3_server import S3Server

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
_CUT_OFF = f"SELECT pg_terminate_backend(pid) {_OTHERS}"
_TABLES = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'store\\_%'"
_SESSIONS = f"SELECT client_port {_OTHERS}"
_ESTABLISHED = "01"
SECONDS = 60.0


class Engines:
    """A migrated database of ``postgresql`` and a bucket of ``seaweed``; ``folder`` is what nodes have a disk for."""

    def __init__(self, postgresql: PostgreSQLServer, seaweed: S3Server, folder: Path) -> None:
        self.url = postgresql.new_database()
        migrate(PostgreSQLDatabase(self.url))
        self.seaweed = seaweed
        self.bucket = seaweed.new_bucket()
        self._folder = folder
        self._numbers = count(1)

    def emptied(self) -> Bucket:
        """A part of the bucket in which nothing is; the database has no rows and no sessions then."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cut_off(connection)
            # Faster than to truncate them, as each has a file or two of its own.
            with connection.transaction():
                for (table,) in connection.execute(_TABLES).fetchall():
                    connection.execute(f"DELETE FROM {table}")
        return Bucket(Place(self.bucket, f"t{next(self._numbers)}/"))

    def wait_for_the_dead(self) -> None:
        """Return once the database has seen that those are gone who were killed, which takes it some milliseconds."""
        wait_for_the_dead(self.url)

    def ground(self, bucket: Bucket) -> ClusterGround:
        """What a process of its own would stand on."""
        database = PostgreSQLDatabase(self.url)
        return ClusterGround(database, bucket, Presence(database), self._folder)


def cut_off(connection: psycopg.Connection[Any]) -> None:
    """End all other sessions of this one's database, and wait until they have: what they had locked is free then."""
    deadline = time.monotonic() + SECONDS
    # The server itself would wait a tenth of a second for each.
    while connection.execute(_CUT_OFF).fetchall():
        assert time.monotonic() < deadline, "sessions that do not end"
        time.sleep(0.002)


def wait_for_the_dead(url: str) -> None:
    """Return once the server at ``url`` has seen of its database that those are gone who were killed or have hung up, which takes it
    some milliseconds. What they had sent before, it may have done until then."""
    with psycopg.connect(url, autocommit=True) as connection:

        def are_alive() -> bool:
            sessions = {row[0] for row in connection.execute(_SESSIONS).fetchall()}
            return sessions <= _open_ports()

        eventually(are_alive, seconds=SECONDS, what="the end of the sessions of the dead")


def _open_ports() -> set[int]:
    """Of this machine's connections."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == _ESTABLISHED}
