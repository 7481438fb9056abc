"""OutboxStore on local disk: one JSON document a file, readable by the server's user only, as it holds the remotes' secrets."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.core.errors import Busy
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget
from app.storage.disk.atomic import disk_errors, replace_file

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class LocalOutbox:
    """Entries below ``folder``. Changes are made one at a time, under the kernel's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._senders = folder / "senders"
        self._senders.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._known: dict[str, tuple[tuple[int, int], OutboxEntry]] = {}

    def add(self, entry: OutboxEntry) -> bool:
        with self._alone():
            if self.load(entry.upload_id) is not None:
                return False
            self._write(entry)
            return True

    def load(self, upload_id: str) -> OutboxEntry | None:
        try:
            return _entry(self._path(upload_id).read_bytes())
        except (FileNotFoundError, Unreadable):
            return None

    def update(self, upload_id: str, change: Callable[[OutboxEntry], OutboxEntry]) -> OutboxEntry | None:
        with self._alone():
            entry = self.load(upload_id)
            if entry is None:
                return None
            changed = change(entry)
            if changed != entry:
                # Only what cannot be asked of the remote has to outlive a power cut.
                self._write(changed, durable=changed.transfer != entry.transfer)
            return changed

    def remove(self, upload_id: str) -> None:
        with self._alone(), disk_errors():
            self._path(upload_id).unlink(missing_ok=True)

    def all(self) -> list[OutboxEntry]:
        known = self._known
        found_now: dict[str, tuple[tuple[int, int], OutboxEntry]] = {}
        for found in os.scandir(self._folder):
            if not found.name.endswith(".json") or found.name.startswith("."):
                continue
            try:
                status = found.stat()
                stamp = (status.st_ino, status.st_mtime_ns)
                before = known.get(found.name)
                # Documents are replaced and never rewritten, so one that is the same file says the same.
                entry = before[1] if before and before[0] == stamp else _entry(Path(found.path).read_bytes())
                found_now[found.name] = (stamp, entry)
            except (FileNotFoundError, Unreadable):
                continue  # Passed on meanwhile, or lost in a power cut.
        # Replaced whole, as others may be reading.
        self._known = found_now
        return sorted((entry for _, entry in found_now.values()), key=lambda entry: entry.created_at)

    @contextmanager
    def sending(self, upload_id: str) -> Iterator[None]:
        path = self._senders / self._checked(upload_id)
        with disk_errors():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _locked(descriptor, path):
                raise Busy("This file is being passed on at this moment.", retry_after=1)
            yield
            if self.load(upload_id) is None:
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with disk_errors():
            descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, entry: OutboxEntry, *, durable: bool = True) -> None:
        document = asdict(entry)
        document["place"] = document.pop("target")
        text = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        replace_file(self._path(entry.upload_id), text, mode=0o600, durable=durable)

    def _path(self, upload_id: str) -> Path:
        return self._folder / f"{self._checked(upload_id)}.json"

    @staticmethod
    def _checked(upload_id: str) -> str:
        if _ID.fullmatch(upload_id) is None:
            raise ValueError("not an upload id")
        return upload_id


def _locked(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it before may have removed what we opened.
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except (BlockingIOError, FileNotFoundError):
        return False


class Unreadable(Exception):
    """What a power cut can leave of a document. The ledger still knows that the file is owed."""


def _entry(text: bytes) -> OutboxEntry:
    try:
        document: dict[str, Any] = json.loads(text)
        target = RemoteTarget.of(document.pop("place"))
        if target is None:
            raise Unreadable
        return OutboxEntry(**{**document, "target": target, "state": OutboxState(document["state"])})
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable from error
