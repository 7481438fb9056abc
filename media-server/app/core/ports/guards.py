"""Detecting types, captchas, counting attempts, the time, and hashing passwords."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class HeadReader(Protocol):
    """Detects the type of a file by its first bytes."""

    def mime(self, head: bytes) -> str:
        """The MIME type; ``application/octet-stream`` where it is unknown, ``application/x-empty`` for no bytes at all."""
        ...


class CaptchaProvider(Protocol):
    """A captcha service, on this server or elsewhere."""

    name: str
    site_key: str | None

    def challenge(self) -> dict[str, object] | None:
        """A fresh challenge for the page; None where the page loads the provider's own script, which fetches it there."""
        ...

    def verify(self, token: str) -> bool:
        """Whether ``token`` is a correct, current and unused solution; a right one is used up. Raises Busy when the provider
        is away."""
        ...


class Attempts(Protocol):
    """Counts events per key in a moving window, for all processes and over restarts; a power cut may lose the newest.

    A limit is a text such as ``600 per hour``. Every call may raise Busy; those that write raise StorageFull, too."""

    def hit(self, key: str, limit: str) -> bool:
        """Count one event; false, and nothing is counted, where ``limit`` was reached before."""
        ...

    def count(self, key: str, limit: str) -> int:
        """How many events lie in the window of ``limit`` now."""
        ...

    def retry_after(self, key: str, limit: str) -> int:
        """Whole seconds until ``hit`` would count again, at least 1."""
        ...

    def clear(self, key: str, limit: str) -> None:
        """Count none of the key's events any more."""
        ...

    def turn(self, key: str) -> AbstractContextManager[None]:
        """Lock ``key`` among all threads and processes until the block ends or the process dies; waits for it.

        So that looking at a count, acting on it and counting are one step: the other calls may be made inside, another
        ``turn`` may not.
        """
        ...

    def first_use(self, token: str, seconds: int) -> bool:
        """True exactly once for each token within ``seconds``, whoever asks."""
        ...

    def was_used(self, token: str) -> bool:
        """Whether ``first_use`` was asked for this token within the seconds it was given; changes nothing."""
        ...


class Clock(Protocol):
    """The time of day of this machine, for every ``at``, ``now``, ``since``, ``before`` and ``until`` of core and services.
    It can be set back: a difference of two times may be negative. Only the port ``Places`` has a clock of its own."""

    def __call__(self) -> float:
        """Seconds since the epoch."""
        ...


class Hasher(Protocol):
    """Hashes passwords, slowly on purpose, into texts that hold their own salt."""

    def hash(self, password: str) -> str: ...

    def verify(self, hash: str, password: str) -> bool:
        """Whether ``hash`` was made of this password."""
        ...
