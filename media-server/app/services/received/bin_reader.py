"""BinReader: ends what a process that died left of deletions."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.core.errors import Busy, RequestNotFound, StorageFull
from app.core.events import Event, EventKind
from app.core.ports.guards import Clock
from app.services.operations.observer import shortened
from app.services.received.bin import Bin

PATIENCE_SECONDS = 3600.0
"""How long one file is tried again. Later it is left where it is, so that others are not kept waiting."""

log = logging.getLogger("droppr.events")


class BinReader:
    """EventReader that moves deleted files to where they belong. Those that lie there already cost a look."""

    name = "bin"

    def __init__(self, bin: Bin, clock: Clock) -> None:
        self._bin = bin
        self._clock = clock

    def handle(self, events: Sequence[Event]) -> None:
        """Act on each event, whatever becomes of the others. Raises Busy or StorageFull where one has to be told again."""
        again: Busy | StorageFull | None = None
        for event in events:
            if event.kind is EventKind.FILE_DELETED and event.upload_id is not None:
                again = self._finish(event, event.upload_id) or again
        if again is not None:
            raise again

    def _finish(self, event: Event, upload_id: str) -> Busy | StorageFull | None:
        try:
            self._bin.finish(event.link, upload_id)
        except RequestNotFound:
            return None  # The link was deleted since.
        except (Busy, StorageFull) as error:
            if self._clock() - event.at < PATIENCE_SECONDS:
                return error
            log.warning("a deleted file could not be moved", extra={"upload": shortened(upload_id)})
        return None
