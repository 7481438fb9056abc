"""What one part of a large file costs: ``python -m tests.bench.part_costs [MiB of the longer file]``.

`droppr upload` sends a short file and a long one to a node on PostgreSQL and SeaweedFS, through it and past it, in turn, each three
times. What the long one takes more, by its parts more, is what a part takes; what is left of the short one is what a file takes. Told
are seconds of the processor of the node and of PostgreSQL, all their processes, and PostgreSQL's transactions, those that only look among
them, and bytes of log; without what they take when nobody sends, which is looked at just before. Processor
time only, so others on the machine disturb little. `tests/bench/suites/petabyte.py` reckons with what comes out.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.bench.suites.direct import _node, _seconds
from tests.support.client import Client
from tests.support.command import Sender
from tests.support.files import MIB
from tests.support.live import PROJECT, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

RUNS = 3
PART = 8
IDLE_SECONDS = 2.0
SHORT = 4 * PART


@dataclass(frozen=True)
class Cost:
    """Of one upload, until its file is there."""

    node: float
    database: float
    transactions: float
    log_bytes: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(one - two for one, two in zip(self.values(), other.values(), strict=True)))

    def times(self, factor: float) -> Cost:
        return Cost(*(each * factor for each in self.values()))

    def values(self) -> tuple[float, ...]:
        return self.node, self.database, self.transactions, self.log_bytes


def main() -> None:
    long = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    with tempfile.TemporaryDirectory() as name, PostgreSQLServer() as database, SeaweedServer() as store:
        folder = Path(name)
        with (
            _node(folder / "chunks", PROJECT, (database, store), False) as chunks,
            _node(folder / "direct", PROJECT, (database, store), True) as direct,
        ):
            found: dict[tuple[str, int], list[Cost]] = {}
            for run in range(RUNS + 1):
                for size in (SHORT, long):
                    for way, node in (("through", chunks), ("past", direct)):
                        cost = _sent(node, folder / way / str(run), size, database)
                        if run:  # The first one pays for what is loaded once.
                            found.setdefault((way, size), []).append(cost)
    for way in ("through", "past"):
        short, rest = _median(found[way, SHORT]), _median(found[way, long])
        part = (rest - short).times(PART / (long - SHORT))
        _tell(f"a part of {PART} MiB {way} the node", part)
        _tell(f"a file {way} the node, besides", short - part.times(SHORT / PART))


def _tell(what: str, cost: Cost) -> None:
    print(
        f"{what}: node {cost.node * 1000:.2f} ms, database {cost.database * 1000:.2f} ms, "
        f"{cost.transactions:.1f} transactions, {cost.log_bytes:,.0f} bytes of log",
        flush=True,
    )


def _median(runs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(each) for each in zip(*(run.values() for run in runs), strict=True)))


def _sent(node: LiveServer, folder: Path, mib: int, server: PostgreSQLServer) -> Cost:
    file = folder / f"{mib}.bin"
    folder.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as written:
        for _ in range(mib):
            written.write(os.urandom(MIB))
    link = Client.of(node).make_link()
    url = str(node.environment["DROPPR_DATABASE_URL"])
    before, began = _now(node, url, server), time.monotonic()
    time.sleep(IDLE_SECONDS)  # What is measured is a time in which nothing is sent.
    between, sent = _now(node, url, server), time.monotonic()
    Sender(file.parent).run("--no-verify", file.name, "--to", f"{node.url}/request/{link.hash}")
    after, over = _now(node, url, server), time.monotonic()
    cost = after - between - (between - before).times((over - sent) / (sent - began))
    assert link.files()[0]["size"] == file.stat().st_size
    file.unlink()
    return cost


def _now(node: LiveServer, url: str, server: PostgreSQLServer) -> Cost:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT xact_commit, pg_current_wal_insert_lsn() - '0/0'::pg_lsn FROM pg_stat_database "
            "WHERE datname = current_database()"
        ).fetchone()
    assert row
    return Cost(_seconds(node), _database_seconds(server), float(row[0]), float(row[1]))


def _database_seconds(server: PostgreSQLServer) -> float:
    """Of all its processes, those that have ended among them."""
    [master] = [each.laddr and each.pid for each in psutil.net_connections("tcp") if _listens(each, server.port)][:1]
    assert master
    found = psutil.Process(master)
    times = [found.cpu_times()]
    total = times[0].children_user + times[0].children_system
    for each in (found, *found.children(recursive=True)):
        try:
            spent = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += spent.user + spent.system
    return total


def _listens(connection: object, port: int) -> bool:
    return getattr(connection, "status", "") == "LISTEN" and getattr(connection, "laddr").port == port  # noqa: B009


if __name__ == "__main__":
    main()
