"""OpenUploads: the open uploads of a link, for its owner to see and to stop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from app.core.actors import Actor
from app.core.errors import Busy, RequestNotFound, UploadComplete, UploadNotFound
from app.core.links import Opening
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.session import State, UploadSession
from app.services.accounts import acts
from app.services.operations.observer import Observer
from app.services.receiving.purge import Purge
from app.services.upload_concurrency_manager import UploadConcurrencyManager

RATE_SECONDS = 30.0
"""Seconds over which the pace of an upload is measured."""
MAX_STOPPED = 1000
"""Uploads that one call stops."""
MAX_STOP_SECONDS = 5.0
"""Seconds after which a call stops no more of them: freeing the room of each takes the disk a moment."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An open upload, its pace over the last ``RATE_SECONDS`` in bytes a second, and whether it has a slot (``running``)."""

    session: UploadSession
    bytes_per_second: float
    running: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """How many uploads one call stopped, and how many are left open: more than one call stops, or just being delivered. Who calls
    again stops more, until those that are left get delivered."""

    stopped: int
    left: int


class OpenUploads:
    """Shows and ends open uploads, for senders and owner. An owner stops what is open and never takes a delivered file back."""

    def __init__(
        self,
        *,
        store: UploadStore,
        requests: RequestStore,
        purge: Purge,
        concurrency: UploadConcurrencyManager,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._store = store
        self._requests = requests
        self._purge = purge
        self._concurrency = concurrency
        self._clock = clock
        self._observer = observer

    def of(self, hash: str) -> tuple[Opening, ...]:
        """The open uploads of a link, oldest first, as its ledger has them. Raises RequestNotFound."""
        return self._requests.openings(hash)

    def look(self, openings: Iterable[Opening]) -> list[UnderWay]:
        """Each upload with its pace; those that have ended meanwhile are left out. Reads the session of each."""
        running = {each.upload_id for each in self._concurrency.running()}
        found = []
        for opening in openings:
            with suppress(UploadNotFound):
                session = self._store.open(opening.upload_id).status()
                if session.state is State.OPEN:
                    found.append(UnderWay(session, self._pace(session), session.upload_id in running))
        return found

    def stop(self, hash: str, upload_id: str, actor: Actor) -> None:
        """Stop one open upload, for the owner; its sender gets UploadCancelled from then on.

        Waits for a delivery of it. Raises UploadComplete where its file is delivered, UploadNotFound, RequestNotFound, Busy where too
        many wait.
        """
        if all(each.upload_id != upload_id for each in self._requests.openings(hash)):
            # Asked last, as it may arrive at any moment.
            if self._requests.file(hash, upload_id) is not None:
                raise _arrived()
            raise UploadNotFound()
        if not self._stop_one(hash, upload_id, actor):
            raise _arrived()
        acts.note(actor, "upload cancelled", hash, upload_id)

    def stop_all(self, hash: str, actor: Actor) -> Stopped:
        """Stop the open uploads of a link, the oldest first, up to ``MAX_STOPPED`` and for up to ``MAX_STOP_SECONDS``. What is just
        being delivered is not waited for. Raises RequestNotFound."""
        openings = self._requests.openings(hash)
        stopped, until = 0, time.monotonic() + MAX_STOP_SECONDS
        for opening in openings[:MAX_STOPPED]:
            if time.monotonic() > until:
                break
            # One that is being delivered is not waited for: that may take as long as reading the file.
            with suppress(Busy, UploadNotFound):
                stopped += self._stop_one(hash, opening.upload_id, actor, wait=False)
        left = len(self._requests.openings(hash))
        acts.note(actor, "uploads cancelled", hash, cancelled=stopped, left=left)
        return Stopped(stopped, left)

    def end(self, upload_id: str, why: str, by: Actor | None = None, *, wait: bool = True) -> bool:
        """End an open upload, ``why`` being ``cancelled`` (by its sender) or ``stopped`` (by the owner ``by``), and free all that it
        takes. False, and nothing is done, where its file was delivered before.

        Takes ``Upload.exclusive``, which the caller must not hold. Raises UploadNotFound, and Busy where another has that lock and
        ``wait`` is false, or too many wait. ``Purge.remove`` is its part inside the lock.
        """
        upload = self._store.open(upload_id)
        with upload.exclusive(wait=wait):
            session = upload.status()
            if self._has_arrived(session):
                return False
            self._purge.remove(session, why, by)
        self._concurrency.finished(upload_id)
        self._observer.cancelled(session, why)
        return True

    def _stop_one(self, hash: str, upload_id: str, actor: Actor, *, wait: bool = True) -> bool:
        try:
            return self.end(upload_id, "stopped", actor, wait=wait)
        except UploadNotFound:
            # A place in the ledger for which there is no session, as after a removal by hand.
            if self._requests.release(hash, upload_id, "stopped", actor):
                return True
            raise

    def _has_arrived(self, session: UploadSession) -> bool:
        # A delivery is noted in the ledger before the session is complete.
        with suppress(RequestNotFound):  # The link is deleted, and its ledger with it.
            return session.state is State.COMPLETE or bool(self._requests.file(session.request_hash, session.upload_id))
        return False

    def _pace(self, session: UploadSession) -> float:
        now = self._clock()
        count, since = self._store.open(session.upload_id).recent(now - RATE_SECONDS)
        seconds = now - (session.opened_at if since is None else since)
        return count / seconds if seconds > 0 else 0.0


def _arrived() -> UploadComplete:
    return UploadComplete("The file has arrived whole. Remove it where it lies, if you do not want it.")
