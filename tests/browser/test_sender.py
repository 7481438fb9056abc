"""A sender in Chromium, nginx as it is shipped, real workers behind it, and the files on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit
from tests.support.browser import LAN_HOST, Witness
from tests.support.client import Client, Link
from tests.support.files import (
    MIB,
    PNG,
    content,
    file_sha256,
    files_below,
    hashes,
    sha256,
    windows_program,
    write,
)
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import QUICK_MACHINE, Sender, lies_within, missing_spans

# MiB/s: 16 MiB take long enough on this line to pull the plug in the middle. Six chunks go at once and arrive all but
# together, so the middle begins at 6 MiB.
SLOW = 4
NAME = "Größe ☃ 日本語.bin"


def times_of_chunks(app: LiveServer, path: str) -> list[tuple[float, float]]:
    """When each chunk of a file began and ended to arrive, by the server's log."""
    taken = [line for line in app.log_lines("chunk taken") if line["path"] == path]
    ends = [datetime.strptime(line["asctime"], "%Y-%m-%d %H:%M:%S,%f").timestamp() for line in taken]
    return sorted((end - line["seconds"], end) for line, end in zip(taken, ends, strict=True))


def bytes_of_uploads(app: LiveServer) -> int:
    """What has arrived and what is on its way take, holes not counted. The catalogue beside them grows and shrinks by itself."""
    total = 0
    for folder in (app.files_dir, app.data_dir / "uploads"):
        for path in files_below(folder).values():
            with contextlib.suppress(FileNotFoundError):  # it went while we looked
                total += path.stat().st_blocks * 512
    return total


def test_dropped_and_chosen_files_arrive_whole_in_parallel_chunks_without_a_single_complaint(
    app: LiveServer, site: LiveNginx, owner: Client, desk: Path, whole_browser: Browser
) -> None:
    folder = desk / "Übergabe 2026"
    big = write(folder / "Film" / NAME, content(100 * MIB + 12_345))
    empty = write(desk / "empty.txt", b"")
    single = write(desk / "one byte.txt", b"\0")
    link = owner.make_link(title="Holiday films")

    with whole_browser.new_context() as context:
        # On a busy machine chunks are smaller, and the first of them may be asked to wait until their upload is open.
        context.add_init_script(QUICK_MACHINE)
        witness = Witness(context)
        sender = Sender(context, site.url, link).visit()
        expect(sender.page.get_by_role("heading", name="Holiday films")).to_be_visible()
        sender.drop(folder)
        sender.choose(empty, single)
        sender.expect_all_arrived("3 files have arrived", seconds=90)

    big_path = f"{folder.name}/Film/{NAME}"
    sent = {"empty.txt": file_sha256(empty), "one byte.txt": file_sha256(single), big_path: file_sha256(big)}
    assert hashes(link.disk) == sent
    assert {each["path"]: each["size"] for each in link.files()} == {
        "empty.txt": 0,
        "one byte.txt": 1,
        big_path: big.stat().st_size,
    }
    # Handed back to the owner by nginx itself, by X-Accel-Redirect.
    assert sha256(link.download(big_path).expect(200).body) == sent[big_path]

    assert sender.most_at_once > 1
    times = times_of_chunks(app, big_path)
    assert 101 <= len(times) < 210, "of a MiB at most, and half of one at least"
    overlapping = [earlier for earlier, later in pairwise(times) if later[0] < earlier[1]]
    assert overlapping, "the chunks came one after the other"

    assert witness.complaints == []
    assert witness.crashes == []
    assert witness.hosts == {f"127.0.0.1:{site.port}"}


