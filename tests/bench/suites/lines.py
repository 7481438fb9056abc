"""What a sender gets over HTTPS on lines as they are: several clients, over real TCP between network namespaces."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.bench.load import LoadFailed, median
from tests.bench.others import Copyparty, Tus
from tests.bench.over_lines import (
    AT_ONCE,
    CHUNKED,
    CLEAN,
    CLI,
    COMPARED,
    CURL,
    FAR,
    LIMITED,
    LINES,
    LOSSY,
    MEASURED,
    PAGE,
    PATIENCE,
    WINDOWS,
    part,
)
from tests.bench.relay import APART, why_not
from tests.bench.report import Section, quotient
from tests.bench.runs import MIB, Bench
from tests.support.live import PROJECT

LONGEST = 3600
"""Seconds after which it is ended, whatever it does."""
AIMS = dict(zip(CLEAN, (0.90, 0.82, 0.78), strict=True))
"""Which part of a clean line's rate page and command line are to make of it."""
LIMITED_AIMS = {PAGE: 3.5, CLI: 5.0}
LOSSY_AIM = 1.5
FIRST_SECONDS, FIRST_ROUND_TRIPS = 0.2, 6

Runs = dict[tuple[str, str], list[dict[str, Any]]]


def run(bench: Bench) -> Section:
    if reason := why_not():
        raise RuntimeError(reason)
    # From here, as there is no way out of the namespaces.
    subprocess.run([PROJECT / "scripts" / "system-parts", "chromium", "ip", "curl"], check=True)
    Copyparty(bench.folder / "unused").install()
    Tus(bench.folder / "unused").install()
    folder = bench.folder / "lines"
    folder.mkdir()
    command = [*APART, sys.executable, "-m", "tests.bench.over_lines", str(folder), str(bench.options.rounds)]
    try:
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"not done after {LONGEST} seconds") from None
    if done.returncode:
        raise LoadFailed(f"it ended with {done.returncode}")
    facts, *said = map(json.loads, done.stdout.splitlines())
    runs: Runs = {}
    for each in said:
        runs.setdefault((each["line"], each["client"]), []).append(each)
    return _section(runs, facts["versions"], bench.options.rounds)


def _section(runs: Runs, versions: str, rounds: int) -> Section:
    section = Section("lines")
    busiest = max(each["others"] for said in runs.values() for each in said)
    sizes = ", ".join(f"{size // MIB}" for _, size in LINES.values())
    section.text(
        f"One file ({sizes} MiB on the lines from left to right) from one network namespace to another: TCP (cubic, Linux's own buffers), TLS 1.3 and HTTP are "
        "real; between the two a small relay (`tests/bench/relay.c`) keeps rate, delay, the rate of one connection and losses towards the server, with a queue of "
        f"100 ms that drops at its tail. Seconds, and in brackets the part of the line's rate; headers leave 0.94 of it. {versions}. Droppr and nginx as documented; the others "
        f"behind nginx over HTTP/1.1. The page in Chromium from the choice of the file to its arrival, commands from start to end. Medians of {rounds} rounds, "
        f"{len(runs.get((LOSSY, CURL), ()))} where packets get lost, always the same ones for one round. "
        f"Others used up to {busiest:.0%} of the machine."
    )
    section.table(["", *LINES], [[name, *(_cell(runs, title, name) for title in LINES)] for name in MEASURED])
    section.text("Once:")
    section.table(["", *LINES], [[name, *(_cell(runs, title, name) for title in LINES)] for name in COMPARED])
    section.text(
        f"Where several connections behind HTTP/2 would come from: the same chunks of 4 MiB, {AT_ONCE} at once, on one connection, on several to one address, and "
        "on several as host names of their own would give them, once:"
    )
    few = (LIMITED, LOSSY)
    section.table(["", *few], [[name, *(_cell(runs, title, name) for title in few)] for name in CHUNKED])
    section.text(
        f"The window of HTTP/2, where a proxy does not buffer bodies: the same through an nginx in front of gunicorn alone, once, at {FAR}:"
    )
    section.table(["", FAR], [[name, _cell(runs, FAR, name)] for name in WINDOWS])
    section.text("Seconds from the choice of the file until the page has its first chunk acknowledged:")
    section.table(["", *LINES], [["page", *(_number(_median(runs, title, PAGE, "first")) for title in LINES)]])
    _goals(section, runs)
    return section


def _goals(section: Section, runs: Runs) -> None:
    for title, least in AIMS.items():
        for client in (PAGE, CLI):
            found = part(title, _median(runs, title, client))
            section.goal(f"{title}: {client}, of the line", found, least=least, unit="")
    for client, least in LIMITED_AIMS.items():
        section.goal(f"{LIMITED}: {client} beside {CURL}", _beside_curl(runs, LIMITED, client), least=least)
    for client in (PAGE, CLI):
        section.goal(f"{LOSSY}: {client} beside {CURL}", _beside_curl(runs, LOSSY, client), least=LOSSY_AIM)
    for title in CLEAN:
        most = FIRST_SECONDS + FIRST_ROUND_TRIPS * LINES[title][0].round_trip
        section.goal(f"{title}: first chunk acknowledged", _median(runs, title, PAGE, "first"), most=most, unit="s")


def _beside_curl(runs: Runs, title: str, client: str) -> float:
    return quotient(_median(runs, title, CURL), _median(runs, title, client))


def _median(runs: Runs, title: str, client: str, what: str = "seconds") -> float:
    """0 where nothing was measured."""
    said: Sequence[dict[str, Any]] = runs.get((title, client), ())
    return median(each[what] for each in said) if said else 0.0


def _cell(runs: Runs, title: str, client: str) -> str:
    seconds = _median(runs, title, client)
    if seconds >= PATIENCE:
        return f"> {PATIENCE:.0f}"
    return f"{seconds:.1f} ({part(title, seconds):.2f})" if seconds else "–"


def _number(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds else "–"
