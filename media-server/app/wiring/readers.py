"""The part of the wiring that is about who acts on events: a line for each."""

from __future__ import annotations

from functools import partial

from app.services.event_readers import EventReader, EventReaders
from app.services.forwarding.reader import ForwardingReader
from app.services.links.finished_reader import FinishedReader
from app.services.links.progress import Progress
from app.services.received.bin_reader import BinReader
from app.services.received.looks_reader import LooksReader
from app.services.receiving.removal_reader import RemovalReader
from app.storage.sql.events import SQLEvents
from app.storage.sql.progress import SQLProgress
from app.storage.sql.reminders import SQLReminders
from app.wiring.ground import Ground
from app.wiring.links import Links
from app.wiring.received import Received
from app.wiring.receiving import Receiving


def build_readers(
    ground: Ground, links: Links, receiving: Receiving, received: Received, *others: EventReader
) -> EventReaders:
    readers: list[EventReader] = [
        ForwardingReader(ground.requests, ground.outbox),
        RemovalReader(ground.requests, receiving.undo, ground.clock),
        BinReader(received.bin, ground.clock),
        received.renames,
        LooksReader(received.looks, ground.clock),
        FinishedReader(ground.requests, _progress(ground, links)),
        *others,
    ]
    return EventReaders(SQLEvents(ground.catalogue), readers, partial(ground.catalogue.alone, wait=False), ground.bell)


def _progress(ground: Ground, links: Links) -> Progress:
    asked, store = SQLReminders(ground.catalogue), SQLProgress(ground.catalogue)
    return Progress(ground.requests, ground.parties, asked, store, links.finishing)
