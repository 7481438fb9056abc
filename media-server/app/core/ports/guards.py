"""Who tells types, people, and repeated attempts, and what time it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class HeadReader(Protocol):
    """Tells the MIME type of a file from its first bytes."""

    def mime(self, head: bytes) -> str: ...


class CaptchaProvider(Protocol):
    """Someone who tells people from programs."""

    name: str
    site_key: str | None

    def challenge(self) -> dict[str, object] | None:
        """A fresh challenge for the page, or None where the provider's own script makes them."""
        ...

    def verify(self, token: str) -> bool:
        """Whether ``token`` is a correct, current and never used solution. Raises Busy when the provider is away."""
        ...


class Attempts(Protocol):
    """Counts per key in a moving window, shared by all workers, surviving a restart."""

    def hit(self, key: str, limit: str) -> bool:
        """Count one event against ``limit`` (such as ``600 per hour``); false when it was already reached."""
        ...

    def count(self, key: str, limit: str) -> int:
        """How many events count at present."""
        ...

    def retry_after(self, key: str, limit: str) -> int:
        """Whole seconds until the key is free again, at least 1."""
        ...

    def clear(self, key: str, limit: str) -> None: ...

    def turn(self, key: str) -> AbstractContextManager[None]:
        """Be alone with ``key``, among all threads and processes, until the block ends or the process dies.

        So that looking at a count, acting on it and counting are one step.
        """
        ...

    def first_use(self, token: str, seconds: int) -> bool:
        """True exactly once for each token within ``seconds``, whoever asks."""
        ...

    def was_used(self, token: str) -> bool:
        """Whether ``first_use`` was asked for this token within the seconds it was given; changes nothing."""
        ...


class Clock(Protocol):
    def __call__(self) -> float:
        """Seconds since the epoch."""
        ...


class Hasher(Protocol):
    """Hashes and checks passwords, slowly on purpose."""

    def hash(self, password: str) -> str: ...

    def verify(self, hash: str, password: str) -> bool: ...
