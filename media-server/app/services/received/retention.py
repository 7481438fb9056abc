"""Retention: received files are deleted some days after they arrived."""

from __future__ import annotations

import logging

from app.core.actors import Actor, ActorKind
from app.core.errors import FileChanged, FileNotFound, RequestNotFound, UploadError
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.settings import Current
from app.services.received.bin import Bin

DAY = 86_400.0
FILES_AT_ONCE = 500
THE_SERVER = Actor(ActorKind.SERVICE, name="retention")

log = logging.getLogger("droppr.received")


class Retention:
    """Deletes files for good once they have been kept as long as their link, or else the server, says: what has to be gone by a day
    is not in the bin after it. A file that has still to be passed on is kept until it was."""

    def __init__(self, *, requests: RequestStore, bin: Bin, clock: Clock, days: Current[int]) -> None:
        """``days`` for links that say nothing; 0 is for ever."""
        self._requests = requests
        self._bin = bin
        self._clock = clock
        self._days = days

    def sweep(self) -> int:
        """Delete what is over; returns how many files. What goes wrong with one is logged, and the next one is looked at."""
        deleted = 0
        for link in self._requests.all():
            days = link.terms.keep_days or self._days()
            if days:
                try:
                    deleted += self._sweep(link, self._clock() - days * DAY)
                except UploadError as error:
                    log.warning("link not looked through for files to delete", extra={"code": error.code})
        return deleted

    def _sweep(self, link: RequestLink, before: float) -> int:
        deleted = 0
        after = before, ""
        while files := self._requests.received_page(link.hash, FILES_AT_ONCE, after):
            deleted += sum(self._delete(link, file) for file in files)
            after = files[-1].received_at, files[-1].upload_id
        return deleted

    def _delete(self, link: RequestLink, file: ReceivedFile) -> bool:
        if file.destination is not None and file.passed_on_to is None:
            return False
        try:
            self._bin.delete(link.hash, file.upload_id, THE_SERVER, for_good=True)
        except (FileNotFound, RequestNotFound):
            return False  # Deleted meanwhile.
        except FileChanged:
            return False  # What its owner has made of it is the owner's.
        except UploadError as error:
            log.warning("file not deleted after its time", extra={"code": error.code})
            return False
        return True
