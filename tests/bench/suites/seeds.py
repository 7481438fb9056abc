"""Parallel chunks beside one connection that sends 4 MiB after 4 MiB, on a line with distance and caps."""

from __future__ import annotations

import mmap
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Barrier, Lock

from app.core.errors import Busy
from app.settings import Settings
from app.wiring import build
from tests.bench import machine
from tests.bench.load import LoadFailed
from tests.bench.report import Section, ratio
from tests.bench.runs import MIB, Bench, note
from tests.bench.servers import Droppr, end
from tests.support.client import Client, Link, Reply
from tests.support.files import spans
from tests.support.live import PROJECT

MB = 1_000_000
ROUND_TRIP = 0.060
PER_CONNECTION = 2.5 * MB
"""A window of 150 kB in 60 ms; what 4 MiB after 4 MiB came to where 100 MB took 42 s."""
IN_ALL = 12.5 * MB
"""100 Mbit/s."""
TIME_LAPSE = 10
SIZES = (100 * MB, 500 * MB, 900 * MB, 2000 * MB)
USERS = (1, 5, 10, 20)
OF_EACH_USER = 50 * MB


@dataclass(frozen=True)
class Way:
    """How a file is sent: so many connections, so many bytes in each chunk."""

    name: str
    connections: int
    chunk: int


SEQUENTIAL = Way("4 MiB after 4 MiB", 1, 4 * MIB)
PARALLEL = Way("8 × 8 MiB at once", 8, 8 * MIB)


@dataclass
class Tally:
    """What happened in one run. ``refused`` are busy answers that were obeyed, ``errors`` all others but success."""

    chunks: int = 0
    refused: int = 0
    errors: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak: int = 0
    lock: Lock = field(default_factory=Lock)

    def count(self, reply: Reply) -> None:
        with self.lock:
            self.chunks += reply.status == 200
            self.refused += reply.status == 503
            self.errors += reply.status not in (200, 201, 503)


def run(bench: Bench) -> Section:
    lapse = 1 if bench.options.full else TIME_LAPSE
    section = Section("seeds")
    section.text(_explained(lapse))
    folder = bench.folder / "seeds"
    limits = {"PARALLEL_UPLOAD_MAX_CONCURRENT_USERS": 20, "PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER": 3}
    with (
        Droppr(folder, behind_nginx=True, workers=2, **limits) as server,
        bench.looking_for_others(*server.roots) as others,
    ):
        with _line(server.port, lapse) as port:
            speeds = _files(bench, server, port, lapse, section)
            together = _users(bench, server, port, lapse, section)
        direct = _many(bench, server, server.port, PARALLEL, USERS[-1])
        note(f"without a line: {direct.chunks / direct.seconds:.0f} chunks a second")
    _judge(section, speeds, together, direct, lapse)
    _costs(bench, section)
    section.text(f"Others used {others[0]:.0%} of the machine.")
    return section


def _explained(lapse: int) -> str:
    text = (
        f"A line of {IN_ALL * 8 / MB:.0f} Mbit/s in all, {PER_CONNECTION / MB:g} MB/s for each connection and a round trip of "
        f"{ROUND_TRIP * 1000:.0f} ms, played by `tests/bench/line.py`; Droppr behind nginx, 2 workers, default limits and durability. "
    )
    if lapse == 1:
        return text + "In real time."
    return text + (
        f"In time-lapse: the line is {lapse} times as fast and as short, and times are given as they would be without that. "
        "`--full` runs in real time."
    )


