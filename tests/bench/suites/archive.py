"""Everything that a link has received as one archive, beside nginx's own download of one file of that size."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import quote

from tests.bench import machine
from tests.bench.load import LoadFailed
from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import MIB, Bench, Case, Outcome, Timing
from tests.bench.servers import Droppr
from tests.support.client import Link
from tests.support.files import content

PARTS = 16
SMALL_FILES = 20_000
SMALL_BYTES = 1000
STEP = 32 * MIB


class Kept:
    """A server whose files stay from one run to the next."""

    def __init__(self, server: Droppr) -> None:
        self._server = server

    @property
    def roots(self) -> list[int]:
        return self._server.roots

    def clean(self) -> None:
        """What is downloaded stays."""

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        """Whoever started it ends it."""


def run(bench: Bench) -> Section:
    section = Section("archive")
    size = bench.options.size
    with ExitStack() as stack:
        server = stack.enter_context(Droppr(bench.folder / "archive", behind_nginx=True, workers=1))
        one, several, small = (server.client.make_link() for _ in range(3))
        _filled(one, size, 1)
        _filled(several, size, PARTS)
        _filled_small(small)
        kept = Kept(server)
        cases = [
            Case("nginx: one file", kept, _download(server, f"{one.path}/files/{quote('0.bin')}", size), _right, size),
            Case("archive of one file", kept, _download(server, f"{one.path}/archive", size), _right, size),
            Case(f"archive of {PARTS} files", kept, _download(server, f"{several.path}/archive", size), _right, size),
        ]
        outcomes = bench.take_turns(cases)
        listed = Case(
            f"archive of {SMALL_FILES:,} files of {SMALL_BYTES:,} bytes",
            kept,
            _download(server, f"{small.path}/archive", SMALL_FILES * SMALL_BYTES),
            _right,
            SMALL_FILES * SMALL_BYTES,
        )
        outcomes += bench.take_turns([listed])
        _tell(section, bench, outcomes)
        machine.forget_peaks(server.roots)
        idle, _ = machine.resident(server.roots)
        listed.run()
        section.goal("memory for it", (machine.peak_resident(server.roots) - idle) / MIB, most=50, unit="MiB")
    return section


def _tell(section: Section, bench: Bench, outcomes: list[Outcome]) -> None:
    rounds = bench.options.rounds
    speeds = [each.case.size / each.median(lambda run: run.seconds, rounds) / MIB for each in outcomes]
    section.text(
        f"{bench.options.size // MIB} MiB downloaded through nginx by curl, all of it in memory: one file, which nginx reads itself, and "
        "archives, of which gunicorn writes what stands between the files and has the kernel send their bytes. Medians; "
        "`first byte` is how long the list takes. A row of small files is about how many they are."
    )
    rows = []
    for outcome, speed in zip(outcomes, speeds, strict=True):
        first = outcome.median(lambda run: run.extra["first"], rounds)
        cpu = outcome.median(lambda run: run.cpu, rounds)
        rows.append(
            [outcome.case.name, f"{speed:.0f}", ratio(speed, speeds[0]), f"{first * 1000:.0f} ms", f"{cpu:.2f}"]
        )
    section.table(["", "MiB/s", "", "first byte", "CPU s"], rows)
    for outcome, speed in zip(outcomes[1:3], speeds[1:3], strict=True):
        section.goal(outcome.case.name, quotient(speed, speeds[0]), least=0.7)


def _filled(link: Link, size: int, files: int) -> None:
    data = content(min(STEP, size // files), 1)
    for number in range(files):
        upload_id = link.opened(f"{number}.bin", size // files)
        for start in range(0, size // files, len(data)):
            link.chunk(upload_id, start, data[: size // files - start], size // files).expect(200)


def _filled_small(link: Link) -> None:
    data = content(SMALL_BYTES, 2)
    for start in range(0, SMALL_FILES, 500):
        lines = (
            b'{"path":"%d.bin","size":%d}\n' % (number, SMALL_BYTES) + data for number in range(start, start + 500)
        )
        headers = {"Content-Type": "application/vnd.droppr.pack"}
        link.client.call("POST", f"{link.path}/pack", body=b"".join(lines), headers=headers).expect(200)


def _download(server: Droppr, path: str, least: int) -> Callable[[], Timing]:
    url, token = f"http://127.0.0.1:{server.port}{path}", server.client.token

    def run() -> Timing:
        told = "%{http_code} %{size_download} %{time_starttransfer} %{time_total}"
        command = ["curl", "-sS", "-o", "/dev/null", "-w", told, "-H", f"Authorization: Bearer {token}", url]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        code, size, first, total = done.stdout.split()
        if code != "200" or int(size) < least:
            raise LoadFailed(f"{code} with {size} bytes")
        return Timing(float(total), {"first": float(first)})

    return run


def _right() -> bool:
    """Whether it is right was seen by its size; what is in it is for the tests."""
    return True
