"""Slots: which connections may keep a thread waiting for a request's body, and which must give way.

A body that is still on its way holds a thread for as long as its sender likes, so no more than half of a worker's threads
may wait for bodies. Whoever finds no slot waits without a thread, in the order of this page. Three rules:

- *Fair by address.* Of those who wait, whose address holds the fewest slots goes first; no address holds more than half.
- *Proven ones first.* A connection that has brought a body at a good rate goes before those that have brought none, and
  those from an address that had to give way of late go last.
- *Who is slow gives way, but only to somebody who waits.* Below ``SLOW_BYTES_PER_SECOND`` anybody may take a slot away; a connection that
  is proven may do so from those who bring less than an eighth of its own rate. A sender on a slow line is protected by what all
  connections of its address bring together, so that dividing a line into many connections costs nobody their slots.

Pure: no sockets, no threads of its own, the clock comes from outside. Used from one thread.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.core.waiting_room import WaitingThreads

K = TypeVar("K", bound=Hashable)

SLOW_BYTES_PER_SECOND = 16 * 1024
"""Bytes a second below which whoever waits may take a slot away."""
FAST_BYTES_PER_SECOND = 256 * 1024
"""The rate up to which a connection that is proven may do so."""
PROOF_BYTES = 64 * 1024
"""Bytes of a body from which on it proves anything."""
GRACE_SECONDS = 1.0
"""Seconds for which a slot is safe."""
SHORT_GRACE_SECONDS = 0.25
"""The same for those whose address had to give way of late."""
STRUCK_SECONDS = 60.0
_MAX_STRUCK = 4096


@dataclass(slots=True, eq=False)
class Asker:
    """A connection as slots know it. ``address`` is empty for one whose address says nothing, as behind a proxy."""

    address: str
    moved: int = 0
    """Bytes of bodies so far; whoever reads them counts here."""
    rate: float = 0.0
    """Bytes a second of its last body that proves anything; 0 for none."""
    asked_at: float = 0.0
    entered_at: float = 0.0
    reads: bool = False
    """Whether it is the sender who is waited for at this moment, and not the disk."""
    gives_way: bool = False
    """Whether its slot was taken away."""
    moved_on_entry: int = 0
    marks: tuple[tuple[float, int], tuple[float, int]] = field(default=((0.0, 0), (0.0, 0)))
    """Two looks at the clock and at ``moved``, between which the present rate is told."""


class Slots(Generic[K]):
    """``total`` slots, ``each`` of them for one address at most; 0 for no such limit."""

    def __init__(self, total: int, each: int, threads: WaitingThreads, clock: Callable[[], float]) -> None:
        self._total = total
        self._each = each or total
        self._threads = threads
        self._clock = clock
        self._holders: dict[K, Asker] = {}
        self._waiting: OrderedDict[K, Asker] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._struck: OrderedDict[str, float] = OrderedDict()

    @property
    def held(self) -> int:
        return len(self._holders)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ask(self, key: K, asker: Asker) -> None:
        """Wait for a slot."""
        asker.asked_at = self._clock()
        asker.gives_way = False
        self._waiting[key] = asker

    def give_up(self, key: K) -> None:
        """Wait no longer."""
        self._waiting.pop(key, None)

    def late(self, seconds: float) -> list[K]:
        """Who has waited for longer than so many seconds."""
        before = self._clock() - seconds
        return [key for key, asker in self._waiting.items() if asker.asked_at < before]

    def next(self) -> K | None:
        """Let one in that waits, and tell which; None where nobody can be let in."""
        if len(self._holders) >= self._total:
            return None
        possible = [each for each in self._waiting.items() if not self._is_at_limit(each[1])]
        if not possible or not self._threads.reserve():
            return None
        key, asker = min(possible, key=lambda each: self._place(each[1]))
        del self._waiting[key]
        now = self._clock()
        asker.entered_at = now
        asker.moved_on_entry = asker.moved
        asker.marks = ((now, asker.moved), (now, asker.moved))
        self._holders[key] = asker
        self._held[asker.address] += 1
        return key

    def leave(self, key: K) -> None:
        """Give a slot back. Nothing happens when there is none."""
        asker = self._holders.pop(key, None)
        if asker is None:
            return
        self._threads.give_back()
        self._held[asker.address] -= 1
        if not self._held[asker.address]:
            del self._held[asker.address]
        now = self._clock()
        brought = asker.moved - asker.moved_on_entry
        if asker.gives_way:
            asker.rate = 0.0
            self._strike(asker.address, now)
        elif brought >= PROOF_BYTES:
            asker.rate = brought / max(now - asker.entered_at, 0.001)

    def give_way(self) -> list[K]:
        """Those who have to give their slot up now to somebody who waits: at most one for each of these."""
        if not self._waiting:
            return []
        now = self._clock()
        self._mark(now)
        brought: Counter[str] = Counter()
        for asker in self._holders.values():
            brought[asker.address] += round(self._rate(asker, now))
        leaving: list[K] = []
        for asking in sorted(self._waiting.values(), key=self._place):
            # Who goes already makes room for those who came first.
            if sum(each.gives_way for each in self._holders.values()) >= len(self._waiting):
                break
            found = self._slowest_for(asking, brought, now)
            if found is not None:
                self._holders[found].gives_way = True
                leaving.append(found)
        return leaving

    def _slowest_for(self, asking: Asker, brought: Counter[str], now: float) -> K | None:
        limit = max(SLOW_BYTES_PER_SECOND, min(asking.rate / 8, FAST_BYTES_PER_SECOND))
        at_limit = self._is_at_limit(asking)
        slowest: tuple[float, K] | None = None
        for key, asker in self._holders.items():
            same = asker.address == asking.address
            if asker.gives_way or not asker.reads or (at_limit and not same):
                continue
            if now - asker.entered_at < self._grace(asker, now):
                continue
            own = self._rate(asker, now)
            rate = own if same or not asker.address else float(brought[asker.address])
            # Those who had to give way themselves take nothing from those who never had to.
            allowed = self._is_struck(asker, now) or not self._is_struck(asking, now)
            if rate < limit and allowed and (slowest is None or own < slowest[0]):
                slowest = own, key
        return slowest[1] if slowest else None

    def _place(self, asker: Asker) -> tuple[int, int, float]:
        rank = 0 if asker.rate >= SLOW_BYTES_PER_SECOND else 2 if self._is_struck(asker, self._clock()) else 1
        return rank, self._held[asker.address], asker.asked_at

    def _is_at_limit(self, asker: Asker) -> bool:
        return bool(asker.address) and self._held[asker.address] >= self._each

    def _mark(self, now: float) -> None:
        for asker in self._holders.values():
            if now - asker.marks[1][0] >= GRACE_SECONDS / 2:
                asker.marks = (asker.marks[1], (now, asker.moved))

    def _rate(self, asker: Asker, now: float) -> float:
        at, moved = asker.marks[0]
        return (asker.moved - moved) / max(now - at, 0.001)

    def _grace(self, asker: Asker, now: float) -> float:
        return SHORT_GRACE_SECONDS if self._is_struck(asker, now) else GRACE_SECONDS

    def _is_struck(self, asker: Asker, now: float) -> bool:
        return self._struck.get(asker.address, 0.0) > now

    def _strike(self, address: str, now: float) -> None:
        if not address:
            return
        self._struck[address] = now + STRUCK_SECONDS
        self._struck.move_to_end(address)
        if len(self._struck) > _MAX_STRUCK:
            self._struck.popitem(last=False)
