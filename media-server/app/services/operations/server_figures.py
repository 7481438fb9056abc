"""ServerFigures: how busy the server is at this moment, for its owner: one set of numbers for every way of asking."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry

from app.core.errors import UploadNotFound
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.ranges import ByteRanges
from app.core.session import State, UploadSession
from app.services.memory_monitor import MemoryMonitor
from app.services.operations.notes import Note
from app.services.operations.observer import OfAllWorkers
from app.services.upload_concurrency_manager import Running, UploadConcurrencyManager

MAX_SHOWN = 50
"""Running uploads that are told one by one."""
MAX_COUNTED = 1000
"""Stretches of a file that are looked at one by one."""
LONG_COUNT_SECONDS = 0.05
COUNT_PAUSE_FACTOR = 20
"""Counting open uploads takes one in so many of the processor's seconds, when it takes more than that."""
_HISTORY_SAMPLES = 60
Part = Callable[[], Mapping[str, Any]]


class ServerFigures:
    """``notes`` are for the owner, ``parts`` further sections by name, such as ``buffer_pool``: each is asked whenever the figures are."""

    def __init__(
        self,
        *,
        store: UploadStore,
        concurrency: UploadConcurrencyManager,
        memory: MemoryMonitor,
        clock: Clock,
        chunk_size: int,
        max_parallel_chunks: int,
        notes: Callable[[], list[Note]],
        parts: Mapping[str, Part],
    ) -> None:
        self._store = store
        self._concurrency = concurrency
        self._memory = memory
        self._clock = clock
        self._chunk_size = chunk_size
        self._max_parallel_chunks = max_parallel_chunks
        self._notes = notes
        self._parts = parts
        self._counted = 0
        self._count_again = -math.inf

    def status(self) -> dict[str, Any]:
        """Uploads, memory and whatever else there is, as the status call tells it."""
        return {
            "concurrency": {"active_uploads": self.open_uploads(), **self.concurrency()},
            "memory_monitor": {**self.memory(), "history": self._history()},
            **{name: dict(part()) for name, part in self._parts.items()},
        }

    def live(self) -> dict[str, Any]:
        """The same for somebody who looks on: what changes from second to second, each running upload by itself."""
        running, notes = self._concurrency.running(), self._notes()
        return {
            "at": self._clock(),
            "concurrency": {**self.concurrency(), "running_uploads": len(running)},
            "uploads": [shown for each in running[:MAX_SHOWN] if (shown := self._shown(each))],
            "memory_monitor": self.memory(),
            **self.counts(),
            "notes": [each.sentence for each in notes],
            "note_codes": [each.code for each in notes],
            **{name: dict(part()) for name, part in self._parts.items()},
        }

    def concurrency(self) -> dict[str, Any]:
        limits = self._concurrency.limits
        return {
            "running_uploads": len(self._concurrency.running()),
            "waiting_uploads": self._concurrency.waiting(),
            "max_concurrent_uploads": limits.slots,
            "max_concurrent_per_user": limits.per_user,
            "max_concurrent_chunks": self._max_parallel_chunks,
        }

    def memory(self) -> dict[str, Any]:
        """``current_usage`` in percent of the limit that counts; the rest in bytes, bytes a second and seconds."""
        use, trend = self._memory.usage(), self._memory.trend()
        return {
            "current_usage": use.percent,
            "max_usage": self._memory.max_percent,
            "used_bytes": use.used,
            "limit_bytes": use.limit,
            "peak_bytes": trend.peak,
            "reserved_bytes": self._memory.reserved(),
            "available_bytes": self._memory.headroom(),
            "bytes_per_second": round(trend.slope),
            "seconds_to_limit": None if trend.seconds_to_limit is None else round(trend.seconds_to_limit),
        }

    def disk(self) -> dict[str, int]:
        """What there is of the disk and what takes it, in bytes."""
        return dict(self._parts["disk"]())

    def counts(self) -> dict[str, dict[str, int]]:
        """What has been counted since the server started, over all workers: how often each limit has sent somebody away, and
        the files and bytes that were received, those of small files included."""
        refusals = dict.fromkeys(("places", "user", "memory"), 0)
        received = dict.fromkeys(("files", "bytes"), 0)
        registry = CollectorRegistry()
        OfAllWorkers(registry)  # type: ignore[no-untyped-call]
        for sample in (sample for metric in registry.collect() for sample in metric.samples):
            if sample.name == "droppr_limit_refusals_total":
                refusals[sample.labels["reason"]] = int(sample.value)
            elif sample.name == "droppr_received_bytes_total":
                received["bytes"] = int(sample.value)
            elif sample.name == "droppr_uploads_total" and sample.labels["event"] == "delivered":
                received["files"] = int(sample.value)
        return {"refusals": refusals, "received": received}

    def open_uploads(self) -> int:
        """Uploads that have been begun and are not finished, whether anything comes or not; where they are so many that
        counting takes long, as of some seconds ago."""
        if time.monotonic() >= self._count_again:
            begun = time.thread_time()
            self._counted = sum(1 for upload_id in self._store.ids() if self._is_open(upload_id))
            took = time.thread_time() - begun
            self._count_again = time.monotonic() + (COUNT_PAUSE_FACTOR * took if took > LONG_COUNT_SECONDS else 0)
        return self._counted

    def progress(self, upload_id: str) -> dict[str, Any]:
        """How far one upload is. Raises UploadNotFound."""
        session = self._store.open(upload_id).status()
        has_place = any(each.upload_id == upload_id for each in self._concurrency.running())
        return {**_progress(session, self._clock(), self._chunk_size), "running": has_place}

    def _history(self) -> list[dict[str, float]]:
        samples = self._memory.history()[-_HISTORY_SAMPLES:]
        return [{"seconds_ago": round(samples[-1].at - each.at, 1), "used_bytes": each.used} for each in samples]

    def _shown(self, running: Running) -> dict[str, Any] | None:
        try:
            session = self._store.open(running.upload_id).status()
        except UploadNotFound:
            return None  # It was opened and not begun, or has just been finished.
        progress = _progress(session, self._clock(), self._chunk_size)
        return {"upload_id": running.upload_id, "path": str(session.path), "seconds": running.seconds, **progress}

    def _is_open(self, upload_id: str) -> bool:
        try:
            return self._store.open(upload_id).status().state is State.OPEN
        except UploadNotFound:
            return False