def test_without_nginx_and_with_parallel_uploads_off_the_page_adapts_by_itself(
    live: Callable[..., LiveServer], desk: Path, browser: Browser
) -> None:
    server = live(workers=2, ENABLE_PARALLEL_UPLOADS=False)
    # The captcha is solved in a worker, which the server's own policy for its pages must allow.
    link = Client.of(server).make_link(captcha="always")
    file = write(desk / NAME, content(20 * MIB))

    with browser.new_context() as context:
        witness = Witness(context)
        sender = Sender(context, server.url, link).visit()
        sender.choose(file)
        sender.expect_arrived(NAME)

    assert hashes(link.disk) == {NAME: file_sha256(file)}
    assert sender.most_at_once == 1
    assert sender.spans == sorted(sender.spans)
    assert sum(stop - start for start, stop in sender.spans) == 20 * MIB
    assert (witness.complaints, witness.crashes) == ([], [])


@pytest.mark.parametrize("later", [0, 60], ids=["as it was", "with the new time that phones give a copy"])
def test_after_a_reload_the_same_file_goes_on_where_it_was_and_nothing_is_sent_twice(
    owner: Client, desk: Path, visit: Visit, later: int
) -> None:
    link = owner.make_link(max_files=1)
    file = write(desk / NAME, content(16 * MIB + 1))
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(file)
    sender.until(lambda: sender.received() >= 5 * MIB, what="a third of the file")
    sender.hold_the_line()

    sender.page.reload()
    assert sender.dialogs == ["beforeunload"], "the page let an upload be lost without a word"
    upload_id = sender.upload_id()
    expect(sender.page.locator("#unfinished")).to_contain_text(NAME)
    expect(sender.page.locator("#unfinished")).to_contain_text("Choose the same file again to continue it")

    sender.line()
    at_reload = link.status(upload_id).expect(200).json
    sender.calls.clear()
    os.utime(file, (file.stat().st_mtime + later,) * 2)
    sender.choose(file)
    sender.expect_arrived(NAME)

    assert hashes(link.disk) == {NAME: file_sha256(file)}
    assert {sender.upload_of(chunk) for chunk in sender.chunks} == {upload_id}
    gaps = missing_spans(at_reload)
    assert (
        sum(stop - start for start, stop in sender.spans) <= sum(stop - start for start, stop in gaps) <= 11 * MIB + 1
    )
    assert [span for span in sender.spans if not lies_within(span, gaps)] == []
    expect(sender.page.locator("#unfinished")).to_be_hidden()


