"""Observer: what is logged and counted about uploads, in one place.

One line an upload at INFO, one a chunk at DEBUG. Never a password, a token or a whole capability: of an upload id
and of a link's hash only the first six characters are written, enough to follow one upload through a log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.errors import Busy, UploadError
from app.core.links import ReceivedFile
from app.core.ranges import Span
from app.core.remotes import OutboxEntry
from app.core.session import UploadSession

log = logging.getLogger("droppr.uploads")

BYTES = Counter("droppr_received_bytes_total", "Bytes of chunks that were taken")
CHUNKS = Counter("droppr_chunks_total", "Chunks that were taken")
UPLOADS = Counter("droppr_uploads_total", "Uploads by how they went on", ["event"])
PASSED_ON = Counter(
    "droppr_passed_on_total", "Goes at passing a file on, by remote and how they ended", ["kind", "outcome"]
)
MESSAGES = Counter(
    "droppr_messages_total", "Tries to hand over a message, by channel and what came of it", ["channel", "outcome"]
)
_OPENED, _DELIVERED = UPLOADS.labels("opened"), UPLOADS.labels("delivered")
REFUSALS = Counter("droppr_refusals_total", "Error replies by code", ["code"])
SENT_AWAY = Counter(
    "droppr_limit_refusals_total", "Busy replies because of a limit: places, user or memory", ["reason"]
)
CHUNK_SECONDS = Histogram("droppr_chunk_seconds", "From a chunk's headers to its acknowledgement")
FINISH_SECONDS = Histogram(
    "droppr_finish_seconds",
    "From the last byte to the visible file",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)


class OfAllWorkers(MultiProcessCollector):
    """What all workers have counted. A worker that has just started has made its files and not yet given them their
    length; prometheus_client stumbles over such a file, and nothing is counted in it."""

    def collect(self) -> Iterator[Metric]:
        files = [path for path in Path(self._path).glob("*.db") if _size(path)]
        yield from self.merge(files)  # type: ignore[no-untyped-call]


def _size(path: Path) -> int:
    """In bytes; 0 where the file went with its worker."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Observer:
    """Told of every step; changes nothing. Durations come from the monotonic clock."""

    def opened(self, session: UploadSession) -> None:
        _OPENED.inc()
        if log.isEnabledFor(logging.DEBUG):
            log.debug("upload opened", extra=_facts(session))

    def received(self, session: UploadSession, span: Span, index: int | None, seconds: float) -> None:
        CHUNKS.inc()
        BYTES.inc(span.stop - span.start)
        CHUNK_SECONDS.observe(seconds)
        if log.isEnabledFor(logging.DEBUG):
            place = {"start": span.start, "stop": span.stop, "index": index}
            log.debug("chunk taken", extra={**_facts(session), **place, "seconds": seconds})

    @contextmanager
    def finishing(self) -> Iterator[None]:
        started = time.monotonic()
        yield
        FINISH_SECONDS.observe(time.monotonic() - started)

    def delivered(self, session: UploadSession) -> None:
        _DELIVERED.inc()
        log.info("upload delivered", extra={**_facts(session), "seconds": session.active_at - session.opened_at})

    def refused(self, session: UploadSession, error: UploadError) -> None:
        UPLOADS.labels("refused").inc()
        log.info("upload refused", extra={**_facts(session), "code": error.code})

    def cancelled(self, session: UploadSession, why: str) -> None:
        """``why`` is ``cancelled``, by the sender, or ``stopped``, by the owner."""
        UPLOADS.labels(why).inc()
        log.info(f"upload {why}", extra=_facts(session))

    def taken_back(self, hash: str, file: ReceivedFile) -> None:
        UPLOADS.labels("taken_back").inc()
        facts = {"upload": shortened(file.upload_id), "link": shortened(hash), "path": file.path, "size": file.size}
        log.info("file taken back by its sender", extra=facts)

    def expired(self, session: UploadSession) -> None:
        UPLOADS.labels("expired").inc()
        log.info("upload expired", extra={**_facts(session), "received_bytes": session.received_bytes})

    def passed_on(self, entry: OutboxEntry, seconds: float) -> None:
        PASSED_ON.labels(entry.target.kind, "done").inc()
        log.info("file passed on", extra={**_entry_facts(entry), "seconds": seconds})

    def not_passed_on(self, entry: OutboxEntry) -> None:
        PASSED_ON.labels(entry.target.kind, entry.state).inc()
        facts = {**_entry_facts(entry), "attempts": entry.attempts, "error": entry.error}
        log.warning("file not passed on", extra=facts)

    def answered_with(self, error: UploadError) -> None:
        REFUSALS.labels(error.code).inc()
        reason = error.details.get("reason")
        if isinstance(error, Busy) and isinstance(reason, str):
            SENT_AWAY.labels(reason).inc()


def shortened(capability: str) -> str:
    """Enough of a capability to recognise it in a log, too little to use it."""
    return capability[:6] + "…"


def _entry_facts(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "upload": shortened(entry.upload_id),
        "link": shortened(entry.request_hash),
        "kind": entry.target.kind,
        "size": entry.size,
    }


def _facts(session: UploadSession) -> dict[str, Any]:
    return {
        "upload": shortened(session.upload_id),
        "link": shortened(session.request_hash),
        "path": str(session.path),
        "size": session.size,
    }
