"""SearchReader: keeps the lists of what is searched by what happens to links and files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.services.entities.link_entities import LinkEntities

_OF_LINKS = (EventKind.LINK_CHANGED, EventKind.LINK_CLOSED, EventKind.LINK_DELETED)


class SearchReader:
    """EventReader that lists files for as long as their link says that they are searched."""

    name = "search"

    def __init__(self, entities: LinkEntities) -> None:
        self._entities = entities

    def handle(self, events: Sequence[Event]) -> None:
        """Act on what these events come to. Each link is asked as it stands now, so only what it is in the end counts."""
        received = _uploads(events, EventKind.FILE_RECEIVED, EventKind.FILE_RESTORED)
        removed = _uploads(events, EventKind.FILE_REMOVED, EventKind.FILE_DELETED)
        for link, upload_ids in received.items():
            with suppress(RequestNotFound):  # The link was deleted since.
                self._entities.arrived(link, upload_ids)
        for link, upload_ids in removed.items():
            self._entities.removed(link, upload_ids)
        for link, upload_ids in _uploads(events, EventKind.FILE_RENAMED).items():
            with suppress(RequestNotFound):
                self._entities.renamed(link, upload_ids)
        for link in dict.fromkeys(event.link for event in events if event.kind in _OF_LINKS):
            with suppress(RequestNotFound):
                self._entities.follow(link)


def _uploads(events: Sequence[Event], *kinds: EventKind) -> dict[str, list[str]]:
    """The uploads that events of these kinds are about, by link."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event.kind in kinds and event.upload_id is not None:
            found.setdefault(event.link, []).append(event.upload_id)
    return found
