"""Finding uploads, as what a crash, a power cut or their end has left of them tells."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import (
    InvalidPath,
    RequestClosed,
    SizeMismatch,
    UploadCancelled,
    UploadError,
    UploadExpired,
    UploadNotFound,
)
from app.core.links import Fate, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.uploads import UploadStore
from app.core.session import State, UploadSession
from app.services.receiving.commands import OpenUpload
from app.services.receiving.deliveries import Deliveries, delivered_session
from app.services.receiving.purge import Purge
from app.services.receiving.whole_files import WholeFiles

_GONE: dict[str | None, type[UploadError]] = {"expired": UploadExpired, "stopped": UploadCancelled}


class Finder:
    """Finds uploads by their ids. The session tells how one stands, and the link's ledger once there is no session."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        whole_files: WholeFiles,
        deliveries: Deliveries,
        purge: Purge,
    ) -> None:
        self._store = store
        self._requests = requests
        self._whole_files = whole_files
        self._deliveries = deliveries
        self._purge = purge

    def find(self, hash: str, upload_id: str) -> UploadSession:
        """The upload. Raises UploadNotFound, UploadExpired, UploadCancelled."""
        try:
            session = self._store.open(upload_id).status()
        except UploadNotFound:
            session = self._remembered(hash, upload_id)
        if session.request_hash != hash:
            raise UploadNotFound()
        if session.interrupted:
            session = self._deliveries.recall(session)
        if (session.state is State.COMPLETE or session.interrupted) and self._requests.removed_file(hash, upload_id):
            raise UploadNotFound()  # Taken back, by a process that died before it had forgotten the session.
        if session.state is State.OPEN and not session.is_whole and self._purge.is_due(session):
            raise UploadExpired()
        return session

    def status(self, hash: str, upload_id: str) -> UploadSession:
        """How an upload stands. One whose last reply was lost before the file was delivered is delivered now."""
        session = self.find(hash, upload_id)
        if session.state is State.OPEN and session.is_whole:
            return self._deliveries.finish(upload_id, self._requests.load(hash))
        return session

    def arrived(self, hash: str, upload_ids: Sequence[str]) -> list[str]:
        """Those of these uploads whose files stand in the link's ledger, each once; what was taken back does not.
        Raises RequestNotFound."""
        self._requests.load(hash)
        return [*self._requests.files(hash, dict.fromkeys(upload_ids))]

    def exists(self, upload_id: str) -> bool:
        """Whether there is an upload with a session under this id."""
        return self._store.exists(upload_id)

    def link_of_open_upload(self, hash: str) -> RequestLink:
        """The link, as its open uploads may go on with it. Raises RequestNotFound, RequestClosed."""
        # An upload that was opened in time may finish after the link's expiry; closing stops it at once.
        link = self._requests.load(hash)
        if not link.terms.active:
            raise RequestClosed()
        return link

    def begun(self, link: RequestLink, command: OpenUpload, upload_id: str) -> UploadSession | None:
        """The upload that an earlier opening under the same key began, None where there was none.

        Raises SizeMismatch or InvalidPath when the key belongs to another file, UploadNotFound when that has been taken
        back, UploadCancelled when the owner has cancelled it.
        """
        if self._store.exists(upload_id):
            session = self.find(link.hash, upload_id)
            if session.path != command.path:
                raise InvalidPath("Another file was opened under this key.")
        else:
            known = self._requests.fates(link.hash, [upload_id]).get(upload_id)
            if known is not None and known.fate is Fate.REMOVED:
                raise UploadNotFound("The file that was sent under this key has been taken back. Use another key.")
            if known is not None and known.why == "stopped":
                raise UploadCancelled()
            file = self._whole_files.delivered(link, known)
            if file is None:
                self._store.delete(upload_id)  # What an opening left that died before its session existed.
                return None
            session = delivered_session(link.hash, file)
        if session.size != command.size:
            raise SizeMismatch("Another file was opened under this key.", size=session.size)
        return session

    def _remembered(self, hash: str, upload_id: str) -> UploadSession:
        """An upload whose session is gone or never was, by its link's ledger. Raises UploadExpired or UploadNotFound."""
        known = self._requests.fates(hash, [upload_id]).get(upload_id)
        if known is not None and known.fate is Fate.RECEIVED and known.file is not None:
            return delivered_session(hash, known.file)
        raise _GONE.get(known.why if known else None, UploadNotFound)()
