"""A petabyte a day, reckoned and simulated with what was measured here: what it takes, what is full first, and what then."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tests.bench.petabyte import DAY, GIB, MEAN, MIB, PEAK, PETABYTE, Assumed, Costs, Simulation, parts_a_second
from tests.bench.report import Section
from tests.bench.runs import Bench, note

# By ``python -m tests.bench.part_costs 256``, of parts of 8 MiB.
DATABASE_THROUGH, LOG_THROUGH = 0.0034, 4_300
# Too little to be told apart there: less than a millisecond.
DATABASE_PAST, LOG_PAST = 0.001, 1_400
NODE_PAST = 0.15 / 128
"""By ``python -m tests.bench direct``: a GiB is 128 parts of 8 MiB."""
# By the same and by part_costs, without nginx, with the SHA-256 of each chunk that pages and `droppr upload` send: without it 2 s
# (``python -m tests.bench nodes``). It is taken to grow by bytes, which is too much for larger parts.
NODE_THROUGH = 4.5
# A part's number, and the record: tests/contracts/test_cluster_requests.py counts the waits.
WAITS = 2
READ_BACK = 0.7
"""Seconds of a processor a GiB, by the suite `speed`: CPU after."""

THROUGH = Costs(NODE_THROUGH, 0.0, DATABASE_THROUGH, WAITS, LOG_THROUGH, through=True)
PAST = Costs(0.0, NODE_PAST, DATABASE_PAST, 0, LOG_PAST, through=False)
WAYS = {"through nodes": THROUGH, "past nodes": PAST}
SIZES = (8, 16, 32, 64)
HERE = Assumed(node_cores=1, node_line=3e9, database_cores=2, flush=0.004)
"""A machine such as this one in place of the large database server; nodes' cores are counted apart."""
PUT = 0.005 / 1000
"""Dollars, as Amazon's list had it; a request of another kind costs a tenth."""
KEPT = 0.021
"""Dollars a GB and month, in large amounts."""
ROOM = 0.6
"""How full the fullest thing may be at the peak, where nodes are counted."""
SECONDS = 8.0
AWAY = 30.0


@dataclass(frozen=True)
class Shape:
    way: str
    mib: int

    @property
    def costs(self) -> Costs:
        return WAYS[self.way]

    @property
    def name(self) -> str:
        return f"{self.way}, {self.mib} MiB"

    def nodes(self, load: float, assumed: Assumed) -> int:
        """So many that neither their cores nor their lines are fuller than ``ROOM``."""
        cores = parts_a_second(self.mib * MIB, load) * self.work
        lines = load * MEAN / assumed.node_line if self.costs.through else 0.0
        return max(3, math.ceil(cores / ROOM / assumed.node_cores), math.ceil(lines / ROOM))

    @property
    def work(self) -> float:
        return self.costs.node_a_gib * self.mib * MIB / GIB + self.costs.node_a_part

    def at(self, load: float, assumed: Assumed, nodes: int | None = None) -> Simulation:
        return Simulation(self.costs, self.mib * MIB, nodes or self.nodes(load, assumed), load, assumed)


def run(bench: Bench) -> Section:
    section, assumed = Section("petabyte"), Assumed()
    section.text(_said(assumed))
    section.table(
        [
            "a part",
            "parts a second",
            "at the peak",
            "rows a day, gone with their uploads",
            "log of the database, at the peak",
            "PUTs a day",
            "for $",
        ],
        [_reckoned(size) for size in SIZES],
    )
    section.text(
        f"Simulated at the peak, {PEAK:g} times the mean ({PEAK * MEAN / 1e9:.1f} GB/s by {PEAK * MEAN / assumed.sender_line:,.0f} senders "
        "of 100 Mbit/s), with as many nodes as are not fuller than 60 %. *Answered* is from a part's last byte until its sender knows."
    )
    shapes = [Shape(way, size) for way in WAYS for size in SIZES]
    section.table(
        [
            "",
            "nodes",
            "their cores",
            "their lines",
            "database's cores",
            "flushes",
            "waits for one",
            "median answered",
            "99 of 100",
            "these nodes are full at PB a day",
            "the database at",
        ],
        [_at_the_peak(shape, assumed) for shape in shapes],
    )
    section.text(
        f"A small database, {HERE.database_cores} cores and a flush of {HERE.flush * 1000:g} ms: with how much a day its processor is full, evenly over the day, "
        "and what a tenth more does. Senders have a few parts under way and wait, so nothing breaks: all become slower."
    )
    section.table(
        [
            "",
            "full at, TB a day",
            "its processor a tenth above",
            "waits for a flush",
            "carried of that",
            "99 of 100 answered within",
        ],
        [
            _until_full(shape)
            for shape in (
                Shape("through nodes", 8),
                Shape("through nodes", 64),
                Shape("past nodes", 8),
                Shape("past nodes", 64),
            )
        ],
    )
    section.text(
        f"The database is away for {AWAY:g} s at the peak, as while a standby takes over; nodes of 16 cores, parts of 16 MiB through them. "
        "Everybody who was sending waits and then comes at once. *Back* is when 99 of 100 parts are answered as quickly as before, within a tenth."
    )
    section.table(
        ["nodes", "their lines at the peak", "told to come again", "longest answer", "back after"], _failover(assumed)
    )
    section.text(
        f"Besides: taking the digests of all files afterwards is {MEAN / GIB * READ_BACK:.0f} cores and {8 * MEAN / 1e9:.0f} Gbit/s more on the mean. "
        f"A petabyte that stays costs ${PETABYTE / 1e9 * KEPT:,.0f} a month by Amazon's list, a day's requests ${parts_a_second(16 * MIB) * DAY * PUT:,.0f} "
        "with parts of 16 MiB."
    )
    section.measured = "*Simulated by `python -m tests.bench petabyte`: the same numbers each time.*"
    return section


