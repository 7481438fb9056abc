"""Digests of chunks, as RFC 9530 names them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

import google_crc32c


class _Running(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32c(google_crc32c.Checksum):
    """The library takes bytes only."""

    def update(self, data: memoryview, /) -> None:
        super().update(bytes(data))  # type: ignore[no-untyped-call]


ALGORITHMS: dict[str, Callable[[], _Running]] = {
    "sha-256": hashlib.sha256,
    "sha-512": hashlib.sha512,
    "crc32c": _Crc32c,
}
"""The algorithms that are checked, by their names; RFC 9530 lets a receiver ignore all others."""


class Digests:
    """Checksum of the digests that a sender declared for a chunk, all of which have to match. ``expected`` is by names of
    ``ALGORITHMS``; with none everything matches."""

    def __init__(self, expected: Mapping[str, bytes]) -> None:
        self._pairs = [(ALGORITHMS[name](), value) for name, value in expected.items()]

    def update(self, data: memoryview) -> None:
        for running, _ in self._pairs:
            running.update(data)

    def matches(self) -> bool:
        return all(running.digest() == value for running, value in self._pairs)
