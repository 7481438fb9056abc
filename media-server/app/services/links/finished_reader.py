"""FinishedReader: has the catalogue know which personal links have got what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.ports.catalogue import RequestStore
from app.services.links.finishing import Finishing

_CHANGE_IT = {
    EventKind.FILE_RECEIVED,
    EventKind.FILE_REMOVED,
    EventKind.FILE_DELETED,
    EventKind.FILE_RESTORED,
    EventKind.ITEM_ACCEPTED,
    EventKind.ITEM_RETURNED,
    EventKind.ITEM_REOPENED,
    EventKind.ANSWERED,
    EventKind.LINK_CHANGED,
}


class FinishedReader:
    """EventReader. It notes how things stand when it is told, so being told again changes nothing."""

    name = "finished"

    def __init__(self, requests: RequestStore, finishing: Finishing) -> None:
        self._requests = requests
        self._finishing = finishing

    def handle(self, events: Sequence[Event]) -> None:
        changed = {event.link for event in events if event.kind is EventKind.LINK_CHANGED}
        for hash in dict.fromkeys(event.link for event in events if event.kind in _CHANGE_IT):
            with suppress(RequestNotFound):  # The link was deleted since.
                link = self._requests.load(hash)
                if link.terms.is_personal:
                    self._requests.note_finished(hash, self._finishing.recipient(link))
                elif hash in changed:
                    self._requests.note_finished(hash, False)
