"""FinishedReader: has the catalogue know how far people have got with links, and which links have got what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.ports.catalogue import RequestStore
from app.services.links.progress import Progress

_ANEW = {EventKind.LINK_CHANGED, EventKind.PEOPLE_ASKED}
"""What may change how everybody stands."""
_CHANGE_IT = {
    EventKind.FILE_RECEIVED,
    EventKind.FILE_REMOVED,
    EventKind.FILE_DELETED,
    EventKind.FILE_RESTORED,
    EventKind.ITEM_ACCEPTED,
    EventKind.ITEM_RETURNED,
    EventKind.ITEM_REOPENED,
    EventKind.ANSWERED,
    *_ANEW,
}


class FinishedReader:
    """EventReader. It notes how things stand when it is told, so being told again changes nothing."""

    name = "finished"

    def __init__(self, requests: RequestStore, progress: Progress) -> None:
        self._requests = requests
        self._progress = progress

    def handle(self, events: Sequence[Event]) -> None:
        told = [event for event in events if event.kind in _CHANGE_IT]
        for hash in dict.fromkeys(event.link for event in told):
            its = [event for event in told if event.link == hash]
            with suppress(RequestNotFound):  # The link was deleted since.
                link = self._requests.load(hash)
                if any(event.kind in _ANEW for event in its):
                    self._progress.recount(link)
                else:
                    self._progress.follow(link, its)
