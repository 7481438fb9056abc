"""Sees every file that is made in a folder, also one that is gone at once (inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

_IN_CREATE = 0x100
_IN_MOVED_TO = 0x80
_HEAD = struct.Struct("iIII")


class Created:
    """From `with` on, the names of what is made in the folders, which are there."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._descriptor = -1
        self._names: list[str] = []

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for folder in self._folders:
            if libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _IN_CREATE | _IN_MOVED_TO) < 0:
                raise OSError(ctypes.get_errno(), "inotify", str(folder))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.names()
        os.close(self._descriptor)
        self._descriptor = -1

    def names(self) -> list[str]:
        """What has been made so far."""
        try:
            while self._descriptor >= 0:
                self._take(os.read(self._descriptor, 65536))
        except BlockingIOError:
            pass
        return self._names

    def _take(self, events: bytes) -> None:
        at = 0
        while at < len(events):
            length = _HEAD.unpack_from(events, at)[3]
            name = events[at + _HEAD.size : at + _HEAD.size + length]
            self._names.append(os.fsdecode(name.rstrip(b"\0")))
            at += _HEAD.size + length
