"""The two sums of a file's bytes, taken in one pass: SHA-256, which proves what arrived, and CRC-32, which archives need."""

from __future__ import annotations

import hashlib
import zlib
from typing import NamedTuple

from app.core.ports.bodies import Checksum

LATE = 2**32
"""Added to a CRC-32 that was not known yet when the file was first put into an archive: see ``core.zips``."""


class Sums(NamedTuple):
    """``sha256`` as 64 hex digits, ``crc32`` as a number of 32 bits."""

    sha256: str
    crc32: int


class Summing:
    """Takes bytes in their order. SHA-256 is left to ``beside``, which is given the same bytes, where that computes it anyway."""

    def __init__(self, beside: Checksum | None = None) -> None:
        self._beside = beside if beside is not None and beside.sha256() is not None else None
        self._digest = hashlib.sha256() if self._beside is None else None
        self._crc32 = 0

    def update(self, piece: bytes | memoryview) -> None:
        if self._digest is not None:
            self._digest.update(piece)
        self._crc32 = zlib.crc32(piece, self._crc32)

    def sums(self) -> Sums:
        """Those of the bytes so far."""
        sha256 = self._digest.hexdigest() if self._digest is not None else None
        if self._beside is not None:
            sha256 = self._beside.sha256()
        assert sha256 is not None
        return Sums(sha256, self._crc32)
