"""Deleted files on local disk: in a folder of the data folder, each under the id of its upload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.core.paths import RelPath
from app.storage.disk.atomic import disk_errors, sync_folder
from app.storage.disk.content import GrownFile
from app.storage.disk.inbox import LocalInbox


class LocalBin:
    """BinnedFiles in ``folder``, which is made when it is needed, on the file system of ``inbox``."""

    def __init__(self, folder: Path, inbox: LocalInbox, *, durable: bool = True) -> None:
        self._folder = folder
        self._inbox = inbox
        self._durable = durable

    def put(self, folder: RelPath, disk_path: str, file_identity: str, upload_id: str) -> bool:
        with disk_errors():
            self._folder.mkdir(mode=0o700, exist_ok=True)
        moved = self._inbox.move_out(folder, disk_path, file_identity, self._folder / upload_id)
        if moved and self._durable:
            with disk_errors():
                sync_folder(self._folder)
        return moved

    def source(self, upload_id: str) -> GrownFile | None:
        place = self._folder / upload_id
        with disk_errors():
            return GrownFile(place) if os.path.lexists(place) else None

    def remove(self, upload_id: str) -> None:
        with disk_errors():
            (self._folder / upload_id).unlink(missing_ok=True)

    def ids(self, before: float) -> Iterator[str]:
        with disk_errors():
            if not self._folder.is_dir():
                return
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    # The time of its last change is that of the move: no content changes here.
                    if entry.stat(follow_symlinks=False).st_ctime < before:
                        yield entry.name
