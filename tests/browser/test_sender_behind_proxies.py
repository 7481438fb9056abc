"""The page behind other people's proxies: a body limit that nobody set, errors and sign-in pages in the server's place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.between import SIGN_IN, Between, PlainNginx
from tests.support.browser import LAN_HOST, built_pages
from tests.support.client import Client
from tests.support.files import MIB, content, write
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, int]]:
    """The owner, and the port of an nginx in front of a server that wants large chunks."""
    folder = tmp_path_factory.mktemp("behind")
    with LiveServer(folder, unix_socket=True, **GENEROUS) as server:
        assert server.socket_path
        with LiveNginx(server.socket_path, server.data_dir, built_pages(), folder) as nginx:
            yield Client.of(server, url=nginx.url), nginx.port


def test_the_page_finds_the_body_limit_that_nginx_has_by_itself(
    front: tuple[Client, int], browser: Browser, tmp_path: Path
) -> None:
    owner, port = front
    link = owner.make_link()
    file = write(tmp_path / "large.bin", content(30 * MIB))
    with PlainNginx(port, tmp_path / "between") as between, browser.new_context() as context:
        sender = Sender(context, between.url, link).visit()
        sender.choose(file)
        sender.expect_all_arrived("1 file has arrived")
        assert between.refused() > 0
    assert (link.disk / "large.bin").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("answer", [SIGN_IN, Answer(b"error code: 524", 524)], ids=["sign in", "524"])
def test_the_page_goes_on_when_others_no_longer_answer_in_the_servers_place(
    answer: Answer, front: tuple[Client, int], browser: Browser, tmp_path: Path
) -> None:
    owner, port = front
    link = owner.make_link()
    file = write(tmp_path / "large.bin", content(6 * MIB))
    chunks = count(1)

    def instead(asked: Asked) -> Answer | None:
        return answer if asked.path.endswith("/upload-chunk") and 2 < next(chunks) <= 5 else None

    with Between(port, instead) as between, browser.new_context() as context:
        sender = Sender(context, between.url, link).visit()
        sender.choose(file)
        sender.expect_all_arrived("1 file has arrived")
    assert (link.disk / "large.bin").read_bytes() == file.read_bytes()


def elsewhere(between: Between) -> Answer:
    """To another origin, of which no script of ours may see anything."""
    return Answer(b"", 302, {"Location": f"http://{LAN_HOST}:{between.port}/sign-in"})


def test_a_login_at_another_address_is_told_as_what_it_is(
    front: tuple[Client, int], browser: Browser, tmp_path: Path
) -> None:
    owner, port = front
    link = owner.make_link()
    file = write(tmp_path / "large.bin", content(6 * MIB))
    signed_in = threading.Event()
    # Several chunks come at once, each in a thread of its own.
    chunks = count(1)

    def instead(asked: Asked) -> Answer | None:
        if asked.path == "/sign-in":
            return SIGN_IN
        if asked.path.endswith("/upload-chunk") and next(chunks) == 3:
            signed_in.clear()
        return None if signed_in.is_set() or not asked.path.startswith("/api/") else elsewhere(between)

    with Between(port, instead) as between, browser.new_context() as context:
        sender = Sender(context, between.url, link).visit()
        expect(sender.page.locator("#no-link-text")).to_contain_text("perhaps a login")
        signed_in.set()
        sender.page.get_by_role("button", name="Try again").click()
        expect(sender.page.locator("#drop")).to_be_visible()
        sender.choose(file)
        # The session ends in the middle of it.
        expect(sender.page.locator("#problem")).to_contain_text("perhaps a login")
        signed_in.set()
        sender.expect_all_arrived("1 file has arrived")
        expect(sender.page.locator("#problem")).to_be_hidden()
    assert (link.disk / "large.bin").read_bytes() == file.read_bytes()
