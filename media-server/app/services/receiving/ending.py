"""Ending uploads: cancelled or taken back by their senders, or purged."""

from __future__ import annotations

from app.core.actors import SENDER, Actor
from app.core.errors import UploadNotFound
from app.core.session import State
from app.services.receiving.finding import Finder
from app.services.receiving.open_uploads import OpenUploads
from app.services.receiving.purge import Purge
from app.services.receiving.undo import Undo


class Ender:
    """Ends uploads at their senders' wish, and those that nobody goes on with."""

    def __init__(self, *, finder: Finder, open_uploads: OpenUploads, undo: Undo, purge: Purge) -> None:
        self._finder = finder
        self._open_uploads = open_uploads
        self._undo = undo
        self._purge = purge

    def cancel(self, hash: str, upload_id: str, by: Actor = SENDER) -> None:
        """Cancel an open upload and free its room; of a complete one, take the file back.

        A chunk that is on its way is not waited for: it gets UploadNotFound. A delivery is, and its file then taken back. Raises
        UploadNotFound, UploadExpired, UploadCancelled, UploadComplete where the file can no longer be taken back, Busy where
        too many wait for a delivery of this upload.
        """
        try:
            session = self._finder.find(hash, upload_id)
        except UploadNotFound:
            self._undo.finish_removal(hash, upload_id)
            raise
        if session.state is State.COMPLETE or not self._open_uploads.end(upload_id, "cancelled"):
            self._undo.take_back(hash, upload_id, by)

    def sweep(self) -> int:
        """Do what ``Purge.sweep`` does, every night in the process that leads; returns how many uploads were removed."""
        return self._purge.sweep()
