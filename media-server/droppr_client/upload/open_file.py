"""The file of one transfer, open to be read, and what it was when it was opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from droppr_client.upload.digests import sample_digest
from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileChanged
from droppr_client.upload.spool import ends_at, opened


class OpenFile:
    """``fd`` is its descriptor, ``listed`` the file as its folder lists it, ``item`` the same with the size that it really has."""

    def __init__(self, item: Item, check: Callable[[], None]) -> None:
        """``check`` is called while the file has to be copied first. Raises what ``opened`` raises."""
        self.fd, self.listed = opened(item, check)
        self._state = self._seen()
        self.item = replace(self.listed, size=self._state[0])

    @cached_property
    def sample(self) -> str:
        """Its sample digest, which is read when it is asked for: what goes in one request needs none. Raises FileChanged, OSError."""
        return sample_digest(self.fd, self.item.size)

    def check_unchanged(self, *, ended: bool = False) -> None:
        """Raises FileChanged where size or time are others by now, or, where all of it was sent (``ended``), the file goes on."""
        if self._seen() != self._state:
            raise FileChanged("The file changed while it was being sent.", "file_changed")
        if ended and not ends_at(self.fd, self.item.size):
            raise FileChanged("The file grew while it was being sent.", "file_changed")

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _seen(self) -> tuple[int, int]:
        status = os.fstat(self.fd)
        return status.st_size, status.st_mtime_ns
