"""Thousands of small files through one link."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench.load import Request, Source
from tests.bench.others import Copyparty
from tests.bench.report import Section, ratio
from tests.bench.runs import Bench, Case, Outcome, Server, Timing
from tests.bench.servers import DavNginx, Droppr
from tests.bench.suites.others import run_client
from tests.bench.suites.uploads import timing

FILES = 2_000
SIZE = 4096
CONNECTIONS = 16
PACKED = 250
PACK_CONNECTIONS = 4


def run(bench: Bench) -> Section:
    section = Section("small")
    source = bench.source(FILES * SIZE)
    folder = source.path.with_name(source.path.name + "-files")
    try:
        _cut(source, folder)
        outcomes = _measured(bench, source, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    section.text(
        f"{FILES:,} files of {SIZE} bytes, {CONNECTIONS} connections. To Droppr each is one request that opens the "
        f"upload and completes it, or {PACKED} of them are one pack, as its page and its command line send them, over "
        f"{PACK_CONNECTIONS} connections; to nginx and copyparty each is a `PUT`; u2c sends them by copyparty's own "
        "protocol. Only Droppr hashes what arrives."
    )
    first = next(each for each in outcomes if each.case.name.startswith("copyparty"))
    rounds = bench.options.rounds
    rows = [_row(each, first, rounds) for each in outcomes]
    for ours in outcomes:
        if ours.case.name.startswith("Droppr") and ours.best_runs(rounds) and first.best_runs(rounds):
            section.goal(
                f"{ours.case.name}: files a second, beside copyparty's `PUT`",
                _rate(ours, rounds) / _rate(first, rounds),
                least=1,
            )
    section.table(
        ["", "files a second", "to copyparty", "median answer", "99 of 100", "CPU ms a file", "disturbed"], rows
    )
    return section


def _cut(source: Source, folder: Path) -> None:
    folder.mkdir()
    with source.path.open("rb") as file:
        for number in range(FILES):
            (folder / _name(number)).write_bytes(file.read(SIZE))


def _measured(bench: Bench, source: Source, folder: Path) -> list[Outcome]:
    with ExitStack() as stack:
        nginx = stack.enter_context(DavNginx(bench.folder / "dav"))
        party = stack.enter_context(Copyparty(bench.folder / "copyparty"))
        cases = [
            _case(bench, nginx, "nginx, `PUT`", lambda: nginx.port, _puts("/one"), lambda: nginx.root / "one"),
            _case(bench, party, "copyparty, `PUT`", lambda: party.port, _puts(""), lambda: party.root),
            _own_client(party, source, folder),
        ]
        for title, behind, durability in (
            ("Droppr, not synced", False, "none"),
            ("Droppr, default (each synced)", False, "complete"),
            ("Droppr behind nginx, not synced", True, "none"),
        ):
            ours = stack.enter_context(
                Droppr(bench.folder / f"small-{len(cases)}", behind_nginx=behind, DROPPR_DURABILITY=durability)
            )
            cases.append(singles_to_droppr(bench, ours, title))
            cases.append(packs_to_droppr(bench, ours, f"{title}, packed"))
        return bench.take_turns(cases)


def packs_to_droppr(bench: Bench, server: Droppr, title: str) -> Case:
    """All files in packs, as the page and the command line send them."""
    source = bench.source(FILES * SIZE)
    packs = [_pack(source, range(at, at + PACKED)) for at in range(0, FILES, PACKED)]
    plan = source.path.with_name(source.path.name + "-packs")

    def run() -> Timing:
        target = f"{server.link.path}/pack"
        plan.write_bytes(b"".join(packs))
        try:
            starts = [sum(map(len, packs[:at])) for at in range(len(packs))]
            requests = [
                Request("POST", target, start, len(pack), {"Content-Type": "application/vnd.droppr.pack"})
                for start, pack in zip(starts, packs, strict=True)
            ]
            sent = bench.client.send(server.port, Source(plan, plan.stat().st_size), requests, PACK_CONNECTIONS)
        finally:
            plan.unlink()
        return Timing(sent.seconds)

    return Case(title, server, run, lambda: _all_right(source, server.link.disk), FILES * SIZE)


def _pack(source: Source, numbers: range) -> bytes:
    with source.path.open("rb") as file:
        file.seek(numbers.start * SIZE)
        lines = (json.dumps({"path": _name(n), "size": SIZE, "key": secrets.token_urlsafe(24)}) for n in numbers)
        return b"".join(line.encode() + b"\n" + file.read(SIZE) for line in lines)


def singles_to_droppr(bench: Bench, server: Droppr, title: str) -> Case:
    """Each file in a request of its own, which opens the upload and completes it."""

    def requests() -> list[Request]:
        headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}", "Content-Type": "application/octet-stream"}
        target = f"{server.link.path}/upload-chunk"
        return [
            Request("POST", target, number * SIZE, SIZE, {**headers, "X-Upload-Path": _name(number)})
            for number in range(FILES)
        ]

    return _case(bench, server, title, lambda: server.port, requests, lambda: server.link.disk)


def _puts(prefix: str) -> Callable[[], list[Request]]:
    return lambda: [Request("PUT", f"{prefix}/{_name(at)}", at * SIZE, SIZE) for at in range(FILES)]


def _case(
    bench: Bench,
    server: Server,
    title: str,
    port: Callable[[], int],
    requests: Callable[[], list[Request]],
    arrived: Callable[[], Path],
) -> Case:
    source = bench.source(FILES * SIZE)

    def run() -> Timing:
        return timing(bench.client.send(port(), source, requests(), CONNECTIONS))

    return Case(title, server, run, lambda: _all_right(source, arrived()), FILES * SIZE)


def _own_client(server: Copyparty, source: Source, folder: Path) -> Case:
    def run() -> Timing:
        began = time.monotonic()
        run_client(server.own_client(folder, 4))
        return Timing(time.monotonic() - began)

    return Case("copyparty, u2c", server, run, lambda: _all_right(source, server.root / folder.name), FILES * SIZE)


def _all_right(source: Source, folder: Path) -> bool:
    with source.path.open("rb") as file:
        return all((folder / _name(number)).read_bytes() == file.read(SIZE) for number in range(FILES))


def _name(number: int) -> str:
    return f"file-{number:05d}.bin"


def _rate(outcome: Outcome, rounds: int) -> float:
    return FILES / outcome.median(lambda run: run.seconds, rounds)


def _row(outcome: Outcome, reference: Outcome, rounds: int) -> list[str]:
    runs = outcome.best_runs(rounds)
    if not runs:
        return [outcome.case.name, *["failed"] * 6]

    def answer(what: str) -> str:
        return f"{outcome.median(lambda run: run.extra[what], rounds) * 1000:.1f} ms" if what in runs[0].extra else "–"

    return [
        outcome.case.name,
        f"{_rate(outcome, rounds):.0f}",
        ratio(_rate(outcome, rounds), _rate(reference, rounds)) if reference.best_runs(rounds) else "–",
        answer("p50"),
        answer("p99"),
        f"{outcome.median(lambda run: run.cpu, rounds) * 1000 / FILES:.2f}",
        f"{sum(run in outcome.disturbed for run in runs)} of {len(runs)}",
    ]