def _progress(session: UploadSession, now: float, chunk_size: int) -> dict[str, Any]:
    ended = session.state is not State.OPEN
    elapsed = max(0.0, (session.active_at if ended else now) - session.opened_at)
    speed = session.received_bytes / elapsed if elapsed else 0.0
    left = session.size - session.received_bytes
    total = -(-session.size // chunk_size)
    done = total if session.state is State.COMPLETE else whole_chunks(session.ranges, session.size, chunk_size)
    return {
        "state": session.state,
        "size": session.size,
        "received_bytes": session.received_bytes,
        "percent": round(100 * session.received_bytes / session.size, 2) if session.size else 100.0,
        "missing_ranges": session.missing_count,
        "chunk_progress": {"chunk_size": chunk_size, "completed_chunks": done, "total_chunks": total},
        "opened_at": session.opened_at,
        "last_byte_at": session.active_at,
        "elapsed_seconds": elapsed,
        "bytes_per_second": speed,
        "chunks_per_second": done / elapsed if elapsed else 0.0,
        "seconds_left": None if ended or not speed else left / speed,
    }


def whole_chunks(ranges: ByteRanges, size: int, chunk_size: int) -> int:
    """How many chunks of the size that clients are told lie wholly in ``ranges``; where these are many, how many their
    bytes come to."""
    if len(ranges) > MAX_COUNTED:
        return ranges.length // chunk_size
    count = 0
    for span in ranges:
        stop = -(-size // chunk_size) if span.stop == size else span.stop // chunk_size
        count += max(0, stop - -(-span.start // chunk_size))
    return count