def _said(assumed: Assumed) -> str:
    return (
        f"Not measured but simulated (`tests/bench/petabyte.py`), event by event, with what was measured of one node: {NODE_THROUGH:g} s of a "
        f"processor for a GiB through it and {NODE_PAST * 1000:.1f} ms for a part past it; {DATABASE_THROUGH * 1000:.1f} and less than {DATABASE_PAST * 1000:g} ms "
        f"of the database's for a part. Assumed, as nobody here could measure it: nodes of {assumed.node_cores} cores and 25 Gbit/s, a database of "
        f"{assumed.database_cores} cores with a flush of {assumed.flush * 1000:g} ms, a store that answers in {assumed.store_seconds * 1000:g} ms and is never full. "
        f"A petabyte a day is {MEAN / 1e9:.2f} GB/s."
    )


def _reckoned(size: int) -> list[str]:
    part = size * MIB
    parts = parts_a_second(part)
    day = parts * DAY
    return [
        f"{size} MiB",
        f"{parts:,.0f}",
        f"{PEAK * parts:,.0f}",
        f"{2 * day / 1e6:,.0f} million",
        f"{PEAK * parts * LOG_PAST / 1e6:.1f}–{PEAK * parts * LOG_THROUGH / 1e6:.1f} MB/s",
        f"{day / 1e6:,.0f} million",
        f"{day * PUT:,.0f}",
    ]


def _at_the_peak(shape: Shape, assumed: Assumed) -> list[str]:
    note(f"  {shape.name}")
    simulation = shape.at(PEAK, assumed).run(SECONDS)
    shares = simulation.shares()
    log = simulation.log
    nodes = max(shares["cores of the nodes"], shares["lines of the nodes"])
    return [
        shape.name,
        str(len(simulation.nodes)),
        f"{shares['cores of the nodes']:.0%}",
        f"{shares['lines of the nodes']:.0%}",
        f"{shares['processor of the database']:.0%}",
        f"{log.flushes / simulation.now:,.0f} a second",
        f"{log.served / max(1, log.flushes):.1f}",
        f"{simulation.percentile(0.5):.2f} s",
        f"{simulation.percentile(0.99):.2f} s",
        f"{1 / nodes:.1f}",
        f"{1 / shares['processor of the database']:.0f}",
    ]


def _until_full(shape: Shape) -> list[str]:
    """A database of two cores: where it is full by what one part takes of it, and whether the simulation agrees."""
    note(f"  {shape.name}, a small database")
    assumed = replace(Assumed(), database_cores=HERE.database_cores, flush=HERE.flush)
    full = HERE.database_cores / shape.costs.database_a_part / parts_a_second(shape.mib * MIB)
    above = shape.at(1.1 * full, assumed).run(4 * SECONDS)
    shares = above.shares()
    return [
        shape.name,
        f"{full * PETABYTE / 1e12:,.0f}",
        f"{shares['processor of the database']:.0%}",
        f"{above.log.served / above.log.flushes:.1f}",
        f"{above.carried():.0%}",
        f"{above.percentile(0.99, since=3 * SECONDS):.1f} s",
    ]


def _failover(assumed: Assumed) -> list[list[str]]:
    shape, rows = Shape("through nodes", 16), []
    least = shape.nodes(PEAK, assumed)
    for nodes in (math.ceil(least * ROOM / 0.98), least):
        note(f"  the database away, {nodes} nodes")
        begin = SECONDS
        simulation = shape.at(PEAK, assumed, nodes)
        simulation.away = (begin, begin + AWAY)
        simulation.run(begin)
        usual = simulation.percentile(0.99, since=begin / 2)
        busy = simulation.shares()["lines of the nodes"]
        simulation.run(begin + AWAY + 60)
        rows.append(
            [
                str(nodes),
                f"{busy:.0%}",
                f"{simulation.refused:,}",
                f"{max(each for _, each in simulation.latencies):.0f} s",
                f"{_back(simulation, begin + AWAY, usual):.0f} s",
            ]
        )
    return rows


def _back(simulation: Simulation, since: float, usual: float) -> float:
    """Seconds after ``since``."""
    for second in range(60):
        began = since + second
        found = sorted(each for at, each in simulation.latencies if began <= at < began + 1)
        if found and found[int(0.99 * len(found))] <= 1.1 * usual:
            return float(second)
    return 60.0
