"""A petabyte a day, simulated: senders, nodes, one database, one store; who waits for whom, and what is full first.

Events in their order of time, not averages: each sender has a line and a few parts on it; each part waits for a core of a node, for the
database's processor, for the flush of its log that everybody who waits shares, for the lines of the node, and for the store. ``COSTS``
and ``HERE`` are what was measured on this project's machines (docs/performance.md says by what); ``ASSUMED`` is what nobody here could
measure, such as the disk of a large database server.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

MIB, GIB = 1024**2, 1024**3
DAY = 86400.0
PETABYTE = 10.0**15
MEAN = PETABYTE / DAY
"""Bytes a second."""
PEAK = 3.0
"""What the busiest hour has beside the mean."""


@dataclass(frozen=True)
class Costs:
    """Of one part of 8 MiB and of one file, in seconds of a processor."""

    node_a_gib: float
    node_a_part: float
    database_a_part: float
    waits_a_part: int
    """How often somebody waits for the database's log to be on the disk."""
    log_bytes_a_part: float
    through: bool
    """Whether the bytes go through the node."""


@dataclass(frozen=True)
class Assumed:
    """What was not measured here."""

    node_cores: int = 16
    node_line: float = 25e9 / 8
    database_cores: int = 32
    flush: float = 0.001
    """Seconds of one flush of the log, with a standby in the same place that has to have it too."""
    store_seconds: float = 0.08
    """Until the store has answered a part, besides its bytes."""
    store_line: float = 100e6
    """Bytes a second of one request to the store."""
    sender_line: float = 12.5e6
    at_once: int = 4
    retry: float = 2.0
    """After how many seconds a sender comes again who was told 503."""


@dataclass
class Station:
    """``servers`` of one kind, and who waits for one."""

    sim: Simulation
    servers: int
    busy: int = 0
    used: float = 0.0
    queue: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)

    def take(self, seconds: float, then: Callable[[], None]) -> None:
        if self.busy < self.servers:
            self._serve(seconds, then)
        else:
            self.queue.append((seconds, then))

    def _serve(self, seconds: float, then: Callable[[], None]) -> None:
        self.busy += 1
        self.used += seconds
        self.sim.after(seconds, lambda: self._done(then))

    def _done(self, then: Callable[[], None]) -> None:
        self.busy -= 1
        if self.queue and self.busy < self.servers:
            self._serve(*self.queue.popleft())
        then()

    @property
    def load(self) -> int:
        return self.busy + len(self.queue)

    def share(self) -> float:
        return self.used / (self.servers * self.sim.now)


class Log:
    """The database's log: a flush at a time, for all who were there when it began."""

    def __init__(self, sim: Simulation, seconds: float) -> None:
        self.sim, self.seconds = sim, seconds
        self.waiting: list[Callable[[], None]] = []
        self.flushing = False
        self.flushes = self.served = 0
        self.away_until = 0.0

    def wait(self, then: Callable[[], None]) -> None:
        self.waiting.append(then)
        self._begin()

    def _begin(self) -> None:
        if self.flushing or not self.waiting:
            return
        self.flushing = True
        those, self.waiting = self.waiting, []
        self.flushes += 1
        self.served += len(those)
        self.sim.after(max(self.seconds, self.away_until - self.sim.now), lambda: self._done(those))

    def _done(self, those: list[Callable[[], None]]) -> None:
        self.flushing = False
        for each in those:
            each()
        self._begin()


@dataclass
class Node:
    cores: Station
    inward: Station
    outward: Station


