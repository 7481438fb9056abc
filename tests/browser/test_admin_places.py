"""Each link has a page at an address of its own: to be bookmarked, opened beside others, gone back from, and opened first."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import (
    PATIENCE_MS,
    back_to_links,
    come_back,
    log_in,
    look_again,
    look_at,
    open_panel,
    owner_desk,
    owner_page,
    row_of,
    unfold,
)
from tests.support.axe import complaints
from tests.support.browser import built_pages, until
from tests.support.client import Client
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def scrolled(desk: Page) -> float:
    pixels: float = desk.evaluate("scrollY")
    return pixels


def test_going_to_a_link_and_back_finds_the_list_as_it_was_left(desk: Page, client: Client, server: LiveServer) -> None:
    link = client.make_link(title="Gone to")
    for number in range(30):
        client.make_link(title=f"Above {number}")
    look_again(desk)
    # All that stands above it is there, and nothing moves it any more.
    expect(desk.locator(".link-name").filter(has_text="Above")).to_have_count(30)
    expect(desk.locator("#activity")).to_be_visible()
    desk.get_by_placeholder("Find a link").fill("o")
    row_of(desk, "Gone to").scroll_into_view_if_needed()
    before = until(desk, lambda: scrolled(desk) > 300 and scrolled(desk), what="a list that was scrolled")
    unfold(desk, "Gone to")
    expect(desk).to_have_url(f"{server.url}/admin/links/{link.hash}")
    expect(desk).to_have_title(re.compile(r"^(\([\d,]+\) )?Gone to · Droppr$"))
    until(desk, lambda: scrolled(desk) == 0, what="the top of the page")
    look_at(desk, "Terms")
    expect(desk).to_have_url(f"{server.url}/admin/links/{link.hash}#terms")
    expect(desk.get_by_role("heading", name="What it allows")).to_be_visible()
    desk.go_back()
    expect(desk.get_by_role("heading", name="Received files")).to_be_visible()
    desk.go_back()
    expect(desk).to_have_url(f"{server.url}/admin")
    expect(desk).to_have_title(re.compile(r"^(\([\d,]+\) )?Request links · Droppr$"))
    expect(row_of(desk, "Gone to").get_by_role("link")).to_be_focused()
    until(desk, lambda: scrolled(desk) == pytest.approx(before, abs=2), what=f"{before} px, where it was left")
    expect(desk.get_by_placeholder("Find a link")).to_have_value("o")
    desk.go_forward()
    expect(desk.get_by_role("heading", name="Gone to", exact=True)).to_be_focused()


def test_an_address_of_a_link_is_opened_first_and_asks_for_the_token_in_its_place(
    browser: Browser, server: LiveServer, client: Client
) -> None:
    link = client.make_link(title="Bookmarked", note="Only we know.")
    link.deliver("a.txt", b"a", sender_name="Anna")
    with owner_page(browser, server.url) as page:
        page.goto(f"/admin/links/{link.hash}#terms")
        expect(page.get_by_label("Admin token")).to_be_focused()
        expect(page.locator("body")).not_to_contain_text("Bookmarked")
        log_in(page, server.token)
        expect(page.get_by_role("heading", name="Bookmarked", exact=True)).to_be_visible()
        expect(page.get_by_text("Only we know.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("Only we know.")).to_be_visible()
        # What is loaded later is found from here, too.
        page.get_by_role("button", name="QR code").click()
        expect(page.get_by_role("img", name="QR code of the link Bookmarked")).to_be_visible()
        page.keyboard.press("Escape")
        back_to_links(page)
        expect(row_of(page, "Bookmarked")).to_be_visible()


def test_a_click_that_asks_for_a_tab_of_its_own_gets_one(desk: Page, client: Client) -> None:
    link = client.make_link(title="Beside")
    look_again(desk)
    with desk.context.expect_page() as opened:
        row_of(desk, "Beside").get_by_role("link").click(modifiers=["ControlOrMeta"])
    expect(opened.value.get_by_role("heading", name="Beside", exact=True)).to_be_visible()
    expect(opened.value).to_have_url(re.compile(f"/admin/links/{link.hash}$"))
    opened.value.close()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()


def test_a_link_that_there_is_not_is_told_in_words(desk: Page, client: Client) -> None:
    link = client.make_link(title="Forgotten meanwhile")
    look_again(desk)
    unfold(desk, "Forgotten meanwhile")
    link.close().expect(204)
    client.call("DELETE", f"/api/droppr/requests/{link.hash}?forget=true", owner=True).expect(204)
    look_again(desk)
    expect(desk.get_by_role("heading", name="There is no such link")).to_be_visible()
    assert complaints(desk) == []
    desk.goto("/admin/links/nothing-at-all")
    expect(desk.get_by_role("heading", name="There is no such link")).to_be_visible()
    desk.get_by_role("link", name="See all links").click()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()


def test_a_session_that_ends_on_the_page_of_a_link_keeps_what_was_typed(
    desk: Page, client: Client, server: LiveServer
) -> None:
    client.make_link(title="Being edited")
    look_again(desk)
    page = unfold(desk, "Being edited")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Title (optional)").fill("Half typed")
    desk.context.clear_cookies()
    come_back(desk)
    expect(desk.get_by_role("alert").filter(visible=True)).to_have_text(
        "Your session has ended. Log in again to go on."
    )
    expect(page).to_be_hidden()
    log_in(desk, server.token)
    expect(page.get_by_label("Title (optional)")).to_have_value("Half typed")


def test_activity_tells_who_sent_how_much_in_one_go(desk: Page, client: Client) -> None:
    link = client.make_link(title="Told of", ask_name="optional")
    for number in range(5):
        link.deliver(f"<b>{number}.txt", b"1", sender_name="Anna")
    link.deliver("of-tom.txt", b"1", sender_name="Tom")
    look_again(desk)
    page = unfold(desk, "Told of")
    look_at(desk, "Activity")
    batches = page.locator(".batch")
    expect(batches).to_have_count(2)
    expect(batches.nth(0)).to_contain_text("Tom sent 1 file")
    expect(batches.nth(1)).to_contain_text("Anna sent 5 files")
    expect(batches.nth(1)).to_contain_text("<b>4.txt, <b>3.txt, <b>2.txt and 2 more")
    # What comes while one looks on joins what it belongs to.
    link.deliver("late.txt", b"1", sender_name="Tom")
    expect(batches.nth(0)).to_contain_text("Tom sent 2 files", timeout=PATIENCE_MS)
    expect(batches).to_have_count(2)


def test_going_away_while_a_link_is_being_made_puts_the_panel_aside(desk: Page, client: Client) -> None:
    client.make_link(title="Elsewhere")
    look_again(desk)
    unfold(desk, "Elsewhere")
    back_to_links(desk)
    panel = open_panel(desk)
    panel.get_by_label("Title (optional)").fill("Half typed")
    # As from the list that a long press on Back opens: over what lies over the page, and the page.
    desk.evaluate("history.go(-2)")
    expect(panel).to_be_hidden()
    expect(desk.get_by_role("heading", name="Elsewhere", exact=True)).to_be_focused()
    back_to_links(desk)
    expect(open_panel(desk).get_by_label("Title (optional)")).to_have_value("Half typed")


def test_the_arrows_go_through_the_tabs(desk: Page, client: Client) -> None:
    client.make_link(title="By arrows")
    look_again(desk)
    unfold(desk, "By arrows")
    tabs = desk.get_by_role("navigation", name="This link").get_by_role("link")
    tabs.first.focus()
    for key, at in (("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 2), ("ArrowLeft", 1)):
        desk.keyboard.press(key)
        expect(tabs.nth(at)).to_be_focused()
    desk.keyboard.press("Enter")
    expect(tabs.nth(1)).to_have_attribute("aria-current", "page")
    expect(desk.get_by_role("heading", name="What it allows")).to_be_visible()
    expect(desk.get_by_role("heading", name="Received files")).to_be_hidden()


def test_a_link_is_copied_from_its_row(desk: Page, client: Client) -> None:
    link = client.make_link(title="Copied")
    look_again(desk)
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row_of(desk, "Copied").get_by_role("button", name="Copy the link Copied").click()
    expect(desk.locator("#live")).to_have_text("Copied")
    assert desk.evaluate("navigator.clipboard.readText()").endswith(f"/request/{link.hash}")
    expect(desk).to_have_url(re.compile("/admin$"))


def test_the_page_of_a_link_comes_through_nginx_and_a_slash_too_many_leads_there(
    browser: Browser, tmp_path: Path, live: Callable[..., LiveServer]
) -> None:
    server = live(workers=1, unix_socket=True)
    assert server.socket_path
    with (
        LiveNginx(server.socket_path, server.data_dir, built_pages(), tmp_path) as nginx,
        owner_page(browser, nginx.url) as page,
    ):
        link = Client.of(server, url=nginx.url).make_link(title="Behind nginx")
        page.goto(f"/admin/links/{link.hash}/")
        expect(page).to_have_url(f"{nginx.url}/admin/links/{link.hash}")
        log_in(page, server.token)
        expect(page.get_by_role("heading", name="Behind nginx", exact=True)).to_be_visible()
        page.get_by_role("button", name="QR code").click()
        expect(page.get_by_role("img", name="QR code of the link Behind nginx")).to_be_visible()


def test_going_back_closes_what_lies_over_the_page_and_leaves_the_page(desk: Page, client: Client) -> None:
    title = f"Below {secrets.token_hex(4)}"
    link = client.make_link(title=title)
    for name in ("a.txt", "b.txt"):
        link.deliver(name, b"text of " + name.encode())
    shown = unfold(desk, title)
    address, entries = desk.url, desk.evaluate("history.length")
    look = desk.locator("dialog.look")
    for close in (desk.go_back, lambda: desk.keyboard.press("Escape"), look.get_by_role("button", name="Close").click):
        shown.locator(".file-row", has_text="a.txt").locator(".file-name").click()
        expect(look).to_be_visible()
        close()
        expect(look).not_to_be_visible()
        expect(shown.locator(".file-row", has_text="a.txt").locator(".file-name")).to_be_focused()
        desk.wait_for_function("!history.state?.over")
        expect(desk).to_have_url(address)
        assert desk.evaluate("history.length") == entries + 1
    # One over the other: the topmost goes first, and the question is answered with no.
    shown.get_by_role("button", name="Close the link").click()
    expect(desk.locator("#closing")).to_be_visible()
    desk.go_back()
    expect(desk.locator("#closing")).not_to_be_visible()
    expect(shown.get_by_role("button", name="Close the link")).to_be_focused()
    assert client.call("GET", f"{link.path}?as=owner", owner=True).json["active"] is True
    # What was gone over is not gone over again: one step leads to the list, and a step forward to the link.
    desk.wait_for_function("!history.state?.over")
    desk.go_back()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
    panel = open_panel(desk)
    panel.get_by_label("Title").fill("Kept while one looks away")
    desk.go_back()
    expect(panel).not_to_be_visible()
    expect(desk.get_by_role("button", name="New link")).to_be_focused()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
    panel = open_panel(desk)
    expect(panel.get_by_label("Title")).to_have_value("Kept while one looks away")
    panel.get_by_role("button", name="Close").click()
    # To another page straight after something was closed: the step back does not undo it.
    unfold(desk, title)
    desk.go_back()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
