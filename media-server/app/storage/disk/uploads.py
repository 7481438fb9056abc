"""The upload store on local disk: a folder for each upload, see ``disk/upload.py``."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from app.core.errors import UploadNotFound
from app.core.session import UploadSession
from app.core.store_facts import StoreFacts
from app.core.waiting_room import WaitingRoom
from app.storage.disk.atomic import disk_errors
from app.storage.disk.checkpoints import Checkpoints, Job
from app.storage.disk.growing_file import make_growing_file
from app.storage.disk.span_log import boot_number
from app.storage.disk.upload import DiskRules, DiskUpload, Durability, Ground, locked

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_REMEMBERED = 512
"""Uploads of which a process remembers what it has read."""
_MAX_WAITERS = 16
"""Threads that may wait for ``exclusive`` of uploads, where nobody says otherwise."""


def upload_folder(base: Path, upload_id: str) -> Path:
    """The folder of an upload, whether it exists or not. Raises UploadNotFound for what cannot be an id, before it becomes a path."""
    if not _ID.fullmatch(upload_id):
        raise UploadNotFound()
    return base / upload_id


class DiskUploads:
    """UploadStore below ``base``."""

    def __init__(
        self,
        base: Path,
        rules: DiskRules | None = None,
        *,
        waiting: WaitingRoom | None = None,
        background: Callable[[Job], object] = lambda job: job(),
    ) -> None:
        """``waiting`` bounds the threads of this process that wait for ``exclusive``; ``background`` runs a job when there is time for it."""
        self._base = base
        rules = rules or DiskRules()
        self._rules = rules = rules if rules.boot else replace(rules, boot=boot_number())
        self._ground = Ground(base, rules, Checkpoints(background), waiting or WaitingRoom(_MAX_WAITERS, _MAX_WAITERS))
        self._opened: OrderedDict[str, DiskUpload] = OrderedDict()
        self._lock = threading.Lock()
        self.facts = StoreFacts(local=True, readable=True, staged=rules.staged)

    def create(self, session: UploadSession) -> None:
        folder = upload_folder(self._base, session.upload_id)
        upload = self.open(session.upload_id)
        make_growing_file(folder / "data", session.size)
        with disk_errors():
            (folder / "spans").touch(mode=0o600)
        upload.write(session, self._rules.boot)
        if self._rules.durability is Durability.CHUNK:
            upload.settle()

    def open(self, upload_id: str) -> DiskUpload:
        with self._lock:
            upload = self._opened.get(upload_id)
            if upload is None:
                upload_folder(self._base, upload_id)
                upload = self._opened[upload_id] = DiskUpload(self._ground, upload_id)
                if len(self._opened) > _MAX_REMEMBERED:
                    self._opened.popitem(last=False)
            else:
                self._opened.move_to_end(upload_id)
            return upload

    def exists(self, upload_id: str) -> bool:
        # Asked for every file of a pack: as text, since putting a Path together takes longer than the look itself.
        return _ID.fullmatch(upload_id) is not None and os.path.exists(f"{self._base}/{upload_id}/session.json")

    def among(self, upload_ids: Sequence[str]) -> set[str]:
        return {each for each in upload_ids if self.exists(each)}

    def delete(self, upload_id: str) -> None:
        folder = upload_folder(self._base, upload_id)
        with disk_errors(), ExitStack() as stack:
            # Not beside an update, which would write the document again.
            with suppress(UploadNotFound):
                stack.enter_context(locked(folder / "spans", os.O_RDWR))
            # The document goes first: without it there is no session, however far the rest of the removal gets.
            (folder / "session.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._opened.pop(upload_id, None)

    def ids(self) -> Iterator[str]:
        if self._base.is_dir():
            yield from (entry.name for entry in os.scandir(self._base) if entry.is_dir(follow_symlinks=False))

    def due(self, before: float) -> Iterator[str]:
        del before  # Told by another clock than the times of files.
        return self.ids()

    def remove_remains(self, before: float) -> None:
        for upload_id in list(self.ids()):
            folder = self._base / upload_id
            with suppress(FileNotFoundError):  # Another purge was faster.
                if folder.stat().st_mtime < before and not self._readable(upload_id):
                    shutil.rmtree(folder, ignore_errors=True)

    def _readable(self, upload_id: str) -> bool:
        try:
            self.open(upload_id).status()
        except UploadNotFound:
            return False
        return True
