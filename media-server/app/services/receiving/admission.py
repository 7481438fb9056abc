"""Admission: whether a body may be sent at all, judged before anything of it is read."""

from __future__ import annotations

from app.core.errors import RequestClosed, UploadNotFound
from app.core.ports.catalogue import RequestStore
from app.core.ports.uploads import UploadStore
from app.core.room import BodiesLetIn
from app.services.links.file_requests import FileRequests
from app.services.receiving.room import Room
from app.services.receiving.uploads import Uploads


class Admission:
    """Judges by what the line and the headers of a request say, and remembers nothing of what was made up."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        file_requests: FileRequests,
        store: UploadStore,
        uploads: Uploads,
        room: Room,
        let_in: BodiesLetIn | None,
    ) -> None:
        """``let_in`` notes bodies on their way to nginx, where there is one."""
        self._requests = requests
        self._file_requests = file_requests
        self._store = store
        self._uploads = uploads
        self._room = room
        self._let_in = let_in

    def to_open(self, hash: str) -> None:
        """For a call that opens uploads on a link. Raises RequestNotFound, RequestClosed or RequestExpired."""
        self._file_requests.find(hash)

    def to_go_on(self, hash: str, upload_id: str) -> None:
        """For a chunk of an upload, which may end after its link's expiry.

        Raises RequestNotFound, RequestClosed, UploadNotFound, UploadExpired.
        """
        link = self._requests.load(hash)
        # Only what exists is loaded, so that ids that were made up drive no upload out of memory.
        if not self._store.exists(upload_id):
            self._uploads.status(hash, upload_id)
        elif self._store.open(upload_id).status().request_hash != hash:
            raise UploadNotFound()
        if not link.terms.active:
            raise RequestClosed()

    def to_disk(self, request: str, length: int, most: int) -> bool:
        """For a body that nginx puts on the disk. ``most`` is what all bodies there may have together at once.

        Whether there is room even for that: then this body is not counted. Else it is, until it is over. Raises
        StorageFull where it could take what is kept free below the lower floor.
        """
        if self._let_in is None or self._room.above_lower_floor() > most:
            return True
        self._let_in.let_in(request, length, self._room.above_lower_floor)
        return False
