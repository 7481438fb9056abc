"""``python -m tests.support.fuzz TARGET [libFuzzer options] CORPUS``: a target under atheris, guided by the lines it reaches."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris


def main() -> None:
    with atheris.instrument_imports(include=["app", "wsproto", "werkzeug"], enable_loader_override=False):
        from tests.support.fuzz_targets import SEEDS, TARGETS
    name, corpus = sys.argv[1], Path(sys.argv[-1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[name]())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
