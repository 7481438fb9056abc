"""The owner's page in Chromium, on a real server with the built pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import LAN_HOST
from tests.support.client import Client, Link
from tests.support.live import LiveServer

# Four refreshes of the list, on a slow machine.
PATIENCE_MS = 25_000


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    """A page that nobody is logged in on. Whatever goes wrong inside it fails the test, refusals by the CSP included."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    assert troubles == []


@pytest.fixture
def desk(page: Page, server: LiveServer) -> Page:
    """The page after the login."""
    page.goto("/admin")
    log_in(page, server.token)
    expect(page.get_by_role("heading", name="Your links")).to_be_visible()
    return page


def log_in(page: Page, token: str) -> None:
    page.get_by_label("Admin token").fill(token)
    page.get_by_role("button", name="Log in").click()


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".link").filter(has=page.get_by_role("heading", name=name, exact=True))


def unfold(page: Page, name: str) -> Locator:
    row = row_of(page, name)
    row.locator("summary").first.click()
    expect(row.get_by_role("button", name="Edit")).to_be_visible()
    return row


def look_again(page: Page) -> None:
    """What coming back to the tab does: the list is asked for at once."""
    with page.expect_response(re.compile(r"/api/droppr/requests$")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def make_link(page: Page, folder: str) -> str:
    """Make a link with what the form holds already; its whole address."""
    page.get_by_label("Folder", exact=True).fill(folder)
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", name="Your link is ready")).to_be_visible()
    return page.locator("#made").get_by_label("Link", exact=True).input_value()


def found(client: Client, address: str) -> dict[str, object]:
    """What the server knows of the link at ``address``."""
    hash = address.rsplit("/", 1)[-1]
    listed = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json["requests"]
    link: dict[str, object] = next(link for link in listed if link["hash"] == hash)
    return link


def test_a_wrong_token_is_refused_in_words_and_the_right_one_lets_in(page: Page, server: LiveServer) -> None:
    page.goto("/admin")
    log_in(page, "not-the-token")
    expect(page.get_by_role("alert")).to_have_text("That is not the admin token of this server.")
    expect(page.get_by_label("Admin token")).to_be_focused()
    log_in(page, server.token)
    expect(page.get_by_label("Folder", exact=True)).to_be_focused()


def test_many_wrong_tokens_are_answered_with_the_wait(browser: Browser, live) -> None:
    context = browser.new_context(base_url=live(workers=1).url)
    page = context.new_page()
    page.goto("/admin")
    for _ in range(10):
        log_in(page, "wrong")
        expect(page.locator("#login-form[aria-busy]")).to_have_count(0)
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"Too many wrong tokens.*Try again in 15 min\."))
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
    desk.get_by_label("Folder", exact=True).fill("half-typed")
    desk.context.clear_cookies()
    look_again(desk)
    expect(desk.get_by_role("alert")).to_have_text("Your session has ended. Log in again to go on.")
    log_in(desk, server.token)
    expect(desk.get_by_label("Folder", exact=True)).to_have_value("half-typed")


def test_a_link_is_made_with_all_its_limits(desk: Page, server: LiveServer) -> None:
    desk.get_by_label("Title (optional)").fill("Tax papers")
    desk.get_by_label("Message to the sender").fill("Two lines\nof text")
    desk.get_by_label("Expires").select_option("In some hours …")
    desk.get_by_label("Hours from now").fill("36")
    desk.get_by_label("Password (optional)").fill("öpen sesame")
    desk.get_by_text("Limits and questions").click()
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
    assert link["allowed_extensions"] == ["pdf", "jpg"]
    assert (link["captcha"], link["requires_password"]) == ("always", True)
    assert link["expires_at"] - link["created_at"] == pytest.approx(36 * 3600, abs=5)  # type: ignore[operator]
    expect(desk.locator("#made-password-text")).to_have_text("öpen sesame")
    expect(row_of(desk, "Tax papers")).to_contain_text("Password")


