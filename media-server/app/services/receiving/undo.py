"""Undo: a sender takes back a file that was delivered a short time ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from app.core.actors import SENDER, Actor
from app.core.errors import UploadComplete, UploadNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Inbox
from app.core.ports.settings import Current
from app.core.ports.uploads import UploadStore
from app.services.operations.observer import Observer


class Undo:
    """Takes delivered files back for their senders, within ``window`` seconds of the delivery; 0 is never.

    The ledger is changed first and the file removed after it: from then on nobody is shown the file, and should the process die
    in between, ``RemovalReader`` or the sender's next call removes what still lies there. Only the very file that was
    delivered is removed; one that the owner changed or replaced is the owner's.
    """

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        inbox: Inbox,
        clock: Clock,
        observer: Observer,
        window: Current[float],
    ) -> None:
        self._store = store
        self._requests = requests
        self._inbox = inbox
        self._clock = clock
        self._observer = observer
        self._window = window

    def until(self, received_at: float) -> float | None:
        """The time until which a file that was received then can be taken back, in seconds since the epoch; None where it is past."""
        end = received_at + self._window()
        return end if self._clock() < end else None

    def take_back(self, hash: str, upload_id: str, by: Actor = SENDER) -> None:
        """Remove the file of a complete upload, and its session. Takes ``Upload.exclusive`` where there is one.

        Raises UploadNotFound where that was done before; UploadComplete where the window is over, or the owner has changed or
        taken the file, or it has been passed on; RequestNotFound, StorageFull, Busy.
        """
        with self._alone(upload_id):
            file = self._requests.file(hash, upload_id)
            if file is None or not self._take_out(hash, file, by):
                raise UploadNotFound()
            self._clear(self._requests.load(hash), file)
        self._observer.taken_back(hash, file)

    def finish_removal(self, hash: str, upload_id: str) -> None:
        """Remove what an interrupted ``take_back`` left of an upload; nothing happens where nothing is left, or nothing was taken
        back. Raises RequestNotFound, StorageFull, Busy."""
        file = self._requests.removed_file(hash, upload_id)
        if file is not None:
            self._clear(self._requests.load(hash), file)

    def _take_out(self, hash: str, file: ReceivedFile, by: Actor) -> bool:
        if self.until(file.received_at) is None:
            raise UploadComplete()
        folder = self._requests.load(hash).folder
        if file.file_identity is None or not self._inbox.holds(folder, file.disk_path, file.file_identity):
            raise UploadComplete("The owner has already taken or changed this file; it can no longer be taken back.")
        if self._requests.remove(hash, file.upload_id, by):
            return True
        if self._requests.file(hash, file.upload_id) is not None:
            raise UploadComplete("The file has already been passed on and can no longer be taken back.")
        return False

    def _clear(self, link: RequestLink, file: ReceivedFile) -> None:
        self._inbox.remove(link.folder, file.disk_path, file.file_identity or "")
        self._store.delete(file.upload_id)

    @contextmanager
    def _alone(self, upload_id: str) -> Iterator[None]:
        """While nobody delivers or purges the upload; where its session is gone, the ledger alone judges."""
        with ExitStack() as stack:
            with suppress(UploadNotFound):
                stack.enter_context(self._store.open(upload_id).exclusive())
            yield