@contextmanager
def _line(target: int, lapse: int) -> Iterator[int]:
    numbers = [str(target), str(ROUND_TRIP / 2 / lapse), str(PER_CONNECTION * lapse), str(IN_ALL * lapse)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.line", *numbers], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        end(process)


def _files(bench: Bench, server: Droppr, port: int, lapse: int, section: Section) -> dict[int, float]:
    """One user, files of four sizes, both ways; how many times faster, by size."""
    faster: dict[int, float] = {}
    rows = []
    for size in SIZES:
        one, many = (_alone(bench, server, port, way, size) for way in (SEQUENTIAL, PARALLEL))
        faster[size] = one.seconds / many.seconds
        rows.append(
            [
                f"{size // MB} MB",
                f"{one.seconds * lapse:.0f} s",
                f"{many.seconds * lapse:.0f} s",
                f"{faster[size]:.1f} ×",
                f"{size / MB / many.seconds / lapse:.1f}",
                str(one.errors + many.errors),
            ]
        )
        note(f"seeds: {rows[-1]}")
    section.text("One user:")
    section.table(["file", SEQUENTIAL.name, PARALLEL.name, "faster", "MB/s", "errors"], rows)
    return faster


def _users(bench: Bench, server: Droppr, port: int, lapse: int, section: Section) -> dict[tuple[str, int], Tally]:
    found: dict[tuple[str, int], Tally] = {}
    rows = []
    for users in USERS:
        for way in (SEQUENTIAL, PARALLEL):
            tally = _many(bench, server, port, way, users)
            found[way.name, users] = tally
            rows.append(
                [
                    f"{users}, {way.name}",
                    f"{tally.slowest * lapse:.0f} s",
                    f"{users * OF_EACH_USER / MB / tally.seconds / lapse:.1f}",
                    f"{tally.chunks / tally.seconds / lapse:.1f}",
                    str(tally.refused),
                    str(tally.errors),
                    f"{tally.peak / MIB:.0f}",
                ]
            )
            note(f"seeds: {rows[-1]}")
    section.text(f"Users at once, each with a file of {OF_EACH_USER // MB} MB on a link of their own:")
    head = ["users", "slowest", "MB/s in all", "chunks/s", "told to wait", "errors", "server MiB"]
    section.table(head, rows)
    return found


def _judge(
    section: Section,
    faster: dict[int, float],
    together: dict[tuple[str, int], Tally],
    direct: Tally,
    lapse: int,
) -> None:
    most = together[PARALLEL.name, USERS[-1]]
    all_chunks = sum(each.chunks for each in together.values())
    all_errors = sum(each.errors for each in together.values())
    whole = USERS[-1] * PARALLEL.connections * PARALLEL.chunk
    one, full = together[PARALLEL.name, 1], together[SEQUENTIAL.name, USERS[-1]]
    section.text("What was claimed for parallel uploads, and what holds:")
    section.table(
        ["claim", "measured", "condition"],
        [
            [
                "900 MB five times as fast",
                f"{faster[SIZES[2]]:.1f} ×",
                "one user; the line carries what five connections carry, so much more than five is the noise of the machine",
            ],
            [
                "the same with a full line",
                f"{full.slowest / most.slowest:.1f} ×",
                f"{USERS[-1]} users: the line is the limit, and chunks at once gain nothing",
            ],
            ["15 to 20 users at once", f"{USERS[-1]}", f"{most.errors} errors, {most.refused} told to wait"],
            [
                "60 % less memory",
                f"{1 - most.peak / whole:.0%}",
                f"beside a server that holds each of {USERS[-1] * PARALLEL.connections} chunks whole; chunks are never held whole here, however they are sent",
            ],
            ["memory by users", ratio(most.peak, one.peak), f"{USERS[-1]} users beside one"],
            [
                "8 chunks a second",
                f"{most.chunks / most.seconds / lapse:.1f}",
                "of 8 MiB on this line, which carries no more",
            ],
            [
                "the same without a line",
                f"{direct.chunks / direct.seconds:.0f}",
                f"{USERS[-1]} users on the machine itself",
            ],
            ["less than 1 % errors", f"{all_errors / max(1, all_chunks):.2%}", f"of {all_chunks} chunks"],
        ],
    )


def _costs(bench: Bench, section: Section) -> None:
    """What the limits themselves take of the processor, on an idle table and a crowded one."""
    settings = Settings(data_dir=bench.folder / "costs", admin_token="x" * 16, _env_file=None)  # type: ignore[call-arg]
    manager = build(settings).ground.bounds.concurrency
    size = 100 * MIB

    def chunk(upload_id: str, user: str, *, done: bool = False) -> None:
        with suppress(Busy), manager.receiving(upload_id, user, size, begun=False) as place:
            place.is_done = done

    chunk("held", "me")
    rows = [
        ["a chunk of an upload that has its place", _microseconds(20_000, lambda _: chunk("held", "me"))],
        ["an upload's place, taken and freed", _microseconds(500, lambda n: chunk(f"new-{n}", "me", done=True))],
    ]
    for number in range(manager.limits.slots):
        chunk(f"full-{number}", f"user-{number}")
    for number in range(200):
        chunk(f"waiting-{number}", f"waiter-{number}")
    rows.append(["a refusal while 200 wait", _microseconds(200, lambda _: chunk("waiting-0", "waiter-0"))])
    section.text("What the limits themselves cost, in microseconds, the mean of many:")
    section.table(["", "µs"], rows)


def _microseconds(times: int, work: Callable[[int], None]) -> str:
    began = time.perf_counter()
    for number in range(times):
        work(number)
    return f"{(time.perf_counter() - began) / times * 1e6:.0f}"


def _alone(bench: Bench, server: Droppr, port: int, way: Way, size: int) -> Tally:
    tally = Tally()
    link = _link(server, port)
    try:
        tally.seconds = tally.slowest = _send(bench, link, way, size, tally)
        _check(bench, server, [link], size)
    finally:
        server.clean()
    return tally


def _many(bench: Bench, server: Droppr, port: int, way: Way, users: int) -> Tally:
    tally = Tally()
    links = [_link(server, port) for _ in range(users)]
    start = Barrier(users + 1)

    def send(link: Link) -> float:
        start.wait()
        return _send(bench, link, way, OF_EACH_USER, tally)

    bench.source(OF_EACH_USER)
    machine.forget_peaks(server.roots)
    try:
        with ThreadPoolExecutor(users) as pool:
            asked = [pool.submit(send, link) for link in links]
            start.wait()
            began = time.monotonic()
            tally.slowest = max(each.result() for each in asked)
            tally.seconds = time.monotonic() - began
        tally.peak = machine.peak_resident(server.roots)
        _check(bench, server, links, OF_EACH_USER)
    finally:
        for link in links:
            for file in link.disk.glob("*"):
                file.unlink()
        server.clean()
    return tally


def _link(server: Droppr, port: int) -> Link:
    made = server.client.make_link()
    return made.seen_by(Client(f"http://127.0.0.1:{port}", server.client.token, server.client.files_dir))


def _send(bench: Bench, link: Link, way: Way, size: int, tally: Tally) -> float:
    """Seconds until the server said that the file is complete."""
    with (
        bench.source(size).path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        began = time.monotonic()
        opened = _patiently(lambda: link.open("file.bin", size), tally, 201)
        upload_id = opened.json["upload_id"]

        def chunk(span: tuple[int, int]) -> bool:
            first, stop = span
            with data[first:stop] as piece:
                reply = _patiently(lambda: link.chunk(upload_id, first, piece, size), tally, 200)
            return reply.json["complete"] is True

        with ThreadPoolExecutor(way.connections) as pool:
            completed = any(list(pool.map(chunk, spans(size, way.chunk))))
        seconds = time.monotonic() - began
    link.client.pool.close()
    if not completed:
        raise LoadFailed("no answer said that the file is complete")
    return seconds


def _patiently(ask, tally: Tally, wanted: int) -> Reply:
    """The first answer that is not busy; each is counted."""
    until = time.monotonic() + 600
    while True:
        reply: Reply = ask()
        tally.count(reply)
        if reply.status == wanted:
            return reply
        if reply.status != 503 or time.monotonic() > until:
            raise LoadFailed(f"status {reply.status}: {reply.body[:200]!r}")
        time.sleep(int(reply.headers["Retry-After"]))


def _check(bench: Bench, server: Droppr, links: Sequence[Link], size: int) -> None:
    for link in links:
        if not bench.source(size).matches(link.disk / "file.bin", 0, size):
            raise LoadFailed("what arrived is not what was sent")
