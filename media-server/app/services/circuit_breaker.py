"""A circuit breaker: a remote that keeps failing is left alone for a while, then asked once before it gets work again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.core.reasons import Reason
from app.core.remotes import RemoteTrouble, TransferLost

MAX_FAILURES = 5
OPEN_SECONDS = 30.0
MAX_OPEN_SECONDS = 600.0


class CircuitOpen(RemoteTrouble):
    """The remote has failed so often that it is left alone for ``retry_after`` seconds."""


class CircuitBreaker:
    """Of one remote, in one process. Opens after ``failures`` in a row; each time it stays open twice as long.

    Only what says something about the remote itself counts: trouble that may pass. A refusal that lasts (a wrong
    password, a full quota) is an answer, and the transfer that was lost is one, too.
    """

    def __init__(
        self,
        *,
        failures: int = MAX_FAILURES,
        open_seconds: float = OPEN_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._open_seconds = open_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._opened = 0
        """How often in a row it has opened."""
        self._open_until = 0.0
        self._probing = False

    @property
    def state(self) -> str:
        """``closed`` (all is well), ``open``, or ``half-open`` (one call finds out)."""
        with self._lock:
            if not self._opened:
                return "closed"
            return "open" if self._monotonic() < self._open_until else "half-open"

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call to the remote. Raises CircuitOpen in its place while the circuit is open."""
        self._admit()
        try:
            yield
        except RemoteTrouble as trouble:
            self._note(failed=not trouble.lasting and not isinstance(trouble, TransferLost))
            raise
        except BaseException:
            with self._lock:
                self._probing = False
            raise
        self._note(failed=False)

    def _admit(self) -> None:
        with self._lock:
            if not self._opened:
                return
            left = self._open_until - self._monotonic()
            if left > 0 or self._probing:
                message = "The remote keeps failing and is left alone for a while."
                raise CircuitOpen(message, retry_after=max(left, 1.0), reason=Reason.LEFT_ALONE)
            self._probing = True

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._probing = False
            if not failed:
                self._failures = self._opened = 0
                return
            self._failures += 1
            # One that was half open needs no more proof.
            if self._opened or self._failures >= self._most:
                seconds = min(self._open_seconds * 2.0**self._opened, MAX_OPEN_SECONDS)
                self._opened = min(self._opened + 1, 16)
                self._open_until = self._monotonic() + seconds
