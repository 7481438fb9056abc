"""Parts of files that go straight into the store behind a server: it signs an address for each, and asks the store what has come.

Whatever stands in the way (a proxy, a store that refuses) ends the direct path for that file: the rest of it goes to the server as
chunks, and nothing that was put is lost by that. The next file tries again, unless several in a row were barred.
"""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from droppr_client.upload import wire
from droppr_client.upload.connection import Answer, Connections
from droppr_client.upload.digests import span_digest
from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileRefused, Gone, Retryable, UploadProblem
from droppr_client.upload.targets import UploadStatus
from droppr_client.upload.throttle import Chunk

DIGEST = "x-amz-checksum-sha256"
FEW, MANY = 4, 32
"""Parts that addresses are asked for at once: some at first, and more while they are used up soon, before they expire."""
SOON_SECONDS = 60.0
CONFIRMED_AT_ONCE = 32
CONFIRMED_EVERY_SECONDS = 10.0
MOST_BARRED = 3
"""Files in a row of which nothing could be put: then the rest of a run does without trying."""
_UNKNOWN = {"invalid_request", "invalid_range", "status_404", "status_405", "method_not_allowed", "not_found"}
"""What a server says that has no such path, or not for this file."""


class Ask(Protocol):
    """Asks the server about the parts of an upload; ``place`` is empty or ``/done``. Raises what its refusal stands for."""

    def __call__(self, place: str, body: object) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Signed:
    """``url`` is None where nothing is to be put; ``there``: as it counts already."""

    number: int
    url: str | None
    there: bool
    sha256: str


