"""`droppr upload` beside other people's clients, each with the server it is used with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.clients import Moto, Rclone, Tree, curl, droppr_upload, timed
from tests.bench.others import Copyparty, Tus
from tests.bench.report import Section, ratio
from tests.bench.runs import MIB, Bench, Case, Outcome, Server, Timing
from tests.bench.servers import DavNginx, Droppr


def run(bench: Bench) -> Section:
    section = Section("client")
    everything = bench.options.everything
    rounds = bench.options.rounds if everything else min(2, bench.options.rounds)
    shapes = [(1, 2048 * MIB), (100, 20 * MIB), (10_000, 4096)] if everything else _shorter(bench.options.size)
    with ExitStack() as stack:
        servers = _Servers(bench, stack)
        section.text(
            f"Clients: {servers.versions}. Client memory is the largest resident size. The servers of others do not sync; "
            "copyparty's client hashes files before it sends them, those of the others compare nothing afterwards or "
            "checksums of single requests, Droppr's the SHA-256 of each whole file unless a row says otherwise."
        )
        for count, size in shapes:
            tree = Tree(_place(bench) / f"droppr-bench-{os.getpid()}-{count}", count, size)
            tree.make(bench.source(min(size, 1024 * MIB)).path)
            try:
                outcomes = bench.take_turns(servers.cases(tree), rounds)
            finally:
                shutil.rmtree(tree.folder)
            section.text(f"**{count:,} × {_size(size)}**")
            head = ["", "seconds", "MiB/s", "to curl → nginx", "client CPU s", "client memory", "disturbed"]
            section.table(head, [_row(each, outcomes[-1], rounds) for each in outcomes])
            _goals(section, tree, outcomes, rounds)
    return section


def _shorter(size: int) -> list[tuple[int, int]]:
    return [(1, size), (20, 20 * MIB), (1_000, 4096)]


class _Servers:
    """All servers, and a case for each of their clients."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self._bench = bench
        self._fast = stack.enter_context(Droppr(bench.folder / "fast", DROPPR_DURABILITY="none"))
        self._safe = stack.enter_context(Droppr(bench.folder / "safe"))
        self._party = stack.enter_context(Copyparty(bench.folder / "copyparty"))
        self._tus = stack.enter_context(Tus(bench.folder / "tus"))
        self._rclone = stack.enter_context(Rclone(bench.folder / "rclone"))
        self._moto = stack.enter_context(Moto(bench.folder / "moto"))
        self._nginx = stack.enter_context(DavNginx(bench.folder / "dav"))

    @property
    def versions(self) -> str:
        said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
        return (
            f"copyparty's u2c {self._party.version}, {self._tus.versions}, rclone {self._rclone.version}, "
            f"awscli {self._moto.version}, curl {said.split()[1]}"
        )

    def cases(self, tree: Tree) -> list[Case]:
        """The last is curl to nginx, which the others are compared with."""
        party, tus, rclone, moto, nginx = self._party, self._tus, self._rclone, self._moto, self._nginx
        urls: list[str] = []

        def tus_js() -> Timing:
            log = self._bench.folder / "tus.json"
            command = tus.own_client(tree.folder, min(8, tree.count))
            timing = timed(["sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", str(log), *command])
            urls[:] = json.loads(log.read_text())["urls"]
            return timing

        def tus_has_it() -> bool:
            return (
                sorted((tus.root / url.rsplit("/", 1)[-1]).stat().st_size for url in urls) == [tree.size] * tree.count
            )

        def case(name: str, server: Server, send: Callable[[], Timing], check: Callable[[], bool]) -> Case:
            return Case(f"{name}, {tree.count} × {_size(tree.size)}", server, send, check, tree.total)

        def u2c() -> Timing:
            return timed(party.own_client(tree.folder, 4))

        return [
            self._ours("droppr", self._safe, tree),
            self._ours("droppr, not synced", self._fast, tree),
            self._ours("droppr, not synced, `--no-verify`", self._fast, tree, "--no-verify"),
            case("u2c → copyparty", party, u2c, lambda: tree.same_as(party.root / tree.folder.name)),
            case("tus-js-client → @tus/server", tus, tus_js, tus_has_it),
            case(
                "rclone → its WebDAV",
                rclone,
                lambda: rclone.copy(tree.folder),
                lambda: tree.same_as(rclone.target),
            ),
            case("aws s3 cp → moto", moto, lambda: moto.copy(tree.folder), lambda: moto.has(tree)),
            case(
                "curl → nginx",
                nginx,
                lambda: curl(tree.folder, f"http://127.0.0.1:{nginx.port}/one", self._bench.folder / "curl.conf"),
                lambda: tree.same_as(nginx.root / "one"),
            ),
        ]

    def _ours(self, name: str, server: Droppr, tree: Tree, *more: str) -> Case:
        def send() -> Timing:
            return timed(
                [*droppr_upload(f"{tree.folder}/", f"{server.client.url}/request/{server.link.hash}"), "--quiet", *more]
            )

        title = f"{name}, {tree.count} × {_size(tree.size)}"
        return Case(title, server, send, lambda: tree.same_as(server.link.disk), tree.total)


def _row(outcome: Outcome, reference: Outcome, rounds: int) -> list[str]:
    name = outcome.case.name.rpartition(", ")[0]
    runs = outcome.best_runs(rounds)
    if not runs:
        return [name, *["failed"] * 6]
    seconds = outcome.median(lambda each: each.seconds, rounds)
    fastest = reference.median(lambda each: each.seconds, rounds) if reference.best_runs(rounds) else 0.0
    return [
        name,
        f"{seconds:.2f}",
        f"{outcome.case.size / seconds / MIB:.0f}",
        ratio(fastest, seconds) if fastest else "–",
        f"{outcome.median(lambda each: each.extra['client cpu'], rounds):.2f}",
        f"{outcome.median(lambda each: each.extra['client memory'], rounds) / MIB:.0f} MiB",
        f"{sum(each in outcome.disturbed for each in runs)} of {len(runs)}",
    ]


def _goals(section: Section, tree: Tree, outcomes: Sequence[Outcome], rounds: int) -> None:
    """First among all clients; beside curl, that only moves bytes, 0.8 × of it with one large file."""
    seconds = {
        each.case.name.rpartition(", ")[0]: each.median(lambda run: run.seconds, rounds)
        for each in outcomes
        if each.best_runs(rounds)
    }
    curl = seconds.pop("curl → nginx", 0.0)
    ours = {name: seconds.pop(name) for name in list(seconds) if name.startswith("droppr")}
    best = min(seconds.items(), key=lambda each: each[1], default=("", 0.0))
    for name, took in ours.items():
        section.goal(f"{tree.count:,} × {_size(tree.size)}, {name}: beside {best[0]}", best[1] / took, least=1)
        if tree.count == 1:
            section.goal(f"{tree.count:,} × {_size(tree.size)}, {name}: beside curl → nginx", curl / took, least=0.8)


def _place(bench: Bench) -> Path:
    """In memory, where there is room for it: reading from the disk is not what is measured."""
    return Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else bench.folder


def _size(size: int) -> str:
    return f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB" if size >= MIB else f"{size >> 10} KiB"
