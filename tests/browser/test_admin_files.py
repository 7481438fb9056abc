"""The owner's page in Chromium, through nginx: taking everything away, what is new, and a file deleted and had back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.admin import PATIENCE_MS, look_again, owner_desk, unfold
from tests.support.axe import complaints
from tests.support.browser import built_pages, until
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


def unfolded(desk: Page, title: str, files: int | None = None) -> Locator:
    look_again(desk)
    row = unfold(desk, title)
    if files is not None:
        expect(row.locator(".file-row")).to_have_count(files)
    return row


def bytes_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as found:
        assert found.testzip() is None
        return {each: found.read(each) for each in found.namelist()}


def taken(desk: Page, button: Locator) -> dict[str, bytes]:
    with desk.expect_download() as begun:
        button.click()
    return bytes_of(begun.value.path())


def seeded(client: Client, title: str, count: int) -> tuple[Link, dict[str, bytes]]:
    """A link with so many small files of two senders, the last of which is the newest."""
    link = client.make_link(title=title, ask_name="optional")
    files = {f"day {n % 3}/{n:05}.{'jpg' if n % 2 else 'pdf'}": b"%05d" % n for n in range(count)}
    names = list(files)
    for start in range(0, count, 500):
        body = b""
        for path in names[start : start + 500]:
            line = {"path": path, "size": len(files[path]), "sender_name": f"Sender {start // 500}"}
            body += json.dumps(line).encode() + b"\n" + files[path]
        headers = {"Content-Type": "application/vnd.droppr.pack"}
        link.client.call("POST", f"{link.path}/pack", body=body, headers=headers).expect(200)
    return link, files


def focused(desk: Page) -> str:
    """The name of the file that keys go on from; of one that is still to come, none."""
    name: str = desk.evaluate("document.activeElement.closest('.file-row')?.querySelector('.file-name').title ?? ''")
    return name


def expect_focus(desk: Page, name: str) -> None:
    until(desk, lambda: focused(desk) == name, what=f"the focus on {name}")


def focus_first(desk: Page, rows: Locator, name: str) -> None:
    """Goes to the first file of the list, which is this one; in the document rows come into their order once nobody scrolls."""
    expect(rows.first.locator(".file-name")).to_have_attribute("title", name)
    rows.first.locator(".file-name").focus()
    expect_focus(desk, name)


def test_everything_comes_in_one_click_and_later_what_is_new(browser: Browser, desk: Page, client: Client) -> None:
    link = client.make_link(title="Taken away")
    for path, data in FILES.items():
        link.deliver(path, data)
    row = unfolded(desk, "Taken away", len(FILES))
    new = row.get_by_role("link", name="New since last time")
    expect(new).to_be_hidden()
    assert taken(desk, row.get_by_role("link", name="Download all")) == FILES
    expect(new).to_be_hidden()
    link.deliver("later.txt", b"later")
    expect(row.locator(".file-row")).to_have_count(len(FILES) + 1, timeout=PATIENCE_MS)
    assert taken(desk, new) == {"later.txt": b"later"}
    expect(new).to_be_hidden()
    # Another browser of the same owner's knows.
    link.deliver("last.txt", b"last")
    with owner_desk(browser, client.url, client.token) as another:
        row = unfolded(another, "Taken away", len(FILES) + 2)
        assert taken(another, row.get_by_role("link", name="New since last time")) == {"last.txt": b"last"}
        another.reload()
        expect(row.locator(".file-row")).to_have_count(len(FILES) + 2, timeout=PATIENCE_MS)
        expect(row.get_by_role("link", name="New since last time")).to_be_hidden()


def test_a_deleted_file_is_had_back_by_undo(desk: Page, client: Client) -> None:
    link = client.make_link(title="Second thoughts")
    link.deliver("keep.txt", b"keep")
    link.deliver("oops.txt", b"oops")
    row = unfolded(desk, "Second thoughts", 2)
    row.locator(".file-row").first.hover()
    row.get_by_role("button", name="Delete oops.txt").dblclick()
    expect(row.locator(".file-base")).to_have_text(["keep.txt"])
    expect(row).to_contain_text("oops.txt is deleted.")
    assert not (link.disk / "oops.txt").exists()
    row.get_by_role("button", name="Undo").click()
    expect(row.locator(".file-base")).to_have_text(["oops.txt", "keep.txt"])
    expect(row).to_contain_text("oops.txt is back.")
    assert (link.disk / "oops.txt").read_bytes() == b"oops"


# A quarter of a minute on a machine that does nothing else, and a whole one on a busy disk.
@pytest.mark.timeout(300)
def test_two_thousand_files_are_gone_through_chosen_and_taken_by_keys_alone(desk: Page, client: Client) -> None:
    link, files = seeded(client, "Wedding of two thousand", 2_000)
    newest = list(reversed(files))
    row = unfolded(desk, "Wedding of two thousand")
    rows = row.locator(".file-row")
    expect(rows.first).to_have_attribute("aria-setsize", "2000")
    assert rows.count() < 80
    focus_first(desk, rows, newest[0])
    for key in ("ArrowDown", "ArrowDown", "Space", "Shift+ArrowDown", "Shift+ArrowDown"):
        desk.keyboard.press(key)
    bar = row.get_by_role("region", name="Chosen files")
    expect(bar).to_contain_text("3 files chosen · 15 bytes")
    expect_focus(desk, newest[4])
    # To the end of what was not even here, and back by pages.
    desk.keyboard.press("End")
    expect(rows.last.locator(".file-name")).to_have_attribute("title", newest[-1])
    expect_focus(desk, newest[-1])
    desk.keyboard.press("Home")
    expect_focus(desk, newest[0])
    desk.keyboard.press("PageDown")
    until(desk, lambda: focused(desk) in newest[5:], what="the focus a page further down")
    assert taken(desk, bar.get_by_role("button", name="Download 3")) == {path: files[path] for path in newest[2:5]}

    # Three are deleted, and had back.
    focus_first(desk, rows, newest[0])
    desk.keyboard.press("Delete")
    expect(row).to_contain_text("3 files deleted.")
    expect(rows.first).to_have_attribute("aria-setsize", "1997")
    expect(bar).to_be_hidden()
    expect_focus(desk, newest[0])
    gone = {each["path"] for each in link.files()} ^ set(files)
    assert gone == set(newest[2:5])
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("3 files are back.")
    expect(rows.first).to_have_attribute("aria-setsize", "2000")
    assert {each["path"] for each in link.files()} == set(files)

    # All but one.
    focus_first(desk, rows, newest[0])
    desk.keyboard.press("Control+a")
    expect(bar).to_contain_text("2,000 files chosen")
    expect(rows.nth(1).locator(".file-name")).to_have_attribute("title", newest[1])
    rows.nth(1).locator("input").click()
    expect(bar).to_contain_text("1,999 files chosen")
    found = taken(desk, bar.get_by_role("button", name="Download 1,999"))
    assert found == {path: data for path, data in files.items() if path != newest[1]}
    bar.get_by_role("button", name="Delete").click()
    expect(row).to_contain_text("1,999 files deleted.", timeout=120_000)
    expect(rows).to_have_count(1)
    expect(rows.locator(".file-name")).to_have_attribute("title", newest[1])
    assert [each["path"] for each in link.files()] == [newest[1]]
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("1,999 files are back.", timeout=120_000)
    assert {each["path"] for each in link.files()} == set(files)


def test_what_the_filter_shows_is_chosen_and_nothing_else(desk: Page, client: Client) -> None:
    link, files = seeded(client, "Found by name", 600)
    row = unfolded(desk, "Found by name")
    rows = row.locator(".file-row")
    focus_first(desk, rows, list(files)[-1])
    desk.keyboard.press("/")
    expect(row.get_by_label("Search by name")).to_be_focused()
    desk.keyboard.type("/0059")
    expect(row.locator(".file-count")).to_have_text("10 files found, 50 bytes")
    row.get_by_label("Type", exact=True).select_option("picture")
    expect(rows).to_have_count(5)
    row.get_by_role("button", name="Sort by Name").click()
    expect(row.get_by_role("button", name="Name, sorted: A to Z")).to_be_visible()
    wanted = sorted(path for path in files if "/0059" in path and path.endswith("jpg"))
    expect(rows.locator(".file-name")).to_have_count(5)
    # The heads tell the order before the server has told the files in it.
    until(desk, lambda: rows.locator(".file-name").evaluate_all("all => all.map(each => each.title)") == wanted)
    focus_first(desk, rows, wanted[0])
    desk.keyboard.press("Control+a")
    bar = row.get_by_role("region", name="Chosen files")
    expect(bar).to_contain_text("5 files chosen · 25 bytes")
    assert complaints(desk) == []
    assert taken(desk, bar.get_by_role("button", name="Download 5")) == {path: files[path] for path in wanted}
    bar.get_by_role("button", name="Delete").click()
    expect(row).to_contain_text("5 files deleted.")
    expect(row.get_by_text("No file is called so.")).to_be_visible()
    assert {each["path"] for each in link.files()} == set(files) - set(wanted)
    row.get_by_role("button", name="Show all files").click()
    expect(rows.first).to_have_attribute("aria-setsize", "595")
    row.get_by_label("Sender", exact=True).focus()
    expect(row.get_by_label("Sender", exact=True).locator("option")).to_have_count(3)
    row.get_by_label("Sender", exact=True).select_option(label="Sender 1 (95 files)")
    expect(row.locator(".file-count")).to_have_text("95 files found, 475 bytes")


def test_what_arrives_while_one_reads_moves_nothing(desk: Page, client: Client) -> None:
    link, files = seeded(client, "Still arriving", 50)
    row = unfolded(desk, "Still arriving")
    first = row.locator(".file-row").first
    expect(first.locator(".file-name")).to_have_attribute("title", list(files)[-1])
    first.hover()
    link.deliver("new.txt", b"new")
    look_again(desk)
    show = row.get_by_role("button", name="Show 1 new file")
    expect(show).to_be_visible(timeout=PATIENCE_MS)
    expect(first.locator(".file-name")).to_have_attribute("title", list(files)[-1])
    assert complaints(desk) == []
    show.click()
    expect(first.locator(".file-name")).to_have_attribute("title", "new.txt")
    expect(show).to_be_hidden()
