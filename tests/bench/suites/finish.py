"""What a sender waits for at the end, when every other byte has arrived: does it grow with the file?

The file ends in two chunks of 64 KiB, each sent alone after all others have been answered. The first completes nothing
and shows what any chunk takes; the second closes the last gap. So the difference of the two is what finishing costs,
with nothing else under way.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.load import LoadFailed, Request
from tests.bench.plot import line_chart
from tests.bench.report import Section, milliseconds, quotient
from tests.bench.runs import GIB, MIB, Bench, Case, Outcome, Timing, note
from tests.bench.servers import Droppr, completed
from tests.bench.suites.uploads import CHUNK, NAME
from tests.support.files import spans

TAIL = 64 * 1024
SOURCE = GIB
ROOM = 3 * GIB
"""What must stay free on the disk."""


def run(bench: Bench) -> Section:
    section = Section("finish")
    section.text(
        "The last chunk's first byte sent until the file stands under its name and until the answer is read, beside "
        "the answer to a chunk of the same size that completes nothing. Medians; 64 KiB, sent alone after all others."
    )
    rows: list[list[str]] = []
    lines: dict[str, list[float]] = {}
    sizes = list(_sizes(bench))
    with ExitStack() as stack:
        servers = [
            (title, stack.enter_context(Droppr(bench.folder / name, behind_nginx=behind, DROPPR_DURABILITY=durability)))
            for title, name, behind, durability in (
                ("not synced", "none", False, "none"),
                ("default", "complete", False, "complete"),
                ("default, behind nginx", "proxied", True, "complete"),
            )
        ]
        for size in sizes:
            cases = [_case(bench, server, size, f"{_said(size)}, {title}") for title, server in servers]
            rounds = bench.options.rounds if size <= GIB else min(3, bench.options.rounds)
            outcomes = bench.take_turns(cases, rounds)
            rows += [_row(each, rounds) for each in outcomes]
            for (title, _), outcome in zip(servers, outcomes, strict=True):
                lines.setdefault(title, []).append(_visible(outcome, rounds) * 1000)
    section.table(["", "file visible", "answer", "answer of another chunk", "slowest answer", "disturbed"], rows)
    for title, most in (("not synced", 5.0), ("default", 50.0)):
        section.goal(f"{title}: last chunk to visible file, the slowest size", max(lines[title]), most=most, unit="ms")
        section.goal(
            f"{title}: the largest file beside the smallest", quotient(lines[title][-1], lines[title][0]), most=1.5
        )
    names = [_said(size) for size in sizes]
    chart = line_chart("From the last chunk to the visible file", "size of the file", "milliseconds", names, lines)
    section.picture("finish", "Time to finish by the size of the file, numbers as in the table above", chart)
    return section


def _sizes(bench: Bench) -> Iterator[int]:
    yield from (100 * MIB, GIB)
    if bench.options.everything:
        if _free(bench) > 10 * GIB + ROOM:
            yield 10 * GIB
        else:
            note("finish: the disk has no room for 10 GiB")


def _free(bench: Bench) -> int:
    return shutil.disk_usage(bench.folder).free


def _said(size: int) -> str:
    return f"{size // GIB} GiB" if size >= GIB else f"{size // MIB} MiB"


def _case(bench: Bench, server: Droppr, size: int, name: str) -> Case:
    source = bench.source(min(size, SOURCE))
    places = [*spans(size - 2 * TAIL, CHUNK), *spans_from(size - 2 * TAIL, size, TAIL)]

    def request(upload_id: str, start: int, stop: int) -> Request:
        headers = {"X-Upload-Id": upload_id, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
        wait = start >= size - 2 * TAIL
        return Request("POST", f"{server.link.path}/upload-chunk", start, stop - start, headers, wait=wait)

    def run() -> Timing:
        began = time.monotonic()
        upload_id = server.link.opened(NAME, size)
        requests = [request(upload_id, start, stop) for start, stop in places]
        watched = (server.link.disk / NAME, size)
        opening = time.monotonic() - began
        sent = bench.client.send(server.port, source, requests, 4, watched=watched, stamp=True)
        if not completed(sent.answer) or sent.visible < 0:
            raise LoadFailed(f"not complete after the last chunk: {sent.answer}")
        *_, other, last = sent.requests
        extra = {"visible": sent.visible - last.start, "answer": last.latency, "other": other.latency}
        return Timing(opening + sent.seconds, extra)

    def right() -> bool:
        return source.matches(server.link.disk / NAME, 0, size, stamps=[start for start, _ in places])

    return Case(name, server, run, right, size)


def spans_from(start: int, stop: int, step: int) -> list[tuple[int, int]]:
    return [(start + first, start + last) for first, last in spans(stop - start, step)]


def _row(outcome: Outcome, rounds: int) -> list[str]:
    runs = outcome.best_runs(rounds)
    if not runs:
        return [outcome.case.name, *["failed"] * 5]

    def typical(what: str) -> str:
        return milliseconds(outcome.median(lambda run: run.extra[what], rounds))

    disturbed = f"{sum(run in outcome.disturbed for run in runs)} of {len(runs)}"
    slowest = milliseconds(max(run.extra["answer"] for run in runs))
    return [outcome.case.name, *map(typical, ("visible", "answer", "other")), slowest, disturbed]


def _visible(outcome: Outcome, rounds: int) -> float:
    """Seconds; 0 when no run went through."""
    return outcome.median(lambda run: run.extra["visible"], rounds) if outcome.best_runs(rounds) else 0.0
