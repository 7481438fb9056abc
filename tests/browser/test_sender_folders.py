"""Folders in the list of files, and the bar at the lower edge: what stands in one row, what is told of it, and what leads on."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.files import MIB, content, file_sha256, hashes, write

SLOW = 2
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
# Whether the bar lies over it.
COVERED = """id => {
    const bar = document.getElementById('send-bar').getBoundingClientRect();
    const box = document.getElementById(id).getBoundingClientRect();
    return Math.min(bar.bottom, box.bottom) - Math.max(bar.top, box.top) > 0;
}"""
MANY_IN_FOLDERS = """([folders, files]) => {
    const all = Array.from({ length: folders * files }, (_, at) => {
        const file = new File(['x'], `${at}.txt`);
        Object.defineProperty(file, 'webkitRelativePath', { value: `all/${Math.floor(at / files)}/${at}.txt` });
        return file;
    });
    const input = document.getElementById('folder-input');
    Object.defineProperty(input, 'files', { configurable: true, value: all });
    input.dispatchEvent(new Event('change'));
}"""


def test_a_folder_is_one_row_that_opens_and_its_files_keep_their_order_in_it(
    owner: Client, desk: Path, visit: Visit
) -> None:
    folder = desk / "Wedding"
    for at in range(6):
        write(folder / f"{at}.jpg", content(1000, seed=at))
    sender = visit(owner.make_link(password="later"))
    page = sender.page
    sender.choose_folder(folder)
    sender.choose(write(desk / "a.txt", b"a"), write(desk / "b.txt", b"b"))
    row = sender.folder("Wedding")
    expect(row).to_contain_text("6 files · 5.9 kB")
    assert sender.names() == ["Wedding/", "a.txt", "b.txt"]

    row.locator(".folder-open").press("Enter")
    expect(row.locator(".folder-open")).to_have_attribute("aria-expanded", "true")
    expect(page.locator("li.file").first).to_have_attribute("aria-setsize", "9")
    # A file in it moves among its like, and goes no further.
    grip = page.get_by_role("button", name="Move Wedding/5.jpg")
    grip.focus()
    for _ in range(7):
        page.keyboard.press("ArrowUp")
        expect(grip).to_be_focused()
    expect(page.locator("#live")).to_have_text("Wedding/5.jpg is now number 1 of 6.")
    page.get_by_role("button", name="Move b.txt").press("ArrowUp")
    expect(page.locator("#live")).to_have_text("b.txt is now number 2 of 3.")
    page.get_by_role("button", name="Move b.txt").press("ArrowUp")
    inside = [f"Wedding/{at}.jpg" for at in (5, 0, 1, 2, 3, 4)]
    sender.until(lambda: sender.names() == ["b.txt", "Wedding/", *inside, "a.txt"], what="the new order")
    page.get_by_role("button", name="Move Wedding/5.jpg").press("End")
    expect(page.get_by_role("button", name="Move a.txt")).to_be_focused()
    assert complaints(page) == []

    page.get_by_label("Password for this link").fill("later")
    page.get_by_role("button", name="Send 8 files").click()
    sender.expect_all_arrived("8 files have arrived")
    expect(row).to_contain_text("Arrived")


def test_what_is_sent_and_what_failed_is_told_by_a_closed_folder_and_a_click_leads_to_it(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(allowed_extensions=["jpg", "mov"])
    folder = desk / "Wedding"
    for at in range(40):
        write(folder / f"{at:02}.jpg", b"\xff\xd8\xff\xe0" + content(500, seed=at))
    write(folder / "late" / "97.jpg", b"MZ\x90" + content(500))
    write(folder / "late" / "98.jpg", b"MZ\x90" + content(600))
    film = write(folder / "late" / "film.mov", content(16 * MIB))
    sender = visit(link)
    page = sender.page
    sender.line(mib_per_second=SLOW)
    sender.choose_folder(folder)
    row = sender.folder("Wedding")
    expect(row).to_contain_text("2 files could not be sent. Its content is not what its name says", timeout=60_000)
    expect(row).to_contain_text("40 of 43 files arrived · film.mov", timeout=60_000)
    sender.hold_the_line()
    expect(row.locator("progress")).to_be_visible()
    assert complaints(page) == []
    row.get_by_role("button", name="Pause Wedding").click()
    expect(row).to_contain_text("Paused")
    sender.line()
    row.get_by_role("button", name="Continue Wedding").click()
    sender.expect_all_arrived("41 files have arrived. 2 files could not be sent.")

    row.locator(".folder-lost").click()
    lost = page.get_by_role("button", name="Remove Wedding/late/97.jpg")
    expect(lost).to_be_focused()
    expect(lost).to_be_in_viewport()
    page.get_by_role("button", name="Failed 2").click()
    lost_ones = ["Wedding/late/97.jpg", "Wedding/late/98.jpg"]
    sender.until(lambda: sender.names() == lost_ones, what="those alone that failed")
    assert hashes(link.disk)["Wedding/late/film.mov"] == file_sha256(film)


def test_a_folder_that_was_chosen_by_mistake_goes_at_two_clicks(owner: Client, desk: Path, visit: Visit) -> None:
    folder = desk / "Wrong"
    for at in range(8):
        write(folder / f"{at}.jpg", content(1000, seed=at))
    link = owner.make_link(password="later")
    sender = visit(link)
    page = sender.page
    sender.choose_folder(folder)
    sender.choose(write(desk / "right.txt", b"right"))
    page.get_by_role("button", name="Cancel Wrong").click()
    page.get_by_role("button", name="Really cancel all? Wrong").click()
    expect(sender.folder("Wrong")).to_contain_text("Cancelled")
    page.get_by_label("Password for this link").fill("later")
    page.get_by_role("button", name="Send 1 file").click()
    sender.expect_all_arrived("1 file has arrived")
    assert list(hashes(link.disk)) == ["right.txt"]


def test_the_bar_of_a_phone_says_what_is_missing_leaves_room_to_type_and_tells_how_far_it_is(
    owner: Client, desk: Path, visit: Visit
) -> None:
    question = {"label": "Which camera?", "kind": "text", "required": True}
    link = owner.make_link(ask_name="required", password="later", questions=[question])
    sender = visit(link, **PHONE)
    page = sender.page
    bar = page.locator("#send-bar")
    expect(bar).to_be_hidden()
    # What is asked is below the zone, and may be answered first.
    assert page.evaluate("""() => document.getElementById('drop').getBoundingClientRect().bottom
        <= document.getElementById('gate').getBoundingClientRect().top""")
    page.get_by_label("Your name").fill("Anna")
    sender.line(mib_per_second=SLOW)
    sender.choose(*(write(desk / f"{at}.bin", content(4 * MIB, seed=at)) for at in range(4)))
    send = page.get_by_role("button", name="Send 4 files (16 MB)")
    page.evaluate("scrollTo(0, 0)")
    expect(send).to_be_in_viewport(ratio=1)
    expect(bar).to_contain_text("Still missing: Password for this link and Which camera?")
    send.click()
    field = page.get_by_label("Password for this link")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport(ratio=1)
    sender.until(lambda: not page.evaluate(COVERED, "password"), what="the field, above the bar")
    field.fill("later")
    page.get_by_label("Which camera?").fill("The first")
    page.get_by_label("Which camera?").blur()
    expect(page.locator("#send-text")).to_be_hidden()
    expect(page.get_by_label("Your name")).to_have_value("Anna")
    # Twice, as tired people do: the second click falls on what has come to the place of Send.
    sender.click_twice(send)
    expect(page.locator("#send-percent")).to_be_visible()
    expect(page.get_by_role("button", name="Pause all")).to_be_visible()
    expect(bar).to_contain_text("of 4 files arrived")
    page.evaluate("scrollTo(0, 0)")
    # By then nobody can mean Send any more.
    sender.until(lambda: sender.received() >= 3 * MIB, what="more than a second's worth")
    sender.hold_the_line()
    page.get_by_role("button", name="Pause all").click()
    expect(bar.get_by_role("button", name="Continue all")).to_be_in_viewport()
    sender.line()
    bar.get_by_role("button", name="Continue all").click()
    sender.expect_all_arrived("4 files have arrived.")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#finished")).not_to_be_in_viewport()
    expect(bar).to_contain_text("4 files have arrived.", timeout=30_000)


def test_a_password_without_which_a_checklist_tells_nothing_stays_in_front(owner: Client, visit: Visit) -> None:
    link = owner.make_link(items=[{"title": "Passport"}], password="later", ask_name="optional")
    page = visit(link).page
    order = page.evaluate("""() => ['password', 'name'].map(id =>
        document.querySelector('.asked').compareDocumentPosition(document.getElementById(id)) & 4)""")
    assert order == [0, 4]
    page.get_by_label("Password for this link").fill("later")
    page.get_by_label("Password for this link").blur()
    expect(page.locator(".asked-left")).to_contain_text("1 of 1")


def test_ten_thousand_files_in_folders_are_a_few_rows_and_stay_fluid_when_all_are_open(
    owner: Client, visit: Visit
) -> None:
    sender = visit(owner.make_link(password="not yet"))
    page = sender.page
    page.evaluate(MANY_IN_FOLDERS, [25, 400])
    expect(page.get_by_role("button", name="Send 10,000 files")).to_be_visible()
    expect(page.locator("li.file")).to_have_count(1)
    expect(sender.folder("all")).to_contain_text("10,000 files")
    sender.folder("all").locator(".folder-open").click()
    expect(page.locator("li.folder").last).to_have_attribute("aria-setsize", "26")
    page.locator(".folder-open").nth(1).click()
    expect(page.locator("li.file").first).to_have_attribute("aria-setsize", "426")
    page.locator(".folder-open").nth(1).press("End")
    last = page.locator("li.file").last
    expect(last).to_have_attribute("aria-posinset", "426")
    assert page.locator("li.file").count() < 100
