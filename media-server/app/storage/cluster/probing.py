"""What the store compares with what was signed, found out by trying it on the store itself.

A store that passes over digests takes whatever comes at a URL, and a part that counts could be altered by whoever has it. So no
sender is let at the store before it has refused other bytes here. What is not known is taken for missing.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.core.errors import UploadError
from app.storage.cluster.wire import Piece

log = logging.getLogger("droppr.store")

PROBE = "probe/whole"
"""The key of the multipart upload on which it is tried, which is never completed."""
HOLDS_SECONDS = 24 * 3600.0
"""A store may be exchanged, and a proxy put before it."""
AGAIN_SECONDS = 60.0
"""Where it could not be found out."""
PATIENCE_SECONDS = 5.0
"""How long the first who ask wait for an answer."""
RIGHT, WRONG = b"what was signed", b"something other"
assert len(RIGHT) == len(WRONG)


@dataclass(frozen=True, slots=True)
class Compares:
    """What the store compares the bytes of a part with, and refuses them where they are others."""

    signed_parts: bool
    """The SHA-256 that is signed into a URL. Bytes that are right are taken then."""
    crc32c: bool
    """The CRC-32C that is told beside them."""


class Probed(Protocol):
    """What is tried on a bucket."""

    def begin(self, key: str) -> str: ...

    def abort(self, key: str, multipart: str) -> None: ...

    def takes_signed(self, key: str, multipart: str, number: int, sha256: str, data: bytes) -> bool:
        """Whether the store takes these bytes at a URL that is signed for ``sha256`` and their length. Raises Busy."""
        ...

    def takes_told(self, key: str, multipart: str, number: int, told: dict[str, str], body: Piece) -> bool:
        """Whether the store takes a part of which headers tell a digest. Raises Busy."""
        ...


def find_out(bucket: Probed) -> Compares:
    """Raises Busy, StorageFull where the store cannot be asked."""
    sha256 = hashlib.sha256(RIGHT).hexdigest()
    multipart = bucket.begin(PROBE)
    try:
        refuses = not bucket.takes_signed(PROBE, multipart, 1, sha256, WRONG)
        return Compares(
            signed_parts=refuses and bucket.takes_signed(PROBE, multipart, 1, sha256, RIGHT),
            crc32c=_refuses_crc32c(bucket, multipart),
        )
    finally:
        bucket.abort(PROBE, multipart)


class Probing:
    """What ``find`` has found out, once and each day anew, in a thread of its own. Safe from any thread, and each process needs one of
    its own."""

    def __init__(self, find: Callable[[], Compares], clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Compares | None = None
        self._due = float("-inf")
        self._is_under_way = False
        self._tried = threading.Event()

    def known(self) -> Compares | None:
        """None where it is not known, as the store was away. Whoever is among the first to ask waits a moment for it."""
        with self._lock:
            begins = not self._is_under_way and self._clock() >= self._due
            self._is_under_way = self._is_under_way or begins
        if begins:
            threading.Thread(target=self._find_out, name="probe", daemon=True).start()
        self._tried.wait(PATIENCE_SECONDS)
        return self._known

    def _find_out(self) -> None:
        found = None
        try:
            found = self._find()
        except UploadError:
            log.warning("what the store compares could not be found out")
        finally:
            with self._lock:
                if found is not None:
                    self._known = found
                self._due = self._clock() + (AGAIN_SECONDS if found is None else HOLDS_SECONDS)
                self._is_under_way = False
            self._tried.set()


def _refuses_crc32c(bucket: Probed, multipart: str) -> bool:
    told = {"x-amz-checksum-crc32c": base64.b64encode(b"none").decode()}
    descriptor = os.memfd_create("droppr")
    try:
        os.write(descriptor, RIGHT)
        return not bucket.takes_told(PROBE, multipart, 2, told, Piece(descriptor, 0, len(RIGHT)))
    finally:
        os.close(descriptor)
