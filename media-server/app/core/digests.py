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
        self._running = {name: ALGORITHMS[name]() for name in expected}
        self._expected = dict(expected)

    def update(self, data: memoryview) -> None:
        for running in self._running.values():
            running.update(data)

    def matches(self) -> bool:
        return all(self._running[name].digest() == value for name, value in self._expected.items())

    def sha256(self) -> str | None:
        running = self._running.get("sha-256")
        return running.digest().hex() if running is not None else None
