"""Whatever reads the bytes of strangers takes any bytes: at length under atheris, which looks for those that lead somewhere new."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.fuzz_targets import SEEDS, TARGETS, remove_folders
from tests.support.live import MEDIA_SERVER, PROJECT

SECONDS = int(os.environ.get("DROPPR_FUZZ_SECONDS", "60"))
"""Of each target, at full length."""
MUTATIONS = 200


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left() -> Iterator[None]:
    yield
    remove_folders()


def changed(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some put in, taken out, doubled or made others."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randint(0, len(found)), chance.choice((1, 1, 2, 8, 300))
        piece = chance.choice(
            (chance.randbytes(size), bytes(found[at : at + size]) * 2, b"", b"\0", b"\xff", b"\n", b"\r\n", b"[")
        )
        found[at : at + chance.choice((0, 1, len(piece)))] = piece
    return bytes(found)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_taken(name: str, chance: random.Random, tally: Counter[str]) -> None:
    read = TARGETS[name]()
    for data in [b"", *SEEDS[name]]:
        read(data)
    for _ in range(MUTATIONS):
        data = changed(chance.choice(SEEDS[name]), chance)
        try:
            read(data)
        except BaseException:
            print(f"{name} was given {data!r}")
            raise
        tally["fuzzed"] += 1


@pytest.mark.parametrize("name", TARGETS)
def test_fuzzed(name: str, torture: bool, seed: int, tally: Counter[str]) -> None:
    if not torture:
        pytest.skip("at full length only")
    if platform.machine() != "x86_64":
        pytest.skip("atheris has packages for x86_64 only")
    folder = PROJECT / ".cache" / "fuzz"
    artifacts = folder / f"{name}-found-"
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={SECONDS}",
        f"-seed={seed or 1}",
        f"-artifact_prefix={artifacts}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-max_len=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzz", name, *options, str(folder / name)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": f"{MEDIA_SERVER}:{PROJECT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    runs = next(int(line.split()[-1]) for line in said.splitlines() if "number_of_executed_units" in line)
    assert runs > 100
    tally[f"fuzzed {name}"] += runs
