"""The owner's page in Chromium, through nginx: taking everything away, what is new, and a file deleted and had back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.admin import PATIENCE_MS, look_again, owner_desk, unfold
from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.files import content
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx

FILES = {"sub folder/50% Ünï 日本.txt": b"some bytes \x00\xff" * 1000, "large.bin": content(3_000_000, 1), "empty": b""}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("files")
    with LiveServer(folder, workers=1, unix_socket=True, **GENEROUS) as app:
        assert app.socket_path
        with LiveNginx(app.socket_path, app.data_dir, built_pages(), folder) as nginx:
            yield Client.of(app, url=nginx.url)


@pytest.fixture
def desk(browser: Browser, client: Client) -> Iterator[Page]:
    with owner_desk(browser, client.url, client.token) as opened:
        yield opened


def unfolded(desk: Page, link: Link, title: str, files: int) -> Locator:
    look_again(desk)
    row = unfold(desk, title)
    expect(row.locator(".received")).to_have_count(files)
    return row


def taken(desk: Page, row: Locator, name: str) -> dict[str, bytes]:
    with desk.expect_download() as begun:
        row.get_by_role("link", name=name).click()
    with zipfile.ZipFile(io.BytesIO(begun.value.path().read_bytes())) as found:
        assert found.testzip() is None
        return {each: found.read(each) for each in found.namelist()}


def test_everything_comes_in_one_click_and_later_what_is_new(desk: Page, client: Client) -> None:
    link = client.make_link(title="Taken away")
    for path, data in FILES.items():
        link.deliver(path, data)
    row = unfolded(desk, link, "Taken away", len(FILES))
    expect(row.get_by_role("link", name="New since last time")).to_be_hidden()
    assert taken(desk, row, "Download all") == FILES
    expect(row.get_by_role("link", name="New since last time")).to_be_hidden()
    link.deliver("later.txt", b"later")
    expect(row.locator(".received")).to_have_count(len(FILES) + 1, timeout=PATIENCE_MS)
    assert taken(desk, row, "New since last time") == {"later.txt": b"later"}
    expect(row.get_by_role("link", name="New since last time")).to_be_hidden()


def test_a_deleted_file_is_had_back_by_undo(desk: Page, client: Client) -> None:
    link = client.make_link(title="Second thoughts")
    link.deliver("keep.txt", b"keep")
    link.deliver("oops.txt", b"oops")
    row = unfolded(desk, link, "Second thoughts", 2)
    row.get_by_role("button", name="Delete oops.txt").dblclick()
    expect(row.locator(".received-name")).to_have_text(["keep.txt"])
    expect(row).to_contain_text("oops.txt is deleted.")
    assert not (link.disk / "oops.txt").exists()
    row.get_by_role("button", name="Undo").click()
    expect(row.locator(".received-name")).to_have_text(["oops.txt", "keep.txt"])
    expect(row).to_contain_text("oops.txt is back.")
    assert (link.disk / "oops.txt").read_bytes() == b"oops"
