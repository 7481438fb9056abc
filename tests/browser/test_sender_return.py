"""What a sender sees of what has arrived: no success where there was none, a way back for some seconds, and all of it again later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.files import MIB, content, eventually, files_below, hashes, write
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

SLOW = 2
"""MiB a second."""
FALSE = b"MZ\x90" + bytes(1000)
TRUE = b"\xff\xd8\xff\xe0" + bytes(1000)


def test_the_second_of_two_clicks_on_take_back_thinks_better_of_it_and_hits_no_other_file(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link()
    sender = visit(link, viewport={"width": 1440, "height": 900})
    page = sender.page
    sender.choose(*(write(desk / f"{at:02}.bin", content(1000, seed=at)) for at in range(30)))
    sender.expect_all_arrived("30 files have arrived")
    # Not before it stands still.
    page.get_by_role("button", name="Take back: 00.bin").hover()
    box = page.get_by_role("button", name="Take back: 00.bin").bounding_box()
    assert box
    x, y = box["x"] + box["width"] - 12, box["y"] + box["height"] / 2
    page.clock.install()
    page.mouse.click(x, y)
    expect(sender.state("00.bin")).to_have_text("About to be taken back…")
    page.mouse.click(x, y)
    expect(sender.state("00.bin")).to_have_text("Arrived")
    page.clock.run_for(20_000)
    assert [call for call in sender.calls if call.method == "DELETE"] == []
    assert len(files_below(link.disk)) == 30


def test_a_row_that_leaves_the_list_puts_no_other_file_under_the_second_click(
    owner: Client, desk: Path, visit: Visit
) -> None:
    sender = visit(owner.make_link(allowed_extensions=["jpg"]))
    page = sender.page
    sender.choose(*(write(desk / f"false {at}.jpg", FALSE) for at in range(3)))
    expect(page.locator("li.file.failed")).to_have_count(3)
    sender.click_twice(page.get_by_role("button", name="Remove false 0.jpg"))
    expect(page.locator("li.file")).to_have_count(2)
    page.get_by_role("button", name="Remove false 2.jpg").press("Enter")
    expect(page.locator("li.file")).to_have_count(1)


def test_an_upload_that_is_discarded_puts_no_other_one_under_the_second_click_and_who_sends_is_known_again(
    owner: Client, desk: Path, visit: Visit
) -> None:
    sender = visit(owner.make_link(ask_name="required"))
    page = sender.page
    sender.line(mib_per_second=SLOW)
    sender.choose(*(write(desk / f"{at}.bin", content(16 * MIB, seed=at)) for at in range(2)))
    page.get_by_label("Your name").fill("Anna")
    page.get_by_role("button", name="Send 2 files").click()
    sender.until(lambda: sender.received(of_file=1) > 0 and sender.received() > 0, what="some of both files")
    sender.hold_the_line()
    page.reload()
    sender.line()
    rows = page.locator("#unfinished-list li")
    expect(rows).to_have_count(2)
    expect(page.get_by_label("Your name")).to_have_value("Anna")
    sender.click_twice(page.get_by_role("button", name="Discard what has arrived of").first)
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Discard what has arrived of").press("Enter")
    expect(page.locator("#unfinished")).to_be_hidden()
    sender.until(lambda: sum(call.method == "DELETE" for call in sender.calls) == 2, what="both to be given up")


def test_what_is_taken_back_goes_when_the_time_is_over_or_the_page_is_left(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link()
    with browser.new_context() as context:
        sender = Sender(context, site.url, link).visit()
        page = sender.page
        sender.choose(*(write(desk / name, content(1000)) for name in ("over.bin", "left.bin", "kept.bin")))
        sender.expect_all_arrived("3 files have arrived")
        expect(page.locator("#take-back-until")).to_contain_text("can be taken back until")
        button = page.get_by_role("button", name="Take back: over.bin")
        button.press("Enter")
        # The focus stays where it is, on what undoes it.
        expect(page.get_by_role("button", name="Undo: over.bin")).to_be_focused()
        assert len(files_below(link.disk)) == 3
        expect(sender.state("over.bin")).to_have_text("Taken back")
        assert sorted(files_below(link.disk)) == ["kept.bin", "left.bin"]
        page.get_by_role("button", name="Take back: left.bin").click()
        page.goto("about:blank")
        eventually(lambda: list(files_below(link.disk)) == ["kept.bin"], what="the file to go")


def test_success_is_not_shown_where_files_failed(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(owner.make_link(allowed_extensions=["jpg"]))
    page = sender.page
    sender.choose(write(desk / "false.jpg", FALSE))
    box = page.locator("#finished")
    expect(box).to_have_text("1 file could not be sent. Show the receipt", use_inner_text=False)
    expect(page.locator("#receipt-show")).to_be_hidden()
    expect(box.locator("use")).to_have_attribute("href", "#i-alert")
    sender.choose(write(desk / "true.jpg", TRUE))
    sender.expect_all_arrived("1 file has arrived. 1 file could not be sent.")
    expect(box.locator("use")).to_have_attribute("href", "#i-alert")
    page.get_by_role("button", name="Remove false.jpg").click()
    sender.expect_all_arrived("1 file has arrived. You may close this page")
    expect(box.locator("use")).to_have_attribute("href", "#i-check")


def test_a_full_link_says_so_before_it_asks_for_anything(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link(max_files=1, password="later", ask_name="required")
    link.deliver("only.txt", b"1", headers={"X-Request-Password": "later"}, sender_name="Anna")
    sender = visit(link)
    expect(sender.page.get_by_text("This link is full")).to_be_visible()
    for each in ("#choose", "#name", "#password", "#limits"):
        expect(sender.page.locator(each)).to_be_hidden()
    assert complaints(sender.page) == []
    sender.drop(write(desk / "late.txt", b"late"))
    expect(sender.page.locator("#refused")).to_contain_text("This link has no room left for it.")
    assert sender.calls == []


def test_the_limits_count_down(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link(max_files=4, max_total_size=10 * MIB)
    link.deliver("first.txt", bytes(MIB))
    sender = visit(link)
    limits = sender.page.locator("#limits")
    expect(limits).to_contain_text("Up to 4 files (3 left)")
    expect(limits).to_contain_text("Up to 10 MB in all (9 MB left)")
    sender.choose(write(desk / "second.txt", bytes(MIB)))
    sender.expect_all_arrived("1 file has arrived")
    expect(limits).to_contain_text("Up to 4 files (2 left)")
    expect(limits).to_contain_text("(8 MB left)")
    sender.choose(*(write(desk / f"{at}.txt", bytes(at)) for at in range(3)))
    expect(sender.page.locator("#refused")).to_contain_text("1 file will not be sent")


def test_what_was_sent_stands_there_later_with_its_receipt_and_can_be_taken_back_and_forgotten(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link(ask_name="required", ask_email="optional")
    with browser.new_context() as context:
        first = Sender(context, site.url, link).visit()
        first.choose(*(write(desk / name, content(1000, seed=len(name))) for name in ("wrong.bin", "right.bin")))
        first.page.get_by_label("Your name").fill("Anna")
        first.page.get_by_label("Your e-mail").fill("anna@example.org")
        first.page.get_by_role("button", name="Send 2 files").click()
        first.expect_all_arrived("2 files have arrived")
        # What remembers it is loaded only now.
        first.until(lambda: _stored(first.page).count('"path"') == 2, what="the memory of it")
        first.page.close()

        later = Sender(context, site.url, link).visit()
        page = later.page
        earlier = page.get_by_role("region", name="Sent from this browser")
        expect(page.get_by_label("Your name")).to_have_value("Anna")
        expect(page.get_by_label("Your e-mail")).to_have_value("anna@example.org")
        earlier.get_by_text("2 files").click()
        expect(earlier).to_contain_text("can be taken back until")
        assert complaints(page) == []
        earlier.get_by_role("button", name="Show the receipt").click()
        receipt = page.get_by_role("dialog", name="Receipt")
        expect(receipt.get_by_role("cell", name="right.bin")).to_be_visible()
        expect(receipt).to_contain_text("Anna · anna@example.org")
        page.keyboard.press("Escape")
        earlier.get_by_role("button", name="Take back: wrong.bin").click()
        expect(earlier).to_contain_text("About to be taken back…")
        expect(earlier).not_to_contain_text("wrong.bin", timeout=20_000)
        assert list(files_below(link.disk)) == ["right.bin"]

        # Once nothing can be taken back any more, nothing that could do it lies in the browser; the receipt does.
        page.clock.install()
        page.clock.fast_forward(2 * 3_600_000)
        page.reload()
        earlier.get_by_role("button", name="Show the receipt").wait_for()
        later.until(lambda: '"receipt"' in _stored(page), what="the receipt")
        assert '"id":""' in _stored(page)
        earlier.get_by_text("1 file").click()
        expect(earlier.get_by_role("button", name="Take back: right.bin")).to_have_count(0)
        earlier.get_by_role("button", name="Show the receipt").click()
        expect(receipt.get_by_role("cell", name="right.bin")).to_be_visible()
        page.keyboard.press("Escape")

        # The same file once more, of which only the receipt is left here: both stand there, and the row says so.
        later.choose(desk / "right.bin")
        page.get_by_role("button", name="Send 1 file").click()
        expect(later.state("right.bin")).to_have_text("Arrived · you have sent this very file before", timeout=20_000)

        earlier.get_by_role("button", name="Forget on this device").click()
        expect(earlier).to_be_hidden()
        assert _stored(page) == ""
        page.reload()
        expect(page.get_by_label("Your name")).to_have_value("")
        expect(earlier).to_be_hidden()
    assert set(hashes(link.disk)) == {"right.bin", "right (1).bin"}


def _stored(page: Page) -> str:
    found: str = page.evaluate(
        "() => Object.entries(localStorage).filter(([key]) => key.startsWith('droppr_sent_')).map(([, it]) => it).join()"
    )
    return found


def test_the_receipt_fits_a_phone(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(owner.make_link(), viewport={"width": 360, "height": 740})
    page = sender.page
    sender.choose(*(write(desk / f"IMG_{at:04}.jpg", content(1000, seed=at)) for at in range(12)))
    sender.expect_all_arrived("12 files have arrived")
    page.locator("#receipt-show").click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt.get_by_role("cell", name="IMG_0000.jpg")).to_be_in_viewport()
    for name in ("Download", "Print", "Close"):
        expect(receipt.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert receipt.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("destination", "words"),
    [
        ({"kind": "folder"}, "Your files go straight to this server and nowhere else."),
        ({"kind": "s3", "bucket": "films"}, "Your files go to this server, which passes them on to S3."),
    ],
    ids=["folder", "s3"],
)
def test_nowhere_else_is_said_only_where_it_is_true(
    owner: Client, visit: Visit, monkeypatch: pytest.MonkeyPatch, destination: dict[str, Any], words: str
) -> None:
    link = owner.make_link()
    sender = visit(link)
    # This server passes nothing on, so what one says that does is put in its place.
    kind = None if destination["kind"] == "folder" else destination["kind"]
    told = {**link.info().expect(200).json, "passed_on_to": kind}
    sender.page.route(f"**{link.path}", lambda route: route.fulfill(json=told))
    sender.page.reload()
    expect(sender.page.locator("#foot")).to_have_text(words)


def test_a_link_that_takes_nothing_claims_nothing(owner: Client, visit: Visit) -> None:
    link = owner.make_link()
    link.close()
    expect(visit(link).page.locator("#foot")).to_be_hidden()


def test_a_long_name_is_copied_as_it_is_and_can_be_read_whole(owner: Client, desk: Path, visit: Visit) -> None:
    name = "Wedding Müller – the whole evening, second camera, from the balcony, final cut.mp4"
    sender = visit(owner.make_link(), viewport={"width": 360, "height": 740})
    sender.choose(write(desk / name, b"film"))
    sender.expect_arrived(name)
    shown = sender.page.locator(".file-name")
    assert shown.evaluate("each => { getSelection().selectAllChildren(each); return String(getSelection()); }") == name
    assert shown.evaluate("each => each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight")
