"""What senders notice of documents that wait to be read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from tests.bench import machine
from tests.bench.load import median
from tests.bench.report import Section
from tests.bench.runs import MIB, Bench, note
from tests.bench.servers import Droppr
from tests.bench.suites.indexing import document, ready
from tests.bench.suites.uploads import Shape, to_droppr

WAITING = 1_000
UPLOADED = 1024 * MIB
LEAST_ROUNDS = 8
"""Of uploads, which take less than a second: the median of two says nothing."""
MOST_BEFORE = 40


def run(bench: Bench) -> Section:
    section = Section("beside")
    folder = bench.folder / "receiving"
    speeds: dict[bool, list[float]] = {False: [], True: []}
    costs: dict[bool, list[float]] = {False: [], True: []}
    with Droppr(folder, workers=2) as server:
        # Asked now, as the server's processes soon have children of their own.
        roots, waiting = server.roots, server.client.make_link(search=False)
        for number in range(WAITING):
            waiting.deliver(*document(number))
        case = to_droppr(bench, server, Shape(UPLOADED), "beside indexing")
        for number in range(2 * max(bench.options.rounds, LEAST_ROUNDS) + 2):
            indexing = number % 2 == 1
            if indexing:
                waiting.change(search=True).expect(200)
            # What was begun before the first chunk ends beside these, which do not count.
            for _ in range(MOST_BEFORE):
                to_droppr(bench, server, Shape(UPLOADED // 8), "before").run()
                server.clean()
                if not _is_reading(roots):
                    break
            before = machine.usage(roots)
            timing = case.run()
            after = machine.usage(roots)
            server.clean()
            if indexing:
                left = WAITING - ready(waiting)
                note(f"{left} documents were still waiting")
                waiting.change(search=False).expect(200)
            machine.settle(roots)
            if number >= 2:
                speeds[indexing].append(UPLOADED / timing.seconds / MIB)
                costs[indexing].append((after.server - before.server) / (UPLOADED / 1024**3))
    section.text(
        f"{UPLOADED // MIB} MiB in chunks to a server with 2 workers, while nothing waits to be read and while {WAITING:,} documents do, taking turns. Medians."
    )
    section.table(
        ["", "MiB a second", "CPU s a GiB"],
        [
            [name, f"{median(speeds[indexing]):.0f}", f"{median(costs[indexing]):.2f}"]
            for name, indexing in (("nothing waits", False), (f"{WAITING:,} documents wait", True))
        ],
    )
    section.goal("pace while documents wait", median(speeds[True]) / median(speeds[False]), least=0.97)
    section.goal("CPU while documents wait", median(costs[True]) / median(costs[False]), most=1.03)
    return section


def _is_reading(roots: Sequence[int]) -> bool:
    """Whether any process of the server reads a document now."""
    found = False
    for pid in machine.family(roots, machine.processes()):
        with suppress(OSError):
            found |= b"app.storage.text.child" in (machine.PROC / str(pid) / "cmdline").read_bytes()
    return found
