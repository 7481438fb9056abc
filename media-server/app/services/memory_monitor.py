"""MemoryMonitor: how much memory is in use, against the limit that really counts, and who has been promised how much.

Three numbers make a decision. *In use* is what the kernel cannot give back at once: page cache of files does not
count, because a server that takes uploads fills all memory with it. *Reserved* is what running work has been promised
and may not have touched yet, summed over all processes of this machine. *The ceiling* is the part of the limit that
may be used. New work is refused when either says that the ceiling would be passed; nothing that runs is stopped.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from app.core.errors import Busy
from app.core.ports.shared import SharedTable

MAX_SAMPLES = 720
TREND_SECONDS = 300
TREND_MIN_SECONDS = 60
"""Seconds of samples below which a rise says nothing about what comes: a start looks like one."""
_FRESH_SECONDS = 0.2
_RETRY_AFTER_SECONDS = 5
ROW = struct.Struct("<q")
"""What one process has reserved, in the ledger of all."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes in use and the limit they count against."""

    used: int
    limit: int

    @property
    def percent(self) -> float:
        return round(100 * self.used / self.limit, 1)

    def plus(self, size: int) -> MemoryUse:
        return MemoryUse(self.used + size, self.limit)


@dataclass(frozen=True, slots=True)
class Sample:
    """Use at a moment, in seconds of the monotonic clock."""

    at: float
    used: int


@dataclass(frozen=True, slots=True)
class Trend:
    """Where memory is going: bytes, bytes a second, and seconds until the ceiling, None when it is not nearing it."""

    peak: int
    slope: float
    seconds_to_limit: float | None
    samples: int


