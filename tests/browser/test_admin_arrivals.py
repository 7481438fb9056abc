"""The owner's desk in Chromium: what has arrived, what of it is new, which links are shown and in which order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import PATIENCE_MS, back_to_links, look_again, owner_desk, row_of, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.live import LiveServer


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def send(browser: Browser, address: str, name: str, files: dict[str, bytes]) -> None:
    """A sender sends files from a browser of their own."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Your name").fill(name)
    payloads = [{"name": each, "mimeType": "text/plain", "buffer": data} for each, data in files.items()]
    page.locator('input[type="file"]:not([webkitdirectory])').first.set_input_files(payloads)
    page.get_by_role("button", name="Send", exact=False).first.click()
    expect(page.get_by_text("have arrived").first).to_be_visible(timeout=PATIENCE_MS)
    context.close()


def test_what_a_sender_sends_is_new_on_the_desk_until_its_owner_has_looked(
    browser: Browser, desk: Page, client: Client
) -> None:
    link = client.make_link(title="Seen and not seen", ask_name="required", max_files=5)
    send(browser, f"{client.url}/request/{link.hash}", "Anna", {"a.txt": b"one", "b.txt": b"two"})
    row = row_of(desk, "Seen and not seen")
    expect(row).to_contain_text("2 new files", timeout=PATIENCE_MS)
    expect(row).to_contain_text("Anna just now")
    expect(row).to_contain_text("2 of 5 files")
    go = desk.locator(".go").filter(has_text="Seen and not seen")
    expect(go).to_contain_text("Anna sent 2 files, 6 bytes to Seen and not seen")
    expect(go).to_contain_text("b.txt, a.txt")
    expect(desk).to_have_title(re.compile(r"^\(\d+\) Request links"))
    assert complaints(desk) == []
    with desk.expect_download() as begun:
        go.get_by_role("link", name="Download 2 files from Anna").click()
    with zipfile.ZipFile(begun.value.path()) as taken:
        assert {each: taken.read(each) for each in taken.namelist()} == {"a.txt": b"one", "b.txt": b"two"}
    # To have downloaded it is not to have looked.
    look_again(desk)
    expect(row).to_contain_text("2 new files")
    shown = unfold(desk, "Seen and not seen")
    expect(shown.locator(".received")).to_have_count(2)
    back_to_links(desk)
    expect(row.locator(".news")).to_be_hidden(timeout=PATIENCE_MS)
    expect(go).to_have_count(0)
    desk.reload()
    expect(row).to_contain_text("Anna")
    expect(row.locator(".news")).to_be_hidden()
    # What comes while the files are looked at is seen with them, in every tab.
    unfold(desk, "Seen and not seen")
    link.deliver("c.txt", b"three", sender_name="Ben")
    expect(shown.locator(".received")).to_have_count(3, timeout=PATIENCE_MS)
    look_again(desk)
    back_to_links(desk)
    expect(row).to_contain_text("Ben just now", timeout=PATIENCE_MS)
    expect(row.locator(".news")).to_be_hidden()
