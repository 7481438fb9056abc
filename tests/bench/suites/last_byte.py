"""What a sender waits for at the end of a file that lies in a bucket: does it grow with the file?

The store is ``sink.py``, which throws bytes away. All parts but the last are put past the node and have no bytes at all; so what is
measured is what the node does at the end of an upload of so many parts: the last chunk, of 64 KiB, from its first byte to the answer
that the file is complete. Its owner sees it from then on.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from statistics import median
from typing import Any

import urllib3

from tests.bench.load import LoadFailed
from tests.bench.report import Section, milliseconds, quotient
from tests.bench.runs import GIB, MIB, Bench
from tests.bench.servers import Droppr
from tests.bench.sink import SAID, Sink
from tests.bench.suites.nodes import migrated
from tests.support.postgresql import PostgreSQLServer

PART, TAIL = 8 * MIB, 64 * 1024
SIZES = {"10 MiB": MIB * 10, "1 GiB": GIB, "10 GiB": 10 * GIB}
AT_ONCE = 64
RUNS = 7
MOST = 2.0


def run(bench: Bench) -> Section:
    section = Section("last_byte")
    section.text(
        f"From the first byte of the last chunk ({TAIL // 1024} KiB) to the answer that the file is complete, from when on its owner sees it; "
        f"medians of {RUNS}. The store throws away what it is sent and answers at once. *Other requests* are those of a file that put no part: create, complete, look; not the lists of what was put past the node, nor what reads an earlier file back for its digest."
    )
    found: dict[str, list[float]] = {name: [] for name in SIZES}
    asked: dict[str, Counter[str]] = {}
    with ExitStack() as stack:
        postgresql, store = stack.enter_context(PostgreSQLServer()), stack.enter_context(Sink())
        settings: dict[str, Any] = {
            **store.settings,
            "DROPPR_DATABASE_URL": migrated(postgresql),
            "DROPPR_STORE": "s3://bucket/droppr",
            "DROPPR_STORE_PUBLIC_URL": store.url,
        }
        node = stack.enter_context(Droppr(bench.folder / "node", **settings))
        for number in range(RUNS + 1):
            for name, size in SIZES.items():
                took, asked[name] = _last(node, store, _of_parts(size))
                if number:  # The first ones also pay for imports.
                    found[name].append(took)
    rows = []
    for name, times in found.items():
        parts = _of_parts(SIZES[name]) // PART + 1
        rows.append(
            [name, f"{parts:,}", milliseconds(median(times)), milliseconds(max(times)), f"{_requests(asked[name])}"]
        )
    section.table(["", "parts", "last chunk", "slowest", "other requests"], rows)
    first, last = (median(found[name]) for name in ("10 MiB", "10 GiB"))
    section.goal("the last chunk of 10 GiB, beside that of 10 MiB", quotient(last, first), most=MOST)
    most = max(map(_requests, asked.values()))
    section.goal("requests for a file, but for its parts", most, most=4, unit="")
    return section


def _of_parts(size: int) -> int:
    """About as long, and of a short part after whole ones."""
    return size // PART * PART + TAIL


def _requests(asked: Counter[str]) -> int:
    return sum(asked[what] for what in ("create", "put", "complete", "head"))


def _last(node: Droppr, store: Sink, size: int) -> tuple[float, Counter[str]]:
    """Send a file but for its last chunk, then that: how long that took, and what the store was asked for until then."""
    link, before = node.link, store.asked.copy()
    upload_id = link.opened(f"{size}.bin", size)
    place = f"/api/droppr/requests/{link.hash}/uploads/{upload_id}/parts"
    http = urllib3.PoolManager()
    starts = range(0, size - TAIL, PART)
    for at in range(0, len(starts), AT_ONCE):
        wanted = [{"start": start, "length": PART, "sha256": "0" * 64} for start in starts[at : at + AT_ONCE]]
        parts = node.client.call("POST", place, json={"parts": wanted}).expect(200).json["parts"]
        for part in parts:
            assert http.request("PUT", part["url"], headers={SAID: str(PART)}).status == 200
        done = {"parts": [part["number"] for part in parts]}
        node.client.call("POST", f"{place}/done", json=done).expect(200)
    data = bytes(TAIL)
    began = time.monotonic()
    reply = link.chunk(upload_id, size - TAIL, data, size)
    took, asked = time.monotonic() - began, store.asked - before
    if reply.status != 200 or reply.json.get("complete") is not True:
        raise LoadFailed(f"not complete after the last chunk: {reply.body!r}")
    link.cancel(upload_id).expect(204)  # Else it is read back for its digest while the next one is sent.
    return took, asked
