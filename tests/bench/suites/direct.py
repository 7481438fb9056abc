"""What the direct path takes of the nodes.

`droppr upload` sends a file to a node on PostgreSQL and SeaweedFS, by chunks and straight into the store, in turn. Told are the
processor's seconds of the node, all its processes, per GiB, and the bytes that came to it, until the last confirmation of a part was
answered. What follows is the same for both: the file is read back once for its digest. The store, the database and the sender are
other processes and do not count, nor does what the node takes when nobody sends, which is looked at just before.

``DROPPR_BENCH_BEFORE`` names a checkout of another commit, whose nodes are measured as well.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.report import Section
from tests.bench.runs import GIB, MIB, Bench, note
from tests.bench.suites.nodes import migrated, projects
from tests.support.between import Between
from tests.support.client import Client
from tests.support.command import Sender
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

IDLE_SECONDS = 3.0
WORKERS = 2
MOST_SECONDS, MOST_BYTES = 0.15, 0.001


@dataclass(frozen=True, slots=True)
class Taken:
    """What one file took of the node; ``idle`` is what it takes a second when nobody sends."""

    cpu: float
    idle: float
    took: float
    came: int

    @property
    def own(self) -> float:
        """Seconds of the processor that it would not have taken otherwise."""
        return max(0.0, self.cpu - self.idle * self.took)


def run(bench: Bench) -> Section:
    section = Section("direct")
    size, rounds = bench.options.size, bench.options.rounds
    file = bench.folder / "sender" / "a.bin"
    file.parent.mkdir(parents=True)
    found: dict[str, list[Taken]] = {}
    with ExitStack() as stack:
        engines = stack.enter_context(PostgreSQLServer()), stack.enter_context(SeaweedServer())
        nodes = {}
        for name, project in projects():
            for way, is_direct in (("through", False), ("past", True)):
                folder = bench.folder / f"{name}-{way}".replace(" ", "-")
                server = _node(folder, project, engines, is_direct)
                nodes[f"{way} the {name}"] = stack.enter_context(server)
        for number in range(rounds + 1):
            for name, node in nodes.items():
                if name.startswith("through") and number != 1:
                    continue  # Once is enough to compare with.
                with file.open("wb") as written:
                    for _ in range(size // MIB):
                        written.write(os.urandom(MIB))
                taken = _measured(node, file)
                note(f"{name}: {taken}")
                if number:  # The first one also pays for imports.
                    found.setdefault(name, []).append(taken)
    section.text(
        f"{size / MIB:,.0f} MiB by `droppr upload`; medians of {rounds}, one run through the node, until the last part is confirmed. CPU is that of {WORKERS} workers. "
        "*Idle* is what they take meanwhile in any case, and is not in the first column; *bytes* is what comes to the node of the file's."
    )
    rows = []
    for name, runs in found.items():
        own, idle = (median(values) * GIB / size for values in ([r.own for r in runs], [r.idle * r.took for r in runs]))
        rows.append(
            [
                name,
                f"{own:.3f}",
                f"{idle:.3f}",
                f"{median(r.came for r in runs) / size:.4%}",
                f"{median(r.took for r in runs):.1f}",
            ]
        )
    section.table(["", "CPU s/GiB", "idle s/GiB", "bytes", "seconds"], rows)
    past = found["past the node"]
    section.goal(
        "past the node: its processor time for a GiB",
        median(r.own for r in past) * GIB / size,
        most=MOST_SECONDS,
        unit="s",
    )
    section.goal(
        "past the node: bytes that come to it, in a hundred",
        median(r.came for r in past) / size * 100,
        most=MOST_BYTES * 100,
        unit="%",
    )
    return section


def _node(folder: Path, project: Path, engines: tuple[PostgreSQLServer, SeaweedServer], is_direct: bool) -> LiveServer:
    postgresql, store = engines
    folder.mkdir()
    options: dict[str, Any] = {
        **GENEROUS,
        **store.settings,
        "DROPPR_DATABASE_URL": migrated(postgresql, project),
        "DROPPR_STORE": f"s3://{store.new_bucket()}/droppr",
        "DROPPR_STORE_PUBLIC_URL": store.url if is_direct else "",
    }
    return LiveServer(folder, workers=WORKERS, project=project, **options)


def _measured(node: LiveServer, file: Path) -> Taken:
    came, after, ended = 0, 0.0, 0.0
    link = Client.of(node).make_link()

    def watch(asked: Asked) -> Answer:
        nonlocal came, after, ended
        answer = way.pass_on(asked)
        came += len(asked.body)
        if asked.path.endswith(("/upload-chunk", "/parts/done")):
            after, ended = max(after, _seconds(node)), time.monotonic()
        return answer

    _settle(node)
    idle = _seconds(node)
    time.sleep(IDLE_SECONDS)  # What is measured is a time in which nothing is sent.
    idle = (_seconds(node) - idle) / IDLE_SECONDS
    with Between(node.port, watch) as way:
        before, began = _seconds(node), time.monotonic()
        Sender(file.parent).run("--no-verify", file.name, "--to", f"{way.url}/request/{link.hash}")
    assert link.files()[0]["size"] == file.stat().st_size
    return Taken(after - before, idle, ended - began, came)


def _settle(node: LiveServer, seconds: float = 30.0) -> None:
    """Wait until the node has done what it had to do after the last file."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = _seconds(node)
        time.sleep(0.5)
        if _seconds(node) - before < 0.05:
            return


def _seconds(node: LiveServer) -> float:
    """Of the processor, as the scheduler knows them: more exact than its hundredths."""
    tasks = [task for pid in node.worker_pids() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks if task.exists()) / 1e9
