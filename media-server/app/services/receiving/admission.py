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
    """Answers nginx, which asks before it receives the body of an HTTP request, by the request line and the headers alone.

    A yes gives no right: the request itself is judged again, by ``Openings`` or ``Receiver``, with its password and body. Ids that
    somebody made up leave nothing in memory.
    """

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
        """``let_in`` counts the bodies that nginx is receiving; None where there is no nginx."""
        self._requests = requests
        self._file_requests = file_requests
        self._store = store
        self._uploads = uploads
        self._room = room
        self._let_in = let_in

    def to_open(self, hash: str) -> None:
        """Check a call that opens uploads on a link. Raises RequestNotFound, RequestClosed, RequestExpired or RequestOverdue."""
        self._file_requests.find_to_open(hash)

    def to_go_on(self, hash: str, upload_id: str) -> None:
        """Check a chunk of an upload, whose link may have expired meanwhile.

        Raises RequestNotFound, RequestClosed, UploadNotFound, UploadExpired, UploadCancelled.
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
        """Let in a body of ``length`` bytes that nginx will put on the disk; ``most`` is the most bytes of all such bodies at once.

        True where nobody has to count: the disk has more than ``most`` bytes above the lower floor. False where the body was
        counted under ``request``, nginx's id of the HTTP request, until nginx logs its end. Either way it is let in. Raises
        StorageFull where it would not fit above the lower floor beside those that are counted, Busy.
        """
        if self._let_in is None or self._room.above_lower_floor() > most:
            return True
        self._let_in.let_in(request, length, self._room.above_lower_floor)
        return False
