"""The purge: removing uploads that nobody goes on with, and what crashes have left."""

from __future__ import annotations

import logging
from contextlib import suppress

from app.core.actors import Actor
from app.core.errors import Busy, RequestNotFound, StorageFull, UploadError, UploadNotFound
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.session import State, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.promises import Promises
from app.services.receiving.whole_files import WholeFiles

log = logging.getLogger("droppr.uploads")


class Purge:
    """Removes uploads by their sessions; delivered files are never touched. ``max_idle`` is how many seconds may pass without a
    chunk, also after the delivery; ``max_age`` how many seconds after its opening an upload must be complete."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        deliveries: Deliveries,
        whole_files: WholeFiles,
        clock: Clock,
        observer: Observer,
        promises: Promises,
        max_idle: float,
        max_age: float,
    ) -> None:
        self._store = store
        self._requests = requests
        self._deliveries = deliveries
        self._whole_files = whole_files
        self._clock = clock
        self._observer = observer
        self._promises = promises
        self._max_idle = max_idle
        self._max_age = max_age

    def is_due(self, session: UploadSession) -> bool:
        """Whether nothing came of an upload for ``max_idle`` seconds, or it is still open after ``max_age``."""
        now = self._clock()
        too_old = session.state is State.OPEN and now - session.opened_at >= self._max_age
        return too_old or now - session.active_at >= self._max_idle

    def remove(self, session: UploadSession, why: str, by: Actor | None = None) -> None:
        """Delete an upload with its bytes, its promise and, while it is open, its reservation. The caller holds ``Upload.exclusive``.

        ``why`` and ``by`` are those that ``RequestStore.release`` takes. Also works on a full disk, where what cannot be noted lapses or is released
        by the next sweep. Raises Busy.
        """
        try:
            self._release(session, why, by)
            self._store.delete(session.upload_id)
        except StorageFull:
            # Freeing its space makes the room to note that; where it does not, the sweep gives the place back.
            self._store.delete(session.upload_id)
            with suppress(StorageFull):
                self._release(session, why, by)
        self._promises.drop(session)  # Last: on a full disk this can be noted only now.

    def abandon(self, hash: str) -> None:
        """Delete the sessions of a link that was deleted; one whose ``exclusive`` another has goes with the next sweep."""
        for upload_id in list(self._store.ids()):
            with suppress(UploadNotFound, Busy):
                upload = self._store.open(upload_id)
                if upload.status().request_hash == hash:
                    with upload.exclusive(wait=False):
                        self._store.delete(upload_id)

    def sweep(self) -> int:
        """Remove every upload that is due or whose link was deleted; returns how many. Delivered files are not touched.

        Each is judged inside ``Upload.exclusive``; one that another ends, or of which a span is claimed, is passed over. An upload
        that is due, has no gaps and was not delivered, as its server died in between, is delivered and not counted. Then
        removes what dead openings left, and settles what ledgers count of uploads and whole files that are no more. What goes
        wrong with one upload or link is logged, and the next one is looked at.
        """
        before = self._clock() - self._max_idle
        removed = sum(self._sweep_one(upload_id) for upload_id in list(self._store.due(before)))
        self._store.remove_remains(before)
        self._give_back_lost_places()
        return removed

    def _release(self, session: UploadSession, why: str, by: Actor | None) -> None:
        if session.state is State.OPEN:
            with suppress(RequestNotFound):  # The link is deleted, and its ledger with it.
                self._requests.release(session.request_hash, session.upload_id, why, by)

    def _sweep_one(self, upload_id: str) -> int:
        try:
            upload = self._store.open(upload_id)
            with upload.exclusive(wait=False):
                session = upload.status()
                orphaned = self._is_orphaned(session)
                if not (orphaned or self.is_due(session)) or upload.is_claimed():
                    return 0
                if orphaned or session.state is not State.OPEN or not session.is_whole:
                    self.remove(session, "expired")
                    self._observer.expired(session)
                    return 1
            self._deliveries.finish(upload_id, self._requests.load(session.request_hash))
        except UploadNotFound:
            return 0  # Somebody else removed it meanwhile, or it is still being opened.
        except UploadError as error:
            log.warning("upload not swept", extra={"code": error.code})
        return 0

    def _give_back_lost_places(self) -> None:
        """Release what a ledger still counts as open but no session stands for, as after a removal by hand.

        A session exists before its place is reserved, so what is looked up in this order is never a new one.
        """
        for link in self._requests.all():
            try:
                self._whole_files.settle(link)
                for opening in self._requests.openings(link.hash):
                    if not self._has_session(opening.upload_id):
                        self._requests.release(link.hash, opening.upload_id, "expired")
            except RequestNotFound:
                continue  # Deleted meanwhile.
            except UploadError as error:
                # Such as a folder that cannot be read: no reason to leave all other links as they are.
                log.warning("link not swept", extra={"code": error.code})

    def _has_session(self, upload_id: str) -> bool:
        try:
            self._store.open(upload_id).status()
        except UploadNotFound:
            return False
        return True

    def _is_orphaned(self, session: UploadSession) -> bool:
        """Whether the upload's link was deleted."""
        try:
            self._requests.load(session.request_hash)
        except RequestNotFound:
            return True
        return False
