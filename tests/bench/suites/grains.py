"""Very many small files as people send them: `droppr upload` and the page, beside curl to nginx."""

from __future__ import annotations

from tests.bench.report import Section
from tests.bench.runs import Bench
from tests.bench.suites.photos import measure

SHAPE = 10_000, 4096
AIMS = {"`droppr upload`": 1 / 1.5}


def run(bench: Bench) -> Section:
    section = Section("grains")
    section.text("The same with files of 4 KiB, of which page and command line send many in one request.")
    measure(bench, section, SHAPE, AIMS)
    return section
