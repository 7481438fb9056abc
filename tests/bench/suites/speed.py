"""One big file, from the first byte sent to the complete file under its name, beside nginx on the same disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench.plot import line_chart
from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import GIB, MIB, Bench, Case, Outcome
from tests.bench.servers import DavNginx, Droppr
from tests.bench.suites.uploads import Shape, to_droppr, to_nginx, to_nginx_in_parts

PARALLEL = (1, 2, 4, 8)


def run(bench: Bench) -> Section:
    section = Section("speed")
    with ExitStack() as stack:
        nginx = stack.enter_context(DavNginx(bench.folder / "dav"))
        fast, proxied, safe, safe_proxied = (
            stack.enter_context(Droppr(bench.folder / name, behind_nginx=behind, DROPPR_DURABILITY=durability))
            for name, behind, durability in (
                ("fast", False, "none"),
                ("proxied", True, "none"),
                ("safe", False, "complete"),
                ("safe-proxied", True, "complete"),
            )
        )
        _compare(bench, section, nginx, (fast, proxied), durable=False)
        _compare(bench, section, nginx, (safe, safe_proxied), durable=True)
        _by_parallel(bench, section, nginx, fast, proxied)
    return section


def _compare(bench: Bench, section: Section, nginx: DavNginx, ours: tuple[Droppr, Droppr], *, durable: bool) -> None:
    shape = Shape(bench.options.size)
    ending = ", then fsync" if durable else ""
    cases: list[Case] = [to_nginx(bench, nginx, shape.size, f"nginx, one `PUT`{ending}", durable=durable)]
    if not durable:
        cases.append(to_nginx_in_parts(bench, nginx, shape, "nginx, one `PUT` for each chunk × 4, never joined"))
    cases += [
        to_droppr(bench, ours[0], shape, "Droppr, gunicorn alone"),
        to_droppr(bench, ours[1], shape, "Droppr behind nginx"),
    ]
    section.text(
        "Synced: `DROPPR_DURABILITY=complete` (the default) beside nginx and an fsync of the file and its folder."
        if durable
        else "Not synced: `DROPPR_DURABILITY=none` beside nginx, which never syncs."
    )
    rounds = bench.options.rounds
    outcomes = bench.take_turns(cases)
    section.table(*speed_table(outcomes, rounds))
    if not durable:
        one, best, alone, behind = (_speed(each, rounds) for each in outcomes)
        section.text(
            f"Beside nginx at its best, the second row: gunicorn alone {ratio(alone, best)}, "
            f"behind nginx {ratio(behind, best)}."
        )
        section.goal("gunicorn alone, beside nginx's one `PUT`", quotient(alone, one), least=1)
        section.goal("gunicorn alone, beside nginx at its best", quotient(alone, best), least=0.85)
        section.goal(
            "its processor time, beside one `PUT`",
            quotient(_cpu(outcomes[2], rounds), _cpu(outcomes[0], rounds)),
            most=1.3,
        )
        section.goal("behind nginx, beside one `PUT`", quotient(behind, one), least=0.65)


def _by_parallel(bench: Bench, section: Section, nginx: DavNginx, alone: Droppr, proxied: Droppr) -> None:
    size = bench.options.size
    cases = [to_nginx(bench, nginx, size, "nginx, one `PUT`")]
    for count in PARALLEL:
        cases.append(to_droppr(bench, alone, Shape(size, count), f"Droppr, {count} at once"))
        cases.append(to_droppr(bench, proxied, Shape(size, count), f"Droppr behind nginx, {count} at once"))
    rounds = max(1, bench.options.rounds - (0 if bench.options.everything else 1))
    outcomes = bench.take_turns(cases, rounds)
    section.text("By the number of chunks on their way at once (`DROPPR_DURABILITY=none`):")
    section.table(*speed_table(outcomes, rounds))
    reference, *ours = [_speed(each, rounds) for each in outcomes]
    lines = {"nginx, one PUT": [reference] * len(PARALLEL), "gunicorn alone": ours[::2], "behind nginx": ours[1::2]}
    chart = line_chart(
        f"{size / GIB:g} GiB in chunks of 8 MiB", "chunks at once", "MiB/s", [str(each) for each in PARALLEL], lines
    )
    section.picture("parallel", "Speed by the number of chunks at once, numbers as in the table above", chart)


def speed_table(outcomes: Sequence[Outcome], rounds: int) -> tuple[list[str], list[list[str]]]:
    """Medians of each case; ratios to the first one."""
    head = [
        "",
        "MiB/s",
        "slowest–fastest",
        "to the first",
        "CPU s/GiB",
        "to the first",
        "CPU s/GiB after",
        "peak MiB",
        "disturbed",
    ]
    reference = outcomes[0]
    return head, [_row(each, reference, rounds) for each in outcomes]


def _row(outcome: Outcome, reference: Outcome, rounds: int) -> list[str]:
    runs = outcome.best_runs(rounds)
    if not runs:
        return [outcome.case.name, *["failed"] * 8]
    speeds = [outcome.case.size / MIB / run.seconds for run in runs]
    return [
        outcome.case.name + (f" ({len(outcome.failures)} failed)" if outcome.failures else ""),
        f"{_speed(outcome, rounds):.0f}",
        f"{min(speeds):.0f}–{max(speeds):.0f}",
        ratio(_speed(outcome, rounds), _speed(reference, rounds)),
        f"{_cpu(outcome, rounds):.2f}",
        ratio(_cpu(outcome, rounds), _cpu(reference, rounds)),
        f"{outcome.median(lambda run: run.later, rounds) * GIB / outcome.case.size:.2f}",
        f"{outcome.median(lambda run: run.peak, rounds) / MIB:.0f}",
        f"{sum(run in outcome.disturbed for run in runs)} of {len(runs)}",
    ]


def _cpu(outcome: Outcome, rounds: int) -> float:
    """Seconds a GiB."""
    return outcome.median(lambda run: run.cpu, rounds) * GIB / outcome.case.size if outcome.best_runs(rounds) else 0.0


def _speed(outcome: Outcome, rounds: int) -> float:
    """The median in MiB/s; 0 when no run went through."""
    if not outcome.best_runs(rounds):
        return 0.0
    return outcome.case.size / MIB / outcome.median(lambda run: run.seconds, rounds)
