"""Sharing and renaming in Chromium, through nginx: the owner makes an address, somebody without rights downloads by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import owner_desk, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.layout import Gauge

LONG = "Wedding Müller – the whole evening, second camera, from the balcony, final cut (2).mp4"


@contextmanager
def receiver(browser: Browser, address: str, **options: object) -> Iterator[Page]:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.goto(address)
        yield page
    finally:
        context.close()


def test_an_owner_shares_and_a_receiver_downloads(browser: Browser, owner: Client, gauge: Gauge) -> None:
    link = owner.make_link(title="To be shared")
    for name in ("papers/one.txt", LONG, "three.txt"):
        link.deliver(name, name.encode() * 9)
    with owner_desk(browser, owner.url, owner.token) as desk:
        row = unfold(desk, "To be shared")
        expect(row.locator(".file-row")).to_have_count(3)
        row.locator(".file-row", has_text="one.txt").get_by_role("checkbox").check()
        row.locator(".file-row", has_text="Wedding").get_by_role("checkbox").check()
        row.get_by_role("region", name="Chosen files").get_by_role("button", name="Share").click()
        dialog = desk.get_by_role("dialog", name="Share files")
        expect(dialog).to_contain_text("2 files")
        gauge.check(desk, "admin share", main=0)
        dialog.get_by_label("Title").fill("The papers & the film")
        dialog.get_by_label("From").fill("Anna Smith")
        dialog.get_by_label("Password").fill("pw")
        dialog.get_by_role("button", name="Make the address").click()
        expect(dialog.locator(".share-row")).to_contain_text("2 files")
        address = dialog.get_by_label("The address", exact=True).input_value()
        gauge.check(desk, "admin shared", main=0)
        assert complaints(desk) == []
        with receiver(browser, address, locale="de-DE", color_scheme="dark") as page:
            gauge.check(page, "share locked de", main=0)
            page.get_by_label("Passwort").fill("guess")
            page.get_by_role("button").click()
            expect(page.get_by_role("alert")).to_be_visible()
            page.get_by_label("Passwort").fill("pw")
            page.get_by_role("button").click()
            expect(page.locator("li")).to_have_count(2)
            expect(page.locator("main")).to_contain_text("Anna Smith")
            gauge.check(page, "share files de", main=0)
            with page.expect_download() as begun:
                page.get_by_role("link", name=re.compile("one.txt")).click()
            assert begun.value.path().read_bytes() == b"papers/one.txt" * 9
            with page.expect_download() as begun:
                page.get_by_role("link", name="Alle herunterladen").click()
            assert begun.value.suggested_filename == "The papers & the film.zip"
        dialog.get_by_role("button", name=re.compile("^End")).click()
        expect(dialog.locator(".share-row")).to_have_count(0)
        desk.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    with receiver(browser, address, locale="ar") as page:
        gauge.check(page, "share ended ar", main=0)


def test_a_file_is_renamed_by_a_key(browser: Browser, owner: Client, gauge: Gauge) -> None:
    link = owner.make_link(title="To be renamed")
    link.deliver("a.txt", b"first")
    link.deliver("taken.txt", b"second")
    with owner_desk(browser, owner.url, owner.token) as desk:
        row = unfold(desk, "To be renamed")
        row.locator(".file-row", has_text="a.txt").locator(".file-name").focus()
        desk.keyboard.press("F2")
        dialog = desk.get_by_role("dialog", name="Rename")
        expect(dialog.get_by_label("Name")).to_have_value("a.txt")
        dialog.get_by_label("Name").fill("taken.txt")
        desk.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("Another")
        gauge.check(desk, "admin rename", main=0)
        dialog.get_by_label("Name").fill("folder/b.txt")
        desk.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(row.locator(".file-row", has_text="b.txt")).to_be_visible()
        assert (link.disk / "folder" / "b.txt").read_bytes() == b"first"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_share_of_everything(browser: Browser, owner: Client, gauge: Gauge, scheme: str) -> None:
    link = owner.make_link()
    for number in range(12):
        link.deliver(f"folder/photo {number:03}.jpg", b"x" * 10**number if number < 7 else b"x")
    body = {"link": link.hash, "max_downloads": 3}
    url = owner.call("POST", "/api/droppr/shares", json=body, owner=True).expect(201).json["url"]
    with receiver(browser, owner.url + url, color_scheme=scheme) as page:
        gauge.check(page, f"share all {scheme}", main=0)
