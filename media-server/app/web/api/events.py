"""Server-sent events: figures told again and again to whoever looks on.

A viewer takes one of the worker's threads while the stream lasts, so streams are few and short. A browser comes back
by itself when one ends; who comes when all are taken is told the figures once and comes back a little later.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

from app.services.operations.server_figures import ServerFigures

MAX_VIEWERS = 3
"""Streams at once in each worker."""
STREAM_SECONDS = 20.0
PAUSE_SECONDS = 2.0
COME_BACK_SECONDS = 4.0


class Watching:
    """The streams of one process."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._viewers = 0

    def stream(self, figures: ServerFigures) -> Iterator[str]:
        """Events, the first at once: one every two seconds, or just one when all streams are taken."""
        yield f"retry: {int(COME_BACK_SECONDS * 1000)}\n\n"
        if not self._enter():
            yield _event(figures)
            return
        try:
            until = self._clock() + STREAM_SECONDS
            while True:
                yield _event(figures)
                if self._clock() + PAUSE_SECONDS > until:
                    # The next one follows without a gap.
                    yield f"retry: {int(PAUSE_SECONDS * 1000)}\n\n"
                    return
                self._sleep(PAUSE_SECONDS)
        finally:
            self._leave()

    def _enter(self) -> bool:
        with self._lock:
            free = self._viewers < MAX_VIEWERS
            self._viewers += free
        return free

    def _leave(self) -> None:
        with self._lock:
            self._viewers -= 1


def _event(figures: ServerFigures) -> str:
    return f"data: {json.dumps(figures.live(), separators=(',', ':'), allow_nan=False)}\n\n"
