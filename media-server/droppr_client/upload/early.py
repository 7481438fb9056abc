"""Opening the first large file while its target is still asked how it wants to be sent to: on a long line that is a round trip less.
And where it is long, sending the first chunks while it is being opened: another one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from droppr_client.upload.digests import sample_digest
from droppr_client.upload.items import Item, Missing, Pair
from droppr_client.upload.pace import Pace
from droppr_client.upload.problems import Cancelled, UploadProblem
from droppr_client.upload.rates import Clock
from droppr_client.upload.targets import Facts, Target, UploadStatus
from droppr_client.upload.throttle import Cancellation, Chunk, Throttle
from droppr_client.upload.walk import Found, Walk

FAR_SECONDS = 0.05
"""There and back, from which on the first chunks do not wait for the opening's answer. Nearer by, one might overtake the opening."""
OTHER_REQUESTS = 2
"""Of those that may go at once, what asks the target and what opens."""


def first_file(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Found]) -> Item | None:
    """The first thing to send, where that is a file that was named; None where more has to be looked at."""
    if isinstance(paths, Walk):
        paths = paths.paths if paths.order != "size" else ()
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    first = next(iter(named), None) if isinstance(named, Sequence) else None
    if isinstance(first, str | os.PathLike) and os.path.isfile(first):
        first = next(iter(Walk([os.fspath(first)])))
    return first if isinstance(first, Item) else None


class EarlyChunk:
    """A chunk on its way, or there, before anybody knew whether its upload is open."""

    def __init__(self, span: Pair, began: float) -> None:
        self.span = span
        self.began = began
        self._lock = threading.Lock()
        self._sent = 0
        self._count: Callable[[int], None] = lambda _: None
        self._over = threading.Event()
        self._said: UploadStatus | None = None
        self._problem: Exception = Cancelled()

    def carry(self, send: Callable[[Callable[[int], None]], UploadStatus]) -> None:
        """Send it. ``send`` is given what counts bytes."""
        try:
            self._said = send(self._counted)
        except (UploadProblem, OSError) as problem:
            self._problem = problem
        finally:
            self._over.set()

    def join(self, count: Callable[[int], None]) -> UploadStatus:
        """What the target says to it, once it does; raises what went wrong. From now on ``count`` is told of bytes that leave."""
        with self._lock:
            self._count = count
            count(self._sent)
        self._over.wait()
        if self._said is None:
            count(-self._sent)
            raise self._problem
        return self._said

    def _counted(self, size: int) -> None:
        with self._lock:
            self._sent += size
            self._count(size)


class EarlyOpening:
    """The opening of ``item`` under ``key``, in a thread of its own that makes one of ``connections`` for it; ``leads``: and chunks by
    threads that make the others.

    Whatever goes wrong here counts for nothing. When it is the file's turn it is opened again: under the same key that gives the
    same upload, or says what is wrong. An upload that was opened for nothing lapses like any other that nobody goes on with.
    """

    def __init__(self, target: Target, item: Item, key: str, connections: int, *, leads: bool = False) -> None:
        self._target = target
        self._item = item
        self._key = key
        self._connections = connections
        self._leads = leads
        self._opened: tuple[Facts, UploadStatus] | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._missing = Missing([(0, item.size)])
        self._chunks: list[EarlyChunk] | None = []
        """None once no more are begun."""
        self._vain = Cancellation()

    def begin(self, pace: Pace, throttle: Throttle, clock: Clock) -> None:
        """Do it meanwhile. ``pace`` is told how long the target's answer takes."""
        throttle = Throttle(throttle.bandwidth, throttle.monitor, self._vain)
        threading.Thread(target=self._run, args=(pace, clock), daemon=True).start()
        for _ in range(self._connections - OTHER_REQUESTS):
            threading.Thread(target=self._lead, args=(pace, throttle, clock), daemon=True).start()

    def drop(self) -> None:
        """It comes to nothing: chunks on their way end."""
        self._vain.request()

    def take(self, item: Item, facts: Facts) -> tuple[UploadStatus, list[EarlyChunk]] | None:
        """Wait for the opening: how the upload stands but for the chunks beside it, which are on their way. None where it failed, was
        of a file of other facts, or was taken before: its status is of that moment."""
        if item != self._item:
            if item.source == self._item.source:
                self.drop()  # it has changed
            return None
        self._over.wait()
        opened, self._opened = self._opened, None
        with self._lock:
            chunks, self._chunks = self._chunks or [], None
        if opened and opened[0] == facts and opened[1].missing == ((0, item.size),):
            return opened[1], chunks
        self.drop()
        return (opened[1], []) if opened and opened[0] == facts else None

    def _run(self, pace: Pace, clock: Clock) -> None:
        try:
            with suppress(UploadProblem, OSError), _opened(self._item) as fd:
                facts = Facts(self._key, sample_digest(fd, self._item.size))
                self._target.ahead(self._connections)
                began = clock()
                status = self._target.open(self._item, facts)
                pace.answered(clock() - began)
                self._opened = facts, status
        finally:
            if self._opened is None:
                self.drop()
            self._over.set()

    def _lead(self, pace: Pace, throttle: Throttle, clock: Clock) -> None:
        """Make a connection; where the way is long, have it carry a chunk at once."""
        round_trip = self._target.ahead(self._connections)
        if not self._leads or round_trip is None or round_trip < FAR_SECONDS:
            return
        pace.answered(round_trip)
        if (chunk := self._next(pace, clock())) is None:
            return

        def send(count: Callable[[int], None]) -> UploadStatus:
            with _opened(self._item) as fd:
                piece = Chunk(chunk.span, throttle, fd, None, count)
                return self._target.send_unopened(self._item, self._key, piece)

        chunk.carry(send)

    def _next(self, pace: Pace, now: float) -> EarlyChunk | None:
        with self._lock:
            if self._chunks is None or self._vain.requested or len(self._chunks) >= pace.limit - OTHER_REQUESTS:
                return None
            under_way = self._item.size - self._missing.size
            span = self._missing.take(pace.next_chunk(self._missing.size, pace.limit, under_way))
            self._chunks.append(EarlyChunk(span, now))
            return self._chunks[-1]


@contextmanager
def _opened(item: Item) -> Iterator[int]:
    fd = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)
