"""What a node of many costs beside a server with a data folder: the same big file by the same client, in one run.

``DROPPR_BENCH_BEFORE`` names a checkout of another commit, whose nodes are measured as well. PostgreSQL and the S3 store run on the same
machine and count for nobody, so the share of others says nothing here, and speeds say little; what a node takes of the processor does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import GIB, MIB, Bench, Case, Outcome, Timing
from tests.bench.servers import Droppr
from tests.bench.suites.uploads import NAME, Shape, any_completed, chunk_requests, timing
from tests.support.live import PROJECT
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

MOST = 1.4
_MIGRATE = (
    "import sys; from app.storage.sql.migrate import migrate; from app.storage.sql.postgresql import PostgreSQLDatabase; "
    "migrate(PostgreSQLDatabase(sys.argv[1]))"
)


def run(bench: Bench) -> Section:
    section = Section("nodes")
    rounds = bench.options.rounds
    rows: list[list[str]] = []
    with ExitStack() as stack:
        postgresql = stack.enter_context(PostgreSQLServer())
        seaweed = stack.enter_context(SeaweedServer())
        for way, behind in (("alone", False), ("behind nginx", True)):
            with ExitStack() as servers:
                folder = bench.folder / f"local-{behind}"
                local = servers.enter_context(Droppr(folder, behind_nginx=behind, project=PROJECT))
                nodes = {
                    name: servers.enter_context(_node(bench, name, behind, project, (postgresql, seaweed)))
                    for name, project in projects()
                }
                cases = [_case(bench, local, f"data folder, {way}")]
                cases += [_case(bench, node, f"{name}, {way}") for name, node in nodes.items()]
                outcomes = bench.take_turns(cases, rounds)
            rows += [_row(each, outcomes[0], rounds) for each in outcomes]
            section.goal(
                f"a node's processor time, {way}, beside the data folder's",
                quotient(_cpu(outcomes[1], rounds), _cpu(outcomes[0], rounds)),
                most=MOST,
            )
    section.text(
        f"{bench.options.size / MIB:,.0f} MiB in chunks of 8 MiB, four at once; medians of {rounds}. CPU is that of the workers and of nginx."
    )
    section.table(["", "CPU s/GiB", "to the data folder", "MiB/s", "peak MiB"], rows)
    return section


def projects() -> Iterator[tuple[str, Path]]:
    """The checkouts whose nodes are measured."""
    yield "node", PROJECT
    if named := os.environ.get("DROPPR_BENCH_BEFORE"):
        yield "node before", Path(named).resolve()


def _node(
    bench: Bench, name: str, behind: bool, project: Path, engines: tuple[PostgreSQLServer, SeaweedServer]
) -> Droppr:
    postgresql, seaweed = engines
    url = migrated(postgresql, project)
    settings: dict[str, Any] = {
        **seaweed.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{seaweed.new_bucket()}/droppr",
    }
    folder = bench.folder / f"{name.replace(' ', '-')}-{behind}"
    return Droppr(folder, behind_nginx=behind, project=project, **settings)


def migrated(postgresql: PostgreSQLServer, project: Path = PROJECT) -> str:
    """A database with the schema that this checkout wants."""
    url = postgresql.new_database()
    environment = os.environ | {"PYTHONPATH": str(project / "media-server")}
    subprocess.run([sys.executable, "-c", _MIGRATE, url], env=environment, check=True)
    return url


def _case(bench: Bench, server: Droppr, name: str) -> Case:
    size = bench.options.size
    source = bench.source(size)
    shape = Shape(size)

    def run() -> Timing:
        upload_id = server.link.opened(NAME, size)
        sent = bench.client.send(server.port, source, chunk_requests(server, upload_id, shape), shape.connections)
        assert any_completed(sent, server, upload_id), sent.answer
        return timing(sent)

    return Case(name, server, run, lambda: [file["size"] for file in server.link.files()] == [size], size)


def _row(outcome: Outcome, reference: Outcome, rounds: int) -> list[str]:
    speed = outcome.case.size / MIB / outcome.median(lambda run: run.seconds, rounds)
    return [
        outcome.case.name,
        f"{_cpu(outcome, rounds):.2f}",
        ratio(_cpu(outcome, rounds), _cpu(reference, rounds)),
        f"{speed:.0f}",
        f"{outcome.median(lambda run: run.peak, rounds) / MIB:.0f}",
    ]


def _cpu(outcome: Outcome, rounds: int) -> float:
    """Seconds a GiB."""
    return outcome.median(lambda run: run.cpu, rounds) * GIB / outcome.case.size
