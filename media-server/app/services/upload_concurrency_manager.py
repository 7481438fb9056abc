"""UploadConcurrencyManager: how many uploads are received at once, by everyone and by each user, and who is next.

An *upload* takes a place with its first chunk and keeps it until it is finished, refused or cancelled, until nothing
came of it for ``idle`` seconds, or, while others wait, until its turn is over or too little comes. Files that fit into one chunk take none:
they are over with their one request. A *user* is one address on one link.

Places are rows of a table that all worker processes share. A process holds the row of every upload it receives chunks
of, so a killed process frees what only it held, at once and by the kernel's hand. A chunk of an upload that this
process holds already costs a look into a dictionary.

Nobody waits on a thread. Who finds no place is sent away with ``Retry-After`` and gets a ticket, and the order of
tickets decides who is let in when somebody comes back (``core/fair_queue.py``).
"""

from __future__ import annotations

import hashlib
import logging
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.core.errors import Busy, UploadError
from app.core.fair_queue import Ticket, in_order, position
from app.services.memory_monitor import MemoryMonitor
from app.services.upload_slots import Limits, Place
from app.storage.disk.host_table import HostTable
from app.storage.disk.waiting_list import MOST, WaitingList

log = logging.getLogger("droppr.parallel")

ROW = struct.Struct("<64s16s16sd")
"""An upload's id, its digest, its user's digest, and since when it has its place."""
LIMITED = "Upload limit exceeded or insufficient resources"
LONGEST_WAIT = 15
"""The most seconds a waiting sender is asked to stay away."""
SHORTEST_TURN = 16
"""Chunks an upload may send in its turn, however long that takes: a refused chunk is sent in vain."""
_WAIT_FOR_OWN = 2
"""Seconds to stay away for a user whose own uploads are in the way."""
_LOOK_AGAIN = 1.0
MOMENT = 2.0
"""Seconds for which an upload counts as being received after its last chunk."""


