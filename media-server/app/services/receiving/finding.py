"""Finding uploads, also after a crash or a power cut, and those whose session is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.core.errors import (
    Busy,
    InvalidPath,
    RequestClosed,
    SizeMismatch,
    UploadCancelled,
    UploadError,
    UploadExpired,
    UploadNotFound,
    UploadNotOpened,
)
from app.core.links import Fate, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.uploads import UploadStore
from app.core.session import State, UploadSession
from app.core.waiting_room import WaitingRoom
from app.services.receiving.commands import OpenUpload, new_upload_id
from app.services.receiving.deliveries import Deliveries, delivered_session
from app.services.receiving.purge import Purge
from app.services.receiving.whole_files import WholeFiles

OVERTAKEN_SECONDS, LOOK_EVERY_SECONDS = 0.2, 0.01
"""How long a chunk waits for an opening that it overtook on its way, by another connection."""
_GONE: dict[str | None, type[UploadError]] = {"expired": UploadExpired, "stopped": UploadCancelled}


class Finder:
    """Finds uploads by their ids: by the session and, where there is none, by what the link's ledger remembers."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        whole_files: WholeFiles,
        deliveries: Deliveries,
        purge: Purge,
        overtaking: WaitingRoom,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``overtaking`` bounds the chunks that wait for the opening of their upload."""
        self._store = store
        self._requests = requests
        self._whole_files = whole_files
        self._deliveries = deliveries
        self._purge = purge
        self._overtaking = overtaking
        self._sleep = sleep

    def find(self, hash: str, upload_id: str) -> UploadSession:
        """The upload. Only that of an interrupted session which the ledger knows better is changed, see ``Deliveries.recall``.

        Raises UploadNotFound where there never was one on this link, its sender has cancelled it or taken its file back;
        UploadExpired where it was idle or open for too long, purged or not; UploadCancelled where the owner has stopped it;
        RequestNotFound where it has no session and there is no such link.
        """
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
        if session.state is State.OPEN and self._purge.is_due(session) and not session.is_whole:
            raise UploadExpired()
        return session

    def status(self, hash: str, upload_id: str) -> UploadSession:
        """The upload as ``find`` returns it; one that has no gaps and was not delivered is delivered now, as its server may have died
        between the two. Raises what ``find`` and ``Deliveries.finish`` raise."""
        session = self.find(hash, upload_id)
        if session.state is State.OPEN and session.is_whole:
            return self._deliveries.finish(upload_id, self._requests.load(hash))
        return session

    def delivered(self, hash: str, upload_ids: Sequence[str]) -> list[str]:
        """Those of these uploads whose files have arrived by the link's ledger, each once; not those that were taken back. One
        that its owner has deleted since did arrive: nobody shall send it again for that. Raises RequestNotFound."""
        self._requests.load(hash)
        found = self._requests.fates(hash, dict.fromkeys(upload_ids))
        return [each for each, known in found.items() if known.fate in (Fate.RECEIVED, Fate.DELETED)]

    def has_session(self, upload_id: str) -> bool:
        """Whether a session exists under this id, open or over. Whole files have none."""
        return self._store.exists(upload_id)

    def with_sessions(self, upload_ids: Sequence[str]) -> set[str]:
        """Those of these uploads that have one."""
        return self._store.among(upload_ids)

    def opened_under(self, hash: str, key: str) -> str:
        """The id of the upload that was opened under this key. It gives the rights that the id itself gives, as both are its sender's
        secrets. Waits ``OVERTAKEN_SECONDS`` at most for it. Raises UploadNotOpened where there is none, or none yet."""
        upload_id = new_upload_id(hash, key)
        if self._store.exists(upload_id) or self._is_opened_soon(hash, upload_id):
            return upload_id
        raise UploadNotOpened()

    def _is_opened_soon(self, hash: str, upload_id: str) -> bool:
        # The two came by different connections, perhaps to different processes, which have nothing but the disk in common.
        try:
            with self._overtaking.place(hash):
                for _ in range(round(OVERTAKEN_SECONDS / LOOK_EVERY_SECONDS)):
                    self._sleep(LOOK_EVERY_SECONDS)
                    if self._store.exists(upload_id):
                        return True
        except Busy:
            pass
        return False

    def link_of_open_upload(self, hash: str, judged: RequestLink | None = None) -> RequestLink:
        """The link, for an upload that was opened before; its expiry does not count, its closing does. ``judged`` is the link as this
        request has just found it, and saves another look. Raises RequestNotFound, RequestClosed."""
        # An upload that was opened in time may finish after the link's expiry; closing stops it at once.
        link = judged or self._requests.load(hash)
        if not link.terms.active:
            raise RequestClosed()
        return link

    def opened_before(self, link: RequestLink, command: OpenUpload, upload_id: str) -> UploadSession | None:
        """The upload that was opened earlier under the key of ``command``, None where there is none to go on with; what a dead
        opening left of it is then deleted. The caller holds the named lock of ``upload_id``.

        Raises SizeMismatch or InvalidPath where another file was opened under the key, UploadNotFound where its sender has taken
        it back, UploadCancelled where the owner has stopped it, UploadExpired where it is due for the purge. One that was
        cancelled by its sender, or purged, may be opened again.
        """
        if self._store.exists(upload_id):
            session = self.find(link.hash, upload_id)
            if session.declared_path != str(command.path):
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
        if known is not None and known.fate in (Fate.RECEIVED, Fate.DELETED) and known.file is not None:
            return delivered_session(hash, known.file)
        raise _GONE.get(known.why if known else None, UploadNotFound)()
