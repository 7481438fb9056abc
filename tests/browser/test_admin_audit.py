"""The log of who did what, in Chromium, through nginx: what was done is there, found, chosen and exported, on every screen."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, expect

from tests.support.admin import look_at, owner_desk, owner_page, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.layout import Gauge

DESK = 1000
LONG = "Letters from Zürich – second part, with all that was said of the boathouse, final (2).pdf"


def test_the_log_tells_what_was_done_and_is_searched_chosen_and_exported(
    browser: Browser, owner: Client, gauge: Gauge
) -> None:
    link = owner.make_link(title="Letters to the rowing club")
    link.form(LONG, b"x" * 2000)
    link.download(LONG).expect(200)
    owner.call("DELETE", f"{link.path}/files/{quote(LONG)}", owner=True).expect(200)
    owner.call("GET", "/api/droppr/requests", headers={"Authorization": "Bearer wrong"})
    with owner_desk(browser, owner.url, owner.token) as page:
        page.get_by_role("link", name="Log", exact=True).click()
        expect(page.get_by_role("heading", name="Log")).to_be_visible()
        rows = page.locator("#rows > tr")
        expect(rows.filter(has_text="Logged in").first).to_contain_text("You")
        expect(rows.filter(has_text="Log-in failed").first).to_contain_text("A stranger")
        expect(rows.filter(has_text="File downloaded").filter(has_text=LONG)).to_have_count(1)
        gauge.check_both(page, "owner log", main=DESK)
        page.get_by_label("Search names").fill("zürich")
        expect(rows).to_have_count(1 + 1)
        page.get_by_label("What was done").select_option("file_downloaded")
        expect(rows).to_have_count(1)
        expect(page).to_have_url(re.compile(r"\?q=z%C3%BCrich&act=file_downloaded$"))
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download CSV").click()
        exported = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
        assert [each["act"] for each in exported] == ["file_downloaded"]
        page.reload()
        expect(rows).to_have_count(1)
        page.get_by_label("Search names").fill("nothing like it")
        expect(page.get_by_text("Nothing like this was done.")).to_be_visible()
        gauge.check(page, "owner log nothing", main=DESK)
        assert complaints(page) == []
        page.get_by_role("link", name="Links", exact=True).click()
        unfold(page, "Letters to the rowing club")
        look_at(page, "Activity")
        gauge.check(page, "owner activity with a log", main=DESK)
        page.get_by_role("link", name="All that was done on this link").click()
        expect(page.locator("#one-link-name")).to_have_text("Letters to the rowing club")
        expect(rows.first).to_contain_text("File deleted")
        expect(rows.last).to_contain_text("Link made")
        gauge.check(page, "owner log of a link", main=DESK)
        assert complaints(page) == []


def test_who_is_not_logged_in_is_led_there_and_back(browser: Browser, owner: Client, gauge: Gauge) -> None:
    with owner_page(browser, owner.url) as page:
        page.goto("/admin/audit")
        expect(page.get_by_role("alert")).to_contain_text("not logged in")
        gauge.check(page, "owner log logged out", main=DESK)
        assert complaints(page) == []
        page.get_by_role("link", name="Log in").click()
        page.get_by_label("Admin token").fill(owner.token)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#rows > tr").first).to_contain_text("Logged in")
