"""Passwords of links, hashed with Argon2id."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.core.errors import Busy

# A hash takes a whole core for about 0.4 s and 64 MiB: this many at once leave room for the uploads themselves.
AT_ONCE = 2
WAIT_SECONDS = 20.0


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


@contextmanager
def _turn(turns: threading.BoundedSemaphore) -> Iterator[None]:
    if not turns.acquire(timeout=WAIT_SECONDS):
        raise Busy("Too many passwords are being checked. Try again in a moment.", retry_after=5)
    try:
        yield
    finally:
        turns.release()


def _normal(password: str) -> bytes:
    # Senders can percent-encode anything; what is not Unicode is simply a wrong password.
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
