"""ParallelChunkProcessor: brings the parts of a file to a remote, several at once where the remote allows it.

Every part has a pooled buffer for as long as it is on its way, unless it is larger than any: then it is read from the
local copy while it is sent. It is tried several times with growing pauses, and counts for or against the circuit breaker of its remote. A remote that takes one ordered stream gets one, with the next part read
into a buffer of its own while the one before it is being sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from prometheus_client import Counter

from app.core.backoff import Backoff
from app.core.errors import Busy
from app.core.ports.remotes import Remote
from app.core.ranges import Span
from app.core.reasons import Reason
from app.core.remotes import OutgoingFile, ReadInto, RemoteTrouble, Taken, TransferLost
from app.services.chunk_buffer_pool import BUFFER_SIZES, MIB, ChunkBufferPool
from app.services.circuit_breaker import CircuitBreaker, CircuitOpen
from app.services.operations.threads import DaemonThreads

MAX_ATTEMPTS = 3
MAX_WAIT_SECONDS = 30.0
"""Who is asked to stay away for longer gives the thread back and comes another time."""
PARTS = Counter("droppr_parts_sent_total", "Parts brought to remotes, by how it ended", ["outcome"])


class Cancelled(Exception):
    """Whoever asked for the work no longer wants it."""


class ChunkFailed(RemoteTrouble):
    """A part did not get through. ``__cause__`` is what the remote said last."""


def chunk_size_for(size: int) -> int:
    """How many bytes of a file of ``size`` go at once: 8 MiB below 100 MiB, 16 MiB below 1 GiB, else 32 MiB."""
    if size < 100 * MIB:
        return 8 * MIB
    return 16 * MIB if size < 1024 * MIB else 32 * MIB


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is sent where. ``cancelled`` is asked before every part and every pause; ``sent`` is told of every part
    that the remote has taken, from any thread, with the digest of one that was taken as a whole."""

    remote: Remote
    token: str
    file: OutgoingFile
    read: ReadInto
    breaker: CircuitBreaker
    cancelled: Callable[[], bool] = lambda: False
    sent: Callable[[Span, str | None], None] = lambda *_: None


@dataclass
class ChunkProgress:
    """How the parts of one file get on, by their number from 1: ``sending``, ``sent`` or ``failed``."""

    states: dict[int, str] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part's bytes. They may lie in a pooled buffer, which closing ``lent`` gives back."""

    read: ReadInto
    lent: ExitStack


