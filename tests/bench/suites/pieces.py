"""What it takes to note in PostgreSQL that a part has arrived, when many write to one upload at once.

In the processes themselves, without HTTP: each opens the store as a worker of a node does. No bytes are received and no store is asked;
what is timed is a claim and the record of a part, as each chunk needs them. Writers go back to back, so with eight times as many of them
each waits eight times as long where the machine is what they share, and longer where they wait for each other.
"""

from __future__ import annotations

import os
import random
import threading
import time
from itertools import chain
from statistics import median
from typing import Any
from unittest.mock import patch

from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.presence import Presence
from app.storage.cluster.uploads import ClusterUploads
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.bench.load import percentile
from tests.bench.report import Section, milliseconds, quotient
from tests.bench.runs import MIB, Bench, note
from tests.bench.sink import Sink
from tests.bench.suites.nodes import migrated
from tests.support.postgresql import PostgreSQLServer
from tests.support.processes import together

PROCESSES = 8
WRITERS = (8, 64)
CHUNKS = 1_600
PART = 8 * MIB
MOST = 8.0


def run(bench: Bench) -> Section:
    section = Section("pieces")
    rounds = bench.options.rounds
    found: dict[int, list[list[float]]] = {many: [] for many in WRITERS}
    speeds: dict[int, list[float]] = {many: [] for many in WRITERS}
    with PostgreSQLServer() as postgresql, Sink() as store, patch.dict(os.environ, store.settings):
        url = migrated(postgresql)
        for number in range(rounds):
            for many in WRITERS:
                took, seconds = _measured(bench, url, f"upload-of-the-benchmark-{number}-{many}", many)
                found[many].append(took)
                speeds[many].append(len(took) / seconds)
                note(f"{many} writers: p99 {milliseconds(percentile(took, 99))}, {len(took) / seconds:.0f} a second")
    section.text(
        f"{CHUNKS:,} parts of {PART // MIB} MiB of one upload, noted in random order and back to back by writers in {PROCESSES} processes; medians of {rounds}."
    )
    rows = []
    for many in WRITERS:
        figures = [median(percentile(took, percent) for took in found[many]) for percent in (50, 99, 100)]
        rows.append([f"{many} writers", *map(milliseconds, figures), f"{median(speeds[many]):.0f}"])
    section.table(["", "median", "99 of 100 within", "slowest", "parts a second"], rows)
    few, all_ = (median(percentile(took, 99) for took in found[many]) for many in WRITERS)
    section.goal(f"99 of 100 within: {WRITERS[1]} writers beside {WRITERS[0]}", quotient(all_, few), most=MOST)
    return section


def _measured(bench: Bench, url: str, upload_id: str, many: int) -> tuple[list[float], float]:
    """How long each record took, and all of them together."""
    now = time.time()
    sender = Sender(None, None)
    path, size = RelPath.parse("video.bin"), CHUNKS * PART
    _uploads(bench, url).create(
        UploadSession(upload_id, "hash", path, size, opened_at=now, active_at=now, sender=sender)
    )
    order = list(range(CHUNKS))
    random.Random(upload_id).shuffle(order)
    began = time.monotonic()
    results = together(
        PROCESSES, lambda number: _writers(bench, url, upload_id, order[number::PROCESSES], many // PROCESSES)
    )
    seconds = time.monotonic() - began
    took = list(chain.from_iterable(results))
    session = _uploads(bench, url).open(upload_id).status()
    assert (session.is_whole, len(took)) == (True, CHUNKS), f"a record got lost: {results}"
    return took, seconds


def _uploads(bench: Bench, url: str) -> ClusterUploads:
    database = PostgreSQLDatabase(url)
    ground = ClusterGround(database, Bucket(Place.parse("s3://bucket/droppr")), Presence(database), bench.folder)
    return ClusterUploads(ground, Objects(ground), usual=PART, longest=64 * MIB)


def _writers(bench: Bench, url: str, upload_id: str, numbers: list[int], threads: int) -> list[float]:
    uploads = _uploads(bench, url)
    took: list[float] = []

    def write(mine: list[int]) -> None:
        upload = uploads.open(upload_id)
        for number in mine:
            span = Span(number * PART, (number + 1) * PART)
            made: dict[str, Any] = {"start": span.start, "stop": span.stop, "part": number + 1, "etag": "x"}
            began = time.perf_counter()
            with upload.claim(span) as claimed:
                claimed._pieces = [{**made, "key": None, "data": None}]  # As if the store had taken it.
                claimed.record(time.time())
            took.append(time.perf_counter() - began)

    running = [threading.Thread(target=write, args=(numbers[at::threads],)) for at in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return took
