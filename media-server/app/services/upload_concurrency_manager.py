"""UploadConcurrencyManager: how many uploads are received at once, by everyone and by each user, and who is next.

An *upload* takes a slot with its first chunk and keeps it until it is finished, refused or cancelled, until nothing
came of it for ``idle`` seconds, or, while others wait, until its turn is over or too little comes. Files that fit into one chunk take none:
they are over with their one request. A *user* is one address on one link.

Slots are rows of a table that all worker processes share. A process holds the row of every upload it receives chunks
of, so a killed process frees what only it held, at once and by the kernel's hand. A chunk of an upload that this
process holds already costs a look into a dictionary.

Nobody waits on a thread. Who finds no slot is sent away with ``Retry-After`` and gets a ticket, and the order of
tickets decides who is let in when somebody comes back (``core/fair_queue.py``).

Locks, in the only order in which they may be taken:

1. ``_places.locked()``, among all processes: which upload has which slot, and every change of the tickets.
2. ``_lock``, among the threads of this process: ``_mine``, the slots of which this process holds the rows.
3. What the waiting list and the memory monitor lock for themselves, in each of their calls.

A chunk of an upload in ``_mine`` takes ``_lock`` alone, and the waiting list's lock once a second when its time is up: for these
microseconds the threads of this process wait for another process that writes the list.

An upload is in ``_mine`` as long as this process holds its row, but for the moments inside a call. A row that is held by nobody in
``_mine`` would be taken from all until this process ends; an entry whose row is not held would let in more uploads than there are
slots. A waiting list that is changed without the first lock loses tickets, and with them the order.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from app.core.errors import Busy, StorageFull, UploadError
from app.core.fair_queue import MAX_TICKETS, Ticket, in_order, position
from app.core.ports.places import Places, TakenSlot
from app.services.memory_monitor import MemoryMonitor
from app.services.upload_slots import Limits, UploadSlot

log = logging.getLogger("droppr.parallel")

LIMITED = "Upload limit exceeded or insufficient resources"
MAX_WAIT_SECONDS = 15
"""The most seconds a waiting sender is asked to stay away."""
MIN_TURN_CHUNKS = 16
"""An upload may send at least this many chunks before its turn can end, even if its time is up. Otherwise slow senders would
upload chunks only to have them refused."""
_OWN_WAIT_SECONDS = 2
"""Seconds to stay away for a user whose own uploads are in the way."""
_FRESH_SECONDS = 1.0
RECEIVING_SECONDS = 2.0
"""Seconds for which an upload counts as being received after its last chunk."""


@dataclass(frozen=True, slots=True)
class Running:
    """One upload that has a slot; ``seconds`` since it took it."""

    upload_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an upload may not go on now, None where it may; and whether it had a ticket."""

    busy: Busy | None
    waited: bool


