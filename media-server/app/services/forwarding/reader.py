"""ForwardingReader: has every received file passed on that has to be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.ports.catalogue import RequestStore
from app.services.forwarding.outbox import Outbox


class ForwardingReader:
    """Notes received files in the outbox, which noting one again does not change."""

    name = "forwarding"

    def __init__(self, requests: RequestStore, outbox: Outbox) -> None:
        self._requests = requests
        self._outbox = outbox

    def handle(self, events: Sequence[Event]) -> None:
        received: dict[str, list[str]] = {}
        for event in events:
            if event.kind is EventKind.FILE_RECEIVED and event.upload_id is not None:
                received.setdefault(event.link, []).append(event.upload_id)
        for hash, upload_ids in received.items():
            with suppress(RequestNotFound):  # The link was deleted since.
                self._outbox.received(hash, self._requests.files(hash, upload_ids).values())
