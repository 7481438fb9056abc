"""`--torture` runs the fault tests at full length; without it each of them takes a quick sample."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import pytest

from tests.conftest import SEED

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
            # In front of what a test says of itself, which is about the sample.
            item.add_marker(pytest.mark.timeout(4 * 3600), append=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # In a worker process of pytest-xdist, which ends before anything is printed.
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = dict(_tally)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _tally.update(getattr(node, "workeroutput", {}).get("tally", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _tally:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(_tally.items()))
        seconds = time.monotonic() - _begun
        terminalreporter.write_line(f"DROPPR_TEST_SEED={SEED}: {counts}, in {seconds:.0f} s")


@pytest.fixture(scope="session")
def torture(request: pytest.FixtureRequest) -> bool:
    """Whether to do everything at length."""
    return is_torture(request.config)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Randomness of this test's own: the seed alone says what it gives, whichever tests run before it."""
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture(scope="session")
def tally() -> Counter[str]:
    """What the last line of the run counts: cases, snapshots, steps."""
    return _tally