def test_a_file_that_was_changed_since_the_reload_is_sent_anew_and_not_mixed_with_the_old_one(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(max_files=1)
    file = write(desk / "report.bin", content(16 * MIB, seed=1))
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(file)
    sender.until(lambda: sender.received() >= 2 * MIB, what="some of the file")
    sender.hold_the_line()

    sender.page.reload()
    expect(sender.page.locator("#unfinished")).to_contain_text("report.bin")
    modified = file.stat().st_mtime + 60
    write(file, content(16 * MIB, seed=2))
    os.utime(file, (modified, modified))
    sender.line()
    sender.choose(file)
    sender.expect_arrived("report.bin")

    assert hashes(link.disk) == {"report.bin": sha256(content(16 * MIB, seed=2))}
    assert link.under_way() == []


def test_what_an_earlier_visit_left_behind_can_be_discarded(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(write(desk / "regret.bin", content(16 * MIB)))
    sender.until(lambda: sender.received() >= MIB, what="a chunk")
    sender.hold_the_line()
    sender.page.reload()
    sender.line()

    sender.page.get_by_role("button", name="Discard what has arrived of regret.bin").click()

    expect(sender.page.locator("#unfinished")).to_be_hidden()
    sender.until(lambda: link.status(sender.upload_id()).status == 404, what="the upload to be gone")
    assert files_below(link.disk) == {}


def test_wrong_passwords_lead_to_a_captcha_which_the_page_solves_and_the_right_one_lets_the_file_in(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(password="Größe 1 %")
    file = write(desk / "secret.txt", b"for your eyes only")
    sender = visit(link)
    sender.choose(file)
    password = sender.page.get_by_label("Password for this link")
    send = sender.page.get_by_role("button", name="Send 1 file")

    send.click()
    assert sender.calls == [], "the page asked the server though no password was typed"

    for attempt in range(1, 5):
        password.fill(f"wrong {attempt}")
        send.click()
        sender.until(lambda tried=attempt: answers(sender).count(401) == tried, what="the refusal")  # type: ignore[misc]
        expect(sender.page.locator("#password-hint")).to_contain_text("That is not the password of this link")
        expect(password).to_be_focused()
    assert answers(sender) == [401, 401, 401, 403, 401], "the captcha was not asked for after three wrong passwords"
    assert [bool(call) for call in captchas(sender)] == [False, False, False, False, True]

    password.fill("Größe 1 %")
    send.click()
    sender.expect_arrived("secret.txt")
    assert hashes(link.disk) == {"secret.txt": file_sha256(file)}
    solved = [token for token in captchas(sender) if token]
    assert len(set(solved)) == len(solved), "a solution was used twice"


def test_on_plain_http_where_browsers_offer_no_hashing_a_link_with_captcha_takes_files_all_the_same(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(captcha="always")
    files = [write(desk / name, content(2 * MIB, seed=at)) for at, name in enumerate(("a.bin", "b.bin", "c.bin"))]
    sender = visit(link, host=LAN_HOST)
    assert sender.page.evaluate("() => isSecureContext") is False

    sender.choose(*files)
    sender.expect_all_arrived("3 files have arrived")

    assert hashes(link.disk) == {file.name: file_sha256(file) for file in files}
    assert [bool(token) for token in captchas(sender)] == [True, False, False], "one solution is enough for a visit"


def answers(sender: Sender) -> list[int]:
    return [opening.status for opening in sender.openings]


def captchas(sender: Sender) -> list[str]:
    return [opening.request.headers.get("x-captcha-token", "") for opening in sender.openings]


def test_a_link_that_asks_who_is_sending_waits_for_the_answer_and_tells_the_owner(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(ask_name="optional", ask_email="required")
    sender = visit(link)
    sender.choose(write(desk / "signed.txt", b"signed"))
    send = sender.page.get_by_role("button", name="Send 1 file")

    send.click()
    expect(sender.page.get_by_label("Your e-mail")).to_be_focused()
    assert sender.calls == []

    sender.page.get_by_label("Your name").fill("Zoë Ångström")
    sender.page.get_by_label("Your e-mail").fill("zoe@example.org")
    send.click()
    sender.expect_arrived("signed.txt")
    received = [(each["path"], each["sender_name"], each["sender_email"]) for each in link.files()]
    assert received == [("signed.txt", "Zoë Ångström", "zoe@example.org")]


def test_a_refused_type_is_told_before_sending_a_lying_one_by_the_server_and_the_others_go_on(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(allowed_extensions=["jpg", "png", "txt"])
    program = write(desk / "setup.exe", windows_program())
    liar = write(desk / "holiday.jpg", windows_program() + content(2 * MIB))
    honest = [write(desk / "real.png", PNG), write(desk / "note.txt", b"Hello\n")]
    sender = visit(link)
    expect(sender.page.get_by_role("list", name="What can be sent")).to_contain_text(
        "Only .jpg, .jpeg, .jpe, .jfif, .png, .txt"
    )

    sender.choose(program)
    expect(sender.page.get_by_role("alert")).to_contain_text(
        "setup.exe: This kind of file is not accepted here; .jpg, .jpeg, .jpe, .jfif, .png, .txt would be."
    )
    assert sender.calls == []
    sender.page.get_by_role("button", name="Close this list").click()
    expect(sender.page.get_by_role("alert")).to_have_count(0)

    sender.choose(liar, *honest)
    expect(sender.state("holiday.jpg")).to_have_text(
        "Its content is not what its name says, so it is not accepted here."
    )
    sender.expect_arrived("real.png")
    sender.expect_arrived("note.txt")
    assert hashes(link.disk) == {file.name: file_sha256(file) for file in honest}
    expect(sender.page.locator("#total-text")).to_contain_text("2 of 3 files arrived · 1 not sent")

    expect(sender.row("holiday.jpg").get_by_role("button")).to_have_accessible_name("Remove holiday.jpg")
    sender.row("holiday.jpg").get_by_role("button").click()
    expect(sender.row("holiday.jpg")).to_have_count(0)
    expect(sender.page.get_by_role("button", name="Add more files")).to_be_focused()
    sender.expect_all_arrived("2 files have arrived")


def test_a_cut_line_is_said_and_the_upload_goes_on_by_itself_when_it_is_back(
    owner: Client, desk: Path, visit: Visit
) -> None:
    with interrupted_upload(owner, desk, visit) as sender:
        sender.line(offline=True)
        expect(sender.state(NAME)).to_contain_text("waiting for the connection")
        total = sender.page.locator("#total-text")
        expect(total).to_contain_text("waiting for the connection")
        expect(total).not_to_contain_text("/s")
        expect(total).not_to_contain_text("left")
        sender.line()


def test_killed_workers_that_come_back_get_the_rest_of_the_file(
    app: LiveServer, owner: Client, desk: Path, visit: Visit
) -> None:
    with interrupted_upload(owner, desk, visit) as sender:
        app.kill()
        try:
            expect(sender.state(NAME)).to_contain_text("connection trouble, trying again")
        finally:
            app.start()
        sender.line()


def test_a_proxy_that_is_restarted_costs_no_upload(site: LiveNginx, owner: Client, desk: Path, visit: Visit) -> None:
    with interrupted_upload(owner, desk, visit) as sender:
        site.stop()
        try:
            expect(sender.state(NAME)).to_contain_text("connection trouble, trying again")
        finally:
            site.start()
        sender.line()


class interrupted_upload:  # noqa: N801
    """An upload in its middle on entry; on exit it must finish by itself, with equal bytes and as one upload."""

    def __init__(self, owner: Client, desk: Path, visit: Visit) -> None:
        self.link = owner.make_link()
        self.file = write(desk / NAME, content(16 * MIB + 7))
        self.sender = visit(self.link)

    def __enter__(self) -> Sender:
        sender = self.sender
        sender.line(mib_per_second=SLOW)
        sender.choose(self.file)
        sender.until(lambda: sender.received() >= 2 * MIB, what="some of the file")
        return sender

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            # Whoever has tried in vain for a while tries seldom, and a server may take long to start.
            self.sender.expect_arrived(NAME, seconds=90)
            assert hashes(self.link.disk) == {NAME: file_sha256(self.file)}
            assert len({self.sender.upload_of(chunk) for chunk in self.sender.chunks}) == 1


@pytest.mark.parametrize("way", ["drop", "choose_folder"])
def test_a_folder_with_folders_and_more_files_than_a_browser_reads_at_once_arrives_as_the_same_tree(
    owner: Client, desk: Path, visit: Visit, way: str
) -> None:
    folder = desk / "Photos ü"
    for number in range(110):
        write(folder / "2026" / f"{number}.jpg", f"photo {number}".encode())
    write(folder / "2026" / "raw" / "日本" / "deep.bin", content(3 * MIB))
    write(folder / "read me.txt", b"on top")
    sent = {f"{folder.name}/{path}": value for path, value in hashes(folder).items()}
    for left in (".DS_Store", "2026/Thumbs.db", "2026/._7.jpg"):
        write(folder / left, b"what systems leave in folders")
    link = owner.make_link()
    sender = visit(link)

    getattr(sender, way)(folder)
    sender.expect_all_arrived("112 files have arrived")

    assert sender.names() == [f"{folder.name}/"]
    sender.open_folders()
    names = sender.names()
    photos = [f"{folder.name}/2026/{number}.jpg" for number in range(110)]
    deep, top = f"{folder.name}/2026/raw/日本/deep.bin", f"{folder.name}/read me.txt"
    assert names == [f"{folder.name}/", "2026/", *photos, deep, top]
    assert hashes(link.disk) == sent


@pytest.mark.parametrize(
    ("limit", "sizes", "told", "refusal"),
    [
        ({"max_file_size": 1000}, [10, 1001], "Up to 1,000 bytes per file", "the limit is 1,000 bytes per file"),
        ({"max_files": 1}, [10, 10], "Up to 1 file", "The limit is 1 file."),
        ({"max_total_size": 153_600}, [100_000, 53_601], "Up to 150 kB in all", "All files together may have 150 kB."),
    ],
)
def test_a_limit_is_told_before_a_byte_is_sent(
    owner: Client, desk: Path, visit: Visit, limit: dict[str, int], sizes: list[int], told: str, refusal: str
) -> None:
    link = owner.make_link(**limit)
    first, second = (write(desk / name, content(size)) for name, size in zip(("a", "b"), sizes, strict=True))
    sender = visit(link)
    expect(sender.page.get_by_role("list", name="What can be sent")).to_contain_text(told)

    sender.choose(first, second)
    expect(sender.page.get_by_role("alert")).to_contain_text("1 file will not be sent:")
    expect(sender.page.get_by_role("alert")).to_contain_text(refusal)
    sender.expect_arrived("a")

    assert hashes(link.disk) == {"a": file_sha256(first)}
    assert len(sender.openings) == 1


@pytest.mark.parametrize("width", [320, 500, 900])
def test_the_limits_are_parted_by_dots_and_no_line_begins_or_ends_with_one(
    owner: Client, visit: Visit, width: int
) -> None:
    limits = {"max_file_size": 10**9, "max_total_size": 10**10, "max_files": 7, "expires_hours": 1}
    link = owner.make_link(allowed_extensions=["jpg", "mov"], **limits)
    page = visit(link, viewport={"width": width, "height": 800}).page
    # They come with the first frame.
    expect(page.locator("#limits li")).to_have_count(5)
    # Of each item: where its dot stands, and where its text begins, seen from the edge of the list.
    items = page.locator("#limits li").evaluate_all("""items => items.map((item) => {
        const list = item.parentElement.getBoundingClientRect();
        const text = document.createRange();
        text.selectNodeContents(item);
        const box = text.getBoundingClientRect();
        return { line: box.top, dot: item.getBoundingClientRect().left - list.left, text: box.left - list.left };
    })""")
    lines = {item["line"] for item in items}
    assert len(items) == 5
    assert len(lines) > 1
    for line in lines:
        first, *others = sorted((item["text"], item["dot"]) for item in items if item["line"] == line)
        assert abs(first[0]) < 1, "a line is indented"
        assert first[1] < -10, "the dot of the first on a line can be seen"
        assert all(dot > 0 for _, dot in others)
    assert page.locator("#limits").evaluate("list => getComputedStyle(list).overflowX") == "hidden"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_small_files_do_not_wait_for_a_big_one(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    sender = visit(link)
    sender.line(mib_per_second=SLOW / 4)
    big = write(desk / "big.bin", content(16 * MIB))
    small = [write(desk / f"small {number}.txt", f"note {number}".encode()) for number in range(30)]
    sender.choose(big, *small)
    sender.until(lambda: len(link.files()) == len(small), what="the small files")
    assert sender.received() < 16 * MIB, "the small files waited for the big one"
    sender.hold_the_line()
    for file in small:
        sender.expect_arrived(file.name)
    sender.line()
    sender.expect_all_arrived("31 files have arrived")
    assert hashes(link.disk) == {file.name: file_sha256(file) for file in (big, *small)}


def test_a_link_that_others_have_filled_says_so(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link(max_files=1)
    sender = visit(link)
    expect(sender.page.locator("#limits")).to_contain_text("(1 left)")
    link.deliver("first.txt", b"somebody else was faster")
    sender.choose(write(desk / "late.txt", b"late"))
    expect(sender.state("late.txt")).to_have_text("This link has no room left for it.")
    expect(sender.page.locator("#limits")).to_contain_text("(0 left)")


def test_everything_can_be_done_and_followed_by_keyboard_and_ear(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    file = write(desk / "spoken.bin", content(16 * MIB))
    sender = visit(link)
    page = sender.page
    sender.line(mib_per_second=SLOW)
    page.evaluate("""() => {
        window.heard = [];
        const live = document.querySelector('[aria-live]');
        new MutationObserver(() => window.heard.push(live.textContent)).observe(live, { childList: true });
    }""")

    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Language")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose files")).to_be_focused()
    assert page.evaluate("() => document.activeElement.matches(':focus-visible')"), "where one is cannot be seen"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)

    bar = page.get_by_role("progressbar", name="Progress of spoken.bin")
    expect(bar).to_be_visible()
    sender.until(lambda: 0 < float(bar.evaluate("bar => bar.value")) < 1, what="progress")
    # A part of it is told before all of it has arrived.
    sender.until(lambda: page.evaluate("() => window.heard.length") > 1, what="a word between start and end")
    sender.hold_the_line()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose a folder")).to_be_focused()
    for name in ("Pause all", "Pause spoken.bin", "Details of spoken.bin", "Cancel spoken.bin"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()

    sender.line()
    sender.expect_arrived("spoken.bin")
    heard = page.evaluate("() => window.heard")
    assert heard[0] == "Sending 1 file."
    assert heard[-1] == "1 file has arrived. You may close this page, or send more."
    # Big chunks may pass more than one quarter at once.
    quarters = [f"{percent}% is safe on the server." for percent in (25, 50, 75)]
    assert [words for words in heard[1:-1] if words not in quarters] == []
    assert len(heard) > 2, "nothing is said between start and end"
    assert len(heard) <= 6, "a screen reader is talked at all the time"
    assert hashes(link.disk) == {"spoken.bin": file_sha256(file)}


def test_a_cancelled_file_frees_its_space_and_the_other_one_arrives(
    app: LiveServer, owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link()
    regretted = write(desk / "regretted.bin", content(16 * MIB, seed=1))
    wanted = write(desk / "wanted.bin", content(3 * MIB, seed=2))
    before = bytes_of_uploads(app)
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(regretted, wanted)
    sender.until(lambda: sender.received() >= 2 * MIB, what="some of the first file")
    sender.hold_the_line()

    sender.page.get_by_role("button", name="Cancel regretted.bin").press("Enter")

    # The server is told once there is a connection, and the other one's chunks may have them all.
    sender.line()
    expect(sender.state("regretted.bin")).to_have_text("Cancelled")
    sender.expect_arrived("wanted.bin")
    sender.expect_all_arrived("1 file has arrived")
    assert hashes(link.disk) == {"wanted.bin": file_sha256(wanted)}
    sender.link.status(sender.upload_id()).expect(404, "upload_not_found")
    assert bytes_of_uploads(app) - before < wanted.stat().st_size + MIB

    sender.page.get_by_role("button", name="Try again to send regretted.bin").click()
    sender.expect_all_arrived("2 files have arrived")
    assert hashes(link.disk)["regretted.bin"] == file_sha256(regretted)


def closed(owner: Client) -> Link:
    link = owner.make_link()
    link.close()
    return link


def expired(owner: Client) -> Link:
    return owner.make_link(expires_hours=1e-9)


def unknown(owner: Client) -> Link:
    return Link(owner, "A" * 22, "nowhere")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (closed, "This link is closed"),
        (expired, "This link has expired"),
        (unknown, "This link does not exist"),
    ],
)
def test_a_link_that_takes_nothing_says_why_and_offers_nothing(
    owner: Client, visit: Visit, make: Callable[[Client], Link], words: str
) -> None:
    sender = visit(make(owner))
    expect(sender.page.get_by_role("heading", name=words)).to_be_visible()
    expect(sender.page.get_by_role("button")).to_have_count(0)
    assert words in sender.page.title()


def test_a_link_that_is_closed_in_the_middle_says_so_on_every_file(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    sender = visit(link)
    sender.line(mib_per_second=SLOW)
    sender.choose(write(desk / "now.bin", content(24 * MIB)), write(desk / "next.bin", content(16 * MIB)))
    sender.until(lambda: sender.received() >= MIB, what="a chunk")
    link.close()
    expect(sender.state("now.bin")).to_contain_text("closed by its owner")
    expect(sender.state("next.bin")).to_contain_text("closed by its owner")
    assert files_below(link.disk) == {}
