"""Ending uploads: given up, taken back, or left alone for too long."""

from __future__ import annotations

from app.core.errors import UploadNotFound
from app.core.session import State
from app.services.receiving.finding import Finder
from app.services.receiving.open_uploads import OpenUploads
from app.services.receiving.purge import Purge
from app.services.receiving.undo import Undo


class Ender:
    """What senders end themselves, and what nobody goes on with."""

    def __init__(self, *, finder: Finder, open_uploads: OpenUploads, undo: Undo, purge: Purge) -> None:
        self._finder = finder
        self._open_uploads = open_uploads
        self._undo = undo
        self._purge = purge

    def cancel(self, hash: str, upload_id: str) -> None:
        """Give an upload up and free its space; of one that is complete, take its file back.

        Raises UploadNotFound, and UploadComplete where the file can no longer be taken back.
        """
        try:
            session = self._finder.find(hash, upload_id)
        except UploadNotFound:
            self._undo.complete(hash, upload_id)
            raise
        if session.state is State.COMPLETE or not self._open_uploads.give_up(upload_id, "cancelled"):
            self._undo.take_back(hash, upload_id)

    def sweep(self) -> int:
        """Remove every upload that lay idle for too long; returns how many."""
        return self._purge.sweep()
