"""The owner watches what is on its way to a link and cancels it; the sender's page says what happened and leaves it at that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.admin import PATIENCE_MS, look_again, owner_desk, unfold
from tests.support.axe import complaints_in_both
from tests.support.browser import until
from tests.support.client import Client, Link
from tests.support.files import MIB, content, file_sha256, files_below, write
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

Visit = Callable[..., Sender]


def arriving(row: Locator, name: str) -> Locator:
    """What the owner sees of one upload."""
    return row.locator(".arriving").filter(has_text=name)


def sure(page: Page, question: str, answer: str) -> None:
    """Says yes where the page asks whether the owner means it."""
    dialog = page.get_by_role("dialog", name=question)
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name=answer).click()
    expect(dialog).to_be_hidden()


def test_an_upload_is_seen_with_its_pace_and_cancelled_and_its_sender_is_told(
    browser: Browser, app: LiveServer, site: LiveNginx, owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(title="Watched")
    sender = visit(link)
    # It must not have arrived before its owner has seen it move, and cancelled it.
    sender.line(mib_per_second=0.75)
    file = write(desk / "film.mov", content(48 * MIB))
    sender.choose(file)
    sender.until(lambda: sender.received() >= MIB, what="a chunk")
    with owner_desk(browser, site.url, app.token) as page:
        row = unfold(page, "Watched")
        upload = arriving(row, "film.mov")
        expect(row.get_by_role("heading", name="On their way (1 upload)")).to_be_visible()
        expect(upload).to_contain_text(re.compile(r"of 48 MB · [\d.]+ (kB|MB)/s"), timeout=PATIENCE_MS)
        expect(upload).to_contain_text("From 127.0.0.1")
        bar = upload.get_by_role("progressbar")
        before = float(bar.get_attribute("value") or 0)
        until(page, lambda: float(bar.get_attribute("value") or 0) > before, seconds=25, what="more of it")

        opened = len(sender.openings)
        upload.get_by_role("button", name="Cancel film.mov").click()
        sure(page, "Cancel this upload?", "Cancel the upload")
        expect(row.locator(".arriving")).to_have_count(0)
        # The keyboard's user goes on where the list was.
        expect(row.get_by_role("heading", name="Received files")).to_be_focused()
    assert link.under_way() == []
    expect(sender.state("film.mov")).to_have_text(
        "The owner of this link has cancelled it. Ask them before you send it again."
    )
    assert len(sender.openings) == opened, "It was begun anew without being asked for."
    assert files_below(link.disk) == {}
    # Whoever tries again all the same begins another upload.
    sender.line()
    sender.row("film.mov").get_by_role("button", name="Try again to send film.mov").click()
    sender.expect_arrived("film.mov")
    assert file_sha256(link.disk / "film.mov") == file_sha256(file)


def begun(link: Link, *names: str) -> list[str]:
    """Uploads of which a part has arrived."""
    ids = [link.opened(name, 4 * MIB) for name in names]
    for upload_id in ids:
        link.chunk(upload_id, 0, content(4 * MIB)[:MIB], 4 * MIB).expect(200)
    return ids


def test_all_are_cancelled_after_one_question_with_the_keyboard_alone(browser: Browser, server: LiveServer) -> None:
    link = Client.of(server).make_link(title="All of them")
    begun(link, *(f"{number}.bin" for number in range(5)))
    link.deliver("kept.txt", b"kept")
    with owner_desk(browser, server.url, server.token) as page:
        row = unfold(page, "All of them")
        expect(row.get_by_role("heading", name="On their way (5 uploads)")).to_be_visible()
        row.get_by_role("button", name="Cancel all").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Cancel all uploads of this link?")
        expect(dialog.get_by_role("button", name="Let them go on")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert len(link.under_way()) == 5
        expect(row.get_by_role("button", name="Cancel all")).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("button", name="Let them go on")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(dialog.get_by_role("button", name="Cancel all uploads")).to_be_focused()
        page.keyboard.press("Enter")
        expect(row.locator(".arriving")).to_have_count(0)
        expect(page.locator("#live")).to_have_text("5 uploads cancelled.")
        expect(row.locator(".file-base")).to_have_text(["kept.txt"])
    assert link.under_way() == []
    assert files_below(link.disk).keys() == {"kept.txt"}


def test_a_file_that_arrives_meanwhile_stays_and_the_page_says_so(browser: Browser, server: LiveServer) -> None:
    link = Client.of(server).make_link(title="Too late")
    (upload_id,) = begun(link, "quick.bin")
    with owner_desk(browser, server.url, server.token) as page:
        row = unfold(page, "Too late")
        arriving(row, "quick.bin").get_by_role("button").click()
        question = page.get_by_role("dialog", name="Cancel this upload?")
        expect(question).to_contain_text("quick.bin")
        link.send(upload_id, content(4 * MIB), step=MIB)
        question.get_by_role("button", name="Cancel the upload").click()
        expect(row.get_by_role("alert").filter(has_text="The file has arrived whole.")).to_be_visible()
        expect(row.locator(".file-base")).to_have_text(["quick.bin"], timeout=PATIENCE_MS)
    assert files_below(link.disk).keys() == {"quick.bin"}


def test_closing_a_link_offers_to_cancel_what_is_on_its_way(browser: Browser, server: LiveServer) -> None:
    link = Client.of(server).make_link(title="Closed with all")
    begun(link, "a.bin", "b.bin")
    with owner_desk(browser, server.url, server.token) as page:
        row = unfold(page, "Closed with all")
        expect(row.locator(".arriving")).to_have_count(2)
        row.get_by_role("button", name="Close the link").click()
        page.get_by_role("dialog", name="Close this link?").get_by_label("Cancel the 2 uploads under way").check()
        sure(page, "Close this link?", "Close the link")
        expect(row.locator(".badge")).to_have_text("Closed")
        expect(row.locator(".arriving")).to_have_count(0, timeout=PATIENCE_MS)
        assert link.under_way() == []

        # Without the tick they stay, and are cancelled afterwards.
        link.change(active=True).expect(200)
        begun(link, "c.bin", "d.bin")
        look_again(page)
        expect(row.locator(".arriving")).to_have_count(2, timeout=PATIENCE_MS)
        row.get_by_role("button", name="Close the link").click()
        sure(page, "Close this link?", "Close the link")
        expect(row.locator(".badge")).to_have_text("Closed")
        assert len(link.under_way()) == 2
        row.get_by_role("button", name="Cancel all").click()
        sure(page, "Cancel all uploads of this link?", "Cancel all uploads")
        expect(row.locator(".arriving")).to_have_count(0)
    assert link.under_way() == []


def test_nothing_sticks_out_on_a_narrow_screen_and_strange_names_are_text(browser: Browser, server: LiveServer) -> None:
    link = Client.of(server).make_link(title="Narrow", ask_name="optional")
    link.opened("photo\u202egpj.exe", MIB, sender_name="<b>" + "N" * 150)
    link.opened("x" * 200, MIB)
    with owner_desk(browser, server.url, server.token) as page:
        page.set_viewport_size({"width": 360, "height": 740})
        row = unfold(page, "Narrow")
        expect(arriving(row, "photo⟨U+202E⟩gpj.exe")).to_contain_text("From <b>NNN")
        assert row.locator("b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_axe_finds_nothing_wrong_with_what_is_on_its_way_and_the_questions(
    browser: Browser, server: LiveServer
) -> None:
    link = Client.of(server).make_link(title="Checked")
    begun(link, "a.bin", "b.bin")
    link.deliver("c.bin", b"c")
    with owner_desk(browser, server.url, server.token) as page:
        row = unfold(page, "Checked")
        expect(row.locator(".arriving")).to_have_count(2)
        expect(row.locator(".received-name, .file-base")).to_have_text(["b.bin", "a.bin", "c.bin"])
        assert complaints_in_both(page) == []
        for name in ("Cancel b.bin", "Cancel all", "Close the link"):
            row.get_by_role("button", name=name).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert complaints_in_both(page) == []
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
