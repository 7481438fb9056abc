"""Passwords of links, hashed with Argon2id, and the few threads that may be about passwords."""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.core.errors import Busy

# A hash takes a whole core for about 0.4 s and 64 MiB: this many at once leave room for the uploads themselves.
AT_ONCE = 2
WAIT_SECONDS = 20.0
_BUSY = "Too many passwords are being checked. Try again in a moment."


class Argon2Hasher:
    """Hashes and checks, a few at a time in each process; raises Busy for those who would wait too long.

    The same password typed on systems that compose accents differently is one password. New passwords, which only the
    owner sets, never wait for senders.
    """

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher()
        self._checks = threading.BoundedSemaphore(at_once)
        self._owner = threading.BoundedSemaphore(1)

    def hash(self, password: str) -> str:
        with _turn(self._owner):
            return self._hasher.hash(_normal(password))

    def verify(self, hash: str, password: str) -> bool:
        with _turn(self._checks):
            try:
                return self._hasher.verify(hash, _normal(password))
            except VerifyMismatchError:
                return False


class WaitingRoom:
    """The threads of this process that may wait for a password or a captcha to be judged: ``most`` in all, ``for_one``
    for one link. Who finds it full is sent away at once, so that the other threads go on with everything else."""

    def __init__(self, most: int, for_one: int) -> None:
        self._most = most
        self._for_one = for_one
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def of_threads(cls, threads: int) -> WaitingRoom:
        """A room for a process of so many threads."""
        return cls(max(1, threads * 3 // 8), max(1, threads // 4))

    @contextmanager
    def place(self, link: str) -> Iterator[None]:
        """Be inside until the block ends. Raises Busy where there is no place."""
        with self._lock:
            if self._inside[link] >= self._for_one or self._inside.total() >= self._most:
                raise Busy(_BUSY, retry_after=2)
            self._inside[link] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[link] -= 1
                if not self._inside[link]:
                    del self._inside[link]


@contextmanager
def _turn(turns: threading.BoundedSemaphore) -> Iterator[None]:
    if not turns.acquire(timeout=WAIT_SECONDS):
        raise Busy(_BUSY, retry_after=5)
    try:
        yield
    finally:
        turns.release()


def _normal(password: str) -> bytes:
    # Senders can percent-encode anything; what is not Unicode is simply a wrong password.
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
