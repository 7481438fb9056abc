"""Passwords of links, hashed with Argon2id."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from concurrent.futures import TimeoutError as TooLate
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.core.errors import Busy
from app.services.operations.threads import DaemonThreads

T = TypeVar("T")

# A hash takes a whole core for about 0.4 s and 64 MiB: this many at once leave room for the uploads themselves.
MAX_HASHES_AT_ONCE = 2
WAIT_SECONDS = 20.0


class Argon2Hasher:
    """Hashes and checks, a few at a time in each process; raises Busy for those who would wait too long.

    The same password typed on systems that compose accents differently is one password. New passwords, which only the
    owner sets, never wait for senders. Those that senders send are checked by threads that give way to everything else.
    """

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = MAX_HASHES_AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher()
        self._checks = DaemonThreads(at_once, "passwords", gives_way=True)
        self._owner = DaemonThreads(1, "new-password")

    def hash(self, password: str) -> str:
        return self._done(self._owner, partial(self._hasher.hash, _normal(password)))

    def verify(self, hash: str, password: str) -> bool:
        try:
            return self._done(self._checks, partial(self._hasher.verify, hash, _normal(password)))
        except VerifyMismatchError:
            return False

    @staticmethod
    def _done(threads: DaemonThreads, job: Callable[[], T]) -> T:
        future = threads.submit(job)
        try:
            return future.result(WAIT_SECONDS)
        except TooLate:
            future.cancel()
            raise Busy("Too many passwords are being checked. Try again in a moment.", retry_after=5) from None


def _normal(password: str) -> bytes:
    # Senders can percent-encode anything; what is not Unicode is simply a wrong password.
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
