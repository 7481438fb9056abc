"""Fixtures all suites share, and the server's log beside every failure."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Link
from tests.support.live import GENEROUS, LiveServer

# Chosen once, so that all processes of a run have the same; every chance of a test comes from it.
SEED = int(os.environ.setdefault("DROPPR_TEST_SEED", str(random.SystemRandom().randrange(10**6))))


def pytest_report_header() -> str:
    return f"DROPPR_TEST_SEED={SEED}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Puts the end of every running server's log under a failed test."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {server.url}", server.tail()) for server in LiveServer.running]
    return report


@pytest.fixture(scope="session")
def seed() -> int:
    """Repeats a run: DROPPR_TEST_SEED, which stands at the head of what pytest prints."""
    return SEED


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server with four workers for all tests that need no settings of their own. Use a link of your own."""
    folder = tmp_path_factory.mktemp("server")
    more: dict[str, Any] = {"DROPPR_MAX_CHUNK_SIZE_MB": 16, "PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS": 64}
    with LiveServer(folder, **GENEROUS, **more) as running:
        yield running
    shutil.rmtree(running.data_dir, ignore_errors=True)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Starts servers with settings of their own: ``live(workers=1, DROPPR_BODY_TIMEOUT_SECONDS=2)``."""
    numbers = count(1)
    with ExitStack() as stack:

        def start(**options: Any) -> LiveServer:
            folder = tmp_path / f"server-{next(numbers)}"
            folder.mkdir()
            # pytest keeps the folders of three runs, which would be gigabytes.
            stack.callback(shutil.rmtree, folder / "data", ignore_errors=True)
            return stack.enter_context(LiveServer(folder, **{**GENEROUS, **options}))

        yield start


@pytest.fixture
def client(server: LiveServer) -> Client:
    return Client.of(server)


@pytest.fixture
def link(client: Client) -> Link:
    """A fresh link on the shared server, without limits."""
    return client.make_link()