def test_a_made_link_is_copied_shown_as_qr_code_and_opened(desk: Page) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = make_link(desk, "admin/shared")
    made = desk.locator("#made")
    expect(made.get_by_label("Link", exact=True)).to_be_focused()
    expect(made.get_by_role("img", name="QR code of the link admin/shared")).to_be_visible()
    made.get_by_role("button", name="Copy", exact=True).click()
    expect(made.get_by_role("button", name="Copied")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == address
    with desk.context.expect_page() as opened:
        made.get_by_role("link", name="Open the link").click()
    expect(opened.value.get_by_role("heading", name="Send files")).to_be_visible()
    opened.value.close()
    made.get_by_role("button", name="Make another link").click()
    expect(desk.get_by_label("Folder", exact=True)).to_be_focused()


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
    page.locator("#made").get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#made").get_by_role("button", name="Copied")).to_be_visible()
    page.get_by_role("button", name="Make another link").click()
    page.get_by_label("Title (optional)").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Title (optional)")).to_have_value(address)
    context.close()


def test_a_generated_password_opens_the_link(desk: Page, server: LiveServer) -> None:
    desk.get_by_role("button", name="Generate").click()
    password = desk.get_by_label("Password (optional)").input_value()
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    hash = make_link(desk, "admin/generated").rsplit("/", 1)[-1]
    link = Link(Client.of(server, source="127.9.0.1"), hash, "admin/generated")
    link.open("a.txt", 1).expect(401, "password_required")
    link.open("a.txt", 1, headers={"X-Request-Password": password}).expect(201)


def test_what_the_server_refuses_stands_beside_its_field(desk: Page) -> None:
    desk.get_by_label("Folder", exact=True).fill("../outside")
    desk.get_by_role("button", name="Make the link").click()
    folder = desk.get_by_label("Folder", exact=True)
    expect(folder).to_have_attribute("aria-invalid", "true")
    expect(folder).to_be_focused()
    expect(desk.locator(".problem")).to_contain_text("'..'")


def test_files_appear_by_themselves_and_are_downloaded_byte_for_byte(desk: Page, client: Client) -> None:
    link = client.make_link(title="Appears by itself")
    row = row_of(desk, "Appears by itself")
    expect(row).to_contain_text("0 files", timeout=PATIENCE_MS)
    unfold(desk, "Appears by itself")
    expect(row).to_contain_text("Nothing has arrived yet.")
    data = b"some bytes \x00\xff" * 1000
    link.deliver("sub folder/50% Ünï 日本.txt", data)
    expect(row.locator(".received-name")).to_have_text("sub folder/50% Ünï 日本.txt", timeout=PATIENCE_MS)
    expect(row.locator(".received code")).to_have_attribute(
        "title", hashlib.sha256(data).hexdigest(), timeout=PATIENCE_MS
    )
    with desk.expect_download() as begun:
        row.get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename == "50% Ünï 日本.txt"
    assert begun.value.path().read_bytes() == data


def test_names_from_strangers_are_text_and_hide_nothing(desk: Page, client: Client) -> None:
    link = client.make_link(title="<i>Strange</i>", ask_name="optional")
    link.deliver("<img src=x onerror=alert(1)>.txt", b"1", sender_name="<script>alert(2)</script>")
    link.deliver("photo\u202egpj.txt", b"2")
    look_again(desk)
    row = unfold(desk, "<i>Strange</i>")
    expect(row.locator(".received-name")).to_have_text(["photo⟨U+202E⟩gpj.txt", "<img src=x onerror=alert(1)>.txt"])
    expect(row).to_contain_text("From <script>alert(2)</script>")
    assert row.locator("img, script, i").count() == 0


def test_an_edit_changes_what_was_changed_and_survives_refreshes(desk: Page, client: Client) -> None:
    link = client.make_link(title="To be edited", password="old", max_file_size=1500, expires_hours=5)
    before = found(client, link.path)
    look_again(desk)
    row = unfold(desk, "To be edited")
    row.get_by_role("button", name="Edit").click()
    title = row.get_by_label("Title (optional)")
    expect(title).to_be_focused()
    title.fill("Edited")
    # Refreshes go over it while the owner thinks.
    for _ in range(2):
        look_again(desk)
    expect(title).to_have_value("Edited")
    expect(title).to_be_focused()
    row.get_by_role("button", name="Save").click()
    row = row_of(desk, "Edited")
    expect(row.get_by_role("button", name="Edit")).to_be_focused()
    after = found(client, link.path)
    assert after == {**before, "title": "Edited"}
    row.get_by_role("button", name="Edit").click()
    row.get_by_label("Ask for no password any more").check()
    row.get_by_label("Expires").select_option("Never")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Never expires")
    assert found(client, link.path)["requires_password"] is False


def test_closing_asks_first_and_files_stay(desk: Page, client: Client) -> None:
    link = client.make_link(title="To be closed")
    link.deliver("kept.txt", b"kept")
    look_again(desk)
    row = unfold(desk, "To be closed")
    expect(row.locator(".badge")).to_have_text("Open")
    row.get_by_role("button", name="Close the link").click()
    question = desk.get_by_role("dialog", name="Close this link?")
    expect(question).to_contain_text("Files that were received stay where they are.")
    expect(question.get_by_role("button", name="Keep it open")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(question).to_be_hidden()
    link.info().expect(200)
    row.get_by_role("button", name="Close the link").click()
    question.get_by_role("button", name="Close the link").click()
    expect(row.locator(".badge")).to_have_text("Closed")
    link.info().expect(410, "request_closed")
    assert (link.disk / "kept.txt").read_bytes() == b"kept"
    row.get_by_role("button", name="Reopen the link").click()
    expect(row.locator(".badge")).to_have_text("Open")
    link.info().expect(200)


def test_the_states_of_links_stand_in_words(desk: Page, client: Client) -> None:
    client.make_link(title="Long over", expires_hours=0.000001)
    client.make_link(title="No place left", max_files=1).deliver("one.txt", b"1")
    look_again(desk)
    expect(row_of(desk, "Long over").locator(".badge")).to_have_text("Expired")
    expect(row_of(desk, "No place left").locator(".badge")).to_have_text("Full")


def test_many_links_can_be_searched(desk: Page, client: Client) -> None:
    for number in range(8):
        client.make_link(title=f"Searched {number}")
    look_again(desk)
    desk.get_by_placeholder("Find a link").fill("searched 3")
    expect(row_of(desk, "Searched 3")).to_be_visible()
    expect(row_of(desk, "Searched 4")).to_be_hidden()


def test_the_keyboard_alone_makes_a_link_and_unfolds_it(desk: Page) -> None:
    expect(desk.get_by_label("Folder", exact=True)).to_be_focused()
    desk.keyboard.type("admin/by-keyboard")
    desk.keyboard.press("Enter")
    expect(desk.locator("#made").get_by_label("Link", exact=True)).to_be_focused()
    summary = row_of(desk, "admin/by-keyboard").locator("summary").first
    expect(summary).to_be_visible()
    for _ in range(8):
        desk.keyboard.press("Tab")
        if summary.evaluate("element => element === document.activeElement"):
            break
    expect(summary).to_be_focused()
    desk.keyboard.press("Enter")
    expect(row_of(desk, "admin/by-keyboard").get_by_role("button", name="Edit")).to_be_visible()


def test_a_server_that_is_away_is_told_and_found_again(browser: Browser, live) -> None:
    server = live(workers=1)
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/admin")
    log_in(page, server.token)
    expect(page.get_by_text("There are none yet.")).to_be_visible()
    server.stop()
    expect(page.locator("#trouble")).to_contain_text("may be out of date", timeout=PATIENCE_MS)
    server.start()
    expect(page.locator("#trouble")).to_be_hidden(timeout=PATIENCE_MS)
    context.close()


def test_nothing_is_wider_than_a_small_telephone(browser: Browser, server: LiveServer, client: Client) -> None:
    link = client.make_link(title="W" * 100, folder="w" * 200, max_total_size=10**12, ask_name="optional")
    link.deliver("x" * 240, b"1", sender_name="N" * 200)
    context = browser.new_context(base_url=server.url, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto("/admin")
    log_in(page, server.token)
    row = unfold(page, "W" * 100)
    row.get_by_role("button", name="QR code").click()
    row.get_by_role("button", name="Edit").click()
    row.get_by_text("Limits and questions").click()
    expect(row.locator(".received")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


def test_no_other_host_is_asked_for_anything(desk: Page, server: LiveServer) -> None:
    hosts: set[str] = set()
    desk.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    desk.reload()
    make_link(desk, "admin/own-host")
    expect(desk.locator("#made .qr")).to_be_visible()
    assert hosts == {urlsplit(server.url).netloc}