class Store:
    """The store of one server, for all files of a run: its connections, and whether anything gets there."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.host = urlsplit(origin).netloc
        self._connections = Connections(origin)
        self._lock = threading.Lock()
        self._barred = 0

    @property
    def is_barred(self) -> bool:
        return self._barred >= MOST_BARRED

    def note(self, *, barred: bool) -> None:
        """Of a file: that nothing of it, or that something of it got there."""
        with self._lock:
            self._barred = self._barred + 1 if barred else 0

    def put(self, url: str, digest: str, chunk: Chunk) -> Answer:
        """Raises Retryable, FileChanged, Cancelled."""
        address = urlsplit(url)
        return self._connections.send("PUT", f"{address.path}?{address.query}", {DIGEST: digest}, chunk)

    def abort(self) -> None:
        self._connections.abort()

    def close(self) -> None:
        self._connections.close()


class Parts:
    """The direct path of one upload. ``status`` reads what the server says of it. Safe from any number of threads."""

    def __init__(
        self,
        store: Callable[[], Store | None],
        ask: Ask,
        status: Callable[[dict[str, Any]], UploadStatus],
        part_size: int,
        most: int,
    ) -> None:
        """``store`` returns None while it is not known yet, or where it is barred."""
        self._store = store
        self._at: Store | None = None
        self._ask = ask
        self._status = status
        self._part_size = part_size
        self._most = most
        self._lock = threading.Lock()
        self._signing = threading.Lock()
        self._signed: dict[int, _Signed] = {}
        self._signed_at, self._count = 0.0, FEW
        self._put: list[tuple[int, int]] = []
        """Number and beginning of each part that was put and is not confirmed."""
        self._confirmed_at = time.monotonic()
        self._got_through = False
        self._lost = 0
        self.is_off = False

    def length_from(self, start: int) -> int | None:
        """Bytes from there to the end of the part; None where parts are of no more use."""
        return None if self.is_off or self._store() is None else self._part_size - start % self._part_size

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus | None:
        """Put a chunk that is a part; None, and nothing has counted, where it has to go to the server. Raises Retryable, FileChanged,
        Cancelled, and what the server's refusals stand for."""
        start, stop = chunk.span
        is_part = start % self._part_size == 0 and stop == min(start + self._part_size, item.size)
        store = self._store()
        if self.is_off or not is_part or chunk.fd is None or store is None:
            return None
        self._at = store
        signed = self._address(item, chunk)
        if signed is None:
            return None
        is_there = self._is_there(chunk, signed) if signed.url is None else self._brought(item, chunk, signed)
        return self._said(ticket) if is_there else None

    def confirmed(self) -> UploadStatus | None:
        """Have the server confirm all that was put: how the upload stands then, None where nothing was to be confirmed."""
        with self._lock:
            put, self._put = self._put, []
        said = None
        while put:
            now, put = put[: self._most], put[self._most :]
            try:
                said = self._ask("/done", {"parts": [number for number, _ in now]})
            except Gone:
                raise
            except UploadProblem:
                with self._lock:
                    self._put = [*now, *put, *self._put]
                raise
            self._confirmed_at = time.monotonic()
            status = self._status(said)
            if not status.complete and any(lo <= start < hi for lo, hi in status.missing for _, start in now):
                self._end()  # Somebody else has taken it, and said yes.
        return self._status(said) if said is not None else None

    def _said(self, ticket: str) -> UploadStatus:
        with self._lock:
            is_time = len(self._put) >= min(CONFIRMED_AT_ONCE, self._most)
            is_time = is_time or time.monotonic() - self._confirmed_at >= CONFIRMED_EVERY_SECONDS
        if is_time:
            # What fails here is asked again at the next part, and at the end.
            with suppress(Retryable):
                status = self.confirmed()
                if status is not None and status.complete:
                    return status
        return UploadStatus(ticket, complete=False, way=self)

    def _address(self, item: Item, chunk: Chunk) -> _Signed | None:
        start = chunk.span[0]
        with self._signing:
            if start not in self._signed:
                self._sign(item, chunk)
            return self._signed.pop(start, None)

    def _sign(self, item: Item, chunk: Chunk) -> None:
        """Addresses for a part and for those that follow it, which are sent next."""
        now = time.monotonic()
        if self._signed_at:
            soon = now - self._signed_at < SOON_SECONDS
            self._count = min(MANY, self._count * 2) if soon else max(1, self._count // 2)
        starts = range(chunk.span[0], item.size, self._part_size)[: min(self._count, self._most)]
        wanted = {}
        for start in starts:
            stop = min(start + self._part_size, item.size)
            if start == chunk.span[0] or start not in self._signed:
                wanted[start] = (stop, span_digest(chunk.fd or 0, (start, stop)))
        body = [{"start": at, "length": stop - at, "sha256": sha256} for at, (stop, sha256) in wanted.items()]
        try:
            said = self._ask("", {"parts": body})
        except Gone:
            raise
        except FileRefused as problem:
            if problem.code not in _UNKNOWN:
                raise
            self._end()
            return
        self._signed_at = time.monotonic()
        told = said.get("parts")
        for each in told if isinstance(told, list) else ():
            self._note(each, wanted)

    def _note(self, said: object, wanted: dict[int, tuple[int, str]]) -> None:
        if not isinstance(said, dict) or (start := wire.whole(said.get("start"), 0, 2**63 - 1)) not in wanted:
            return
        number, url = wire.whole(said.get("number"), 1, 10_000), wire.text(said.get("url"))
        if url is None or number is None or not url.startswith(f"{self._to.origin}/"):
            number, url = 0, None
        self._signed[start] = _Signed(number, url, said.get("there") is True, wanted[start][1])

    def _is_there(self, chunk: Chunk, signed: _Signed) -> bool:
        """Whether a part counts that was put before, perhaps by an earlier run; then all of it has passed."""
        if signed.there:
            chunk.on_bytes(chunk.size)
        return signed.there

    def _brought(self, item: Item, chunk: Chunk, signed: _Signed) -> bool:
        """Whether a part was put, or need not be. False where it goes to the server."""
        for is_last in (False, True):
            answer = self._tried(chunk, signed)
            if answer is None:
                return False
            if answer.status < 300:
                with self._lock:
                    self._put.append((signed.number, chunk.span[0]))
                    self._lost = 0
                    first, self._got_through = not self._got_through, True
                if first:
                    self._to.note(barred=False)
                return True
            if answer.status in (429, 500, 502, 503) and not self._fails():
                raise Retryable(
                    f"{self._to.host} answered with status {answer.status}.", retry_after=answer.retry_after
                )
            if answer.status not in (400, 403) or is_last:
                break
            # The address has expired, the server's keys are others, or the bytes: asked anew, of what the file holds now.
            with self._signing:
                self._sign(item, chunk)
                again = self._signed.pop(chunk.span[0], None)
            if again is None or again.url is None:
                return again is not None and self._is_there(chunk, again)
            signed = again
        self._end()
        return False

    def _tried(self, chunk: Chunk, signed: _Signed) -> Answer | None:
        """The store's answer; None where it cannot be reached."""
        sent, count = 0, chunk.on_bytes

        def counted(size: int) -> None:
            nonlocal sent
            sent += size
            count(size)

        chunk.on_bytes = counted
        try:
            digest = b64encode(bytes.fromhex(signed.sha256)).decode()
            answer = self._to.put(str(signed.url), digest, chunk)
            if answer.status >= 300:
                count(-sent)
            return answer
        except Retryable:
            if not self._fails():
                raise
            count(-sent)
            self._end()
            return None
        finally:
            chunk.on_bytes = count

    def _fails(self) -> bool:
        """Whether a failure is one too many: the first where nothing got there yet, else the second in a row."""
        with self._lock:
            self._lost += 1
            return not self._got_through or self._lost > 1

    def _end(self) -> None:
        with self._lock:
            was_off, self.is_off = self.is_off, True
        if not was_off and not self._got_through:
            self._to.note(barred=True)

    @property
    def _to(self) -> Store:
        assert self._at is not None
        return self._at


class Ways:
    """The direct paths of all uploads to one server."""

    def __init__(self) -> None:
        self._store: Store | None = None
        self._parts: dict[str, Parts] = {}

    def by(self, info: dict[str, Any], server: str) -> None:
        """Take the store that a link names."""
        self._store = self._store or store_of(info, server)

    def of(
        self, status: UploadStatus, said: object, ask: Ask, read: Callable[[dict[str, Any]], UploadStatus]
    ) -> UploadStatus:
        """The status with its way, where there is one: ``said`` is what the server says of that."""
        terms, ticket = terms_of(said), status.ticket
        if status.complete or terms is None:
            self._parts.pop(ticket, None)
            return status
        return replace(status, way=self._parts.setdefault(ticket, Parts(self._usable, ask, read, *terms)))

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus | None:
        """See ``Parts.send``."""
        parts = self._parts.get(ticket)
        return parts.send(item, ticket, chunk) if parts else None

    def finished(self, ticket: str) -> UploadStatus | None:
        """An upload that is complete once all that was put is confirmed; None where that is not known."""
        parts = self._parts.get(ticket)
        status = parts.confirmed() if parts else None
        if status is None or not status.complete:
            return None
        self._parts.pop(ticket, None)
        return status

    def abort(self) -> None:
        if self._store:
            self._store.abort()

    def close(self) -> None:
        if self._store:
            self._store.close()

    def _usable(self) -> Store | None:
        # A path that was barred all the time may be found open by what is under way, so that stays.
        return None if self._store is None or self._store.is_barred else self._store


def store_of(info: dict[str, Any], server: str) -> Store | None:
    """The store that a link names, where bytes may go there: never in the clear from a server that is spoken to in private."""
    origin = wire.text(info.get("store"))
    if origin is None or len(origin) > 300:
        return None
    address = urlsplit(origin)
    if address.scheme not in ("http", "https") or not address.hostname or address.path or address.query:
        return None
    if server.startswith("https:") and address.scheme != "https":
        return None
    return Store(origin)


def terms_of(said: object) -> tuple[int, int] | None:
    """How long parts are, and how many are asked for at once."""
    if not isinstance(said, dict):
        return None
    size = wire.whole(said.get("part_size"), 1024 * 1024, 5 * 1024**3)
    most = wire.clamped(said.get("most_parts"), 1, 64)
    return (size, most) if size and most else None
