"""What every byte on its way passes: the limit, the meter, and the question whether to go on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from droppr_client.upload.items import Pair
from droppr_client.upload.problems import Cancelled, FileChanged
from droppr_client.upload.rates import BandwidthMonitor, RateLimit

STEP_BYTES = 1024 * 1024
MIN_STEP_BYTES = 16 * 1024


class Cancellation:
    """Set once, from any thread or signal handler; noticed at the next byte."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Raises Cancelled."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Raises Cancelled."""
        if self._event.wait(seconds):
            raise Cancelled


@dataclass(frozen=True)
class Throttle:
    """Shared by all workers."""

    bandwidth: RateLimit
    monitor: BandwidthMonitor
    cancellation: Cancellation

    @property
    def step(self) -> int:
        """How many bytes go at once: few enough that a slow limit is kept evenly."""
        rate = self.bandwidth.rate
        return STEP_BYTES if rate is None else max(MIN_STEP_BYTES, min(STEP_BYTES, int(rate / 20)))

    def allow(self, size: int) -> None:
        """Return when so many bytes may go. Raises Cancelled."""
        self.cancellation.check()
        self.bandwidth.take(size, self.cancellation.wait)


@dataclass
class Chunk:
    """Bytes of one file for one request: of the open file ``fd``, or ``data`` where they are in memory already."""

    span: Pair
    throttle: Throttle
    fd: int | None = None
    data: bytes | None = None
    on_bytes: Callable[[int], None] = field(default=lambda _: None)
    digest: str | None = None
    """For Content-Digest, where it is wanted."""

    @property
    def size(self) -> int:
        return self.span[1] - self.span[0]

    def passed(self, size: int) -> None:
        """So many bytes are on their way."""
        self.throttle.monitor.record_upload(size)
        self.on_bytes(size)

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The bytes, for whoever cannot send from the file itself. Raises FileChanged, Cancelled."""
        start, stop = self.span
        at = start
        while at < stop:
            size = min(self.throttle.step, stop - at)
            self.throttle.allow(size)
            piece = self._read(at - start, at, size)
            yield piece
            self.passed(len(piece))
            at += len(piece)

    def _read(self, offset: int, at: int, size: int) -> bytes | memoryview:
        if self.data is not None:
            return memoryview(self.data)[offset : offset + size]
        assert self.fd is not None
        piece = os.pread(self.fd, size, at)
        if not piece:
            raise FileChanged("The file became shorter while it was being sent.", "file_changed")
        return piece
