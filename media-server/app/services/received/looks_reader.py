"""LooksReader: with a file go its pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.core.errors import Busy, StorageFull
from app.core.events import Event, EventKind
from app.core.ports.guards import Clock
from app.services.received.looks import Looks

PATIENCE_SECONDS = 3600.0
"""How long it is tried again. Later the pictures are left where they are, so that others are not kept waiting."""
_OF_A_FILE = (EventKind.FILE_DELETED, EventKind.FILE_REMOVED)


log = logging.getLogger("droppr.events")


class LooksReader:
    """EventReader that lets go the pictures of files that were deleted, and of links. A file that is restored gets new ones when
    somebody looks."""

    name = "looks"

    def __init__(self, looks: Looks, clock: Clock) -> None:
        self._looks = looks
        self._clock = clock

    def handle(self, events: Sequence[Event]) -> None:
        """Act on each event. Raises Busy or StorageFull where they have to be told again."""
        for event in events:
            try:
                self._forget(event)
            except (Busy, StorageFull):
                if self._clock() - event.at < PATIENCE_SECONDS:
                    raise
                log.warning("pictures of a deleted file could not be removed")

    def _forget(self, event: Event) -> None:
        if event.kind in _OF_A_FILE and event.upload_id is not None:
            self._looks.forget(event.link, event.upload_id)
        elif event.kind is EventKind.LINK_DELETED:
            self._looks.forget(event.link)
