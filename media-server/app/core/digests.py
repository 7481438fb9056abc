"""Digests of chunks, as RFC 9530 names them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

import google_crc32c


class _Running(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


ALGORITHMS: dict[str, Callable[[], _Running]] = {
    "sha-256": hashlib.sha256,
    "sha-512": hashlib.sha512,
    "crc32c": google_crc32c.Checksum,
}
"""What is checked; RFC 9530 lets a receiver ignore the rest."""


class Digests:
    """The digests a sender gave for a chunk, checked as its bytes go by. None at all always matches."""

    def __init__(self, expected: Mapping[str, bytes]) -> None:
        self._pairs = [(ALGORITHMS[name](), value) for name, value in expected.items() if name in ALGORITHMS]

    def update(self, data: bytes) -> None:
        for running, _ in self._pairs:
            running.update(data)

    def matches(self) -> bool:
        return all(running.digest() == value for running, value in self._pairs)
