"""How long a sender who comes back waits for the status of an upload of very many chunks."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.ranges import Span
from tests.bench.load import median
from tests.bench.report import Section, milliseconds
from tests.bench.runs import Bench
from tests.bench.servers import upload_store
from tests.support.client import Client, Link
from tests.support.live import GENEROUS, PROJECT, LiveServer

CHUNKS = 100_000
CHUNK = 4096
GAPS = 20_000
"""Of the upload with every second chunk missing: its reply is megabytes of gaps, which no real sender leaves."""


def run(bench: Bench) -> Section:
    section = Section("status")
    section.text(
        f"`GET` of an upload's status of which {CHUNKS:,} chunks were recorded: by a server that was just started and "
        "has to read the journal, and again by the same server. Medians."
    )
    rows: list[list[str]] = []
    for title, numbers in (
        ("in order, one gap", list(range(1, CHUNKS))),
        ("in random order, one gap", _shuffled(CHUNKS)),
        (f"{GAPS:,} gaps", list(range(0, 2 * GAPS, 2))),
    ):
        cold, warm, reply = _measured(bench, numbers)
        rows.append([title, milliseconds(cold), milliseconds(warm), f"{reply / 1024:.1f}"])
        section.goal(f"{title}, just started", cold * 1000, most=50, unit="ms")
    section.table(["", "just started", "again", "reply, KiB"], rows)
    return section


def _shuffled(count: int) -> list[int]:
    numbers = list(range(1, count))
    random.Random(2).shuffle(numbers)
    return numbers


def _measured(bench: Bench, numbers: list[int]) -> tuple[float, float, int]:
    """Seconds by a server that was just started, seconds once more, bytes of the reply."""
    with (
        TemporaryDirectory(dir=bench.folder) as folder,
        LiveServer(Path(folder), workers=1, project=PROJECT, **GENEROUS) as server,
    ):
        link = Client.of(server).make_link()
        upload_id = link.opened("many.bin", CHUNKS * CHUNK)
        _fill(server.data_dir, upload_id, numbers)
        cold, warm = [], []
        for _ in range(bench.options.rounds):
            server.kill()
            server.start()
            again = link.seen_by(Client.of(server))
            again.info()  # the first request of a process imports and opens things that are no part of this
            cold.append(_timed(again, upload_id))
            warm += [_timed(again, upload_id) for _ in range(5)]
        reply = link.seen_by(Client.of(server)).status(upload_id)
        assert reply.json["received_bytes"] == len(numbers) * CHUNK
        link.seen_by(Client.of(server)).cancel(upload_id)
    return median(cold), median(warm), len(reply.body)


def _fill(data_dir: Path, upload_id: str, numbers: Iterable[int]) -> None:
    upload = upload_store(data_dir).open(upload_id)
    for number in numbers:
        with upload.claim(Span(number * CHUNK, (number + 1) * CHUNK)) as claimed:
            claimed.record(time.time())


def _timed(link: Link, upload_id: str) -> float:
    began = time.perf_counter()
    link.status(upload_id).expect(200)
    return time.perf_counter() - began
