"""A checklist from both sides in a browser: what is asked for, sent, sent back and accepted, and what nobody else sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from tests.browser.conftest import Visit
from tests.support.admin import come_back, look_again, look_at, open_panel, owner_desk, row_of, unfold
from tests.support.axe import complaints
from tests.support.browser import until
from tests.support.client import Client, Link
from tests.support.files import MIB, content, write
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def asking(owner: Client, **more: Any) -> Link:
    items = [
        {"title": "Passport", "description": "Both sides.", "most": 2, "extensions": ["pdf"], "example": "A scan"},
        {"title": "Receipts", "count": 2},
        {"title": "A photo of the house", "required": False, "example": "https://example.org/house.jpg"},
    ]
    return owner.make_link(**{"title": "Papers", "items": items, **more})


def item(page: Page, title: str) -> Locator:
    return page.locator(".asked-item").filter(has=page.get_by_role("heading", name=title, exact=True))


def give(sender: Sender, title: str, *paths: Path) -> None:
    with sender.page.expect_file_chooser() as chooser:
        sender.page.get_by_role("button", name=f"Choose files: {title}").click()
    chooser.value.set_files(list(paths))


def state(page: Page, title: str) -> Locator:
    return item(page, title).locator(".asked-state")


def still(zone: Locator) -> FloatRect:
    """Where it lies in the window, once nothing moves it any more."""
    seen: list[FloatRect | None] = [None]

    def lies() -> FloatRect | None:
        zone.scroll_into_view_if_needed()
        seen.append(zone.bounding_box())
        return seen[-1] if seen[-1] == seen[-2] else None

    box = until(zone.page, lies, what="a place that stays")
    assert box
    return box


def test_what_is_asked_for_is_sent_sent_back_and_accepted(
    owner: Client, app: LiveServer, site: LiveNginx, browser: Browser, desk: Path, visit: Visit
) -> None:
    link = asking(owner, title="Papers from two")
    anna = visit(link)
    page = anna.page
    expect(state(page, "Passport")).to_have_text("Needed")
    expect(page.locator(".asked-left")).to_have_text("2 of 2 are still missing")
    # A wrong kind is told where it was chosen, and nothing of it leaves.
    give(anna, "Passport", write(desk / "pass.txt", b"text"))
    expect(item(page, "Passport").get_by_role("alert")).to_contain_text("pass.txt")
    give(anna, "Passport", write(desk / "pass.pdf", PDF))
    expect(state(page, "Passport")).to_have_text("Sent")
    expect(item(page, "Passport").get_by_role("alert")).to_have_count(0)
    folder = desk / "receipts"
    write(folder / "may" / "1.txt", b"1")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder: Receipts").click()
    chooser.value.set_files(folder)
    expect(state(page, "Receipts")).to_have_text("1 of 2 files")
    expect(page.locator(".asked-left")).to_have_text("1 of 2 is still missing")
    # Let go beside all items, it is one of the others.
    anna.drop(write(desk / "beside.txt", b"beside"), x=5, y=5)
    anna.expect_arrived("beside.txt")
    zone = item(page, "Receipts")
    box = still(zone)
    anna.drop(write(desk / "2.txt", b"2"), x=int(box["x"] + 30), y=int(box["y"] + 30))
    expect(state(page, "Receipts")).to_have_text("Sent")
    expect(page.locator(".asked-left")).to_have_text("Everything that was asked for is here. Thank you.")
    page.reload()
    expect(state(page, "Passport")).to_have_text("Sent")
    expect(item(page, "Receipts").locator(".asked-files li")).to_have_count(2)

    # Somebody else sees nothing of it.
    ben = visit(link).page
    expect(ben.locator(".asked-left")).to_have_text("2 of 2 are still missing")
    expect(ben.locator(".asked-files li")).to_have_count(0)
    assert "pass.pdf" not in ben.content()

    with owner_desk(browser, site.url, app.token) as admin:
        row = unfold(admin, "Papers from two")
        look_at(admin, "Checklist")
        expect(row.locator("tbody tr")).to_have_count(1)
        row.get_by_role("button", name="Sent: Passport, Somebody").click()
        panel = admin.get_by_role("dialog")
        expect(panel.get_by_role("button", name="pass.pdf")).to_be_visible()
        panel.get_by_role("button", name="Send back: Passport").click()
        panel.get_by_role("button", name="Send back", exact=True).click()
        expect(panel.get_by_text("Say what is missing or wrong")).to_be_visible()
        panel.get_by_role("textbox", name="What is missing or wrong?").fill("Page 2 is missing")
        panel.get_by_role("button", name="Send back", exact=True).click()
        expect(panel.locator(".cell-note").first).to_have_text("Page 2 is missing")
        panel.get_by_role("button", name="Close").click()
        expect(row.get_by_role("button", name="Sent back: Passport, Somebody")).to_be_focused()

        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(item(page, "Passport")).to_contain_text("Sent backPage 2 is missing")
        assert "Page 2" not in ben.content()
        give(anna, "Passport", write(desk / "pass 2.pdf", PDF + b"\n"))
        expect(state(page, "Passport")).to_have_text("Sent")

        look_again(admin)
        expect(row.get_by_role("button", name="Sent: Passport, Somebody")).to_be_visible()
        row.get_by_role("button", name="Accept all that was sent (2)").click()
        expect(row.get_by_role("button", name="Accepted: Passport, Somebody")).to_be_visible()
        expect(row.get_by_role("button", name="Accepted: Receipts, Somebody")).to_be_visible()
        # What is open beside the list is not in the way of logging in again.
        row.get_by_role("button", name="Accepted: Passport, Somebody").click()
        admin.context.clear_cookies()
        come_back(admin)
        expect(admin.get_by_label("Admin token")).to_be_focused()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(state(page, "Receipts")).to_have_text("Accepted")
    assert complaints(page) == []


def test_what_was_begun_for_an_item_goes_on_for_it(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(asking(owner))
    page = sender.page
    film = write(desk / "receipts.zip", content(16 * MIB))
    # It must not have arrived before the page is loaded again.
    sender.line(mib_per_second=0.75)
    give(sender, "Receipts", film)
    expect(state(page, "Receipts")).to_contain_text("On its way")
    sender.until(lambda: sender.received() > 0, what="a chunk")
    page.reload()
    sender.line()
    # Chosen again where the page asks for it, which is not with the item.
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files: receipts.zip").click()
    chooser.value.set_files(film)
    sender.expect_arrived("receipts.zip")
    expect(state(page, "Receipts")).to_have_text("1 of 2 files")
    assert len([each for each in sender.openings if each.url.endswith("/uploads")]) == 1


def test_questions_are_answered_before_anything_goes(owner: Client, desk: Path, visit: Visit) -> None:
    questions = [
        {"label": "Which project?", "kind": "text", "required": True},
        {"label": "Camera", "kind": "choice", "choices": ["First", "Second"]},
        {"label": "I agree", "kind": "agree", "required": True},
    ]
    link = owner.make_link(title="Films", questions=questions)
    sender = visit(link)
    page = sender.page
    sender.choose(write(desk / "film.txt", b"film"))
    page.locator("#send").click()
    # The browser itself points at what is not filled in.
    page.wait_for_function("document.activeElement.matches(':invalid')")
    page.get_by_label("Which project?").fill("Bridge")
    page.get_by_label("Camera").select_option("Second")
    page.get_by_label("I agree").check()
    page.locator("#send").click()
    sender.expect_all_arrived("1 file has arrived")
    page.reload()
    expect(page.get_by_label("Which project?")).to_have_value("Bridge")
    expect(page.get_by_label("I agree")).to_be_checked()
    assert complaints(page) == []


def test_an_owner_writes_a_checklist_and_makes_another_link_like_it(
    owner: Client, app: LiveServer, site: LiveNginx, browser: Browser, visit: Visit
) -> None:
    with owner_desk(browser, site.url, app.token) as page:
        panel = open_panel(page)
        panel.get_by_label("Title", exact=False).first.fill("Tax 2025")
        panel.get_by_text("Checklist and questions").click()
        panel.get_by_role("button", name="Add an item").click()
        expect(panel.get_by_label("Title of item 1")).to_be_focused()
        page.keyboard.type("Wage statement")
        page.keyboard.press("Enter")
        expect(panel.get_by_label("Title of item 2")).to_be_focused()
        page.keyboard.type("Bank statement")
        page.keyboard.press("Alt+ArrowUp")
        panel.get_by_role("button", name="Add a question").click()
        expect(panel.get_by_label("Question 1", exact=True)).to_be_focused()
        page.keyboard.type("Your tax number")
        assert complaints(page) == []
        panel.get_by_role("button", name="Make the link").click()
        expect(panel.get_by_role("heading", name="Your link is ready")).to_be_visible()
        panel.get_by_role("button", name="Close").click()
        unfold(page, "Tax 2025")
        page.get_by_role("button", name="Duplicate").click()
        expect(panel.get_by_label("Folder", exact=True)).to_have_value("tax-2025-2")
        titles = panel.get_by_label("Title of item")
        expect(titles).to_have_count(2)
        for number, title in enumerate(("Bank statement", "Wage statement")):
            expect(titles.nth(number)).to_have_value(title)
        panel.get_by_role("button", name="Make the link").click()
        expect(panel.get_by_role("heading", name="Your link is ready")).to_be_visible()
        panel.get_by_role("button", name="Close").click()
        page.goto("/admin")
        expect(row_of(page, "Tax 2025")).to_have_count(2)
    found = [
        each
        for each in owner.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        if each["title"] == "Tax 2025"
    ]
    ids = [{each["id"] for each in link["items"]} for link in found]
    assert ids[0].isdisjoint(ids[1])
    for link in found:
        assert [each["title"] for each in link["items"]] == ["Bank statement", "Wage statement"]


@pytest.mark.parametrize("locale", ["ar"])
def test_a_password_is_asked_before_anything_is_told(owner: Client, desk: Path, visit: Visit, locale: str) -> None:
    link = asking(owner, password="later")
    sender = visit(link, locale=locale)
    page = sender.page
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator(".asked-state:visible")).to_have_count(0)
    page.locator("#password").fill("later")
    page.locator("#password").blur()
    expect(page.locator(".asked-state:visible")).to_have_count(3)
