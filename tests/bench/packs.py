"""What many small files take: ``python -m tests.bench.packs [runs]``.

`droppr upload` sends 500 and 10,000 files of 4 KiB to a server with a data folder, and to a node on PostgreSQL and SeaweedFS, in turn. Told are
the seconds until it ends, the processor's seconds of the server, all its processes, and what lies in the bucket: medians.
The store and the database are other processes, on the same machine, and do not count; seconds on the clock have them in them all the same.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.client import Client
from tests.support.command import Sender
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

SIZE = 4096
COUNTS = (500, 10_000)
Took = tuple[float, float]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name, PostgreSQLServer() as database, SeaweedServer() as store:
        folder = Path(name)
        bucket = store.new_bucket()
        with _server(folder / "local") as local, _node(folder / "node", database, store, bucket) as node:
            kinds = {"a data folder": local, "many nodes": node}
            found: dict[tuple[str, int], list[Took]] = {}
            for run in range(runs):
                for count in COUNTS:
                    tree = folder / "sender" / f"{run}-{count}"
                    tree.mkdir(parents=True)
                    for number in range(count):
                        (tree / f"{number}.bin").write_bytes(os.urandom(SIZE))
                    for kind, server in kinds.items():
                        found.setdefault((kind, count), []).append(_measured(server, tree, count))
            objects = len(store.objects(bucket))
    for (kind, count), took in found.items():
        wall, ours = (statistics.median(column) for column in zip(*took, strict=True))
        print(f"{kind}, {count} files: {wall:.2f} s; {ours:.2f} s of the server's processor")
    print(f"{objects} objects for {runs * sum(COUNTS)} files; load {os.getloadavg()[0]:.1f}")


@contextmanager
def _server(folder: Path, **options: Any) -> Iterator[LiveServer]:
    folder.mkdir()
    with LiveServer(folder, workers=2, **GENEROUS, **options) as server:
        yield server


@contextmanager
def _node(folder: Path, database: PostgreSQLServer, store: SeaweedServer, bucket: str) -> Iterator[LiveServer]:
    url = database.new_database()
    migrate(PostgreSQLDatabase(url))
    options = {**store.settings, "DROPPR_DATABASE_URL": url, "DROPPR_STORE": f"s3://{bucket}/droppr"}
    with _server(folder, **options) as node:
        yield node


def _measured(server: LiveServer, tree: Path, count: int) -> Took:
    """Seconds, and seconds of the server's processor, until all files have arrived."""
    link = Client.of(server).make_link()
    before, began = _seconds(server), time.monotonic()
    Sender(tree.parent).run("--no-verify", tree.name, "--to", f"{server.url}/request/{link.hash}")
    wall = time.monotonic() - began
    ours = _seconds(server) - before
    assert len(link.files()) == count
    return wall, ours


def _seconds(server: LiveServer) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in server.worker_pids()]
    return sum(each.user + each.system for each in times)


if __name__ == "__main__":
    main()
