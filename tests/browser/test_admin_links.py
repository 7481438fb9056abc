"""The owner's page in Chromium, on a real server with the built pages: watching, editing and closing links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import (
    PATIENCE_MS,
    back_to_links,
    found,
    log_in,
    look_again,
    look_at,
    make_link,
    owner_desk,
    row_of,
    unfold,
)
from tests.support.axe import complaints
from tests.support.browser import LAN_HOST, built_pages, until
from tests.support.client import Client, Link
from tests.support.files import eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def test_files_appear_by_themselves_and_are_downloaded_byte_for_byte(desk: Page, client: Client) -> None:
    link = client.make_link(title="Appears by itself")
    row = row_of(desk, "Appears by itself")
    expect(row).to_contain_text("0 files", timeout=PATIENCE_MS)
    row = unfold(desk, "Appears by itself")
    expect(row).to_contain_text("Nothing has arrived yet.")
    data = b"some bytes \x00\xff" * 1000
    link.deliver("sub folder/50% Ünï 日本.txt", data, last_modified=1_000_000_000.0)
    expect(row.locator(".file-name")).to_have_attribute("title", "sub folder/50% Ünï 日本.txt", timeout=PATIENCE_MS)
    row.get_by_role("button", name="More about sub folder/50%").click()
    expect(row.locator(".file-row code")).to_have_attribute(
        "title", hashlib.sha256(data).hexdigest(), timeout=PATIENCE_MS
    )
    expect(row.locator(".file-row")).to_contain_text("changed Sep 9, 2001")
    with desk.expect_download() as begun:
        row.locator(".file-row").get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename == "50% Ünï 日本.txt"
    assert begun.value.path().read_bytes() == data


def test_a_download_of_what_was_moved_away_says_so(desk: Page, client: Client) -> None:
    link = client.make_link(title="Moved away")
    link.deliver("moved.txt", b"1")
    (link.disk / "moved.txt").rename(link.disk / "elsewhere.txt")
    look_again(desk)
    row = unfold(desk, "Moved away")
    row.locator(".file-row").get_by_role("link", name="Download").click()
    expect(row.get_by_role("alert").filter(visible=True)).to_have_text(
        "This file is no longer in its place: it was moved or removed on the server."
    )


def test_names_from_strangers_are_text_and_hide_nothing(desk: Page, client: Client) -> None:
    link = client.make_link(title="<i>Strange</i>", ask_name="optional")
    link.deliver("<img src=x onerror=alert(1)>.txt", b"1", sender_name="<script>alert(2)</script>")
    link.deliver("photo\u202egpj.txt", b"2")
    look_again(desk)
    row = unfold(desk, "<i>Strange</i>")
    expect(row.locator(".file-base")).to_have_text(["photo⟨U+202E⟩gpj.txt", "<img src=x onerror=alert(1)>.txt"])
    expect(row).to_contain_text("<script>alert(2)</script>")
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
    row.get_by_role("button", name="Save", exact=True).click()
    expect(row.get_by_role("heading", name="Edited", exact=True)).to_be_visible()
    expect(row.get_by_role("button", name="Edit")).to_be_focused()
    after = found(client, link.path)
    assert after == {**before, "title": "Edited"}
    row.get_by_role("button", name="Edit").click()
    row.get_by_label("Remove the password").check()
    row.get_by_label("Expires").select_option("Never")
    row.get_by_role("button", name="Save", exact=True).click()
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


def test_a_closed_link_is_deleted_for_good_once_the_owner_is_sure(desk: Page, client: Client) -> None:
    link = client.make_link(title="To be forgotten")
    link.deliver("kept.txt", b"kept")
    look_again(desk)
    row = unfold(desk, "To be forgotten")
    expect(row.get_by_role("button", name="Delete the link")).to_be_hidden()
    link.close().expect(204)
    look_again(desk)
    row.get_by_role("button", name="Delete the link").click()
    question = desk.get_by_role("dialog", name="Delete this link for good?")
    expect(question).to_contain_text("To be forgotten")
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(question).to_be_hidden()
    link.info().expect(410, "request_closed")
    row.get_by_role("button", name="Delete the link").click()
    question.get_by_role("button", name="Delete the link").click()
    expect(row).to_be_hidden()
    expect(row_of(desk, "To be forgotten")).to_have_count(0, timeout=PATIENCE_MS)
    link.info().expect(404, "request_not_found")
    assert (link.disk / "kept.txt").read_bytes() == b"kept"


def test_the_states_of_links_stand_in_words(desk: Page, client: Client) -> None:
    client.make_link(title="Long over", expires_hours=0.000001)
    client.make_link(title="No place left", max_files=1).deliver("one.txt", b"1")
    look_again(desk)
    expect(row_of(desk, "Long over").locator(".badge")).to_have_text("Expired")
    expect(row_of(desk, "No place left").locator(".badge")).to_have_text("Full")


def test_an_expired_link_is_extended_in_one_click(desk: Page, client: Client) -> None:
    link = client.make_link(title="To be extended", expires_hours=0.000001)
    eventually(lambda: link.info().status == 410, what="its expiry")
    look_again(desk)
    row = row_of(desk, "To be extended")
    row.get_by_role("button", name="Extend by a week: To be extended").click()
    expect(row.locator(".badge")).to_have_text("Open")
    expect(row).to_contain_text("Expires in 7 days")
    expect(row.get_by_role("button", name="Extend by a week")).to_be_hidden()
    expect(row.get_by_role("link")).to_be_focused()
    assert 167 * 3_600 < link.info().expect(200).json["expires_in"] <= 168 * 3_600


def test_axe_finds_nothing_wrong_with_a_long_message_and_the_keyboard_reaches_what_can_be_done_before_the_files(
    desk: Page, client: Client
) -> None:
    link = client.make_link(title="Talkative", message="Please send everything.\n" * 40, note="Ask Ada.\n" * 40)
    client.make_link(title="Run out", expires_hours=0.000001)
    link.deliver("a.txt", b"a")
    look_again(desk)
    row = unfold(desk, "Talkative")
    expect(row.locator(".file-row")).to_be_visible()
    assert complaints(desk) == []
    order = row.locator("button:visible, a:visible").evaluate_all("all => all.map(each => each.textContent.trim())")
    assert order.index("Close the link") < order.index("a.txt")
    look_at(desk, "Activity")
    expect(row.locator(".batch")).to_contain_text("sent 1 file, 1 byte")
    assert complaints(desk) == []
    look_at(desk, "Terms")
    for part in ("message", "note"):
        expect(row.locator(f'[data-part="{part}"]')).to_have_attribute("tabindex", "0")
    assert complaints(desk) == []
    back_to_links(desk)
    assert complaints(desk) == []


def test_an_address_that_works_on_this_machine_only_is_shown_with_a_warning(
    desk: Page, client: Client, browser: Browser, server: LiveServer
) -> None:
    client.make_link(title="Only here")
    look_again(desk)
    warning = unfold(desk, "Only here").get_by_text("This address works on this machine only.")
    expect(warning).to_be_visible()
    with owner_desk(browser, f"http://{LAN_HOST}:{server.port}", server.token) as elsewhere:
        row = unfold(elsewhere, "Only here")
        expect(row.get_by_text("This address works on this machine only.")).to_be_hidden()


def test_many_links_can_be_searched(desk: Page, client: Client) -> None:
    for number in range(8):
        client.make_link(title=f"Searched {number}")
    look_again(desk)
    desk.get_by_placeholder("Find a link").fill("searched 3")
    expect(row_of(desk, "Searched 3")).to_be_visible()
    expect(row_of(desk, "Searched 4")).to_be_hidden()


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
    row.get_by_text("Limits and more").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for tab in ("Files", "Activity"):
        look_at(page, tab)
        expect(row.locator(".file-row, .batch").filter(visible=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


def test_a_refresh_without_news_leaves_the_page_alone(desk: Page, client: Client) -> None:
    link = client.make_link(title="Quiet", password="x")
    link.deliver("quiet.txt", b"1", headers={"X-Request-Password": "x"})
    eventually(lambda: link.files()[0]["sha256"], what="its SHA-256")
    look_again(desk)
    row = unfold(desk, "Quiet")
    expect(row.locator(".file-row")).to_have_css("height", "44px")
    expect(row.locator(".file-list")).to_have_css("height", "44px")
    # That its file is seen by now is news, too.
    until(desk, lambda: found(client, link.path)["files_new"] == 0, what="the server to know that it was seen")
    look_again(desk)
    expect(desk.locator("#links > .link", has_text="Quiet")).not_to_have_class(re.compile("new"), timeout=PATIENCE_MS)
    desk.evaluate("""() => {
        window.changes = [];
        // What the server does right now is news every second.
        const now = document.getElementById("activity");
        // So is what others write on the same disk.
        const disk = document.getElementById("disk-figure");
        // So is it that a minute has passed.
        const isTime = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest("time");
        const same = ({ type, target, attributeName, oldValue }) => now.contains(target) || disk.contains(target) || isTime(target) ||
            (type === "attributes" && target.getAttribute(attributeName) === oldValue);
        const tell = ({ type, target }) => `${type}: ${target.outerHTML ?? target.textContent}`;
        const watch = new MutationObserver((seen) =>
            window.changes.push(...seen.filter((each) => !same(each)).map(tell)));
        const all = { subtree: true, childList: true, characterData: true };
        watch.observe(document.body, { ...all, attributes: true, attributeOldValue: true });
    }""")
    for _ in range(3):
        look_again(desk)
    assert desk.evaluate("window.changes") == []


def test_the_page_works_the_same_through_nginx(browser: Browser, tmp_path: Path) -> None:
    app = LiveServer(tmp_path, workers=1, unix_socket=True, **GENEROUS)
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    with app:
        assert app.socket_path
        with LiveNginx(app.socket_path, app.data_dir, built_pages(), tmp_path) as nginx:
            page.goto(f"{nginx.url}/admin")
            log_in(page, app.token)
            hash = make_link(page, "behind/nginx").rsplit("/", 1)[-1]
            expect(page.locator("#made .qr")).to_be_visible()
            Link(Client.of(app, url=nginx.url), hash, "behind/nginx").deliver("Ünï 50%.bin", b"bytes" * 1000)
            look_again(page)
            row = unfold(page, "behind/nginx")
            with page.expect_download() as begun:
                row.locator(".file-row").get_by_role("link", name="Download").click()
            assert begun.value.suggested_filename == "Ünï 50%.bin"
            assert begun.value.path().read_bytes() == b"bytes" * 1000
            session = next(cookie for cookie in context.cookies() if cookie["name"] == "droppr_owner")
            assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
            context.close()
    assert refused == []