class ParallelChunkProcessor:
    """Sends parts; ``most`` at once in this process, whatever number of files they belong to."""

    def __init__(
        self,
        pool: ChunkBufferPool,
        backoff: Backoff,
        *,
        most: int = 8,
        attempts: int = MAX_ATTEMPTS,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._pool = pool
        self._backoff = backoff
        self._attempts = attempts
        self._pause = pause or threading.Event().wait
        self._lock = threading.Lock()
        self._threads = DaemonThreads(most, "part")
        self._progress: dict[str, ChunkProgress] = {}

    def send(self, transfer: Transfer, spans: Iterable[Span]) -> None:
        """Send these parts, in any order where the remote allows it; returns once it has taken all of them.

        In-order remotes need spans that join each other from what they hold on. Raises ChunkFailed for the part that failed
        first, once no part is on its way any more; TransferLost, Cancelled, Busy, LocalCopyGone.
        """
        with self._lock:
            self._progress.setdefault(transfer.file.upload_id, ChunkProgress())
        if transfer.remote.in_order:
            self._in_order(transfer, spans)
        else:
            self._in_parallel(transfer, spans)

    def figures(self) -> dict[str, int]:
        """How many parts of the files that this process is sending are in each state."""
        with self._lock:
            states = [state for each in self._progress.values() for state in list(each.states.values())]
        return {state: states.count(state) for state in ("sending", "sent", "failed")}

    def progress(self, upload_id: str) -> ChunkProgress | None:
        """How a file's parts get on in this process; None where it has none on its way."""
        with self._lock:
            return self._progress.get(upload_id)

    def forget(self, upload_id: str) -> None:
        with self._lock:
            self._progress.pop(upload_id, None)

    def _in_parallel(self, transfer: Transfer, spans: Iterable[Span]) -> None:
        stop = threading.Event()

        def one(span: Span) -> None:
            if stop.is_set():
                return
            try:
                part = self._filled(transfer, span)
                with part.lent:
                    self._deliver(transfer, span, part.read, stop)
            except BaseException:
                stop.set()
                raise

        _drained([self._threads.submit(partial(one, span)) for span in spans])

    def _in_order(self, transfer: Transfer, spans: Iterable[Span]) -> None:
        ahead: Future[_Part] | None = None
        try:
            for span, following in pairwise([*spans, None]):
                assert span is not None
                part = self._read_before(ahead) or self._filled(transfer, span)
                ahead = None
                with part.lent:
                    if following is not None:
                        # Only where a buffer is free: a stream that waits for a second one holds up others for nothing.
                        ahead = self._threads.submit(partial(self._filled, transfer, following, 0.0))
                    self._deliver(transfer, span, part.read, threading.Event())
        finally:
            if ahead is not None and not ahead.cancel() and ahead.exception() is None:
                ahead.result().lent.close()

    @staticmethod
    def _read_before(ahead: Future[_Part] | None) -> _Part | None:
        if ahead is None or ahead.cancel():
            return None  # All threads are busy with other files' parts, which may take long.
        try:
            return ahead.result()
        except Busy:
            return None

    def _filled(self, transfer: Transfer, span: Span, wait_seconds: float | None = None) -> _Part:
        if span.length > BUFFER_SIZES[-1]:
            return _Part(_while_wanted(transfer), ExitStack())
        with ExitStack() as stack:
            buffer = stack.enter_context(self._pool.borrow(span.length, wait_seconds))
            transfer.read(span.start, buffer)
            return _Part(_from(buffer, span.start), stack.pop_all())

    def _deliver(self, transfer: Transfer, span: Span, read: ReadInto, stop: threading.Event) -> None:
        """Send one part until all of it is taken. A remote that takes less gets the rest; one that takes nothing fails."""
        number = span.start // transfer.remote.part_size(transfer.file.size) + 1
        progress = self.progress(transfer.file.upload_id) or ChunkProgress()
        progress.states[number] = "sending"
        position, failures, digest = span.start, 0, None
        while position < span.stop:
            if stop.is_set() or transfer.cancelled():
                raise Cancelled
            rest = Span(position, span.stop)
            try:
                taken = self._sent(transfer, rest, read)
                digest = taken.digest if taken.length == span.length else None
                position += taken.length
                failures = failures if position > rest.start else failures + 1
                trouble: RemoteTrouble = RemoteTrouble(
                    "The remote took nothing of what was sent.", reason=Reason.TROUBLE
                )
            except (TransferLost, CircuitOpen):
                raise
            except RemoteTrouble as error:
                failures, trouble = failures + 1, error
            if position == rest.start:
                progress.attempts[number] = failures
                self._rest(number, failures, trouble, progress)
                if transfer.remote.in_order and position < span.stop:
                    position = _probed(transfer, span)
        progress.states[number] = "sent"
        PARTS.labels("sent").inc()
        transfer.sent(span, digest)

    def _sent(self, transfer: Transfer, span: Span, read: ReadInto) -> Taken:
        with transfer.breaker.guard():
            return transfer.remote.send(transfer.token, transfer.file, span, read)

    def _rest(self, number: int, failures: int, trouble: RemoteTrouble, progress: ChunkProgress) -> None:
        if trouble.lasting or failures >= self._attempts or (trouble.retry_after or 0) > MAX_WAIT_SECONDS:
            progress.states[number] = "failed"
            PARTS.labels("failed").inc()
            times = f"{failures} attempts" if failures > 1 else "1 attempt"
            raise ChunkFailed(
                f"Chunk {number} failed after {times}: {trouble}",
                retry_after=trouble.retry_after,
                lasting=trouble.lasting,
                reason=trouble.reason,
                said=trouble.said,
            ) from trouble
        PARTS.labels("retried").inc()
        self._pause(self._backoff.wait(failures, trouble.retry_after))


def _from(buffer: memoryview, offset: int) -> ReadInto:
    """Reads what of the file lies in ``buffer``, which begins at ``offset``."""

    def read(start: int, target: memoryview) -> None:
        target[:] = buffer[start - offset : start - offset + len(target)]

    return read


def _while_wanted(transfer: Transfer) -> ReadInto:
    """Reads from the local copy until nobody wants the file any more: a part that takes minutes ends in its middle then."""

    def read(start: int, target: memoryview) -> None:
        if transfer.cancelled():
            raise Cancelled
        transfer.read(start, target)

    return read


def _probed(transfer: Transfer, span: Span) -> int:
    """Where an in-order remote wants to go on, after a failure of which it may have kept part of the bytes."""
    try:
        prefix = transfer.remote.held(transfer.token, transfer.file).prefix
    except TransferLost:
        raise
    except RemoteTrouble as trouble:
        if trouble.lasting:
            raise  # What it would not say while the part was on its way.
        return span.start
    if not span.start <= prefix <= span.stop:
        # It gave bytes back that it had taken: the buffers of before are gone, so the whole stream starts there again.
        raise TransferRewound(prefix)
    return prefix


class TransferRewound(RemoteTrouble):
    """An in-order remote wants bytes again that it had taken. Ask what it holds and go on from there."""

    def __init__(self, prefix: int) -> None:
        super().__init__(f"The remote asks for byte {prefix} again.", retry_after=0.0)


def _drained(futures: list[Future[None]]) -> None:
    """Wait for all, then raise what went wrong first: a part that failed counts before those that were called off."""
    wait(futures, return_when=FIRST_EXCEPTION)
    for each in futures:
        each.cancel()
    wait(futures)
    errors = [each.exception() for each in futures if not each.cancelled()]
    found = [error for error in errors if error is not None]
    found.sort(key=lambda error: isinstance(error, Cancelled))
    if found:
        raise found[0]
