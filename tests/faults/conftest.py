"""`--torture` runs the fault tests at full length; without it each of them takes a quick sample."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest

_seed = int(os.environ.get("DROPPR_TEST_SEED") or random.SystemRandom().randrange(10**6))
_begun = time.monotonic()
_tally: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--torture", action="store_true", help="run the fault tests at full length: every step, every kind"
    )


def is_torture(config: pytest.Config) -> bool:
    # Where pytest met this file only while collecting, the option does not exist.
    return bool(config.getoption("--torture", default=False))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if is_torture(config):
        for item in items:
            item.add_marker(pytest.mark.timeout(4 * 3600))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _tally:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(_tally.items()))
        seconds = time.monotonic() - _begun
        terminalreporter.write_line(f"DROPPR_TEST_SEED={_seed}: {counts}, in {seconds:.0f} s")


@pytest.fixture(scope="session")
def torture(request: pytest.FixtureRequest) -> bool:
    """Whether to do everything at length."""
    return is_torture(request.config)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Randomness of this test's own: the seed alone says what it gives, whichever tests run before it."""
    return random.Random(f"{_seed}/{request.node.name}")


@pytest.fixture(scope="session")
def seed() -> int:
    return _seed


@pytest.fixture(scope="session")
def tally() -> Counter[str]:
    """What the last line of the run counts: cases, snapshots, steps."""
    return _tally
