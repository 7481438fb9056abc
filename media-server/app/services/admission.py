"""Admission: whether a body may be sent at all, judged before anything of it is read."""

from __future__ import annotations

from app.core.errors import RequestClosed, UploadNotFound
from app.core.policy import Policy
from app.core.ports import RequestStore, SessionStore
from app.services.file_requests import FileRequests
from app.services.uploads import Uploads


class Admission:
    """Judges by what the line and the headers of a request say, and remembers nothing of what was made up."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        file_requests: FileRequests,
        sessions: SessionStore,
        uploads: Uploads,
        policy: Policy,
    ) -> None:
        self._requests = requests
        self._file_requests = file_requests
        self._sessions = sessions
        self._uploads = uploads
        self._policy = policy

    def to_open(self, hash: str) -> None:
        """For a call that opens uploads on a link. Raises RequestNotFound, RequestClosed or RequestExpired."""
        self._file_requests.find(hash)

    def to_go_on(self, hash: str, upload_id: str) -> None:
        """For a chunk of an upload, which may end after its link's expiry.

        Raises RequestNotFound, RequestClosed, UploadNotFound, UploadExpired.
        """
        link = self._requests.load(hash)
        # Only what exists is loaded, so that ids that were made up drive no upload out of memory.
        if not self._sessions.exists(upload_id):
            self._uploads.status(hash, upload_id)
        elif self._sessions.load(upload_id).request_hash != hash:
            raise UploadNotFound()
        if not link.active:
            raise RequestClosed()

    def of_size(self, length: int) -> None:
        """For a body of so many bytes. Raises ChunkTooLarge."""
        self._policy.check_chunk(length)
