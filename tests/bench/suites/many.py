"""What the owner's lists, the metrics and a worker's memory take where very many links and files are known.

The rows are put into the catalogue directly: what is measured is how they are read.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Table

from app.storage.sql.migrate import FILE, FOLDER
from app.storage.sql.schema import ledger, link_sums, links
from tests.bench.load import median
from tests.bench.report import Section, milliseconds
from tests.bench.runs import MIB, Bench
from tests.support.client import Client, Link
from tests.support.live import GENEROUS, PROJECT, LiveServer

LINKS = 10_000
FILES_EACH = 90
FILES = 1_000_000
FILES_OF_ONE = FILES - (LINKS - 1) * FILES_EACH
SHOWN = 100
"""Rows of a page."""
DEEP = 50
"""Pages that are gone through before a deep one."""
VISITED = 300
"""Links of which a file is looked up, so that a worker has met them."""
TIMES = 20


def run(bench: Bench) -> Section:
    section = Section("many")
    section.text(
        f"{LINKS:,} links and {FILES:,} received files, {FILES_OF_ONE:,} of them in one link, beside a server that knows a "
        f"link and a file; pages of {SHOWN}, the deep ones behind {DEEP} others. Medians over HTTP, one worker alone. "
        f"Memory: the worker's own after these calls and a file looked up in each of {VISITED} links."
    )
    few, few_memory = _measured(bench, many=False)
    many, many_memory = _measured(bench, many=True)
    section.table(
        ["", "one link, one file", f"{LINKS:,} links, {FILES:,} files"],
        [
            *([call, milliseconds(few[call]), milliseconds(many[call])] for call in many),
            ["memory of the worker", f"{few_memory / MIB:.1f} MiB", f"{many_memory / MIB:.1f} MiB"],
        ],
    )
    for call, seconds in many.items():
        section.goal(call, seconds * 1e3, most=50, unit="ms")
    section.goal(
        "memory for each file that is known", max(1e-3, (many_memory - few_memory) / FILES), most=16, unit="bytes"
    )
    return section


def _measured(bench: Bench, *, many: bool) -> tuple[dict[str, float], int]:
    """Seconds of each call by its name, and bytes of memory of the worker."""
    folder = bench.folder / f"many-{many}"
    folder.mkdir()
    with LiveServer(folder, workers=1, project=PROJECT, **GENEROUS) as server:
        link = Client.of(server).make_link()
        link.deliver("photos/one.jpg", b"1")
        hashes = [link.hash]
        if many:
            server.stop()
            hashes = _fill(server.data_dir / FOLDER / FILE, link.hash)
            server.start()
        client = Client.of(server)
        took = _calls(client, link.seen_by(client))
        for number in range(VISITED):
            replace(link, client=client, hash=hashes[number % len(hashes)]).download("photos/one.jpg", method="HEAD")
        return took, _memory(server)


def _calls(client: Client, link: Link) -> dict[str, float]:
    all_links, files = "/api/droppr/requests", f"{link.path}/files"
    deep_links, deep_files = (_cursor(client, path) for path in (all_links, files))
    calls: dict[str, Callable[[], Any]] = {
        "list of links, first page": lambda: _page(client, all_links),
        "list of links, a deep page": lambda: _page(client, all_links, deep_links),
        "list of closed links, of which there are none": lambda: _page(client, all_links, active="false"),
        "files of a link, first page": lambda: _page(client, files),
        "files of a link, a deep page": lambda: _page(client, files, deep_files),
        "`/metrics`": lambda: client.call("GET", "/metrics", owner=True).expect(200),
        "`/readyz`": lambda: client.call("GET", "/readyz").expect(200),
    }
    return {name: _timed(call) for name, call in calls.items()}


def _page(client: Client, path: str, cursor: str | None = None, **more: str) -> dict[str, Any]:
    query = {"limit": str(SHOWN), **more} | ({"cursor": cursor} if cursor else {})
    found: dict[str, Any] = client.call("GET", f"{path}?{urlencode(query)}", owner=True).expect(200).json
    return found


def _cursor(client: Client, path: str) -> str | None:
    """Where a deep page begins; None where there are not so many."""
    cursor = None
    for _ in range(DEEP):
        if (following := _page(client, path, cursor)["next_cursor"]) is None:
            break
        cursor = following
    return cursor


def _timed(call: Callable[[], Any]) -> float:
    call()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return median(times)


def _memory(server: LiveServer) -> int:
    """Bytes that only the worker has. Shared ones are its parent's, which knows no files."""
    [worker] = server.worker_pids()
    lines = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def _fill(file: Path, first: str) -> list[str]:
    """Copy the row of the only link and that of its file, so often as is wanted; the hashes of all links."""
    with closing(sqlite3.connect(file)) as catalogue, catalogue:
        catalogue.create_function("hash_of", 1, _hash)
        another = {
            "hash": "hash_of(n)",
            "created_at": "created_at - n",
            "document": "replace(document, hash, hash_of(n))",
        }
        _copy(catalogue, links, another, LINKS - 1)
        sums = ", ".join(column.name for column in link_sums.columns if column.name not in ("link", "hash"))
        catalogue.execute(
            f"INSERT INTO link_sums (link, hash, {sums}) "
            f"SELECT links.id, links.hash, {sums} FROM links JOIN link_sums ON links.id != link"
        )
        (only,) = catalogue.execute("SELECT link FROM ledger").fetchone()
        catalogue.execute("CREATE TEMP TABLE owners AS SELECT id AS owner, ? AS most FROM links", (FILES_EACH,))
        catalogue.execute("UPDATE owners SET most = ? WHERE owner = ?", (FILES_OF_ONE - 1, only))
        another = {"link": "owner", "upload_id": "printf('many-%d-%d', owner, n)", "at": "at - n / 100.0"}
        _copy(catalogue, ledger, another, FILES_OF_ONE - 1, "JOIN owners ON n <= most")
        counted = "(SELECT count(*) FROM ledger WHERE ledger.link = link_sums.link)"
        catalogue.execute(f"UPDATE link_sums SET received = {counted}, received_bytes = {counted}")
        assert catalogue.execute("SELECT count(*) FROM ledger").fetchone() == (FILES,)
    return [first, *map(_hash, range(1, LINKS))]


def _hash(number: int) -> str:
    return f"many-{number:06}-0123456789"


def _copy(catalogue: sqlite3.Connection, table: Table, another: dict[str, str], times: int, more: str = "") -> None:
    """Insert the only row of ``table`` again with numbers ``n`` from 1 to ``times``, and ``another`` value in some columns."""
    names = [column.name for column in table.columns if column.name != "id"]
    catalogue.execute(f"CREATE TEMP TABLE only_{table} AS SELECT * FROM {table}")
    catalogue.execute(
        f"""
        INSERT INTO {table} ({", ".join(names)})
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {times})
        SELECT {", ".join(another.get(name, name) for name in names)} FROM only_{table} JOIN numbers {more}
        """
    )
