"""The page far from its server: the first chunks of a large file leave while it is being opened."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.between import Between
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.files import MIB, content, write
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

ROUND_TRIP = 0.1
"""Seconds that the link's answer is under way."""


class Far(Between):
    """A way on which an opening is answered only when a chunk has come, where ``holds`` says so."""

    def __init__(self, port: int, *, holds: bool) -> None:
        super().__init__(port, self._carry)
        self._holds = holds
        self._came = threading.Event()
        self.opened: list[str] = []
        """The keys of openings."""
        self.keys: list[str] = []
        """The keys by which chunks named their upload."""

    def _carry(self, asked: Asked) -> Answer | None:
        if asked.method == "GET" and asked.path.startswith("/api/droppr/requests/"):
            time.sleep(ROUND_TRIP)
        elif asked.path.endswith("/uploads"):
            self.opened.append(json.loads(asked.body)["key"])
            answer = self.pass_on(asked)
            assert not self._holds or self._came.wait(20)
            return answer
        elif "x-upload-key" in asked.headers:
            self.keys.append(asked.headers["x-upload-key"])
            self._came.set()
        return None


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, int]]:
    """The owner, and the port of an nginx."""
    folder = tmp_path_factory.mktemp("far")
    with LiveServer(folder, unix_socket=True, **GENEROUS) as server:
        assert server.socket_path
        with LiveNginx(server.socket_path, server.data_dir, built_pages(), folder) as nginx:
            yield Client.of(server, url=nginx.url), nginx.port


def test_the_first_chunks_leave_while_their_upload_is_being_opened(
    front: tuple[Client, int], browser: Browser, tmp_path: Path
) -> None:
    owner, port = front
    link = owner.make_link()
    file = write(tmp_path / "large.bin", content(20 * MIB))
    with Far(port, holds=True) as way, browser.new_context() as context:
        sender = Sender(context, way.url, link).visit()
        sender.choose(file)
        sender.expect_all_arrived("1 file has arrived")
        assert len(way.opened) == 1
        assert {*way.keys} == {*way.opened}
    assert (link.disk / "large.bin").read_bytes() == file.read_bytes()


def test_where_a_password_is_asked_for_nothing_leaves_before_it_was_taken(
    front: tuple[Client, int], browser: Browser, tmp_path: Path
) -> None:
    owner, port = front
    link = owner.make_link(password="right")
    file = write(tmp_path / "large.bin", content(20 * MIB))
    with Far(port, holds=False) as way, browser.new_context() as context:
        sender = Sender(context, way.url, link).visit()
        sender.choose(file)
        sender.page.get_by_label("Password").fill("right")
        sender.page.locator("#send").click()
        sender.expect_all_arrived("1 file has arrived")
        assert (len(way.opened), way.keys) == (1, [])
