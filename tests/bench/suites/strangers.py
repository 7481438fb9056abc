"""What an honest sender and ``/healthz`` notice of forty hostile clients of each kind, and what memory they take."""

from __future__ import annotations

from tests.bench.load import percentile
from tests.bench.report import Section, milliseconds, ratio
from tests.bench.runs import MIB, Bench, note
from tests.support.siege import Outcome, fortress
from tests.support.stranger_kinds import KINDS

CLIENTS = 40
OF_EVERY_KIND = 5
LARGEST = 512 * MIB
HEAD = ["", "pace, to alone", "/healthz, median", "95 of 100 within", "longest", "memory"]


def run(bench: Bench) -> Section:
    size = min(bench.options.size, LARGEST)
    section = Section("strangers")
    section.text(
        f"One sender sends {size // MIB} MiB × 4 over its own link while {CLIENTS} hostile clients of one kind do what they can, each from "
        f"an address of its own; in the last line {OF_EVERY_KIND} of every kind at once. Every setting at its default, 1 worker × 32 threads."
    )
    worst: list[float] = []
    answered: list[float] = []
    for way, behind_nginx in (("gunicorn alone", False), ("behind nginx", True)):
        rows = []
        for name, kinds in _attacks().items():
            folder = bench.folder / f"strangers-{way}-{name}".replace(" ", "-")
            with fortress(folder, size, behind_nginx=behind_nginx) as siege:
                outcome = siege.run(kinds, rounds=bench.options.rounds)
            note(f"strangers: {way}, {name}: {outcome}")
            rows.append([name, *_row(outcome)])
            worst.append(outcome.ratio)
            answered.append(percentile(outcome.probes, 95))
        section.text(f"**{way[0].upper()}{way[1:]}:**")
        section.table(HEAD, rows)
    section.goal("the honest sender, to alone, at worst", min(worst), least=0.5)
    section.goal("95 of 100 probes of `/healthz`, at worst", max(answered), most=1, unit="s")
    return section


def _attacks() -> dict[str, dict[str, int]]:
    return {**{kind: {kind: CLIENTS} for kind in KINDS}, "all of them": dict.fromkeys(KINDS, OF_EVERY_KIND)}


def _row(outcome: Outcome) -> list[str]:
    probed = [milliseconds(percentile(outcome.probes, percent)) for percent in (50, 95, 100)]
    return [ratio(outcome.ratio, 1), *probed, f"{outcome.memory / MIB:+.0f} MiB"]
