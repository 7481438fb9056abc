"""Whether nodes share a brake: one, two and three of them, each with a line that is held, take the chunks of one upload.

Two processors cannot show what three machines do, but they can show whether the nodes wait for each other: the line is what holds each
of them, so without a shared brake twice as many nodes take twice as much. Nodes lie in network namespaces of their own; the database is
PostgreSQL, and the store is ``sink.py``, which throws bytes away. Whoever sends chooses the node with the fewest chunks under way.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from tests.bench.held_line import HERE, Forwarder, HeldNode, Rooms
from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import MIB, Bench, note
from tests.bench.sink import Sink
from tests.bench.suites.nodes import migrated
from tests.support.client import Client, Link
from tests.support.postgresql import PostgreSQLServer

RATE, RATE_BITS = "20mbit", 20e6
NODES = 3
LANES = 6
"""Chunks under way for each node: it takes one in while it sends another on."""
CHUNK, CELL = MIB // 4, 8 * MIB
CHUNKS = 320
LEAST = {2: 1.8, 3: 2.6}


def run(bench: Bench) -> Section:
    section = Section("held")
    # Of each cell of 32 chunks one is left out, so that none is gathered, which would need the line as well.
    starts = [at * CHUNK for at in range(CHUNKS + CHUNKS // 31 + 1) if at % 32 != 31][:CHUNKS]
    size = (starts[-1] // CELL + 1) * CELL
    found: dict[int, float] = {}
    with ExitStack() as stack:
        rooms = stack.enter_context(Rooms(NODES, RATE))
        postgresql, store = stack.enter_context(PostgreSQLServer()), stack.enter_context(Sink(HERE))
        way = stack.enter_context(Forwarder(postgresql.port))
        url = urlsplit(migrated(postgresql))
        settings: dict[str, Any] = {
            **store.settings,
            "DROPPR_DATABASE_URL": f"postgresql://{url.username}@{HERE}:{way.port}{url.path}",
            "DROPPR_STORE": "s3://bucket/droppr",
            "DROPPR_MAX_BODIES_PER_ADDRESS": 0,  # All that is sent comes from one.
        }
        nodes = [
            stack.enter_context(HeldNode(bench.folder / f"held-{number}", rooms, number, **settings))
            for number in range(NODES)
        ]
        made = Client.of(nodes[0], url=nodes[0].url).make_link()
        links = [Link(Client.of(node, url=node.url), made.hash, made.folder) for node in nodes]
        for link in links:
            link.info()  # The first request also pays for imports.
        for many in range(1, NODES + 1):
            upload_id = links[0].opened(f"{many}.bin", size)
            found[many] = _sent(links[:many], upload_id, starts, size)
            missing = links[-1].status(upload_id).json["received_bytes"]
            assert missing == CHUNKS * CHUNK, f"{missing} of {CHUNKS * CHUNK} bytes arrived"
            note(f"{many} nodes: {found[many]:.1f} s")
    section.text(
        f"{CHUNKS} chunks of {CHUNK // 1024} KiB of one upload, {LANES} at once for each node, over nodes whose lines are held at {RATE_BITS / 1e6:.0f} Mbit/s each way; one run."
    )
    rows = []
    for many, seconds in found.items():
        rate = CHUNKS * CHUNK * 8 / seconds
        rows.append(
            [
                f"{many}",
                f"{seconds:.1f}",
                f"{CHUNKS / seconds:.1f}",
                f"{rate / RATE_BITS / many:.2f}",
                ratio(found[1], seconds),
            ]
        )
    section.table(["nodes", "seconds", "chunks a second", "of their lines", "to one node"], rows)
    for many, least in LEAST.items():
        section.goal(f"{many} nodes beside one", quotient(found[1], found[many]), least=least)
    return section


def _sent(links: list[Link], upload_id: str, starts: list[int], size: int) -> float:
    """How long all chunks took."""
    data, lock = bytes(CHUNK), threading.Lock()
    left, busy = list(reversed(starts)), [0] * len(links)
    faults: list[Exception] = []

    def send() -> None:
        while True:
            with lock:
                if not left or faults:
                    return
                start, at = left.pop(), min(range(len(links)), key=busy.__getitem__)
                busy[at] += 1
            try:
                links[at].chunk(upload_id, start, data, size).expect(200)
            except (AssertionError, OSError) as error:
                faults.append(error)
            finally:
                with lock:
                    busy[at] -= 1

    threads = [threading.Thread(target=send) for _ in range(LANES * len(links))]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, f"a chunk was not taken: {faults[0]}"
    return time.monotonic() - began
