"""Photos: files that fit a chunk go in one request each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Request

from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.files import MIB, content, hashes, write
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine
from tests.support.sender import QUICK_MACHINE, Sender

PHOTOS = 30


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, int]]:
    """The owner, and the port of an nginx in front of a server that wants chunks as large as it does by itself."""
    folder = tmp_path_factory.mktemp("roomy")
    with LiveServer(folder, workers=2, unix_socket=True, **GENEROUS) as server:
        assert server.socket_path
        with LiveNginx(server.socket_path, server.data_dir, built_pages(), folder) as nginx:
            yield Client.of(server, url=nginx.url), nginx.port


@pytest.fixture
def behind(browser: Browser, roomy: tuple[Client, int]) -> Iterator[Callable[[BadLine], Sender]]:
    """A sender on a new link, who comes by way of a line."""
    with ExitStack() as stack:

        def visit(line: BadLine) -> Sender:
            context = stack.enter_context(browser.new_context())
            # Chunks are no smaller than photos, however much else this machine does.
            context.add_init_script(QUICK_MACHINE)
            return Sender(context, line.url, roomy[0].make_link()).visit()

        yield visit


def test_photos_go_in_one_request_each_once_the_line_is_known(
    roomy: tuple[Client, int], desk: Path, behind: Callable[[BadLine], Sender]
) -> None:
    files = photos(desk, PHOTOS)
    with BadLine(roomy[1]) as line:
        sender = behind(line)
        sender.choose(*files)
        sender.expect_all_arrived(f"{PHOTOS} files have arrived")

    assert hashes(sender.link.disk) == hashes(desk)
    whole = [opened(call)["path"] for call in sender.wholes]
    assert len(whole) >= PHOTOS // 2
    # Whatever went whole was asked for by nothing else.
    assert len({*whole}) == len(whole) == PHOTOS - len(sender.openings)
    assert {each["path"] for each in sender.link.files()} == {file.name for file in files}


def test_photos_that_were_cut_in_the_middle_go_on_under_their_keys(
    roomy: tuple[Client, int], desk: Path, behind: Callable[[BadLine], Sender]
) -> None:
    with BadLine(roomy[1]) as line:
        sender = behind(line)
        sender.choose(*photos(desk, PHOTOS))
        sender.expect_all_arrived(f"{PHOTOS} files have arrived")
        ahead, carried = len(sender.wholes), line.carried
        assert ahead

        sender.line(mib_per_second=2)
        sender.choose(*photos(desk, 10, first=PHOTOS))
        sender.until(lambda: len(sender.wholes) > ahead and line.carried > carried + MIB, what="photos in the air")
        cut = {opened(call)["key"] for call in sender.wholes[ahead:]}
        with line.down():
            sender.line()
            sender.until(lambda: any(call.failure for call in sender.wholes[ahead:]), what="a cut")
        sender.expect_all_arrived(f"{PHOTOS + 10} files have arrived")
        again = {json.loads(call.post_data or "")["key"] for call in sender.calls if call.url.endswith("/uploads")}
        assert cut & again

    assert hashes(sender.link.disk) == hashes(desk)


def photos(desk: Path, count: int, first: int = 0) -> list[Path]:
    """Files of 2 to 4 MiB."""
    sizes = [2 * MIB + number * 2 * MIB // (count - 1) for number in range(count)]
    return [write(desk / f"{at}.jpg", content(size, seed=at)) for at, size in enumerate(sizes, first)]


def opened(whole: Request) -> dict[str, Any]:
    """What a whole file says when it opens its upload."""
    found: dict[str, Any] = json.loads(whole.headers["x-upload-opening"])
    return found
