"""What the direct path takes of the nodes: ``python -m tests.bench.direct_parts [MiB]``.

`droppr upload` sends a file to a node on PostgreSQL and SeaweedFS, by chunks and straight into the store, in turn, each three times.
Told are the processor's seconds of the node, all its processes, per GiB, and the bytes that came to it, until the last confirmation
of a part was answered. What follows is the same for both: the file is read back once for its digest. The store, the database and the
sender are other processes and do not count.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.between import Between
from tests.support.client import Client
from tests.support.command import Sender
from tests.support.files import MIB
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

RUNS = 3


def main() -> None:
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with tempfile.TemporaryDirectory() as name, PostgreSQLServer() as database, SeaweedServer() as store:
        folder = Path(name)
        with (
            _node(folder / "chunks", database, store) as chunks,
            _node(folder / "direct", database, store, store.url) as direct,
        ):
            file = folder / "sender" / "a.bin"
            file.parent.mkdir()
            found: dict[str, list[tuple[float, int]]] = {"through the node": [], "past the node": []}
            for _ in range(RUNS):
                with file.open("wb") as written:
                    for _ in range(mib):
                        written.write(os.urandom(MIB))
                found["through the node"].append(_measured(chunks, file))
                found["past the node"].append(_measured(direct, file))
    for way, runs in found.items():
        seconds = statistics.median(each for each, _ in runs) * 1024 / mib
        share = statistics.median(each for _, each in runs) / (mib * MIB)
        print(f"{way}: {seconds:.3f} s of the processor a GiB; {share:.4%} of the bytes came to it")


@contextmanager
def _node(folder: Path, database: PostgreSQLServer, store: SeaweedServer, public: str = "") -> Iterator[LiveServer]:
    url, bucket = database.new_database(), store.new_bucket()
    migrate(PostgreSQLDatabase(url))
    folder.mkdir()
    options: dict[str, Any] = {
        **GENEROUS,
        **store.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_STORE_PUBLIC_URL": public,
    }
    with LiveServer(folder, workers=2, **options) as node:
        yield node


def _measured(node: LiveServer, file: Path) -> tuple[float, int]:
    """Seconds of the processor, and bytes, that a file takes of a node."""
    came, after = 0, 0.0

    def watch(asked: Asked) -> Answer:
        nonlocal came, after
        answer = way.pass_on(asked)
        came += len(asked.body)
        after = max(after, _seconds(node)) if asked.path.endswith(("/upload-chunk", "/parts/done")) else after
        return answer

    link = Client.of(node).make_link()
    with Between(node.port, watch) as way:
        before = _seconds(node)
        Sender(file.parent).run("--no-verify", file.name, "--to", f"{way.url}/request/{link.hash}")
    assert link.files()[0]["size"] == file.stat().st_size
    return after - before, came


def _seconds(node: LiveServer) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in node.worker_pids()]
    return sum(each.user + each.system for each in times)


if __name__ == "__main__":
    main()
