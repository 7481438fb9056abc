"""Opening the first large file while its target is still asked how it wants to be sent to: on a long line that is a round trip less."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from droppr_client.upload.digests import sample_digest
from droppr_client.upload.items import Item
from droppr_client.upload.pace import Pace
from droppr_client.upload.problems import UploadProblem
from droppr_client.upload.rates import Clock
from droppr_client.upload.targets import Facts, Target, UploadStatus
from droppr_client.upload.walk import Found, Walk


def first_file(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Found]) -> Item | None:
    """The first thing to send, where that is a file that was named; None where more has to be looked at."""
    if isinstance(paths, Walk):
        paths = paths.paths if paths.order != "size" else ()
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    first = next(iter(named), None) if isinstance(named, Sequence) else None
    if isinstance(first, str | os.PathLike) and os.path.isfile(first):
        first = next(iter(Walk([os.fspath(first)])))
    return first if isinstance(first, Item) else None


class EarlyOpening:
    """The opening of ``item`` under ``key``, in a thread of its own that makes one of ``connections`` for it.

    Whatever goes wrong here counts for nothing. When it is the file's turn it is opened again: under the same key that gives the
    same upload, or says what is wrong. An upload that was opened for nothing lapses like any other that nobody goes on with.
    """

    def __init__(self, target: Target, item: Item, key: str, connections: int) -> None:
        self._target = target
        self._item = item
        self._key = key
        self._connections = connections
        self._opened: tuple[Facts, UploadStatus] | None = None
        self._over = threading.Event()

    def begin(self, pace: Pace, clock: Clock) -> None:
        """Do it meanwhile. ``pace`` is told how long the target's answer takes."""
        threading.Thread(target=self._run, args=(pace, clock), daemon=True).start()

    def take(self, item: Item, facts: Facts) -> UploadStatus | None:
        """Wait for it. None where it failed, was of a file of other facts, or was taken before: its status is of that moment."""
        if item != self._item:
            return None
        self._over.wait()
        opened, self._opened = self._opened, None
        return opened[1] if opened and opened[0] == facts else None

    def _run(self, pace: Pace, clock: Clock) -> None:
        try:
            with suppress(UploadProblem, OSError):
                facts = Facts(self._key, self._sample())
                self._target.ahead(self._connections)
                began = clock()
                status = self._target.open(self._item, facts)
                pace.answered(clock() - began)
                self._opened = facts, status
        finally:
            self._over.set()

    def _sample(self) -> str:
        fd = os.open(self._item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return sample_digest(fd, self._item.size)
        finally:
            os.close(fd)
