"""Digests of files: a sample that tells two versions apart, and the SHA-256 of the whole along the way."""

from __future__ import annotations

import hashlib
import os
import threading
from base64 import b64encode
from collections.abc import Iterator

from droppr_client.upload.items import Pair
from droppr_client.upload.problems import FileChanged

KIB = 1024
SAMPLE_BYTES = 64 * KIB
READ_BYTES = 256 * KIB


def read_exactly(fd: int, start: int, stop: int) -> Iterator[bytes]:
    """The bytes of a span in pieces. Raises FileChanged where the file has become shorter."""
    while start < stop:
        piece = os.pread(fd, min(READ_BYTES, stop - start), start)
        if not piece:
            raise FileChanged("The file became shorter while it was being read.", "file_changed")
        yield piece
        start += len(piece)


def sample_digest(fd: int, size: int) -> str:
    """``s1:`` and the SHA-256 of the size (8 bytes, big-endian) with the first, middle and last 64 KiB of the file;
    of a file of at most 192 KiB, with all of it."""
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    half = SAMPLE_BYTES // 2
    spans = [(0, SAMPLE_BYTES), (size // 2 - half, size // 2 + half), (size - SAMPLE_BYTES, size)]
    for start, stop in spans if size > 3 * SAMPLE_BYTES else [(0, size)]:
        for piece in read_exactly(fd, start, stop):
            digest.update(piece)
    return f"s1:{digest.hexdigest()}"


def content_digest(fd: int, span: Pair) -> str:
    """The value of a ``Content-Digest`` header (RFC 9530) for a span of the file."""
    return f"sha-256=:{b64encode(_digest(fd, span).digest()).decode()}:"


def span_digest(fd: int, span: Pair) -> str:
    """The SHA-256 of a span, in hexadecimal."""
    return _digest(fd, span).hexdigest()


def whole_digest(fd: int, size: int) -> str:
    return _digest(fd, (0, size)).hexdigest()


def _digest(fd: int, span: Pair) -> hashlib._Hash:
    digest = hashlib.sha256()
    for piece in read_exactly(fd, *span):
        digest.update(piece)
    return digest


class FollowingDigest:
    """The SHA-256 of a whole file whose chunks are sent in about their order.

    Parts are hashed right after they were sent, while their bytes are still in the system's memory, so that nothing is
    read from the disk twice. A chunk that comes early waits for those before it.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._digest = hashlib.sha256()
        self._lock = threading.Lock()
        self._waiting: dict[int, int] = {}
        self._hashing = False
        self.position = 0

    def sent(self, chunk: Pair) -> None:
        """Hash what can be hashed now. One thread at a time does so; the others leave their part to it."""
        with self._lock:
            self._waiting[chunk[0]] = chunk[1]
            if self._hashing:
                return
            self._hashing = True
        while (stop := self._next()) is not None:
            for piece in read_exactly(self._fd, self.position, stop):
                self._digest.update(piece)
            self.position = stop

    def _next(self) -> int | None:
        with self._lock:
            stop = self._waiting.pop(self.position, None)
            self._hashing = stop is not None
            return stop

    def hexdigest(self, size: int) -> str | None:
        """The digest of the whole file; None as long as a chunk is missing."""
        return self._digest.hexdigest() if self.position == size and not self._hashing else None
