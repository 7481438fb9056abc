"""Other servers for the same job on the same disk, with the neutral client and with their own."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.load import LIMIT_SECONDS, LoadFailed, Request
from tests.bench.others import TUS_HEADERS, Copyparty, Tus, Up2k
from tests.bench.report import Section, quotient
from tests.bench.runs import Bench, Case, Outcome, Timing
from tests.bench.servers import DavNginx, Droppr
from tests.bench.suites.speed import speed_table
from tests.bench.suites.uploads import CHUNK, NAME, Shape, timing, to_droppr, to_nginx

CONNECTIONS = 4
AIMS = {"copyparty, up2k": 2.7, "copyparty, its own": 4.0, "@tus/server, tus-js-client": 4.4}
"""How many times as fast we mean to be."""


def run(bench: Bench) -> Section:
    section = Section("others")
    shape = Shape(bench.options.size, CONNECTIONS)
    with ExitStack() as stack:
        nginx = stack.enter_context(DavNginx(bench.folder / "dav"))
        fast = stack.enter_context(Droppr(bench.folder / "fast", DROPPR_DURABILITY="none"))
        safe = stack.enter_context(Droppr(bench.folder / "safe"))
        party = stack.enter_context(Copyparty(bench.folder / "copyparty"))
        tus = stack.enter_context(Tus(bench.folder / "tus"))
        outcomes = bench.take_turns(
            [
                to_droppr(bench, fast, shape, "Droppr, not synced"),
                to_droppr(bench, safe, shape, "Droppr, default (synced)"),
                to_nginx(bench, nginx, shape.size, "nginx, one `PUT`"),
                _up2k(bench, party, shape),
                _u2c(bench, party, shape),
                *(_tus(bench, tus, shape, count) for count in (1, CONNECTIONS)),
                *(_tus_js(bench, tus, shape, count) for count in (1, CONNECTIONS)),
            ]
        )
    rounds = bench.options.rounds
    section.text(
        f"copyparty {party.version}, {tus.versions}; none of them syncs. The neutral client sends {CHUNK >> 20} MiB at "
        "once in random order where the protocol lets it (a tus upload is one ordered stream, so its fours are four "
        "files of a quarter each). u2c hashes a file before it may send; the neutral client has done so before the clock "
        "starts."
    )
    section.table(*speed_table(outcomes, rounds))
    section.text("Droppr beside them, speed and processor time:")
    quotients = _quotients(outcomes, rounds)
    rows = [[name, *(f"{value:.2f} ×" for value in values)] for name, values in quotients.items()]
    section.table(["", "not synced", "synced", "of their CPU, not synced"], rows)
    for name, (speed, synced, cpu) in quotients.items():
        for start, least in AIMS.items():
            if name.startswith(start):
                section.goal(f"beside {name}, not synced", speed, least=least)
                section.goal(f"beside {name}, synced", synced, least=least)
        if name.startswith("@tus"):
            section.goal(f"processor time beside {name}", cpu, most=0.2)
    return section


def _quotients(outcomes: Sequence[Outcome], rounds: int) -> dict[str, tuple[float, float, float]]:
    """How many times as fast we are, not synced and synced, and our share of their processor time."""
    fast, safe, *others = outcomes

    def seconds(of: Outcome) -> float:
        return of.median(lambda run: run.seconds, rounds)

    def cpu(of: Outcome) -> float:
        return of.median(lambda run: run.cpu, rounds)

    return {
        other.case.name: (
            quotient(seconds(other), seconds(fast)),
            quotient(seconds(other), seconds(safe)),
            quotient(cpu(fast), cpu(other)),
        )
        for other in others
    }


def _up2k(bench: Bench, server: Copyparty, shape: Shape) -> Case:
    source = bench.source(shape.size)
    protocol = Up2k(server, source, NAME, shape.chunk)

    def run() -> Timing:
        began = time.monotonic()
        requests = protocol.begin()
        random.Random(shape.size).shuffle(requests)
        opening = time.monotonic() - began
        sent = bench.client.send(server.port, source, requests, shape.connections)
        began = time.monotonic()
        protocol.end()
        return timing(sent, opening + time.monotonic() - began)

    name = f"copyparty, up2k, neutral client × {shape.connections}"
    return Case(name, server, run, lambda: source.matches(server.root / NAME, 0, shape.size), shape.size)


def _u2c(bench: Bench, server: Copyparty, shape: Shape) -> Case:
    source = bench.source(shape.size)

    def run() -> Timing:
        began = time.monotonic()
        run_client(server.own_client(source.path, shape.connections))
        return Timing(time.monotonic() - began)

    def right() -> bool:
        return source.matches(server.root / source.path.name, 0, shape.size)

    return Case(f"copyparty, its own client u2c × {shape.connections}", server, run, right, shape.size)


def _tus(bench: Bench, server: Tus, shape: Shape, count: int) -> Case:
    source = bench.source(shape.size)
    part = shape.size // count
    ids: list[str] = []

    def run() -> Timing:
        began = time.monotonic()
        ids[:] = [server.begin(part) for _ in range(count)]
        opening = time.monotonic() - began
        headers = {**TUS_HEADERS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        requests = [
            Request("PATCH", f"/files/{each}", at * part, part, headers, lane=at) for at, each in enumerate(ids)
        ]
        return timing(bench.client.send(server.port, source, requests, count), opening)

    def right() -> bool:
        return all(source.matches(server.root / each, at * part, part) for at, each in enumerate(ids))

    return Case(f"@tus/server, neutral client × {count}", server, run, right, part * count)


def _tus_js(bench: Bench, server: Tus, shape: Shape, count: int) -> Case:
    part = shape.size // count
    source = bench.source(part)
    files: list[Path] = []

    def run() -> Timing:
        result = json.loads(run_client(server.own_client(source.path, count)))
        files[:] = [server.root / url.rsplit("/", 1)[-1] for url in result["urls"]]
        return Timing(result["seconds"])

    def right() -> bool:
        return len(set(files)) == count and all(source.matches(each, 0, part) for each in files)

    return Case(f"@tus/server, tus-js-client × {count}", server, run, right, part * count)


def run_client(command: list[str]) -> str:
    """Run somebody else's client; what it prints. Raises LoadFailed when it does not succeed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"{command[0]} took more than {LIMIT_SECONDS} s") from None
    if done.returncode:
        raise LoadFailed(f"{command[0]} failed: {done.stderr[-500:]}")
    return done.stdout