@dataclass(frozen=True, slots=True)
class Running:
    """One upload that has a place; ``seconds`` since it took it."""

    upload_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an upload may not go on now, None where it may; and whether it had a ticket."""

    busy: Busy | None
    waited: bool


@dataclass(frozen=True, slots=True)
class Occupied:
    index: int
    upload: bytes
    user: bytes
    upload_id: str
    since: float


class UploadConcurrencyManager:
    """Lets uploads in. Safe from any number of threads; processes agree through the table ``places``."""

    def __init__(
        self,
        places: HostTable,
        waiting: WaitingList,
        memory: MemoryMonitor,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self._places = places
        self._waiting = waiting
        self._memory = memory
        self._clock = clock
        self._lock = threading.Lock()
        self._mine: dict[str, Place] = {}
        self._crowded = (-_LOOK_AGAIN, False)

    @contextmanager
    def opening(self, upload_id: str, user: str, size: int, token: str | None = None) -> Iterator[None]:
        """Let a sender open an upload. Raises Busy when it could not be received now, before any byte is sent in vain.

        ``token`` names what is opened where the sender could not name it: it stays the same when it is tried again.
        Who has waited for it keeps the place for what is opened.
        """
        if size <= self.limits.small:
            yield
            return
        upload, person = digest(token or upload_id), digest(user)
        with self._places.alone():
            occupied = self._occupied()
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
    def receiving(self, upload_id: str, user: str, size: int, *, begun: bool, arrived: bool = False) -> Iterator[Place]:
        """Hold a place while a chunk of an upload of ``size`` bytes is received. Raises Busy when there is none.

        ``begun`` uploads go on when memory is short. Bytes that have ``arrived`` before we were asked are not thrown
        away for want of a place, unless the upload is one of those that wait. Nothing more comes of a place that is
        marked as done.
        """
        if size <= self.limits.small:
            yield Place(upload_id, None, 0)
            return
        place = self._entered(upload_id, user, begun, arrived)
        try:
            yield place
        finally:
            self._leave(place)

    def receiving_here(self) -> int:
        """Of how many uploads with a place this process receives a chunk, or did a moment ago: nginx holds a chunk while it comes, and
        hands it over in no time."""
        since = self._clock() - MOMENT
        with self._lock:
            return sum(bool(each.active) or each.used_at > since for each in self._mine.values())

    def finished(self, upload_id: str) -> None:
        """Free the place of an upload that is over, in all processes. Nothing happens when it has none."""
        with self._lock:
            place = self._mine.pop(upload_id, None)
        upload = digest(upload_id)
        with self._places.alone():
            for each in self._occupied():
                if each.upload == upload:
                    self._places.write(each.index, bytes(ROW.size))
        if place is not None:
            self._let_go(place)

    def sweep(self) -> None:
        """Free the places of uploads of which nothing comes any more; called every second or so."""
        self._places.make()
        crowded, now = self._is_crowded(), self._clock()
        with self._lock:
            for place in self._mine.values():
                place.judge(now, self.limits.floor)
            # A slow one that is inside goes on beside the limit.
            idle = [each for each in self._mine.values() if self._is_idle(each, crowded) or (crowded and each.is_slow)]
            for place in idle:
                del self._mine[place.upload_id]
        for place in idle:
            self._let_go(place)

    def running(self) -> list[Running]:
        """The uploads that have a place, the oldest first."""
        with self._places.alone():
            occupied = sorted(self._occupied(), key=lambda each: each.since)
        now = self._clock()
        return [Running(each.upload_id, now - each.since) for each in occupied]

    def waiting(self) -> int:
        """How many uploads wait for a place."""
        with self._places.alone():
            return len(self._waiting.read(self._clock())[0])

    def _entered(self, upload_id: str, user: str, begun: bool, arrived: bool) -> Place:
        with self._lock:
            place = self._mine.get(upload_id)
            if place is not None and not place.is_over and not self._turn_is_over(place):
                place.active += 1
                place.chunks += 1
                return place
            if place is not None and not place.active:
                del self._mine[upload_id]
        if place is not None and not place.active:
            self._let_go(place)
        return self._claimed(upload_id, user, begun, arrived)

    def _claimed(self, upload_id: str, user: str, begun: bool, arrived: bool) -> Place:
        upload, person = digest(upload_id), digest(user)
        with self._places.alone():
            occupied = self._occupied()
            found = next((each for each in occupied if each.upload == upload), None)
            if found is not None and not self._is_leaving(upload_id, found):
                self._places.hold(found.index)
                return self._enter(Place(upload_id, found.index, found.since))
            others = [each for each in occupied if each is not found]
            verdict = self._judge(upload, person, others, begun=begun, keep=not arrived)
            if verdict.busy is None and found is not None:
                return self._enter(self._renewed(upload_id, person, found))
            if verdict.busy is None:
                place = self._take(upload_id, upload, person, occupied, begun=begun)
            elif arrived and not verdict.waited and found is None:
                place = Place(upload_id, None, self._clock())
            else:
                raise verdict.busy
            if verdict.waited:
                self._forget_ticket(upload)
            return self._enter(place)

    def _renewed(self, upload_id: str, user: bytes, found: Occupied) -> Place:
        """The place of an upload whose turn was over, for another turn: nobody else has come for it."""
        now = self._clock()
        self._places.hold(found.index)
        self._places.write(found.index, ROW.pack(upload_id.encode()[:64], found.upload, user, now))
        self._forget_ticket(found.upload)
        with self._lock:
            place = self._mine.setdefault(upload_id, Place(upload_id, found.index, now))
            place.since, place.chunks, place.is_over = now, 0, False
        return place

    def _is_leaving(self, upload_id: str, found: Occupied) -> bool:
        """Whether the turn of an upload that has a place is over, here or in another process."""
        with self._lock:
            place = self._mine.get(upload_id)
            if place is not None:
                return place.is_over
        return self._clock() - found.since >= self.limits.turn and self._is_crowded()

    def _enter(self, place: Place) -> Place:
        with self._lock:
            place = self._mine.setdefault(place.upload_id, place) if place.index is not None else place
            place.active += 1
            place.chunks += 1
        return place

    def _leave(self, place: Place) -> None:
        with self._lock:
            place.active -= 1
            place.used_at = self._clock()
            leaves = place.is_over and not place.active and self._mine.get(place.upload_id) is place
            if leaves:
                del self._mine[place.upload_id]
        if place.is_done:
            self.finished(place.upload_id)
        elif leaves:
            self._let_go(place)

    def _turn_is_over(self, place: Place) -> bool:
        if place.chunks < SHORTEST_TURN or self._clock() - place.since < self.limits.turn:
            return False
        looked_at, crowded = self._crowded
        if self._clock() - looked_at >= _LOOK_AGAIN:
            # Not under the table's lock: a list that is being written reads as one or the other.
            crowded = self._is_crowded()
            self._crowded = self._clock(), crowded
        place.is_over = crowded
        return crowded

    def _is_crowded(self) -> bool:
        """Whether anybody waits who has not given up."""
        now = self._clock()
        return any(not each.is_late(now) for each in self._waiting.read(now)[0])

    def _is_idle(self, place: Place, crowded: bool) -> bool:
        now = self._clock()
        unused = now - place.used_at
        # Once its turn is over, a process of which it makes no use must not keep its place for another.
        over = crowded and unused >= _LOOK_AGAIN and now - place.since >= self.limits.turn
        return not place.active and (unused >= self.limits.idle or over)

    def _occupied(self) -> list[Occupied]:
        found = []
        for index, row in enumerate(self._places.read()):
            upload_id, upload, user, since = ROW.unpack(row)
            if since and self._places.is_held(index):
                found.append(Occupied(index, upload, user, upload_id.rstrip(b"\0").decode(), since))
        return found

    def _judge(
        self, upload: bytes, user: bytes, occupied: list[Occupied], *, begun: bool, keep: bool = True
    ) -> Verdict:
        """Whether an upload may go on now. With ``keep``, and where it waited before, its ticket is noted if it may not."""
        if not begun:
            self._memory.check()
        now = self._clock()
        tickets, number = self._waiting.read(now)
        mine = next((each for each in tickets if each.upload == upload), None)
        others = [each for each in tickets if each is not mine]
        asking = mine or Ticket(upload, user, number, now, 0)
        order = in_order([*others, asking], Counter(each.user for each in occupied), self.limits.per_user)
        before = position(upload, order, now)
        free = self.limits.places - len(occupied)
        if before is not None and before < free:
            return Verdict(None, waited=mine is not None)
        reason, wait = ("user", _WAIT_FOR_OWN) if before is None else ("places", self._wait(before - free))
        if mine or (keep and self._may_wait(user, tickets)):
            self._waiting.write([*others, replace(asking, seen=now, wait=wait)], number + (mine is None))
        log.debug("PARALLEL upload sent away", extra={"reason": reason, "before": before, "waiting": len(tickets)})
        return Verdict(Busy(LIMITED, reason=reason, retry_after=wait), waited=mine is not None)

    def _may_wait(self, user: bytes, tickets: list[Ticket]) -> bool:
        """A user who opens thousands of files must not fill the list; more tickets than places gain nothing."""
        own = sum(1 for each in tickets if each.user == user)
        return len(tickets) < MOST and own < max(8, 2 * self.limits.per_user)

    def _wait(self, before: int) -> int:
        """Seconds to stay away: soon where few are before, later where many are."""
        return min(LONGEST_WAIT, 1 + before // self.limits.places)

    def _forget_ticket(self, upload: bytes) -> None:
        tickets, number = self._waiting.read(self._clock())
        if any(each.upload == upload for each in tickets):
            self._waiting.write([each for each in tickets if each.upload != upload], number)

    def _take(self, upload_id: str, upload: bytes, user: bytes, occupied: list[Occupied], *, begun: bool) -> Place:
        """Occupy a free row, and reserve the memory. Raises Busy when memory is short, unless it has begun."""
        taken = {each.index for each in occupied}
        index = next(each for each in range(self.limits.places) if each not in taken)
        try:
            reservation = self._memory.reserve(self.limits.memory)
        except Busy:
            if not begun:
                raise
            reservation = None
        now = self._clock()
        self._places.hold(index)
        self._places.write(index, ROW.pack(upload_id.encode()[:64], upload, user, now))
        log.debug("PARALLEL upload let in", extra={"running": len(occupied) + 1, "limit": self.limits.places})
        place = Place(upload_id, index, now, reservation, used_at=now)
        with self._lock:
            self._mine[upload_id] = place
        return place

    def _let_go(self, place: Place) -> None:
        with self._places.alone(), self._lock:
            # The row may be another upload's by now, of which this process receives chunks as well.
            if place.index is not None and all(each.index != place.index for each in self._mine.values()):
                self._places.let_go(place.index)
        if place.reservation is not None:
            place.reservation.release()


def user_of(hash: str, client: str) -> str:
    """The user that limits count: a client's address on a link."""
    return f"{hash} {client}"


def digest(text: str) -> bytes:
    """Sixteen bytes that stand for ``text``."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
