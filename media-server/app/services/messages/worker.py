"""MessageWorker: closes batches and hands messages over, in the one process of an installation that leads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from app.core.errors import Busy, StorageFull
from app.core.messages import AT_ONCE, Channel, Message, Outcome
from app.core.ports.guards import Clock
from app.core.ports.messages import MessageStore
from app.core.ports.shared import Leader
from app.services.event_readers import Bell
from app.services.messages.closing import Closing
from app.services.messages.delivery import Delivery
from app.services.operations.threads import DaemonThreads

LOOK_EVERY_SECONDS = 1.0
REST_SECONDS = 0.1
PRUNE_EVERY_SECONDS = 3600.0
HOOKS_AT_ONCE = 8
MOST_REST_SECONDS = 300.0

log = logging.getLogger("droppr.messages")


class MessageWorker:
    """Looks every second, and at once when ``bell`` is rung. One message of a lane is tried at a time, so whoever is slow holds up
    nobody else; and a lane of which nothing is taken rests for longer and longer, so that it does not hold all threads either."""

    def __init__(
        self,
        *,
        store: MessageStore,
        closing: Closing,
        delivery: Delivery,
        leader: Leader,
        clock: Clock,
        bell: Bell,
        prune: Callable[[], object],
        remind: Callable[[], object] = lambda: None,
    ) -> None:
        """``prune`` is called in the leader at its start and every hour, ``remind`` with each look."""
        self._store = store
        self._closing = closing
        self._delivery = delivery
        self._leader = leader
        self._clock = clock
        self._bell = bell
        self._prune = prune
        self._remind = remind
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._failed: dict[str, tuple[int, float]] = {}
        """Lanes of which nothing was taken: how often in a row, and until when they rest, by a clock that nobody sets."""
        self._threads = {
            Channel.MAIL: DaemonThreads(1, "mail"),
            Channel.WEBHOOK: DaemonThreads(HOOKS_AT_ONCE, "webhook"),
        }

    def start(self) -> None:
        """Take part in the election of the leader, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name="messages", daemon=True).start()

    def look(self) -> None:
        """Close what is due, remind whom it is time to, and begin with whatever may be tried now."""
        self._closing.close_due()
        self._remind()
        for message in self._store.due(self._clock(), 1):
            with self._lock:
                if message.lane in self._running or self._rests(message):
                    continue
                self._running.add(message.lane)
            self._threads[message.channel].submit(partial(self._one, message))

    def deliver(self, message: Message) -> None:
        """Try one message, and note how its lane fares. Raises Busy, StorageFull."""
        answer = self._delivery.deliver(message)
        with self._lock:
            if not answer.of_all or answer.outcome is Outcome.TAKEN:
                self._failed.pop(message.lane, None)
                return
            times = self._failed.get(message.lane, (0, 0.0))[0] + 1
            self._failed[message.lane] = times, time.monotonic() + min(MOST_REST_SECONDS, 2.0 ** min(times, 16))

    def _rests(self, message: Message) -> bool:
        # What its owner asks for is tried at once.
        return message.next_at != AT_ONCE and time.monotonic() < self._failed.get(message.lane, (0, 0.0))[1]

    def _one(self, message: Message) -> None:
        try:
            self.deliver(message)
        except (Busy, StorageFull):
            pass  # It is noted with the next look.
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("a message could not be handed over", extra={"message_id": message.id})
        finally:
            with self._lock:
                self._running.discard(message.lane)
            self._bell.ring()

    def _run(self) -> None:
        while True:
            self._leader.wait()
            self._lead()

    def _lead(self) -> None:
        rest, heard, pruned_at = threading.Event(), 0, -PRUNE_EVERY_SECONDS
        while self._leader.leads():
            heard = self._bell.wait(heard, LOOK_EVERY_SECONDS)
            self._logged(self.look)
            if time.monotonic() - pruned_at >= PRUNE_EVERY_SECONDS:
                pruned_at = time.monotonic()
                self._logged(self._prune)
            rest.wait(REST_SECONDS)

    @staticmethod
    def _logged(job: Callable[[], object]) -> None:
        try:
            job()
        except (Busy, StorageFull):
            pass  # The next look does more.
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("looking for messages failed")
