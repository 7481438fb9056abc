"""Renames: a received file gets another name, or moves to another folder of its link."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.core.actors import Actor
from app.core.errors import Busy, FileChanged, FileInUse, FileNotFound, NameTaken, RequestNotFound, StorageFull
from app.core.events import Event, EventKind
from app.core.links import ReceivedFile
from app.core.paths import RelPath, disk_folder, disk_name
from app.core.ports.bins import BinStore
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Inbox
from app.core.ports.renames import RenameStore
from app.core.ports.whole_files import NamedLocks
from app.services.accounts import acts
from app.services.operations.observer import shortened

PATIENCE_SECONDS = 3600.0
"""How long one file is tried again. Later it keeps both of its names on the disk, so that others are not kept waiting."""
WAITS = "This file has still to be passed on under the name that it has. Rename it when that is done."

log = logging.getLogger("droppr.events")


class Renames:
    """The ledger is told the new name first, while it goes on saying where the file lies; then the file gets the name beside its old one,
    the ledger is told that, and the old one goes. So whatever dies between, the list names the file once, and it can be read; what a crash
    left of it ``handle`` ends, which is told of every new name. All of it holds the named lock of the upload's id.
    """

    name = "renames"

    def __init__(
        self,
        *,
        requests: RequestStore,
        store: RenameStore,
        deleted: BinStore,
        inbox: Inbox,
        locks: NamedLocks,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._deleted = deleted
        self._store = store
        self._inbox = inbox
        self._locks = locks
        self._clock = clock

    def rename(self, hash: str, upload_id: str, path: RelPath, actor: Actor) -> ReceivedFile:
        """Give a received file the path ``path``; the file as it is then, numbered where somebody took the name at that moment.

        Raises RequestNotFound, FileNotFound, NameTaken, FileChanged where it is another by now, FileInUse where it has still to be passed on,
        StorageFull, Busy.
        """
        with self._locks.hold([upload_id]):
            folder = self._requests.load(hash).folder
            file = self._settled(hash, folder, upload_id)
            if str(path) == file.path:
                return file
            if file.destination is not None and file.passed_on_to is None:
                raise FileInUse(WAITS)
            if file.file_identity is None or not self._inbox.holds(folder, file.disk_path, file.file_identity):
                raise FileChanged()
            self._check_free(hash, folder, path, file)
            before = file.path
            named = self._store.begin(hash, upload_id, str(path), actor)
            if named is None:
                raise FileNotFound()
            acts.note(actor, "file renamed", hash, upload_id, path=str(path), before=before)
            return self._move(hash, folder, named)

    def _settled(self, hash: str, folder: RelPath, upload_id: str) -> ReceivedFile:
        """The file, without a name that an earlier renaming left, which died. Raises FileNotFound."""
        file = self._requests.file(hash, upload_id)
        if file is None:
            raise FileNotFound()
        named = _on_disk(RelPath.noted(file.path))
        if named != file.disk_path and self._inbox.holds(folder, named, file.file_identity or ""):
            return self._move(hash, folder, file)
        return file

    def handle(self, events: Sequence[Event]) -> None:
        """EventReader: ends what a process that died left of new names. Raises Busy or StorageFull where one has to be told again."""
        again: Busy | StorageFull | None = None
        for event in events:
            if event.kind is not EventKind.FILE_RENAMED or event.upload_id is None or event.about is None:
                continue
            try:
                self._finish(event.link, event.upload_id, event.about["from"], event.about["to"])
            except RequestNotFound:
                continue  # The link was deleted since.
            except (Busy, StorageFull) as error:
                if self._clock() - event.at < PATIENCE_SECONDS:
                    again = error
                else:
                    log.warning("a renamed file could not be moved", extra={"upload": shortened(event.upload_id)})
        if again is not None:
            raise again

    def _finish(self, hash: str, upload_id: str, before: str, path: str) -> None:
        with self._locks.hold([upload_id]):
            folder = self._requests.load(hash).folder
            here = self._requests.file(hash, upload_id)
            if here is not None and (here.disk_path, here.path) == (before, path):
                self._move(hash, folder, here)
                return
            known = here or self._gone(hash, upload_id)
            if known is None or known.file_identity is None:
                return
            # It lies where the ledger says, or was renamed again, deleted or taken back since; its other names are nobody's.
            for name in {before, _on_disk(RelPath.noted(path))} - {known.disk_path}:
                self._inbox.remove(folder, name, known.file_identity)

    def _gone(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """A file that was deleted or taken back; whoever does that knows of no name but the ledger's."""
        deleted = self._deleted.find(hash, upload_id)
        return deleted.file if deleted is not None else self._requests.removed_file(hash, upload_id)

    def _move(self, hash: str, folder: RelPath, file: ReceivedFile) -> ReceivedFile:
        """The file, lying where its path says; it stays where it is, where it is another by now or where that is the same place."""
        identity, path = file.file_identity or "", RelPath.noted(file.path)
        if _on_disk(path) == file.disk_path:
            return file
        delivery = self._inbox.name(folder, file.disk_path, identity, path)
        if delivery is None:
            return file
        self._inbox.flush(folder, [delivery])
        if self._store.moved(hash, file.upload_id, file.disk_path, delivery):
            self._inbox.remove(folder, file.disk_path, identity)
        return self._requests.file(hash, file.upload_id) or file

    def _check_free(self, hash: str, folder: RelPath, path: RelPath, file: ReceivedFile) -> None:
        other = self._requests.received_at(hash, str(path))
        if other is not None:
            raise NameTaken()
        on_disk = _on_disk(path)
        # A further name of this very file is what a renaming left that died.
        own = self._inbox.holds(folder, on_disk, file.file_identity or "")
        if not own and self._inbox.is_taken(folder, on_disk):
            raise NameTaken()


def _on_disk(path: RelPath) -> str:
    return "/".join([*map(disk_folder, path.folder), disk_name(path.name)])