class Reservation:
    """Memory set aside until ``release``, or the end of a ``with`` block. Releasing twice changes nothing."""

    def __init__(self, size: int, give_back: Callable[[int], None]) -> None:
        self.size = size
        self._give_back = give_back
        self._lock = threading.Lock()
        self._held = True

    def release(self) -> None:
        with self._lock:
            held, self._held = self._held, False
        if held:
            self._give_back(self.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def machine() -> MemoryUse:
    """The whole machine, as the kernel tells it."""
    memory = psutil.virtual_memory()
    return MemoryUse(memory.total - memory.available, memory.total)


class MemoryMonitor:
    """Reads the tightest limit there is, a container's, its parents', else the machine's, and keeps reservations.

    Tools that ask the kernel for the machine's memory see the host inside a container, so control groups (version 2)
    are asked first. ``ledger`` makes reservations count across processes; what a process reserved is free again when
    it dies. Safe from any number of threads.
    """

    def __init__(
        self,
        cgroups: Path = Path("/sys/fs/cgroup"),
        proc: Path = Path("/proc"),
        *,
        machine: Callable[[], MemoryUse] = machine,
        max_percent: float = 80.0,
        ledger: SharedTable | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_percent = max_percent
        self._cgroups = cgroups
        self._proc = proc
        self._machine = machine
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._row: int | None = None
        self._mine = 0
        self._idle: dict[int, int] = {}
        self._samples: deque[Sample] = deque(maxlen=MAX_SAMPLES)
        self._last: tuple[float, MemoryUse] | None = None
        self.peak = 0

    def usage(self) -> MemoryUse:
        """The use that is nearest to its limit."""
        use = max(self._uses(), key=lambda use: use.percent)
        self.peak = max(self.peak, use.used)
        self._last = (self._clock(), use)
        return use

    def check(self) -> None:
        """Raises Busy when too much memory is in use for new work. Costs nothing when asked often."""
        use = self._recent()
        if use.percent >= self.max_percent:
            raise too_high(use.percent)

    def reserve(self, size: int) -> Reservation:
        """Set ``size`` bytes aside, host-wide. Raises Busy when that, with what is in use or promised, is too much."""
        with self._lock, self._alone():
            expected = [each.plus(size) for each in self._promised()]
            tightest = max(expected, key=lambda use: use.percent)
            if any(each.used > self.ceiling(each) for each in expected):
                raise too_high(tightest.percent)
            self._promise(self._mine + size)
        return Reservation(size, self._give_back)

    def headroom(self) -> int:
        """How many bytes could be reserved at this moment."""
        with self._lock, self._alone():
            return max(0, min(self.ceiling(each) - each.used for each in self._promised()))

    def reserved(self) -> int:
        """Bytes that all processes of this machine have reserved."""
        with self._lock, self._alone():
            return self._reserved()

    def ceiling(self, use: MemoryUse) -> int:
        """How many bytes of ``use.limit`` may be in use."""
        return int(use.limit * self.max_percent / 100)

    def sample(self) -> None:
        """Note what is in use now; called every few seconds."""
        self._samples.append(Sample(self._clock(), self.usage().used))

    def history(self) -> list[Sample]:
        """The newest samples, oldest first."""
        return list(self._samples)

    def trend(self) -> Trend:
        """The straight line through the samples of the last five minutes."""
        since = self._clock() - TREND_SECONDS
        recent = [each for each in self.history() if each.at >= since]
        slope = _slope(recent)
        use = self._recent()
        room = self.ceiling(use) - use.used
        seen = recent[-1].at - recent[0].at if recent else 0.0
        left = None if slope <= 0 or seen < TREND_MIN_SECONDS else max(0.0, room / slope)
        return Trend(self.peak, slope, left, len(recent))

    def _recent(self) -> MemoryUse:
        last = self._last
        return last[1] if last and self._clock() - last[0] < _FRESH_SECONDS else self.usage()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._ledger.locked() if self._ledger else nullcontext():
            yield

    def _uses(self) -> list[MemoryUse]:
        return [self._machine(), *self._groups()]

    def _promised(self) -> list[MemoryUse]:
        """What would be in use, by each limit, if all reserved memory were used.

        Reserved memory may or may not be in use yet. We therefore take the larger of: what is in use now, and what was in
        use before any reservation plus all reservations.
        """
        uses, reserved = self._uses(), self._reserved()
        if not reserved or not self._idle:
            self._idle = {each.limit: max(0, each.used - reserved) for each in uses}
        idle = (self._idle.get(each.limit, each.used) for each in uses)
        return [
            MemoryUse(max(each.used, at_rest + reserved), each.limit) for each, at_rest in zip(uses, idle, strict=True)
        ]

    def _reserved(self) -> int:
        if self._ledger is None:
            return self._mine
        rows = enumerate(self._ledger.read())
        sizes = ((index, ROW.unpack(row)[0]) for index, row in rows)
        return sum(size for index, size in sizes if size and self._ledger.is_held(index))

    def _promise(self, size: int) -> None:
        if self._ledger is not None:
            if self._row is None:
                self._row = next((n for n in range(self._ledger.count) if not self._ledger.is_held(n)), None)
                if self._row is None:
                    raise Busy(retry_after=_RETRY_AFTER_SECONDS)
                self._ledger.hold(self._row)
            self._ledger.write(self._row, ROW.pack(size))
        self._mine = size

    def _give_back(self, size: int) -> None:
        with self._lock, self._alone():
            self._promise(self._mine - size)

    def _groups(self) -> Iterator[MemoryUse]:
        """This process's control group (version 2) and all above it that have a limit."""
        own = next((line for line in self._lines(self._proc / "self" / "cgroup") if line.startswith("0::")), "0::/")
        group = self._cgroups / own.removeprefix("0::").lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(self._cgroups):
                return
            limit, used = (self._lines(folder / name) for name in ("memory.max", "memory.current"))
            if limit and used and limit[0] != "max":
                yield MemoryUse(max(0, int(used[0]) - self._file_cache(folder)), int(limit[0]))

    def _file_cache(self, folder: Path) -> int:
        """Bytes of files that the kernel keeps because nobody needs the room: what a server just received."""
        words = self._lines(folder / "memory.stat")
        known = dict(zip(words[::2], words[1::2], strict=False))
        return sum(int(known.get(name, 0)) for name in ("inactive_file", "active_file"))

    @staticmethod
    def _lines(path: Path) -> list[str]:
        try:
            return path.read_text().split()
        except OSError:
            return []


def too_high(percent: float) -> Busy:
    """The refusal of new work while memory is short."""
    return Busy(f"Memory usage too high: {percent}%", reason="memory", retry_after=_RETRY_AFTER_SECONDS)


def _slope(samples: list[Sample]) -> float:
    """Bytes a second by least squares; 0 where there is no line."""
    if len(samples) < 2:
        return 0.0
    mean_at = sum(each.at for each in samples) / len(samples)
    mean_used = sum(each.used for each in samples) / len(samples)
    spread = sum((each.at - mean_at) ** 2 for each in samples)
    rise = sum((each.at - mean_at) * (each.used - mean_used) for each in samples)
    return rise / spread if spread else 0.0
