"""The owner's desk in Chromium: what has arrived, what of it is new, which links are shown and in which order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.admin import PATIENCE_MS, back_to_links, log_in, look_again, owner_desk, owner_page, row_of, unfold
from tests.support.axe import complaints
from tests.support.browser import until
from tests.support.client import Client, Link
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.sender import Sender


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def send(browser: Browser, link: Link, name: str, folder: Path, files: dict[str, bytes]) -> None:
    """A sender sends files from a browser of their own."""
    for each, data in files.items():
        (folder / each).write_bytes(data)
    context = browser.new_context()
    sender = Sender(context, link.client.url, link).visit()
    sender.page.get_by_label("Your name").fill(name)
    sender.choose(*(folder / each for each in files))
    sender.page.locator("#send").click()
    sender.expect_all_arrived("have arrived")
    context.close()


def test_what_a_sender_sends_is_new_on_the_desk_until_its_owner_has_looked(
    browser: Browser, desk: Page, client: Client, tmp_path: Path
) -> None:
    link = client.make_link(title="Seen and not seen", ask_name="required", max_files=5)
    send(browser, link, "Anna", tmp_path, {"a.txt": b"one", "b.txt": b"two"})
    row = row_of(desk, "Seen and not seen")
    expect(row).to_contain_text("2 new files", timeout=PATIENCE_MS)
    expect(row).to_contain_text("Anna just now")
    expect(row).to_contain_text("2 of 5 files")
    go = desk.locator(".go").filter(has_text="Seen and not seen")
    expect(go).to_contain_text("Anna sent 2 files, 6 bytes to Seen and not seen")
    expect(go).to_contain_text("b.txt, a.txt")
    expect(desk).to_have_title(re.compile(r"^\([\d,]+\) Request links"))
    assert complaints(desk) == []
    with desk.expect_download() as begun:
        go.get_by_role("link", name="Download 2 files from Anna").click()
    with zipfile.ZipFile(begun.value.path()) as taken:
        assert {each: taken.read(each) for each in taken.namelist()} == {"a.txt": b"one", "b.txt": b"two"}
    # To have downloaded it is not to have looked.
    look_again(desk)
    expect(row).to_contain_text("2 new files")
    shown = unfold(desk, "Seen and not seen")
    expect(shown.locator(".file-row")).to_have_count(2)
    back_to_links(desk)
    expect(row).not_to_contain_text("new file", timeout=PATIENCE_MS)
    expect(go).to_have_count(0)
    desk.reload()
    expect(row).to_contain_text("Anna")
    expect(row).not_to_contain_text("new file")
    # What comes while the files are looked at is seen with them, in every tab.
    unfold(desk, "Seen and not seen")
    desk.mouse.move(0, 0)  # What one points at does not move.
    link.deliver("c.txt", b"three", sender_name="Ben")
    expect(shown.locator(".file-row")).to_have_count(3, timeout=PATIENCE_MS)
    look_again(desk)
    back_to_links(desk)
    expect(row).to_contain_text("Ben just now", timeout=PATIENCE_MS)
    expect(row).not_to_contain_text("new file")


def test_the_window_counts_what_was_seen_no_more_while_one_stays_with_it(desk: Page, client: Client) -> None:
    link = client.make_link(title="Stayed with")
    link.deliver("a.txt", b"one")
    eventually(lambda: link.files()[0]["sha256"], seconds=30, what="its SHA-256, which is an event")
    # The list is not asked for again because it is old: for the page hardly any time passes.
    desk.add_init_script("const real = performance.now.bind(performance); performance.now = () => real() / 1000;")
    desk.reload()
    expect(row_of(desk, "Stayed with")).to_contain_text("1 new file")

    def counted() -> int:
        told = re.match(r"\(([\d,]+)\) ", desk.title())
        return int(told[1].replace(",", "")) if told else 0

    before = counted()
    expect(unfold(desk, "Stayed with").locator(".file-row")).to_have_count(1)
    until(desk, lambda: counted() == before - 1, what=f"fewer than {before} files")


def test_links_are_chosen_and_sorted_and_what_is_seen_is_said_from_the_desk(desk: Page, client: Client) -> None:
    made = {title: client.make_link(title=title) for title in ("Chosen 10", "chosen 9", "Chosen none")}
    for title in ("Chosen 10", "chosen 9"):
        made[title].deliver("a.txt", b"one")
    look_again(desk)
    names = desk.locator(".link:visible .link-name").filter(has_text=re.compile("chosen", re.IGNORECASE))
    expect(names).to_have_text(["Chosen none", "chosen 9", "Chosen 10"])
    order = desk.get_by_label("In which order")
    order.select_option("Last received")
    expect(names).to_have_text(["chosen 9", "Chosen 10", "Chosen none"])
    order.select_option("By title")
    expect(names).to_have_text(["chosen 9", "Chosen 10", "Chosen none"])
    choice = desk.get_by_label("Which links are shown")
    choice.select_option("Not begun")
    expect(names).to_have_text(["Chosen none"])
    # Another tab looks just before this one says so, twice; what it says later would be told here first.
    go, seen = desk.locator(".go").filter(has_text="Chosen 10"), f"{made['Chosen 10'].path}/seen"

    def another_first(route: Route) -> None:
        client.call("POST", seen, json={"files_arrived": 1}, owner=True).expect(200)
        route.continue_()

    desk.route(f"**{seen}", another_first)
    go.get_by_role("button", name="Mark as seen").dblclick()
    expect(go).to_have_count(0)
    choice.select_option("With new files")
    expect(names).to_have_text(["chosen 9"])
    desk.locator(".go").filter(has_text="chosen 9").get_by_role("button", name="Mark as seen").click()
    expect(names).to_have_count(0)
    # The order stays, the choice does not: nobody misses links on another day.
    desk.reload()
    expect(names).to_have_text(["chosen 9", "Chosen 10", "Chosen none"])
    desk.get_by_label("Which links are shown").select_option("Full")
    if desk.locator("#show-all").is_visible():
        desk.get_by_role("button", name="Show all").click()
        expect(names).to_have_count(3)
    assert complaints(desk) == []


def test_the_list_is_shown_with_what_stands_above_it(browser: Browser, server: LiveServer) -> None:
    """Nothing moves away from under a pointer after the login."""
    Client.of(server).make_link(title="Moves nothing").deliver("new.txt", b"new")
    with owner_page(browser, server.url) as page:
        # The page waits a second for what is slow; here it waits for as long as this machine takes.
        page.add_init_script(
            """const real = setTimeout;
            window.setTimeout = (task, after, ...more) => real(task, after === 1000 ? 60000 : after, ...more);"""
        )
        page.goto("/admin")
        page.evaluate(
            """() => {
                const desk = document.getElementById('desk');
                const top = () => document.getElementById('links-title').getBoundingClientRect().top;
                const seen = () => desk.classList.contains('drawing') || (window.first ??= top());
                new MutationObserver(seen).observe(desk, {attributeFilter: ['class']});
                window.top_now = top;
            }"""
        )
        log_in(page, server.token)
        expect(page.locator("#arrived")).to_contain_text("Moves nothing")
        expect(page.locator("#desk.drawing")).to_have_count(0)
        assert page.evaluate("window.first") == page.evaluate("top_now()")
