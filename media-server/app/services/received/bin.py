"""Bin: files are deleted, lie there for a while, and are restored or go for good."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

from app.core.actors import Actor, ActorKind
from app.core.audit import Act
from app.core.errors import FileChanged, FileInUse, FileNotFound, UploadError
from app.core.links import ReceivedFile
from app.core.paths import RelPath
from app.core.ports.bins import BinnedFiles, BinStore, DeletedFile
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox
from app.core.ports.links import ListCursor
from app.core.ports.settings import Current
from app.core.ports.whole_files import NamedLocks
from app.services.accounts import acts
from app.services.accounts.acts import Acts

PURGED_AT_ONCE = 500
THE_SERVER = Actor(ActorKind.SERVICE, name="bin")

log = logging.getLogger("droppr.received")


class Bin:
    """Deletes received files for their owner, or for the server, and restores them.

    The ledger is changed first and the file moved after it, so that nobody is shown a file that is on its way; what a crash
    leaves of that, ``BinReader`` ends. To restore a file goes the other way: it has its name again before the ledger says so. At
    every moment it is on the list or can be restored. All of it holds the named lock of the upload's id. Only the very file that
    was delivered is touched; one that the owner changed or replaced is the owner's.
    """

    def __init__(
        self,
        *,
        requests: RequestStore,
        deleted: BinStore,
        files: BinnedFiles,
        inbox: Inbox,
        locks: NamedLocks,
        clock: Clock,
        seconds: Current[float],
        acts: Acts,
    ) -> None:
        """Files can be restored for so many ``seconds``; 0 is not at all."""
        self._requests = requests
        self._deleted = deleted
        self._files = files
        self._inbox = inbox
        self._locks = locks
        self._clock = clock
        self._seconds = seconds
        self._acts = acts

    def delete(self, hash: str, upload_id: str, actor: Actor, *, for_good: bool = False) -> float | None:
        """Delete a received file; the time until which it can be restored, None where it cannot. One that has been moved away on the
        server is only taken off the list.

        Raises RequestNotFound, FileNotFound, FileChanged where another file lies in its place or it was changed, FileInUse while it is
        being passed on, StorageFull, Busy.
        """
        with self._locks.hold([upload_id]):
            folder = self._requests.load(hash).folder
            file = self._requests.file(hash, upload_id)
            if file is None:
                raise FileNotFound()
            until = None
            seconds = self._seconds()
            if self._lies_there(folder, file) and seconds and not for_good:
                until = self._clock() + seconds
            if not self._deleted.put(hash, upload_id, actor, until):
                raise FileInUse() if self._requests.file(hash, upload_id) else FileNotFound()
            acts.note(actor, "file deleted", hash, upload_id, path=file.path, size=file.size, until=until)
            self._move(folder, file, until)
        return until

    def restore(self, hash: str, upload_id: str, actor: Actor) -> ReceivedFile:
        """Give a deleted file its name again, or a numbered one where that is taken. Raises RequestNotFound, FileNotFound where it is not in
        the bin, StorageFull, Busy."""
        with self._locks.hold([upload_id]):
            link = self._requests.load(hash)
            found = self._deleted.find(hash, upload_id)
            if found is None or found.until is None:
                raise FileNotFound("This file is no longer in the bin.")
            delivery = self._back(link.folder, found.file)
            file = replace(
                found.file,
                path=delivery.path,
                disk_path=delivery.disk_path,
                file_identity=delivery.file_identity,
            )
            if not self._deleted.take_out(hash, file, actor):
                raise FileNotFound("This file is no longer in the bin.")
            self._files.remove(upload_id)
            acts.note(actor, "file restored", hash, upload_id, path=file.path, size=file.size)
        return file

    def page(self, hash: str, most: int, after: ListCursor | None = None) -> list[DeletedFile]:
        """Up to ``most`` files of a link that can be restored. Raises RequestNotFound."""
        return self._deleted.page(hash, most, after)

    def empty(self, hash: str, upload_id: str, actor: Actor) -> None:
        """Remove a file of the bin for good. Raises RequestNotFound, FileNotFound where it is not there, StorageFull, Busy."""
        with self._locks.hold([upload_id]):
            found = self._deleted.find(hash, upload_id)
            if found is None or found.until is None:
                raise FileNotFound("This file is no longer in the bin.")
            self._remove(hash, found.file)
            kept = {"size": found.file.size}
            self._acts.note(actor, Act.FILE_REMOVED, hash, upload_id, kept, path=found.file.path)

    def finish(self, hash: str, upload_id: str) -> None:
        """End what a crash left of a deletion; nothing happens where nothing is left, or the file is on the list again. Raises
        RequestNotFound, StorageFull, Busy."""
        with self._locks.hold([upload_id]):
            found = self._deleted.find(hash, upload_id)
            if found is not None:
                self._move(self._requests.load(hash).folder, found.file, found.until)

    def purge(self) -> int:
        """Remove every file whose time in the bin is over, and what is left of links that were deleted; returns how many."""
        removed = 0
        while due := self._deleted.due(self._clock(), PURGED_AT_ONCE):
            done = sum(self._purged(hash, upload_id) for hash, upload_id in due)
            removed += done
            if not done:
                break  # Whatever is in the way is asked for again tomorrow.
        return removed + self._remove_lost()

    def _purged(self, hash: str, upload_id: str) -> int:
        try:
            with self._locks.hold([upload_id]):
                found = self._deleted.find(hash, upload_id)
                # It may have been restored, and deleted again.
                if found is not None and found.until is not None and found.until <= self._clock():
                    self._remove(hash, found.file)
                    said = {"path": found.file.path, "size": found.file.size}
                    self._acts.keep(THE_SERVER, Act.FILE_REMOVED, hash, upload_id, **said)
                    return 1
        except UploadError as error:
            log.warning("file not removed from the bin", extra={"code": error.code})
        return 0

    def _remove(self, hash: str, file: ReceivedFile) -> None:
        folder = self._requests.load(hash).folder
        self._files.remove(file.upload_id)
        # Where a power cut undid the move.
        self._inbox.remove(folder, file.disk_path, file.file_identity or "")
        self._deleted.forget(hash, file.upload_id)

    def _remove_lost(self) -> int:
        """Remove files that no link knows. Only once their time is over: the catalogue may be one from a backup."""
        removed = 0
        here = list(self._files.ids(self._clock() - self._seconds()))
        known = self._deleted.kept(here)
        for upload_id in here:
            if upload_id in known:
                continue
            with suppress(UploadError), self._locks.hold([upload_id]):
                if not self._deleted.kept([upload_id]):
                    self._files.remove(upload_id)
                    removed += 1
        return removed

    def _lies_there(self, folder: RelPath, file: ReceivedFile) -> bool:
        """Whether the file lies in its place; false where nothing does. Raises FileChanged, Busy."""
        try:
            self._inbox.open(folder, file.disk_path, None)
        except FileNotFoundError:
            return False
        if file.file_identity is None or not self._inbox.holds(folder, file.disk_path, file.file_identity):
            raise FileChanged()
        return True

    def _move(self, folder: RelPath, file: ReceivedFile, until: float | None) -> None:
        identity = file.file_identity or ""
        if until is None:
            self._inbox.remove(folder, file.disk_path, identity)
        else:
            self._files.put(folder, file.disk_path, identity, file.upload_id)

    def _back(self, folder: RelPath, file: ReceivedFile) -> Delivery:
        identity = file.file_identity or ""
        source = self._files.source(file.upload_id)
        if source is None:
            if self._inbox.holds(folder, file.disk_path, identity):
                return Delivery(file.path, file.disk_path, identity)  # It was never moved, or a power cut undid that.
            raise FileNotFound("The bin on the server does not hold this file any more.")
        delivery = self._inbox.deliver(folder, RelPath.noted(file.path), source)
        self._inbox.flush(folder, [delivery])
        return delivery
