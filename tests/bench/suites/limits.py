"""What the limits cost: a place among the uploads at once, the watch over memory, and a buffer from the pool.

In the processes themselves, without HTTP: each has the limits as a worker of the server has them, over one folder. Nobody
waits for a place, as what is asked for is what each chunk pays that is let in.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from app.services.chunk_buffer_pool import BUFFER_SIZES
from app.settings import Settings
from app.wiring import build
from tests.bench import machine
from tests.bench.load import percentile
from tests.bench.report import Section, milliseconds
from tests.bench.runs import GIB, Bench
from tests.support.processes import together

PROCESSES = 4
OFTEN, SELDOM = 20_000, 500
Step = Callable[[int], None]


class Worker:
    """The limits of one worker process, and what each chunk or upload asks of them."""

    def __init__(self, folder: Path, number: int) -> None:
        services = build(Settings(data_dir=folder, _env_file=None))  # type: ignore[call-arg]
        self._number = number
        self._concurrency = services.ground.bounds.concurrency
        self._memory = services.ground.bounds.memory
        self._buffers = services.forwarding.buffers

    def chunk(self, _: int) -> None:
        with self._concurrency.receiving(f"upload-{self._number}", f"user {self._number}", GIB, begun=True):
            pass

    def upload(self, turn: int) -> None:
        upload_id = f"upload-{self._number}-{turn}"
        with self._concurrency.receiving(upload_id, f"user {self._number}", GIB, begun=False) as place:
            place.is_done = True

    def check(self, _: int) -> None:
        self._memory.check()

    def reserve(self, _: int) -> None:
        self._memory.reserve(BUFFER_SIZES[0]).release()

    def borrow(self, _: int) -> None:
        with self._buffers.borrow(BUFFER_SIZES[0]):
            pass


STEPS: list[tuple[str, Callable[[Worker], Step], int]] = [
    ("each chunk of an upload: its place", lambda worker: worker.chunk, OFTEN),
    ("each opening: is there memory?", lambda worker: worker.check, OFTEN),
    ("each part that is passed on: a buffer that was used before", lambda worker: worker.borrow, OFTEN),
    ("each buffer that is made: memory for it", lambda worker: worker.reserve, SELDOM),
    ("each upload: a place, its memory, and both back", lambda worker: worker.upload, SELDOM),
]


def run(bench: Bench) -> Section:
    section = Section("limits")
    section.text(
        f"One worker process alone, and {PROCESSES} of them that do nothing else, on {machine.CORES} processor cores. "
        "The first three stay in the process; the last two ask all processes, by a lock on a file."
    )
    rows = []
    with bench.looking_for_others() as others:
        for title, step, count in STEPS:
            alone = _timed(bench.folder / "limits", step, count, 1)
            crowd = _timed(bench.folder / "limits", step, count, PROCESSES)
            rows.append([title, *alone, *crowd])
    section.table(["", "alone", "99 of 100 within", f"{PROCESSES} processes", "99 of 100 within"], rows)
    section.text(f"Others used {others[0]:.0%} of the machine.")
    return section


def _timed(folder: Path, step: Callable[[Worker], Step], count: int, processes: int) -> list[str]:
    """The median and the 99th of 100, of what all processes have measured."""

    def work(number: int) -> list[float]:
        one = step(Worker(folder, number))
        one(count)  # What is made on first need is there then.
        took = []
        for turn in range(count):
            began = time.perf_counter()
            one(turn)
            took.append(time.perf_counter() - began)
        return took

    took = list(chain.from_iterable(together(processes, work)))
    shutil.rmtree(folder)
    return [_told(percentile(took, rank)) for rank in (50, 99)]


def _told(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} µs" if seconds < 0.001 else milliseconds(seconds)
