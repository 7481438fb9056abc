"""The list of files: thousands of them, their order, and what can be done with one or all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.support.client import Client
from tests.support.files import MIB, content, eventually, file_sha256, files_below, hashes, write
from tests.support.sender import Sender

# MiB/s: slow enough that 16 MiB are not through before somebody has clicked.
SLOW = 4

DROP_MANY = """([count, size]) => {
    const transfer = new DataTransfer();
    for (let at = 0; at < count; at++) transfer.items.add(new File(['x'.repeat(size)], `${at}.txt`));
    const began = performance.now();
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    return began;
}"""

# The most rows that are there meanwhile.
SCROLL = """async (places) => {
    const box = document.getElementById('files-scroller');
    const frame = () => new Promise(requestAnimationFrame);
    let rows = 0;
    for (const place of places) {
        box.scrollTop = place * (box.scrollHeight - box.clientHeight);
        // The rows around those that can be seen come a frame later.
        for (let frames = 0; frames < 2; frames++) await frame();
        rows = Math.max(rows, document.querySelectorAll('li.file').length);
    }
    for (let more = 0; more < 3; more++) await frame();
    return rows;
}"""

# Every frame's length while `busy` is not yet over, and how often the total was written meanwhile.
WATCH_FRAMES = """() => {
    const watch = { frames: 0, paints: 0, times: [], over: false };
    window.watch = watch;
    new MutationObserver(() => { watch.paints += 1; }).observe(
        document.getElementById('total-text'), { childList: true, characterData: true, subtree: true });
    let last = performance.now();
    const next = (now) => {
        watch.frames += 1;
        watch.times.push(now - last);
        last = now;
        if (!watch.over) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
}"""


def test_ten_thousand_files_stay_fluid_with_a_few_rows_in_the_document(owner: Client, visit: Visit) -> None:
    link = owner.make_link(password="not yet")
    short, page = (visit(link).page for _ in range(2))
    short.evaluate(DROP_MANY, [400, 10])
    expect(short.get_by_role("button", name="Send 400 files")).to_be_visible()
    page.evaluate(DROP_MANY, [10_000, 10])
    expect(page.get_by_role("button", name="Send 10,000 files")).to_be_visible()

    # As a wheel does, a row or so at a time; and by far jumps, as when the bar is dragged.
    jumps = [jump / 20 for jump in range(20)]
    for in_short, in_long in (
        ([row / 400 for row in range(100)], [row / 10_000 for row in range(100)]),
        (jumps, jumps),
    ):
        usual, _ = scrolled(short, in_short)
        work, rows = scrolled(page, in_long)
        assert rows <= 200
        assert work < 2 * usual, f"the list stutters: {work} s of a processor, where a short one takes {usual}"
    page.evaluate(SCROLL, [1])

    last = page.locator("li.file").last
    expect(last).to_have_attribute("aria-posinset", "10000")
    expect(last).to_have_attribute("aria-setsize", "10000")
    page.get_by_role("button", name="Cancel 9999.txt").press("Home")
    expect(page.get_by_role("button", name="Cancel 0.txt", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Cancel 1.txt", exact=True)).to_be_focused()

    # The row one was on shows another file by now, which nobody has gone to.
    page.locator("#files-scroller").evaluate("box => { box.scrollTop = box.scrollHeight / 2; }")
    expect(page.locator("#files-scroller")).to_be_focused()

    def are_of_the_middle() -> bool:
        names = page.locator("li.file .file-name").all_inner_texts()
        return all(250 < int(name.removesuffix(".txt")) < 9_750 for name in names)

    eventually(are_of_the_middle, what="the rows of the middle")


def scrolled(page: Page, places: list[float]) -> tuple[float, int]:
    """Seconds of a processor that it takes the page to go through these places of its list, from 0 to 1, and the most rows that were
    there. What a clock says hangs on what else this machine does."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    before = worked()
    rows: int = page.evaluate(SCROLL, places)
    after = worked()
    devtools.detach()
    return after - before, rows


def test_two_thousand_small_files_go_in_few_requests_and_one_paint_a_frame(owner: Client, visit: Visit) -> None:
    link = owner.make_link()
    sender = visit(link)
    page = sender.page
    page.evaluate(WATCH_FRAMES)
    page.evaluate(DROP_MANY, [2_000, 4096])
    sender.expect_all_arrived("2,000 files have arrived", seconds=60)

    watch = page.evaluate("() => { window.watch.over = true; return window.watch; }")
    assert watch["paints"] <= watch["frames"], "the page painted more often than the screen shows"
    assert len(sender.calls) < 50, "each small file paid for a round trip of its own"
    assert len(files_below(link.disk)) == 2_000


def test_filters_show_what_they_say_with_counts(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link(allowed_extensions=["txt", "jpg"])
    sender = visit(link)
    good = [write(desk / f"{at}.txt", f"note {at}".encode()) for at in range(7)]
    sender.choose(write(desk / "false.jpg", b"MZ\x90" + content(2 * MIB)), *good)
    for file in good:
        sender.expect_arrived(file.name)
    page = sender.page
    expect(page.get_by_role("button", name="Arrived 7")).to_be_visible()
    expect(page.get_by_role("button", name="Waiting")).to_be_hidden()

    page.get_by_role("button", name="Failed 1").click()
    expect(page.locator("li.file")).to_have_count(1)
    expect(page.locator("li.file .file-name")).to_have_text("false.jpg")
    page.get_by_role("button", name="Arrived 7").click()
    expect(page.locator("li.file")).to_have_count(7)
    expect(page.get_by_role("button", name="Arrived 7")).to_have_attribute("aria-pressed", "true")


def test_one_file_and_all_of_them_pause_and_go_on_without_sending_anything_twice(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link()
    files = [write(desk / name, content(9 * MIB, seed=at)) for at, name in enumerate(("one.bin", "two.bin"))]
    sender = visit(link)
    page = sender.page
    sender.line(mib_per_second=SLOW)
    sender.choose(*files)
    sender.until(lambda: sender.received() >= 2 * MIB, what="some of the first file")
    sender.hold_the_line()

    page.get_by_role("button", name="Pause one.bin").click()
    expect(sender.state("one.bin")).to_contain_text("Paused")
    sender.line()
    sender.expect_arrived("two.bin")
    sender.hold_the_line()
    page.get_by_role("button", name="Continue one.bin").click()
    sender.until(lambda: "%" in (sender.state("one.bin").text_content() or ""), what="progress")
    page.get_by_role("button", name="Pause all").click()
    expect(sender.state("one.bin")).to_contain_text("Paused")
    sender.line()
    page.get_by_role("button", name="Continue all").click()
    sender.expect_all_arrived("2 files have arrived")

    assert hashes(link.disk) == {file.name: file_sha256(file) for file in files}
    assert len({sender.upload_of(chunk) for chunk in sender.chunks}) == 2, "a paused file began anew"


def test_cancelling_all_takes_two_clicks_and_leaves_nothing_on_the_server(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link()
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(*(write(desk / f"{at}.bin", content(9 * MIB, seed=at)) for at in range(3)))
    sender.until(lambda: sender.received() >= MIB, what="a chunk")
    sender.hold_the_line()

    sender.page.get_by_role("button", name="Cancel all").click()
    assert link.status(sender.upload_id()).status == 200, "one click was enough to lose it all"
    sender.page.get_by_role("button", name="Really cancel all?").click()
    expect(sender.state("0.bin")).to_have_text("Cancelled")
    expect(sender.state("2.bin")).to_have_text("Cancelled")
    sender.until(lambda: link.status(sender.upload_id()).status == 404, what="the upload to be gone")
    assert files_below(link.disk) == {}


def waiting(owner: Client, desk: Path, visit: Visit) -> Sender:
    """Four files that wait for a password."""
    sender = visit(owner.make_link(password="later"))
    sender.choose(*(write(desk / f"{name}.bin", content(2 * MIB, seed=ord(name))) for name in "abcd"))
    expect(sender.page.locator("li.file")).to_have_count(4)
    return sender


PRESS_THREE_TIMES = """(grip, key) => {
    for (let time = 0; time < 3; time += 1) grip.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def test_files_are_put_in_order_by_keyboard_and_go_in_that_order(owner: Client, desk: Path, visit: Visit) -> None:
    sender = waiting(owner, desk, visit)
    page = sender.page
    grip = page.get_by_role("button", name="Move d.bin")
    grip.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
        expect(grip).to_be_focused()
    assert sender.names() == ["d.bin", "a.bin", "b.bin", "c.bin"]
    expect(page.locator("#live")).to_have_text("d.bin is now number 1 of 4.")
    # As fast as keys can come: all before the next frame.
    for key in ("ArrowDown", "ArrowUp"):
        grip.evaluate(PRESS_THREE_TIMES, key)
        place = 4 if key == "ArrowDown" else 1
        expect(page.locator("#live")).to_have_text(f"d.bin is now number {place} of 4.")
    assert sender.names() == ["d.bin", "a.bin", "b.bin", "c.bin"]

    page.get_by_label("Password for this link").fill("later")
    page.get_by_role("button", name="Send 4 files").click()
    sender.expect_all_arrived("4 files have arrived")
    first = next(call for call in sender.calls if call.url.endswith("/uploads"))
    assert json.loads(first.post_data or "")["path"] == "d.bin"


def test_files_are_put_in_order_by_dragging(owner: Client, desk: Path, visit: Visit) -> None:
    sender = waiting(owner, desk, visit)
    drag(sender, "Move a.bin", "Move c.bin")
    sender.until(lambda: sender.names() == ["b.bin", "c.bin", "a.bin", "d.bin"], what="the new order")


def drag(sender: Sender, grip: str, onto: str) -> None:
    page = sender.page

    def held() -> bool:
        """What lets rows be dragged is loaded once there are two."""
        page.get_by_role("button", name=grip).hover()
        page.mouse.down()
        if page.locator("li.dragged").count() == 1:
            return True
        page.mouse.up()
        return False

    sender.until(held, what="a hold of the row")
    goal = page.get_by_role("button", name=onto).bounding_box()
    assert goal
    page.mouse.move(*middle(goal), steps=5)
    page.mouse.up()


def middle(box: Any) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_chunk_map_and_the_total_tell_what_is_safe_from_what_is_merely_sent(
    owner: Client, desk: Path, visit: Visit
) -> None:
    sender = visit(owner.make_link())
    page = sender.page
    sender.line(mib_per_second=SLOW)
    sender.choose(write(desk / "mapped.bin", content(32 * MIB)))
    sender.until(lambda: sender.received() >= 2 * MIB, what="some of the file")

    page.get_by_role("button", name="Details of mapped.bin").click()
    chart = page.get_by_role("img", name="safe on the server")
    expect(chart).to_be_visible()
    # Not before: what draws it is loaded by way of the same line.
    sender.line(mib_per_second=SLOW / 16)
    expect(page.locator(".map path.map-safe")).to_have_attribute("d", re.compile("M"))
    expect(page.locator(".map path.map-moving")).to_have_attribute("d", re.compile("M"))

    def sent_runs_ahead() -> bool:
        safe, sent = page.evaluate("""() => [document.getElementById('total-bar').value,
            parseFloat(document.getElementById('total-sent').style.inlineSize) / 100]""")
        return bool(0 < safe < sent <= 1)

    sender.until(sent_runs_ahead, what="more on its way than is safe")
    expect(page).to_have_title(re.compile(r"^\d+%"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/png"))
    sender.line()
    sender.expect_arrived("mapped.bin")
    sender.until(lambda: "%" not in page.title(), what="the title of its own")


def test_a_speed_limit_holds_and_can_be_lifted_meanwhile(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(owner.make_link(ask_name="optional"))
    page = sender.page
    sender.choose(write(desk / "slow.bin", content(40 * MIB)))
    page.get_by_text("More options").click()
    page.get_by_label("Speed").select_option(label="At most 1 MB/s")
    began = page.evaluate("performance.now()")
    page.get_by_role("button", name="Send 1 file").click()
    sender.until(lambda: sender.received() >= 3 * MIB, what="three seconds' worth")
    seconds = (page.evaluate("performance.now()") - began) / 1000
    # What is allowed to go ahead of the limit is at most a chunk for each connection.
    assert seconds > 1, f"3 MiB took {seconds} s at 1 MiB/s"
    expect(sender.state("slow.bin")).not_to_have_text("Arrived")
    page.get_by_label("Speed").select_option(label="As fast as possible")
    # At the limit it would take half a minute more.
    sender.expect_arrived("slow.bin", seconds=20)