class Simulation:
    """``load`` times the mean of a petabyte a day, in parts of ``part`` bytes, by ``nodes`` nodes."""

    def __init__(
        self, costs: Costs, part: int, nodes: int, load: float, assumed: Assumed | None = None, seed: int = 1
    ) -> None:
        self.now = 0.0
        self.costs, self.part = costs, part
        self.assumed = assumed or Assumed()
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        a = self.assumed
        self.nodes = [Node(Station(self, a.node_cores), Station(self, 1), Station(self, 1)) for _ in range(nodes)]
        self.database = Station(self, a.database_cores)
        self.log = Log(self, a.flush)
        self.latencies: list[tuple[float, float]] = []
        """When a part was acknowledged, and how long after its last byte had left the sender."""
        self.refused = 0
        self.acknowledged = 0.0
        self.away: tuple[float, float] | None = None
        """When the database is gone."""
        self.senders = max(1, round(load * MEAN / a.sender_line))
        self._rate = load * MEAN / self.senders / a.at_once
        for _ in range(self.senders * self.assumed.at_once):
            # In the middle of a part, as somebody who looks finds them.
            self.after(self._random.uniform(0, part / self._rate), lambda: self._arrived(self.now))

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), what))

    def run(self, seconds: float) -> Simulation:
        """Until then, from where it was."""
        while self._events and self._events[0][0] <= seconds:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = seconds
        return self

    # One part: on the sender's line, at a node, in the database, in the store, in the database, answered.

    def _part(self) -> None:
        seconds = self.part / self._rate * self._random.uniform(0.8, 1.2)
        self.after(seconds, lambda: self._arrived(self.now))

    def _arrived(self, since: float) -> None:
        node = min(self._random.sample(self.nodes, min(2, len(self.nodes))), key=lambda each: each.cores.load)
        if self._is_away():
            self.refused += 1
            self.after(self.assumed.retry * self._random.uniform(0.5, 1.5), lambda: self._arrived(since))
            return
        if self.costs.through:
            node.inward.take(self.part / self.assumed.node_line, lambda: self._at(node, since))
        else:
            self._stored(lambda: self._at(node, since))

    def _at(self, node: Node, since: float) -> None:
        costs = self.costs
        work = costs.node_a_gib * self.part / GIB + costs.node_a_part
        waits = costs.waits_a_part
        half = costs.database_a_part / max(1, waits)

        def recorded(left: int) -> None:
            self.database.take(half, lambda: self._flushed(lambda: turn(left - 1)))

        def turn(left: int) -> None:
            if not left:
                self._answered(since)
            elif left == 1 and costs.through:
                # The last one is the record, which comes after the store has the part.
                node.outward.take(self.part / self.assumed.node_line, lambda: self._stored(lambda: recorded(left)))
            else:
                recorded(left)

        node.cores.take(work, lambda: turn(waits) if waits else self._batched(since))

    def _batched(self, since: float) -> None:
        """Parts past the nodes are confirmed many at once: the record has a share of a wait."""
        self.database.take(self.costs.database_a_part, lambda: self._flushed(lambda: self._answered(since)))

    def _flushed(self, then: Callable[[], None]) -> None:
        if self._is_away() and self.away:
            # Its connection is gone: the node says 503, and it comes again from the beginning of this step.
            self.refused += 1
            self.after(
                self.away[1] - self.now + self.assumed.retry * self._random.random(), lambda: self._flushed(then)
            )
            return
        self.log.wait(then)

    def _stored(self, then: Callable[[], None]) -> None:
        a = self.assumed
        # Past the nodes the bytes have come here already, over the sender's own line.
        bytes_more = self.part / a.store_line if self.costs.through else 0.0
        self.after(a.store_seconds * self._random.uniform(0.5, 1.5) + bytes_more, then)

    def _answered(self, since: float) -> None:
        self.acknowledged += self.part
        self.latencies.append((self.now, self.now - since))
        self._part()

    def _is_away(self) -> bool:
        return self.away is not None and self.away[0] <= self.now < self.away[1]

    # What came of it.

    def shares(self) -> dict[str, float]:
        """How busy each kind of thing was."""
        nodes = len(self.nodes)
        return {
            "cores of the nodes": sum(each.cores.share() for each in self.nodes) / nodes,
            "lines of the nodes": max(
                sum(each.inward.share() for each in self.nodes) / nodes,
                sum(each.outward.share() for each in self.nodes) / nodes,
            ),
            "processor of the database": self.database.share(),
            "flushes of its log": self.log.flushes * self.log.seconds / self.now,
        }

    def percentile(self, share: float, since: float = 0.0) -> float:
        found = sorted(each for at, each in self.latencies if at >= since)
        return found[min(len(found) - 1, int(share * len(found)))] if found else 0.0

    def carried(self) -> float:
        """Bytes a second that were acknowledged, of those that were to be sent."""
        return self.acknowledged / self.now / (self.senders * self.assumed.at_once * self._rate)


def parts_a_second(part: int, load: float = 1.0) -> float:
    return load * MEAN / part
