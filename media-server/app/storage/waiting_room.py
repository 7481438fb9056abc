"""A waiting room: how many threads of this process may wait for one kind of thing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import Busy


class WaitingRoom:
    """Places for ``most`` threads in all, ``for_one`` for one name. Who finds it full is sent away at once, so that the other
    threads go on with everything else."""

    def __init__(self, most: int, for_one: int, sentence: str | None = None) -> None:
        self._most = most
        self._for_one = for_one
        self._sentence = sentence
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """Be inside until the block ends. Raises Busy where there is no place."""
        with self._lock:
            if self._inside[name] >= self._for_one or self._inside.total() >= self._most:
                raise Busy(self._sentence, retry_after=2)
            self._inside[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[name] -= 1
                if not self._inside[name]:
                    del self._inside[name]