class UploadConcurrencyManager:
    """Lets uploads in. Safe from any number of threads; processes agree through ``places``."""

    def __init__(self, places: Places, memory: MemoryMonitor, limits: Limits) -> None:
        self.limits = limits
        self._places = places
        self._memory = memory
        self._clock = places.clock
        self._lock = threading.Lock()
        self._mine: dict[str, UploadSlot] = {}
        self._left: set[int] = set()
        """Rows that this process still holds for uploads that are not in ``_mine`` any more, as the table was away."""
        self._crowded = (-_FRESH_SECONDS, False)

    @contextmanager
    def opening(self, upload_id: str, user: str, size: int, token: str | None = None) -> Iterator[None]:
        """Let a sender open an upload. Raises Busy when it could not be received now, before any byte is sent in vain.

        ``token`` names what is opened where the sender could not name it: it stays the same when it is tried again.
        Who has waited for it keeps the slot for what is opened.
        """
        if size <= self.limits.small:
            yield
            return
        upload, person = digest(token or upload_id), digest(user)
        with self._places.locked():
            occupied = self._places.taken()
            verdict = self._judge(upload, person, occupied, begun=False)
            if verdict.busy is not None:
                raise verdict.busy
            if verdict.waited or self.limits.when_opened:
                self._take(upload_id, digest(upload_id), person, occupied, begun=False)
            if verdict.waited:
                self._forget_ticket(upload)
        try:
            yield
        except UploadError:
            self.finished(upload_id)
            raise

    @contextmanager
    def receiving(
        self, upload_id: str, user: str, size: int, *, begun: bool, arrived: bool = False
    ) -> Iterator[UploadSlot]:
        """Hold a slot while a chunk of an upload of ``size`` bytes is received. Raises Busy when there is none.

        ``begun`` uploads go on when memory is short. Bytes that have ``arrived`` before we were asked are not thrown
        away for want of a slot, unless the upload is one of those that wait. Nothing more comes of a slot that is
        marked as done.
        """
        if size <= self.limits.small:
            yield UploadSlot(upload_id, None, 0)
            return
        slot = self._entered(upload_id, user, begun, arrived)
        try:
            yield slot
        finally:
            self._leave(slot)

    def receiving_here(self) -> int:
        """Of how many uploads with a slot this process receives a chunk, or did a moment ago: nginx holds a chunk while it comes, and
        hands it over in no time."""
        since = self._clock() - RECEIVING_SECONDS
        with self._lock:
            return sum(bool(each.active) or each.used_at > since for each in self._mine.values())

    def finished(self, upload_id: str) -> None:
        """Free the slot of an upload that is over, in all processes. Nothing happens when it has none. Raises nothing: where the table is
        away, other processes keep the slot until they have made no use of it for ``idle`` seconds."""
        with self._lock:
            slot = self._mine.pop(upload_id, None)
        upload = digest(upload_id)
        with suppress(Busy, StorageFull), self._places.locked():
            for each in self._places.taken():
                if each.upload == upload:
                    self._places.clear(each.index)
        self._let_go([slot] if slot else [])

    def sweep(self) -> None:
        """Free the slots of uploads of which nothing comes any more; called every second or so.

        An upload that ended in another process has lost its slot there; the memory that this one reserved for it is given back here.
        Raises StorageFull, Busy: what is left then the next one frees.
        """
        self._places.make()
        crowded, now = self._is_crowded(), self._clock()
        with self._lock:
            for slot in self._mine.values():
                slot.judge(now, self.limits.floor)
            # A slow one that is inside goes on beside the limit.
            left = [each for each in self._mine.values() if self._is_idle(each, crowded) or (crowded and each.is_slow)]
            for slot in left:
                del self._mine[slot.upload_id]
        self._let_go(left)
        self._let_go(self._ended_elsewhere())

    def _ended_elsewhere(self) -> list[UploadSlot]:
        """The slots of this process whose upload has none any more, taken out; one with chunks under way stays until they are in."""
        if not self._mine:
            return []
        with self._places.locked():
            taken = {each.upload for each in self._places.taken()}
            with self._lock:
                ended = [
                    each for each in self._mine.values() if not each.active and digest(each.upload_id) not in taken
                ]
                for slot in ended:
                    del self._mine[slot.upload_id]
        return ended

    def running(self) -> list[Running]:
        """The uploads that have a slot, the oldest first."""
        with self._places.locked():
            occupied = sorted(self._places.taken(), key=lambda each: each.since)
        now = self._clock()
        return [Running(each.upload_id, now - each.since) for each in occupied]

    def waiting(self) -> int:
        """How many uploads wait for a slot."""
        with self._places.locked():
            return len(self._places.tickets()[0])

    def _entered(self, upload_id: str, user: str, begun: bool, arrived: bool) -> UploadSlot:
        with self._lock:
            slot = self._mine.get(upload_id)
            if slot is not None and not slot.is_over and not self._turn_is_over(slot):
                slot.active += 1
                slot.chunks += 1
                return slot
            if slot is not None and not slot.active:
                del self._mine[upload_id]
        if slot is not None and not slot.active:
            self._let_go([slot])
        return self._claimed(upload_id, user, begun, arrived)

    def _claimed(self, upload_id: str, user: str, begun: bool, arrived: bool) -> UploadSlot:
        entered: UploadSlot | None = None
        try:
            with self._places.locked():
                entered = self._enter(self._let_in(upload_id, user, begun, arrived))
        except (Busy, StorageFull):
            # The table went away with what was about to be written.
            if entered is not None:
                self._leave(entered)
            raise
        return entered

    def _let_in(self, upload_id: str, user: str, begun: bool, arrived: bool) -> UploadSlot:
        upload, person = digest(upload_id), digest(user)
        occupied = self._places.taken()
        found = next((each for each in occupied if each.upload == upload), None)
        if found is not None and not self._is_leaving(upload_id, found):
            self._places.hold(found.index)
            return UploadSlot(upload_id, found.index, found.since)
        others = [each for each in occupied if each is not found]
        verdict = self._judge(upload, person, others, begun=begun, keep=not arrived)
        if verdict.busy is None and found is not None:
            return self._renewed(upload_id, person, found)
        if verdict.busy is None:
            slot = self._take(upload_id, upload, person, occupied, begun=begun)
        elif arrived and not verdict.waited and found is None:
            slot = UploadSlot(upload_id, None, self._clock())
        else:
            raise verdict.busy
        if verdict.waited:
            self._forget_ticket(upload)
        return slot

    def _renewed(self, upload_id: str, user: bytes, found: TakenSlot) -> UploadSlot:
        """The slot of an upload whose turn was over, for another turn: nobody else has come for it."""
        now = self._clock()
        self._places.take(TakenSlot(found.index, found.upload, user, upload_id, now))
        self._forget_ticket(found.upload)
        with self._lock:
            slot = self._mine.setdefault(upload_id, UploadSlot(upload_id, found.index, now))
            slot.since, slot.chunks, slot.is_over = now, 0, False
        return slot

    def _is_leaving(self, upload_id: str, found: TakenSlot) -> bool:
        """Whether the turn of an upload that has a slot is over, here or in another process."""
        with self._lock:
            slot = self._mine.get(upload_id)
            if slot is not None:
                return slot.is_over
        return self._clock() - found.since >= self.limits.turn and self._is_crowded()

    def _enter(self, slot: UploadSlot) -> UploadSlot:
        with self._lock:
            slot = self._mine.setdefault(slot.upload_id, slot) if slot.index is not None else slot
            slot.active += 1
            slot.chunks += 1
        return slot

    def _leave(self, slot: UploadSlot) -> None:
        with self._lock:
            slot.active -= 1
            slot.used_at = self._clock()
            leaves = slot.is_over and not slot.active and self._mine.get(slot.upload_id) is slot
            if leaves:
                del self._mine[slot.upload_id]
        if slot.is_done:
            self.finished(slot.upload_id)
        elif leaves:
            self._let_go([slot])

    def _turn_is_over(self, slot: UploadSlot) -> bool:
        if slot.chunks < MIN_TURN_CHUNKS or self._clock() - slot.since < self.limits.turn:
            return False
        looked_at, crowded = self._crowded
        if self._clock() - looked_at >= _FRESH_SECONDS:
            # Not under the table's lock: a list that is being written reads as one or the other.
            crowded = self._is_crowded()
            self._crowded = self._clock(), crowded
        slot.is_over = crowded
        return crowded

    def _is_crowded(self) -> bool:
        """Whether anybody waits who has not given up."""
        now = self._clock()
        return any(not each.is_late(now) for each in self._places.tickets()[0])

    def _is_idle(self, slot: UploadSlot, crowded: bool) -> bool:
        now = self._clock()
        unused = now - slot.used_at
        # Once its turn is over, a process of which it makes no use must not keep its slot for another.
        over = crowded and unused >= _FRESH_SECONDS and now - slot.since >= self.limits.turn
        return not slot.active and (unused >= self.limits.idle or over)

    def _judge(
        self, upload: bytes, user: bytes, occupied: list[TakenSlot], *, begun: bool, keep: bool = True
    ) -> Verdict:
        """Whether an upload may go on now. With ``keep``, and where it waited before, its ticket is noted if it may not."""
        if not begun:
            self._memory.check()
        now = self._clock()
        tickets, number = self._places.tickets()
        mine = next((each for each in tickets if each.upload == upload), None)
        others = [each for each in tickets if each is not mine]
        asking = mine or Ticket(upload, user, number, now, 0)
        order = in_order([*others, asking], Counter(each.user for each in occupied), self.limits.per_user)
        before = position(upload, order, now)
        free = self.limits.slots - len(occupied)
        if before is not None and before < free:
            return Verdict(None, waited=mine is not None)
        reason, wait = ("user", _OWN_WAIT_SECONDS) if before is None else ("places", self._wait(before - free))
        if mine or (keep and self._may_wait(user, tickets)):
            self._places.keep_tickets([*others, replace(asking, seen=now, wait=wait)], number + (mine is None))
        log.debug("PARALLEL upload sent away", extra={"reason": reason, "before": before, "waiting": len(tickets)})
        return Verdict(Busy(LIMITED, reason=reason, retry_after=wait), waited=mine is not None)

    def _may_wait(self, user: bytes, tickets: list[Ticket]) -> bool:
        """A user who opens thousands of files must not fill the list; more tickets than slots gain nothing."""
        own = sum(1 for each in tickets if each.user == user)
        return len(tickets) < MAX_TICKETS and own < max(8, 2 * self.limits.per_user)

    def _wait(self, before: int) -> int:
        """Seconds to stay away: soon where few are before, later where many are."""
        return min(MAX_WAIT_SECONDS, 1 + before // self.limits.slots)

    def _forget_ticket(self, upload: bytes) -> None:
        tickets, number = self._places.tickets()
        if any(each.upload == upload for each in tickets):
            self._places.keep_tickets([each for each in tickets if each.upload != upload], number)

    def _take(
        self, upload_id: str, upload: bytes, user: bytes, occupied: list[TakenSlot], *, begun: bool
    ) -> UploadSlot:
        """Occupy a free row, and reserve the memory. Raises Busy when memory is short, unless it has begun."""
        taken = {each.index for each in occupied}
        index = next(each for each in range(self.limits.slots) if each not in taken)
        try:
            reservation = self._memory.reserve(self.limits.memory)
        except Busy:
            if not begun:
                raise
            reservation = None
        now = self._clock()
        try:
            self._places.take(TakenSlot(index, upload, user, upload_id, now))
        except BaseException:
            if reservation is not None:
                reservation.release()
            raise
        log.debug("PARALLEL upload let in", extra={"running": len(occupied) + 1, "limit": self.limits.slots})
        slot = UploadSlot(upload_id, index, now, reservation, used_at=now)
        with self._lock:
            self._mine[upload_id] = slot
        return slot

    def _let_go(self, slots: Sequence[UploadSlot]) -> None:
        """Give back what this process has for uploads that are not in ``_mine`` any more, and what it could not give back before. Raises
        nothing."""
        for slot in slots:
            if slot.reservation is not None:
                slot.reservation.release()
        with self._lock:
            left, self._left = self._left | {each.index for each in slots if each.index is not None}, set()
        if not left:
            return
        try:
            with self._places.locked(), self._lock:
                # A row may be another upload's by now, of which this process receives chunks as well.
                for index in left.difference(each.index for each in self._mine.values()):
                    self._places.release(index)
        except (Busy, StorageFull):
            with self._lock:
                self._left |= left


def user_of(hash: str, client: str) -> str:
    """The user that limits count: a client's address on a link."""
    return f"{hash} {client}"


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for ``text``."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
