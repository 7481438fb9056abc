"""RemovalReader: removes what is left of deleted links, and of files that their senders took back."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.core.errors import Busy, RequestNotFound, StorageFull
from app.core.events import Event, EventKind
from app.core.ports.guards import Clock
from app.core.ports.links import LinkStore
from app.services.operations.observer import shortened
from app.services.receiving.undo import Undo

PATIENCE_SECONDS = 3600.0
"""How long removing one file is tried again. Later it is left where it is, so that others are not kept waiting by a folder that
its owner has closed."""

log = logging.getLogger("droppr.events")


class RemovalReader:
    """EventReader that frees the ledgers of deleted links, and removes files that were taken back by a process that died before it
    had removed them."""

    name = "removals"

    def __init__(self, links: LinkStore, undo: Undo, clock: Clock) -> None:
        self._links = links
        self._undo = undo
        self._clock = clock

    def handle(self, events: Sequence[Event]) -> None:
        """Act on each event, whatever becomes of the others. Raises Busy or StorageFull where one has to be told again."""
        again: Busy | StorageFull | None = None
        for event in events:
            if event.kind is EventKind.FILE_REMOVED and event.upload_id is not None:
                again = self._finish_removal(event, event.upload_id) or again
        if any(event.kind is EventKind.LINK_DELETED for event in events):
            self._links.clear_deleted()
        if again is not None:
            raise again

    def _finish_removal(self, event: Event, upload_id: str) -> Busy | StorageFull | None:
        """Remove the file; what was in the way, where it is worth trying again."""
        try:
            self._undo.finish_removal(event.link, upload_id)
        except RequestNotFound:
            return None  # The link was deleted since.
        except (Busy, StorageFull) as error:
            if self._clock() - event.at < PATIENCE_SECONDS:
                return error
            log.warning("a file that was taken back could not be removed", extra={"upload": shortened(upload_id)})
        return None
