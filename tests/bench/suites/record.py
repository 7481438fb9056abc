"""What it takes to note that a chunk has arrived, with eight writers in four processes, and whether it grows.

In the processes themselves, without HTTP: each opens the store as a worker of the server does, and has its checkpoints
made in the background as a worker does. There are no bytes to bring to the disk; only the journal is synced.
"""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from app.core.paths import RelPath
from app.core.ports import ChunkStore
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from app.jobs import Later
from app.services.checkpoints import Checkpoints
from tests.bench.load import percentile
from tests.bench.report import Section, milliseconds
from tests.bench.runs import MIB, Bench
from tests.bench.servers import session_store
from tests.support.processes import together

PROCESSES, THREADS = 4, 2
CHUNKS = 12_800
PAUSE = 0.01
MOVED = MIB
UPLOAD = "upload-of-the-benchmark"


class NoBytes:
    """The part of a chunk store that checkpoints need, with nothing in it."""

    def flush(self, upload_id: str) -> None:
        pass


Timed = list[tuple[float, float]]
"""When each record was asked for and how long it took, in seconds."""


def run(bench: Bench) -> Section:
    section = Section("record")
    section.text(
        f"{PROCESSES * THREADS} writers in {PROCESSES} processes note {CHUNKS:,} chunks of 8 MiB in random order. "
        "Back to back, they ask for all of the processor, so the tail is waiting for it; with "
        f"{PAUSE * 1000:g} ms between two records of a writer, the processor has gone to sleep each time, after which "
        "every step of any program takes several times as long here. A server wakes up for the chunk, not for its record: "
        "in the last rows each writer pauses, moves a MiB into a file, and then notes it."
    )
    rows = []
    for title, durability, pause, moved in (
        ("back to back, `DROPPR_DURABILITY=none`", "none", 0.0, 0),
        ("back to back", "complete", 0.0, 0),
        ("with pauses", "complete", PAUSE, 0),
        ("with pauses, `DROPPR_DURABILITY=chunk`", "chunk", PAUSE, 0),
        ("after moving a MiB", "complete", PAUSE, MOVED),
        ("after moving a MiB, `DROPPR_DURABILITY=chunk`", "chunk", PAUSE, MOVED),
    ):
        with bench.looking_for_others() as others:
            row = [title, *_measured(bench.folder / "record", durability, pause, moved)]
        rows.append([*row, f"{others[0]:.0%}"])
    section.table(
        [
            "",
            "median",
            "99 of 100 within",
            "slowest",
            "median of the first tenth",
            "of the last",
            "records a second",
            "others",
        ],
        rows,
    )
    return section


def _measured(base: Path, durability: str, pause: float, moved: int) -> list[str]:
    session_store(base, durability).create(_session())
    order = list(range(CHUNKS))
    random.Random(1).shuffle(order)
    results = together(PROCESSES, lambda number: _writers(base, durability, pause, moved, order[number::PROCESSES]))
    timed: Timed = sorted(chain.from_iterable(results))
    whole = session_store(base, durability).load(UPLOAD).is_whole
    shutil.rmtree(base)
    assert whole, "a record got lost"
    took = [seconds for _, seconds in timed]
    tenth = len(took) // 10
    return [
        milliseconds(percentile(took, 50)),
        milliseconds(percentile(took, 99)),
        milliseconds(max(took)),
        milliseconds(percentile(took[:tenth], 50)),
        milliseconds(percentile(took[-tenth:], 50)),
        f"{len(took) / (timed[-1][0] - timed[0][0]):.0f}",
    ]


def _session() -> UploadSession:
    now = time.time()
    return UploadSession(
        upload_id=UPLOAD,
        request_hash="hash",
        path=RelPath.parse("video.bin"),
        size=CHUNKS * 8 * MIB,
        opened_at=now,
        active_at=now,
        sender=Sender(None, None),
    )


def _writers(base: Path, durability: str, pause: float, moved: int, numbers: list[int]) -> Timed:
    sessions = session_store(base, durability)
    checkpoints = Checkpoints(sessions=sessions, chunks=cast(ChunkStore, NoBytes()), clock=time.time, later=Later())
    timed: Timed = []
    bytes_moved = bytes(moved)

    def write(mine: list[int], file: BinaryIO) -> None:
        for number in mine:
            if pause:
                time.sleep(pause)
            os.pwrite(file.fileno(), bytes_moved, 0)
            span = Span(number * 8 * MIB, (number + 1) * 8 * MIB)
            began = time.perf_counter()
            receipt = sessions.record(UPLOAD, span, time.time())
            timed.append((began, time.perf_counter() - began))
            if durability == "complete":
                checkpoints.consider(UPLOAD, receipt)

    with TemporaryFile(dir=base) as file:
        threads = [threading.Thread(target=write, args=(numbers[at::THREADS], file)) for at in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return timed
