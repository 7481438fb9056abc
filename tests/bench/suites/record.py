"""What it takes to note that a chunk has arrived, with eight writers in four processes, and whether it grows.

In the processes themselves, without HTTP: each opens the store as a worker of the server does, and has its checkpoints
made in the background as a worker does. No bytes are received, so that a sync finds nothing but the journal.
"""

from __future__ import annotations

import random
import shutil
import threading
import time
from itertools import chain
from pathlib import Path

from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from tests.bench.load import percentile
from tests.bench.report import Section, milliseconds, quotient
from tests.bench.runs import MIB, Bench
from tests.bench.servers import upload_store
from tests.support.processes import together

PROCESSES, THREADS = 4, 2
CHUNKS = 12_800
PAUSE = 0.01
UPLOAD = "upload-of-the-benchmark"


Timed = list[tuple[float, float]]
"""When each record was asked for and how long it took, in seconds."""


def run(bench: Bench) -> Section:
    section = Section("record")
    section.text(
        f"{PROCESSES * THREADS} writers in {PROCESSES} processes note {CHUNKS:,} chunks of 8 MiB in random order. "
        "Back to back, they ask for all of the processor, so the tail is waiting for it; with "
        f"{PAUSE * 1000:g} ms between two records of a writer it is what a chunk of a real upload waits for, and the "
        "processor has done other things meanwhile and must read program and data from memory again."
    )
    rows = []
    for title, durability, pause in (
        ("back to back, `DROPPR_DURABILITY=none`", "none", 0.0),
        ("back to back", "complete", 0.0),
        ("with pauses", "complete", PAUSE),
        ("with pauses, `DROPPR_DURABILITY=chunk`", "chunk", PAUSE),
    ):
        with bench.looking_for_others() as others:
            timed = _measured(bench.folder / "record", durability, pause)
        rows.append([title, *_figures(timed), f"{others[0]:.0%}"])
        if durability == "complete":
            took = [seconds for _, seconds in timed]
            section.goal(f"{title}: median", percentile(took, 50) * 1000, most=0.1, unit="ms")
            section.goal(f"{title}: 99 of 100 within", percentile(took, 99) * 1000, most=5, unit="ms")
            section.goal(f"{title}: the last tenth beside the first", quotient(*_tenths(took)[::-1]), most=1.5)
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


def _measured(base: Path, durability: str, pause: float) -> Timed:
    upload_store(base, durability).create(_session())
    order = list(range(CHUNKS))
    random.Random(1).shuffle(order)
    results = together(PROCESSES, lambda number: _writers(base, durability, pause, order[number::PROCESSES]))
    timed: Timed = sorted(chain.from_iterable(results))
    whole = upload_store(base, durability).open(UPLOAD).status().is_whole
    shutil.rmtree(base)
    assert whole, "a record got lost"
    return timed


def _figures(timed: Timed) -> list[str]:
    took = [seconds for _, seconds in timed]
    first, last = _tenths(took)
    return [
        milliseconds(percentile(took, 50)),
        milliseconds(percentile(took, 99)),
        milliseconds(max(took)),
        milliseconds(first),
        milliseconds(last),
        f"{len(took) / (timed[-1][0] - timed[0][0]):.0f}",
    ]


def _tenths(took: list[float]) -> tuple[float, float]:
    """The medians of the first and of the last tenth."""
    tenth = len(took) // 10
    return percentile(took[:tenth], 50), percentile(took[-tenth:], 50)


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


def _writers(base: Path, durability: str, pause: float, numbers: list[int]) -> Timed:
    upload = upload_store(base, durability).open(UPLOAD)
    timed: Timed = []

    def write(mine: list[int]) -> None:
        for number in mine:
            span = Span(number * 8 * MIB, (number + 1) * 8 * MIB)
            with upload.claim(span) as claimed:
                began = time.perf_counter()
                claimed.record(time.time())
                timed.append((began, time.perf_counter() - began))
            if pause:
                time.sleep(pause)

    threads = [threading.Thread(target=write, args=(numbers[at::THREADS],)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return timed
