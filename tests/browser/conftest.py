"""One Chromium for all browser tests; every test opens contexts of its own in it. A sender's site for those who need one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import FLAGS, LAN_HOST, Witness, built_pages, chromium, chromium_program
from tests.support.client import Client, Link
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

Visit = Callable[..., Sender]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Five seconds are little on a machine that does other things too.
    expect.set_options(timeout=20_000)
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def whole_browser(browser: Browser) -> Iterator[Browser]:
    """The program that people have, where most tests take its shell: for the main job."""
    running = browser.browser_type.launch(executable_path=chromium_program(), args=list(FLAGS))
    yield running
    running.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A desk shows all that is on a server, so here each file has one of its own: after the tests of http there are a
    thousand links on theirs, and each width and each look of axe goes through them all."""
    with LiveServer(tmp_path_factory.mktemp("server"), workers=2, **GENEROUS) as running:
        yield running
    shutil.rmtree(running.data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Chunks of 1 MiB, so that a few seconds hold many of them."""
    folder = tmp_path_factory.mktemp("app")
    options: dict[str, Any] = {"DROPPR_CHUNK_SIZE_MB": 1, "DROPPR_LOG_LEVEL": "DEBUG", **GENEROUS}
    with LiveServer(folder, workers=2, unix_socket=True, **options) as running:
        yield running
    shutil.rmtree(running.data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def site(app: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    assert app.socket_path
    with LiveNginx(app.socket_path, app.data_dir, built_pages(), tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def gauge(request: pytest.FixtureRequest) -> Gauge:
    shots = request.config.getoption("--shots")
    return Gauge(Path(shots).resolve() if shots else None)


@pytest.fixture
def owner(app: LiveServer, site: LiveNginx) -> Client:
    """The owner, who comes through nginx too."""
    return Client.of(app, url=site.url)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """Where the sender's own files lie."""
    folder = tmp_path / "desk"
    folder.mkdir()
    yield folder
    # pytest keeps the folders of three runs, which would be gigabytes.
    shutil.rmtree(folder)


@pytest.fixture
def visit(browser: Browser, site: LiveNginx) -> Iterator[Visit]:
    """Opens a link in a browser that knows nothing of earlier tests, and in the end asks whether all was proper."""
    with ExitStack() as stack:
        witnesses: list[Witness] = []

        def open_link(link: Link, host: str = "127.0.0.1", **options: Any) -> Sender:
            context = stack.enter_context(browser.new_context(**options))
            witnesses.append(Witness(context))
            return Sender(context, f"http://{host}:{site.port}", link).visit()

        yield open_link
        for witness in witnesses:
            assert witness.policy_violations == []
            assert witness.crashes == []
            assert witness.hosts <= {f"127.0.0.1:{site.port}", f"{LAN_HOST}:{site.port}"}
