"""``python -m tests.bench [suite …]``: runs suites, prints their tables, writes them into docs/performance.md."""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from urllib3.exceptions import HTTPError

from tests.bench import machine
from tests.bench.load import LoadFailed
from tests.bench.report import Section, write
from tests.bench.runs import GIB, MIB, Bench, Options, note
from tests.support.live import PROJECT
from tests.support.nginx import nginx_program

SUITES = (
    *(
        "speed",
        "finish",
        "record",
        "catalogue",
        "many",
        "status",
        "memory",
        "small",
        "slow",
        "strangers",
        "limits",
        "seeds",
        "adaptive",
        "others",
        "client",
        "photos",
        "grains",
        "page",
        "lines",
        "archive",
        "entities",
        "indexing",
        "beside",
    ),
)
OF_MANY_NODES = ("nodes", "direct", "pieces", "last_byte", "held")
BY_NAME_ONLY = ("before", "petabyte", *OF_MANY_NODES)
IN_A_FEW_MINUTES = ("speed", "finish", "record", "status", "memory")


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended and files removed
    cache = PROJECT / ".cache" / "bench"
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=arguments.dir or cache))
    bench = Bench(
        Options(
            folder=folder,
            rounds=arguments.rounds or (5 if arguments.all else 3),
            size=arguments.size * MIB,
            warm=arguments.warm * MIB,
            retries=arguments.retries,
            everything=arguments.all,
            full=arguments.full,
        )
    )
    try:
        named = [each for name in arguments.suites for each in (OF_MANY_NODES if name == "cluster" else (name,))]
        chosen = named or (SUITES if arguments.all else IN_A_FEW_MINUTES)
        went_well = [_run(name, bench, arguments.write) for name in chosen]
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(went_well) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "suites",
        nargs="*",
        metavar="suite",
        help=f"of {', '.join(SUITES)}; the first five if none; or {', '.join(BY_NAME_ONLY)}; cluster is all of many nodes",
    )
    parser.add_argument("--all", action="store_true", help="every suite, at full length")
    parser.add_argument("--full", action="store_true", help="seeds: in real time, about 50 minutes")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--rounds", type=int, help="runs of each case (3, with --all 5)")
    parser.add_argument("--size", type=int, default=1024, help="of the big file, in MiB (1024)")
    parser.add_argument("--warm", type=int, default=2048, help="memory held between runs, in MiB (2048)")
    parser.add_argument("--retries", type=int, default=3, help="rounds of repeating disturbed runs (3)")
    parser.add_argument("--dir", type=Path, help="where the servers keep their files (.cache/bench)")
    arguments = parser.parse_args()
    if unknown := set(arguments.suites) - {*SUITES, *BY_NAME_ONLY}:
        parser.error(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join((*SUITES, *BY_NAME_ONLY))}")
    return arguments


def _run(name: str, bench: Bench, to_document: bool) -> bool:
    """Run a suite; whether it came to its end. The next one may do so even if this one does not."""
    note(f"\n== {name}")
    began = time.monotonic()
    try:
        section: Section = importlib.import_module(f"tests.bench.suites.{name}").run(bench)
    except (LoadFailed, AssertionError, RuntimeError, OSError, HTTPError, subprocess.CalledProcessError) as failure:
        note(f"{name} did not come to its end: {failure!r}")
        return False
    seconds = time.monotonic() - began
    if not section.measured:
        section.measured = f"*Measured on {datetime.date.today()} in {seconds:.0f} s: {_conditions(bench)}.*"
    print(f"\n## {name}\n\n{section}\n", flush=True)
    if to_document:
        write(section)
        write(_machine(bench))
    return True


def _conditions(bench: Bench) -> str:
    options = bench.options
    return f"{options.rounds} rounds, {options.size / GIB:g} GiB, load average now {os.getloadavg()[0]:.1f}"


def _machine(bench: Bench) -> Section:
    section = Section("machine")
    programs = [("nginx", _said([nginx_program(), "-v"]).rpartition("/")[2]), ("Droppr", _commit())]
    section.table(["", ""], [*machine.facts(bench.folder), *programs])
    return section


def _commit() -> str:
    changed = _said(["git", "status", "--porcelain", "--", "media-server/app", "nginx/nginx.conf"])
    return _said(["git", "rev-parse", "--short", "HEAD"]) + (" and changes that are not committed" if changed else "")


def _said(command: list[str]) -> str:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


if __name__ == "__main__":
    sys.exit(main())
