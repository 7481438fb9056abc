"""The owner's page in Chromium, on a real server with the built pages: logging in, making a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import (
    close_panel,
    found,
    log_in,
    look_again,
    look_at,
    make_link,
    open_panel,
    owner_desk,
    owner_page,
    press_copy,
    row_of,
    unfold,
)
from tests.support.axe import complaints
from tests.support.browser import LAN_HOST
from tests.support.client import Client, Link
from tests.support.live import LiveServer


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_page(browser, server.url) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def test_a_wrong_token_is_refused_in_words_and_the_right_one_lets_in(page: Page, server: LiveServer) -> None:
    page.goto("/admin")
    log_in(page, "not-the-token")
    expect(page.get_by_role("alert")).to_have_text("That is not the admin token of this server.")
    expect(page.get_by_label("Admin token")).to_be_focused()
    log_in(page, server.token)
    expect(page.get_by_role("button", name="New link")).to_be_focused()


def test_many_wrong_tokens_are_answered_with_the_wait(browser: Browser, live) -> None:
    context = browser.new_context(base_url=live(workers=1).url)
    page = context.new_page()
    page.goto("/admin")
    for _ in range(10):
        log_in(page, "wrong")
        expect(page.locator("#login-form[aria-busy]")).to_have_count(0)
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"Too many wrong tokens.*Try again in 15 minutes\."))
    context.close()


def test_the_owner_stays_logged_in_over_a_reload_until_they_log_out(desk: Page) -> None:
    desk.reload()
    expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
    expect(desk.get_by_label("Admin token")).to_be_hidden()
    desk.get_by_role("button", name="Log out").click()
    expect(desk.get_by_label("Admin token")).to_be_visible()
    desk.reload()
    expect(desk.get_by_label("Admin token")).to_be_visible()


def test_a_session_that_ends_asks_for_the_token_and_keeps_what_was_typed(desk: Page, server: LiveServer) -> None:
    open_panel(desk)
    desk.get_by_label("Folder", exact=True).fill("half-typed")
    # What the desk asks by itself now and then must not be told first.
    asked = desk.url.partition("/admin")[0] + "/api/**"
    desk.route(asked, lambda route: route.continue_() if route.request.method == "POST" else None)
    desk.context.clear_cookies()
    desk.get_by_role("button", name="Make the link").click()
    expect(desk.get_by_role("alert")).to_have_text("Your session has ended. Log in again to go on.")
    desk.unroute(asked)
    log_in(desk, server.token)
    expect(desk.get_by_label("Folder", exact=True)).to_have_value("half-typed")
    # What was refused then is no news any more.
    expect(desk.get_by_role("alert").filter(visible=True)).to_have_count(0)
    desk.get_by_role("button", name="Make the link").click()
    expect(desk.get_by_role("heading", name="Your link is ready")).to_be_visible()


def test_a_link_is_made_with_all_its_limits(desk: Page, server: LiveServer) -> None:
    open_panel(desk)
    desk.get_by_label("Title (optional)").fill("Tax papers")
    desk.get_by_label("Message to the sender").fill("Two lines\nof text")
    desk.get_by_label("Note (optional, only you see it)").fill("Ask Ada\nfirst")
    desk.get_by_label("Expires").select_option("In some hours …")
    desk.get_by_label("Hours from now").fill("36")
    desk.get_by_label("Password (optional)").fill("öpen sesame")
    desk.get_by_text("Limits and more").click()
    desk.get_by_label("Largest file", exact=True).fill("1.5")
    desk.get_by_label("All files together", exact=True).fill("300")
    desk.get_by_label("Unit of all files together").select_option("MB")
    desk.get_by_label("Number of files").fill("7")
    desk.get_by_label("Kinds of files").fill(".PDF, jpg")
    desk.get_by_label("Sender's name").select_option("Required")
    desk.get_by_label("Sender's e-mail").select_option("Asked, may be left out")
    desk.get_by_label("Captcha").select_option("Always")
    address = make_link(desk, "admin/all-limits")

    assert address.startswith(f"{server.url}/request/")
    link = found(Client.of(server), address)
    assert {name: link[name] for name in link if name.startswith(("max_", "ask_"))} == {
        "max_file_size": 1536 * 1024**2,
        "max_total_size": 300 * 1024**2,
        "max_files": 7,
        "ask_name": "required",
        "ask_email": "optional",
    }
    assert link["folder"] == "admin/all-limits"
    assert (link["title"], link["message"]) == ("Tax papers", "Two lines\nof text")
    assert link["note"] == "Ask Ada\nfirst"
    assert link["allowed_extensions"] == ["pdf", "jpg"]
    assert (link["captcha"], link["requires_password"]) == ("always", True)
    assert link["expires_at"] - link["created_at"] == pytest.approx(36 * 3600, abs=5)
    expect(desk.locator("#made-password-text")).to_have_text("öpen sesame")
    close_panel(desk)
    expect(row_of(desk, "Tax papers")).to_contain_text("Password")
    page = unfold(desk, "Tax papers")
    look_at(desk, "Terms")
    expect(page.get_by_text("Ask Ada")).to_have_text("Ask Ada\nfirst")


def test_mail_that_the_server_cannot_send_is_said_beside_its_field(desk: Page, server: LiveServer) -> None:
    open_panel(desk)
    desk.get_by_text("Limits and more").click()
    field = desk.get_by_label("Mail what arrives to")
    field.fill("anna@example.org")
    desk.get_by_label("Folder", exact=True).fill("admin/told")
    desk.get_by_role("button", name="Make the link").click()
    expect(desk.locator(".problem")).to_contain_text("sends no mail yet")
    expect(field).to_be_focused()
    field.fill("none")
    link = found(Client.of(server), make_link(desk, "admin/told"))
    assert (link["notify"], link["confirm"]) == ([], False)


def test_a_made_link_is_copied_shown_as_qr_code_and_opened(desk: Page) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = make_link(desk, "admin/shared")
    made = desk.locator("#made")
    expect(made.get_by_label("Link", exact=True)).to_be_focused()
    expect(made.get_by_role("img", name="QR code of the link admin/shared")).to_be_visible()
    press_copy(made.get_by_role("button", name="Copy", exact=True))
    assert desk.evaluate("navigator.clipboard.readText()") == address
    with desk.context.expect_page() as opened:
        made.get_by_role("link", name="Open the link").click()
    expect(opened.value.get_by_role("heading", name="Send files")).to_be_visible()
    opened.value.close()
    made.get_by_role("button", name="Make another link").click()
    expect(desk.get_by_label("Title (optional)")).to_be_focused()
    # What was made is a capability: nothing of it stays on the page.
    assert address not in desk.locator("#new-panel").evaluate("panel => panel.outerHTML")


def test_links_are_shown_with_the_address_that_the_owner_set(browser: Browser, live) -> None:
    server = live(workers=1, DROPPR_PUBLIC_URL="https://files.example.org")
    with owner_desk(browser, server.url, server.token) as page:
        address = make_link(page, "admin/public")
        assert re.fullmatch(r"https://files\.example\.org/request/[\w-]{32}", address)
        expect(page.locator("#made").get_by_role("link", name="Open the link")).to_have_attribute("href", address)
        expect(page.locator("#made").locator('[data-part="only-here"]')).to_be_hidden()


@pytest.mark.parametrize(("hours", "chosen"), [("168", "In a week"), ("0", "Never"), ("36", "In 36 hours")])
def test_a_new_link_is_open_as_long_as_links_usually_are(browser: Browser, live, hours: str, chosen: str) -> None:
    server = live(workers=1, DROPPR_LINK_EXPIRES_HOURS=hours)
    with owner_desk(browser, server.url, server.token) as page:
        open_panel(page)
        expect(page.get_by_label("Expires").locator("option:checked")).to_have_text(chosen)
        link = found(Client.of(server), make_link(page, "admin/as-usual"))
    length = None if link["expires_at"] is None else link["expires_at"] - link["created_at"]
    assert length == (pytest.approx(float(hours) * 3600, abs=5) if float(hours) else None)


def test_copying_works_over_plain_http_where_browsers_have_no_clipboard_api(
    browser: Browser, server: LiveServer
) -> None:
    context = browser.new_context(base_url=f"http://{LAN_HOST}:{server.port}")
    page = context.new_page()
    page.goto("/admin")
    log_in(page, server.token)
    address = make_link(page, "admin/plain-http")
    assert address.startswith(f"http://{LAN_HOST}:")
    assert page.evaluate("typeof navigator.clipboard") == "undefined"
    press_copy(page.locator("#made").get_by_role("button", name="Copy", exact=True))
    page.get_by_role("button", name="Make another link").click()
    page.get_by_label("Title (optional)").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Title (optional)")).to_have_value(address)
    context.close()


def test_a_generated_password_opens_the_link(desk: Page, server: LiveServer) -> None:
    open_panel(desk)
    desk.get_by_role("button", name="Generate").click()
    password = desk.get_by_label("Password (optional)").input_value()
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    hash = make_link(desk, "admin/generated").rsplit("/", 1)[-1]
    link = Link(Client.of(server, source="127.9.0.1"), hash, "admin/generated")
    link.open("a.txt", 1).expect(401, "password_required")
    link.open("a.txt", 1, headers={"X-Request-Password": password}).expect(201)


def test_what_the_server_refuses_stands_beside_its_field(desk: Page) -> None:
    open_panel(desk)
    desk.get_by_label("Folder", exact=True).fill("../outside")
    desk.get_by_role("button", name="Make the link").click()
    folder = desk.get_by_label("Folder", exact=True)
    expect(folder).to_have_attribute("aria-invalid", "true")
    expect(folder).to_be_focused()
    expect(desk.locator(".problem")).to_contain_text("'..'")


def test_the_keyboard_alone_makes_a_link_and_goes_to_its_page(page: Page, server: LiveServer) -> None:
    page.goto("/admin")
    expect(page.get_by_label("Admin token")).to_be_focused()
    page.keyboard.type(server.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="New link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title (optional)")).to_be_focused()
    page.keyboard.type("By keyboard – alone")
    expect(page.get_by_label("Folder", exact=True)).to_have_value("by-keyboard-alone")
    page.keyboard.press("Enter")
    expect(page.locator("#made").get_by_label("Link", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New link")).to_be_focused()
    link = row_of(page, "By keyboard – alone").get_by_role("link")
    expect(link).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By keyboard – alone", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Edit")).to_be_visible()


def test_no_other_host_is_asked_for_anything(desk: Page, server: LiveServer) -> None:
    hosts: set[str] = set()
    desk.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    desk.reload()
    make_link(desk, "admin/own-host")
    expect(desk.locator("#made .qr")).to_be_visible()
    assert hosts == {urlsplit(server.url).netloc}


def test_a_folder_follows_the_title_until_it_is_the_owners_own_and_is_nobody_elses(desk: Page, client: Client) -> None:
    client.make_link(folder="tax-papers-2026")
    look_again(desk)
    expect(row_of(desk, "tax-papers-2026")).to_be_visible()
    panel = open_panel(desk)
    title, folder = panel.get_by_label("Title (optional)"), panel.get_by_label("Folder", exact=True)
    title.fill("  Tax papers: 2026!  ")
    # Two titles alike must not mix two people's files.
    expect(folder).to_have_value("tax-papers-2026-2")
    folder.fill("mine")
    title.fill("Something else")
    expect(folder).to_have_value("mine")
    folder.fill("")
    title.fill("أوراق الضرائب")
    expect(folder).to_have_value("أوراق-الضرائب")
    # Away and back, all is as it was left.
    desk.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(desk.get_by_role("button", name="New link")).to_be_focused()
    open_panel(desk)
    expect(title).to_have_value("أوراق الضرائب")
    assert complaints(desk) == []


def test_a_first_day_begins_with_an_example_that_leaves_alone_what_was_written(
    browser: Browser, live: Callable[..., LiveServer]
) -> None:
    server = live(workers=1)
    with owner_desk(browser, server.url, server.token) as page:
        page.get_by_role("button", name="Tax papers").click()
        panel = page.locator("#new-panel")
        title, message = panel.get_by_label("Title (optional)"), panel.get_by_label("Message to the sender (optional)")
        expect(title).to_be_focused()
        expect(title).to_have_value("Tax papers")
        expect(panel.get_by_label("Folder", exact=True)).to_have_value("tax-papers")
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        page.get_by_role("button", name="Wedding films").click()
        expect(title).to_have_value("Wedding films")
        message.fill("In my own words.")
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        assert complaints(page) == []
        page.get_by_role("button", name="Tax papers").click()
        expect(title).to_have_value("Tax papers")
        expect(message).to_have_value("In my own words.")
        page.get_by_role("button", name="Make the link").click()
        expect(page.get_by_role("heading", name="Your link is ready")).to_be_visible()
        close_panel(page)
        expect(page.locator("#no-links")).to_be_hidden()
        link = Client.of(server).call("GET", "/api/droppr/requests", owner=True).json["requests"][0]
        assert (link["title"], link["folder"], link["ask_name"]) == ("Tax papers", "tax-papers", "required")
