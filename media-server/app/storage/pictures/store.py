"""PictureStore on local disk: a file for each picture, in a folder for each file in one for each link.

What is asked for lately has the latest time. All of it takes no more of the disk than was said, and nothing where others need that
more. Each file says how long it is and has a sum of its bytes, so that nothing needs to be waited for on the disk: what a power
cut left half is no picture, and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from app.core.errors import Busy, StorageFull
from app.core.looks import WhyNone
from app.core.ports.guards import Clock
from app.core.ports.pictures import Picture, PictureKey
from app.storage.disk.atomic import disk_errors, replace_file

FRESH_SECONDS = 3600.0
"""What was asked for so lately is not marked again."""
_MOST_HEAD = 512
_BLOCK = 512
"""Bytes of what ``stat`` counts."""


class LocalPictures:
    """PictureStore in ``folder``, which is made when it is needed."""

    def __init__(
        self,
        folder: Path,
        most: int,
        clock: Clock,
        *,
        processes: int = 1,
        has_room: Callable[[], bool] = lambda: True,
        longest_seconds: float = inf,
    ) -> None:
        """``most`` bytes of the disk in all, of which each of so many ``processes`` adds a little before it looks what there is.
        Where the disk no longer ``has_room`` for such things nothing is kept, nor for longer than ``longest_seconds`` what nobody
        asks for."""
        self._folder = folder
        self._most = most
        self._clock = clock
        self._has_room = has_room
        self._longest_seconds = longest_seconds
        self._step = most // 32 // processes
        # What there is when a process begins it does not know.
        self._added = self._step
        self._looking = threading.Lock()

    def find(self, key: PictureKey) -> Picture | WhyNone | None:
        path = self._path(key)
        try:
            content = path.read_bytes()
            age = self._clock() - path.stat().st_mtime
        except OSError:
            return None
        found = _read(content, key.version)
        if found is not None and age > FRESH_SECONDS:
            with suppress(OSError):
                os.utime(path, (self._clock(), self._clock()))
        return found

    def keep(self, key: PictureKey, found: Picture | WhyNone) -> None:
        path, content = self._path(key), _written(found, key.version)
        with suppress(OSError, StorageFull, Busy):
            if not self._has_room() or len(content) > self._step:
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, content, durable=False)
            now = self._clock()
            os.utime(path, (now, now))
            self._added += _taken(path.stat())
            if self._added >= self._step:
                self._let_go()

    def drop(self, link: str, upload_id: str | None = None) -> None:
        place = self._of_link(link)
        with disk_errors(), suppress(FileNotFoundError):
            shutil.rmtree(place if upload_id is None else place / upload_id)

    def tidy(self) -> None:
        before = self._clock() - self._longest_seconds
        for entry in self._entries() if self._longest_seconds < inf else ():
            if entry.time < before:
                _remove(entry)

    def _let_go(self) -> None:
        """Remove what was asked for least lately, where there is too much; by one thread at a time."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._added = 0
            entries = list(self._entries())
            total = sum(entry.taken for entry in entries)
            if total <= self._most - self._most // 16:
                return
            for entry in sorted(entries):
                if total <= self._most - self._most // 4:
                    return
                _remove(entry)
                total -= entry.taken
        finally:
            self._looking.release()

    def _entries(self) -> Iterator[_Entry]:
        for link in _folders(self._folder):
            for file in _folders(link):
                with suppress(OSError), os.scandir(file) as pictures:
                    for each in pictures:
                        status = each.stat(follow_symlinks=False)
                        yield _Entry(status.st_mtime, each.path, _taken(status))

    def _path(self, key: PictureKey) -> Path:
        return self._of_link(key.link) / key.upload_id / f"{key.size}-{key.page}"

    def _of_link(self, link: str) -> Path:
        # The hash itself opens the link, and shall not stand in the names of folders.
        return self._folder / hashlib.sha256(link.encode()).hexdigest()[:32]


class _Entry(NamedTuple):
    time: float
    path: str
    taken: int


def _remove(entry: _Entry) -> None:
    with suppress(OSError):
        os.unlink(entry.path)
    # Of a file of which nothing is left, so goes the folder, and with the last of them the link's.
    with suppress(OSError):
        os.rmdir(os.path.dirname(entry.path))
        os.rmdir(os.path.dirname(os.path.dirname(entry.path)))


def _folders(folder: Path | str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for each in entries:
            if each.is_dir(follow_symlinks=False):
                yield each.path


def _taken(status: os.stat_result) -> int:
    """Bytes of the disk, with the folder that may be there for this file alone."""
    return status.st_blocks * _BLOCK + 4096


def _written(found: Picture | WhyNone, version: str) -> bytes:
    content = found.content if isinstance(found, Picture) else b""
    head: dict[str, object] = {"version": version, "length": len(content), "crc32": crc32(content)}
    if isinstance(found, Picture):
        head |= {"type": found.type, "pages": found.pages}
    else:
        head |= {"why": found}
    return json.dumps(head, allow_nan=False).encode() + b"\n" + content


def _read(kept: bytes, version: str) -> Picture | WhyNone | None:
    """What is kept of this version; None where it is of another, or not whole."""
    line, _, content = kept.partition(b"\n")
    try:
        head = json.loads(line[:_MOST_HEAD])
        if head["version"] != version or (head["length"], head["crc32"]) != (len(content), crc32(content)):
            return None
        return WhyNone(head["why"]) if "why" in head else Picture(head["type"], content, head["pages"])
    except (ValueError, KeyError, TypeError):
        return None
