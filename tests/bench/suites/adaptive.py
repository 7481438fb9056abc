"""Whether a number and a size of chunks that follow the line beat numbers and sizes that do not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.bench.clients import droppr_upload
from tests.bench.lines import Shape, ShapedLine
from tests.bench.load import LoadFailed, median
from tests.bench.report import Section
from tests.bench.runs import MIB, Bench, note
from tests.bench.servers import Droppr
from tests.support.files import content
from tests.support.live import PROJECT

CLIENT = Path(__file__).resolve().parents[1] / "upload-client.mjs"
ROUNDS = 2
"""At most; each takes about six minutes."""
PATIENCE = 30
"""Seconds a run may take. One that needs longer counts as this long."""

LINES: dict[str, tuple[str, Shape, int]] = {
    "fast": ("16 MiB/s, 2 MiB/s each, 40 ms", Shape(16 * MIB, 2 * MIB, 0.02), 240 * MIB),
    "slow": ("2 MiB/s, 40 ms", Shape(2 * MIB, 2 * MIB, 0.02), 24 * MIB),
    "lossy": (
        "12 MiB/s, 4 MiB/s each, 60 ms, a break every 8 MiB",
        Shape(12 * MIB, 4 * MIB, 0.03, cut_after=8 * MIB),
        96 * MIB,
    ),
    "shared": ("10 MiB/s, 4 others on it, 40 ms", Shape(10 * MIB, 10 * MIB, 0.02, others=4), 80 * MIB),
}
COMMAND = "droppr upload"
ADAPTIVE = ("adaptive", COMMAND)
SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {} for name in ADAPTIVE},
    **{f"{n} × 4 MiB": {"adaptive": False, "chunkSize": 4 * MIB, "maxParallelChunks": n} for n in (1, 4, 8, 16)},
}

Runs = dict[tuple[str, str], list[dict[str, Any]]]


def run(bench: Bench) -> Section:
    subprocess.run(["npm", "run", "--silent", "build:lib"], cwd=PROJECT / "nginx", check=True)
    runs: Runs = {(line, setting): [] for line in LINES for setting in SETTINGS}
    with Droppr(bench.folder / "adaptive", DROPPR_CHUNK_SIZE_MB=4, PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS=16) as server:
        for number in range(min(bench.options.rounds, ROUNDS)):
            for line, setting in runs:
                runs[line, setting].append(_send(bench, server, line, setting, number))
                note(f"adaptive: {line}, {setting}: {runs[line, setting][-1]}")
    return _section(runs)


def _send(bench: Bench, server: Droppr, line: str, setting: str, number: int) -> dict[str, Any]:
    _, shape, size = LINES[line]
    path = bench.folder / f"{line}.bin"
    if not path.exists():
        path.write_bytes(content(size))
    with ShapedLine(server.port, shape, seed=number) as way:
        try:
            command = _command(f"{way.url}/request/{server.link.hash}", path, setting)
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
            # The last line says how it went.
            said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            if (server.link.disk / path.name).read_bytes() != path.read_bytes():
                raise LoadFailed("what arrived is not what was sent")
        except subprocess.TimeoutExpired:
            said = {"seconds": PATIENCE, "first": PATIENCE}
        said |= {"again": max(0, way.carried - size), "cuts": way.cuts}
    server.clean()
    return said


def _command(link: str, path: Path, setting: str) -> list[str]:
    if setting == COMMAND:
        return [*droppr_upload(str(path), link), "--json"]
    return ["node", str(CLIENT), json.dumps({"link": link, "path": str(path), "config": SETTINGS[setting]})]


def _section(runs: Runs) -> Section:
    section = Section("adaptive")
    section.text(
        "One file sent by `ParallelUploader` in Node over a line that `tests/bench/lines.py` simulates: a rate for all connections "
        "together, one for each, a round trip, others who are busy on it all the time, connections that break after so many bytes on average. "
        "Whoever is on the line takes turns, so that what one leaves is there for all. "
        "*Adaptive* is what the library does when nothing is set: 4 chunks of 512 KiB to begin with; `droppr upload` follows the same rule. The server wants up to 16 chunks at once, of up to "
        f"4 MiB. The settings take turns; medians. A run that takes longer than {PATIENCE} s is broken off (<)."
    )
    speed = {key: LINES[key[0]][2] / MIB / median(each["seconds"] for each in said) for key, said in runs.items()}
    best = {line: max(speed[line, setting] for setting in SETTINGS) for line in LINES}
    head = ["MiB/s", *(f"{line}: {LINES[line][0]}" for line in LINES), "of the best, at worst", "on average"]
    rows = []
    for setting in SETTINGS:
        parts = [speed[line, setting] / best[line] for line in LINES]
        speeds = [_speed(runs, line, setting) for line in LINES]
        rows.append([setting, *speeds, f"{min(parts):.0%}", f"{fmean(parts):.0%}"])
    section.table(head, rows)
    section.text("Seconds until the server has acknowledged the first bytes, by which a wrong type would be told:")
    said_so = [setting for setting in SETTINGS if setting != COMMAND]
    section.table(["", *LINES], [[setting, *(_first(runs, line, setting) for line in LINES)] for setting in said_so])
    section.text("MiB that went over the lossy line in vain: " + ", ".join(_again(runs)) + ".")
    for line in LINES:
        fixed, name = max((speed[line, setting], setting) for setting in SETTINGS if setting not in ADAPTIVE)
        for each in ADAPTIVE:
            section.goal(f"{line}: {each} beside the best that is fixed, {name}", speed[line, each] / fixed, least=1)
    return section


def _speed(runs: Runs, line: str, setting: str) -> str:
    seconds = median(each["seconds"] for each in runs[line, setting])
    return f"{'<' * (seconds >= PATIENCE)} {LINES[line][2] / MIB / seconds:.1f}".strip()


def _first(runs: Runs, line: str, setting: str) -> str:
    return f"{median(each['first'] for each in runs[line, setting]):.2f}"


def _again(runs: Runs) -> list[str]:
    return [f"{setting} {median(e['again'] for e in runs['lossy', setting]) / MIB:.0f}" for setting in SETTINGS]
