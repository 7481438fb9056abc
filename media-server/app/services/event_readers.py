"""EventReaders: those who act on what happened, each at its own pace and without a word in the code that makes it happen.

A reader is told every event at least once, in order, under an id by which it knows one that it has been told before. It is
woken when something happens in its own process, and looks every second for what happened in others. How far it got is kept
with the events, so that a crash is nothing but a reader that is behind. Of all processes one at a time runs a reader.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Protocol

from app.core.errors import Busy, StorageFull
from app.core.events import Event, EventStore

LOOK_EVERY_SECONDS = 0.6
"""With the two below a second: no reader is told later than that, also of what a process elsewhere did."""
FRESH_SECONDS = 0.2
"""How old an answer may be to what all readers of a process ask, unless something happened here since."""
REST_SECONDS = 0.2
"""How long a reader rests after each look: of what follows each other closely it is told together."""
AGAIN_SECONDS = 5.0
"""How long a reader is left alone after it failed."""
EVENTS_AT_ONCE = 100
EVENTS_KEPT_SECONDS = 7 * 24 * 3600
"""How long events are kept that every reader is done with, for those who look into what happened."""

log = logging.getLogger("droppr.events")


class EventReader(Protocol):
    """Acts on events. Being told one twice changes nothing more."""

    name: str
    """What its place is kept under, for ever: another name is another reader, which begins with the oldest event."""

    def handle(self, events: Sequence[Event]) -> None:
        """Act on some events, in their order. What it raises is logged, and all of them are told again some seconds later."""
        ...


class Bell:
    """Wakes all who wait for it. Safe from any thread."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._times = 0
        self._told: list[Callable[[], None]] = []

    def ring(self) -> None:
        with self._rung:
            self._times += 1
            self._rung.notify_all()
        for call in self._told:
            call()

    def tell(self, call: Callable[[], None]) -> None:
        """Call this whenever it is rung, in the thread that rings."""
        self._told.append(call)

    def wait(self, heard: int, seconds: float) -> int:
        """Wait until it was rung more often than ``heard``, or so long; how often it was rung."""
        with self._rung:
            self._rung.wait_for(lambda: self._times > heard, seconds)
            return self._times


class EventReaders:
    """Tells readers what happened. ``alone`` lets one process at a time have a name, and raises Busy to the others."""

    def __init__(
        self,
        events: EventStore,
        readers: Sequence[EventReader],
        alone: Callable[[str], AbstractContextManager[None]],
        bell: Bell,
    ) -> None:
        """``bell`` is rung whenever something happened."""
        self._events = events
        self._readers = readers
        self._alone = alone
        self._bell = bell
        self._passed: dict[str, int] = {}
        """How far each reader had got when this process looked last."""
        self._looking = threading.Lock()
        self._looked = -FRESH_SECONDS, 0, 0
        """When all were looked for, how often the bell had been rung by then, and the newest event."""

    def start(self) -> None:
        """Run every reader in a thread of its own, for as long as this process lives."""
        for reader in self._readers:
            threading.Thread(target=self._run, args=[reader], name=f"reader-{reader.name}", daemon=True).start()

    def ring_for(self, call: Callable[[], None]) -> None:
        """Call this whenever something happened in this process, in the thread that made it happen: it takes no time and raises
        nothing."""
        self._bell.tell(call)

    def newest(self) -> int:
        """A number that is another one once anything has happened. Raises Busy."""
        return self._events.newest()

    def catch_up(self) -> int:
        """Tell every reader all that it has not been told; how many events that were. A reader that another process runs
        is passed over."""
        return sum(self._tell(reader, self._events.newest) for reader in self._readers)

    def prune(self, now: float) -> int:
        """Remove events that are old and that every reader is done with; how many."""
        return self._events.prune(now - EVENTS_KEPT_SECONDS, [reader.name for reader in self._readers])

    def _run(self, reader: EventReader) -> None:
        rest, heard = threading.Event(), 0
        while True:
            heard = self._bell.wait(heard, LOOK_EVERY_SECONDS)
            try:
                self._tell(reader, partial(self._lately_newest, heard))
                rest.wait(REST_SECONDS)
            except Exception:  # the last line of defence of a thread that must go on
                log.exception("events could not be acted on", extra={"reader": reader.name})
                rest.wait(AGAIN_SECONDS)

    def _lately_newest(self, heard: int) -> int:
        """The newest event, for all readers of this process together; with all that happened here until the bell was ``heard``."""
        with self._looking:
            at, had_heard, newest = self._looked
            now = time.monotonic()
            if heard > had_heard or now - at >= FRESH_SECONDS:
                newest = self._events.newest()
                self._looked = now, max(heard, had_heard), newest
            return newest

    def _tell(self, reader: EventReader, newest: Callable[[], int]) -> int:
        """Tell a reader what there is; how many events."""
        told = 0
        with suppress(Busy, StorageFull):  # Another process runs it, or the next look does more.
            until = newest()
            # Mostly there is nothing, and then no lock is taken.
            while self._is_behind(reader, until):
                with self._alone(f"reader {reader.name}"):
                    some = self._tell_some(reader)
                told += some
                if not some:
                    break
        return told

    def _is_behind(self, reader: EventReader, newest: int) -> bool:
        # Another number, even a lower one, as of a database that was put back, has it asked how far it has got.
        if self._passed.get(reader.name) != newest:
            self._passed[reader.name] = self._events.cursor(reader.name)
        return self._passed[reader.name] < newest

    def _tell_some(self, reader: EventReader) -> int:
        events = self._events.after(self._events.cursor(reader.name), EVENTS_AT_ONCE)
        if events:
            reader.handle(events)
            self._events.passed(reader.name, events[-1].id)
            self._passed[reader.name] = events[-1].id
        return len(events)
