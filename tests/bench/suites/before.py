"""This commit beside another one, run in turn: what a change costs. ``DROPPR_BENCH_BEFORE`` names a checkout of the other one."""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench.report import Section
from tests.bench.runs import DISTURBED, GIB, MIB, Bench, Case, Run, note
from tests.bench.servers import Droppr
from tests.bench.suites.small import FILES, SIZE, packs_to_droppr, singles_to_droppr
from tests.bench.suites.uploads import Shape, to_droppr

LEAST_PAIRS = 10
MOST_CPU = 1.03
LEAST_PACE = 0.97
RESAMPLED = 10_000

_CASES: dict[str, Callable[[Bench, Droppr], Case]] = {
    "one big file": lambda bench, server: to_droppr(bench, server, Shape(bench.options.size), "one big file"),
    f"{FILES:,} files of {SIZE} bytes, packed": partial(packs_to_droppr, title="packed"),
    "the same, a request each": partial(singles_to_droppr, title="a request each"),
}

Pair = tuple[Run, Run]
"""A run of this commit and the run of the other one beside it."""


def run(bench: Bench) -> Section:
    section = Section("before")
    named = os.environ.get("DROPPR_BENCH_BEFORE")
    if not named:
        raise RuntimeError("name a checkout of the other commit: DROPPR_BENCH_BEFORE=/path/to/it")
    rounds = max(LEAST_PAIRS, bench.options.rounds)
    rows: list[list[str]] = []
    for way, behind in (("alone", False), ("behind nginx", True)):
        with ExitStack() as stack:
            now = stack.enter_context(Droppr(bench.folder / f"now-{behind}", behind_nginx=behind))
            other = Path(named).resolve()
            before = stack.enter_context(Droppr(bench.folder / f"before-{behind}", behind_nginx=behind, project=other))
            for what, case in _CASES.items():
                pairs = _pairs(bench, case(bench, now), case(bench, before), rounds)
                rows.append(_judged(section, f"{what}, {way}", case(bench, now).size, pairs))
    section.text(
        f"{rounds} pairs of runs, this commit and the other one in turn; ratios pair by pair, and their medians."
    )
    head = ["", "CPU s/GiB now", "before", "ratio", "MiB/s now", "before", "ratio", "95 % of the ratio", "disturbed"]
    section.table(head, rows)
    return section


def _pairs(bench: Bench, now: Case, before: Case, rounds: int) -> list[Pair]:
    """So many pairs, quiet ones where there were enough of them; who goes first changes each time."""
    for case in (now, before):
        bench.measure(case)  # The first run also pays for imports and threads.
    pairs: list[Pair] = []
    for number in range(rounds + bench.options.retries):
        first, second = (now, before) if number % 2 else (before, now)
        runs = {case: bench.measure(case) for case in (first, second)}
        pairs.append((runs[now], runs[before]))
        note(
            f"CPU {runs[now].cpu:.2f} / {runs[before].cpu:.2f} s, {runs[now].seconds:.2f} / {runs[before].seconds:.2f} s"
        )
        if sum(not _is_disturbed(pair) for pair in pairs) >= rounds:
            break
    return sorted(pairs, key=lambda pair: max(run.others for run in pair))[:rounds]


def _is_disturbed(pair: Pair) -> bool:
    return max(run.others for run in pair) > DISTURBED


def _judged(section: Section, name: str, size: int, pairs: Sequence[Pair]) -> list[str]:
    cpu = [now.cpu / before.cpu for now, before in pairs]
    pace = [before.seconds / now.seconds for now, before in pairs]
    low, high = _interval(pace)
    section.goal(f"{name}: processor time", statistics.median(cpu), most=MOST_CPU)
    section.goal(f"{name}: pace, upper end of its interval", high, least=LEAST_PACE)

    def medians(what: Callable[[Run], float]) -> list[str]:
        return [f"{statistics.median(what(pair[at]) for pair in pairs):.2f}" for at in (0, 1)]

    return [
        name,
        *medians(lambda run: run.cpu * GIB / size),
        f"{statistics.median(cpu):.3f} ×",
        *medians(lambda run: size / MIB / run.seconds),
        f"{statistics.median(pace):.3f} ×",
        f"{low:.3f}–{high:.3f}",
        f"{sum(map(_is_disturbed, pairs))} of {len(pairs)}",
    ]


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Between which bounds the median lies in 95 of 100 draws of as many pairs from these."""
    chance = random.Random(len(ratios))
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLED))
    return medians[RESAMPLED // 40], medians[-RESAMPLED // 40 - 1]
