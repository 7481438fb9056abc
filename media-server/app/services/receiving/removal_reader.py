"""RemovalReader: removes what is left of deleted links, and of files that their senders took back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.ports.links import LinkStore
from app.services.receiving.undo import Undo


class RemovalReader:
    """EventReader that frees the ledgers of deleted links, and removes files that were taken back by a process that died before it
    had removed them."""

    name = "removals"

    def __init__(self, links: LinkStore, undo: Undo) -> None:
        self._links = links
        self._undo = undo

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind is EventKind.FILE_REMOVED and event.upload_id is not None:
                with suppress(RequestNotFound):  # The link was deleted since.
                    self._undo.finish_removal(event.link, event.upload_id)
        if any(event.kind is EventKind.LINK_DELETED for event in events):
            self._links.clear_deleted()
