"""The sender's page for everyone: seven languages, both directions, small screens, keyboards, screen readers, dark rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.axe import complaints, complaints_in_both
from tests.support.client import Client
from tests.support.files import MIB, content, write
from tests.support.sender import Sender

SLOW = 2

LANGUAGES = {
    "ar": ("اختيار ملفات", "rtl"),
    "de-AT": ("Dateien auswählen", "ltr"),
    "en-GB": ("Choose files", "ltr"),
    "es-MX": ("Elegir archivos", "ltr"),
    "fr-CA": ("Choisir des fichiers", "ltr"),
    "ja": ("ファイルを選ぶ", "ltr"),
    "pl": ("Wybierz pliki", "ltr"),
    "it": ("Choose files", "ltr"),
}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_page_speaks_the_browser_s_language_loads_no_other_and_fits_320_pixels(
    owner: Client, desk: Path, visit: Visit, locale: str
) -> None:
    choose, direction = LANGUAGES[locale]
    link = owner.make_link(max_file_size=10**10, max_files=7, expires_hours=48, ask_name="optional")
    sender = visit(link, locale=locale, viewport={"width": 320, "height": 640})
    page = sender.page
    expect(page.locator("#choose .drop-title")).to_have_text(choose)
    assert page.locator("html").get_attribute("dir") == direction
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map(each => each.name)")
    chunks = [name.rsplit("/", 1)[1] for name in loaded if "/assets/" in name]
    assert [name[:2] for name in chunks if name[2:3] == "-"] == [page.locator("html").get_attribute("lang")]

    sender.choose(write(desk / "a rather long name of a film that was copied twice (2).mp4", content(100_000)))
    expect(page.locator("li.file")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    # What stays at the edge of the screen lies over a part of what is scrolled below it.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert complaints(page) == []


def test_a_link_begins_in_the_language_of_whom_it_is_for_until_another_is_chosen(owner: Client, visit: Visit) -> None:
    link = owner.make_link(recipient_language="ar", questions=[{"label": "Which?", "kind": "text"}])
    page = visit(link, locale="de-DE").page
    expect(page.locator("#choose .drop-title")).to_have_text(LANGUAGES["ar"][0])
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    choice = page.locator("#language-choice")
    expect(choice).to_have_value("ar")
    choice.select_option("fr")
    expect(page.locator("#choose .drop-title")).to_have_text(LANGUAGES["fr-CA"][0])
    page.reload()
    expect(choice).to_have_value("fr")
    expect(page.locator("#choose .drop-title")).to_have_text(LANGUAGES["fr-CA"][0])


def test_the_language_is_switched_in_the_middle_of_it_and_remembered(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(owner.make_link())
    page = sender.page
    sender.choose(write(desk / "a.txt", b"a"))
    sender.expect_arrived("a.txt")
    page.get_by_role("combobox", name="Language").select_option("de")
    expect(sender.state("a.txt")).to_have_text("Angekommen")
    expect(page.locator("#finished")).to_contain_text("1 Datei ist angekommen.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dateien senden")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dateien senden")
    expect(page.get_by_role("combobox", name="Sprache")).to_have_value("de")


@pytest.mark.parametrize(
    "look", [{}, {"viewport": {"width": 360, "height": 740}, "locale": "ar"}], ids=["desk", "phone in Arabic"]
)
def test_axe_finds_nothing_wrong_in_any_state_of_the_page(
    owner: Client, desk: Path, visit: Visit, look: dict[str, Any]
) -> None:
    sender = visit(owner.make_link(title="Films", allowed_extensions=["bin", "jpg"]), **look)
    page = sender.page
    assert complaints_in_both(page) == []
    sender.line(mib_per_second=SLOW)
    sender.choose(write(desk / "no.exe", b"MZ"))
    sender.choose(
        write(desk / "false.jpg", b"MZ\x90" + content(2 * MIB)),
        *(write(desk / f"{at}.bin", content(4 * MIB, seed=at)) for at in range(4)),
    )
    sender.until(lambda: any(sender.received(of_file=at) for at in range(5)), what="a chunk")
    # As long as it takes to look at it twice.
    sender.hold_the_line()
    # Not the false one, which is refused meanwhile.
    sender.row("0.bin").locator(".expander").click()
    page.locator("#more summary").click()
    assert complaints_in_both(page) == []
    page.locator("#move-device").click()
    expect(page.locator("dialog .qr")).to_be_visible()
    assert complaints_in_both(page) == []
    page.keyboard.press("Escape")
    sender.line()
    page.locator("#resume-all:visible, #send-resume:visible").click()
    page.locator("#receipt-show").click(timeout=60_000)
    expect(page.locator("dialog table")).to_be_visible()
    assert complaints_in_both(page) == []


def test_every_button_is_reached_by_keyboard_seen_when_it_is_and_big_enough(
    owner: Client, desk: Path, visit: Visit
) -> None:
    sender = visit(owner.make_link(password="later", ask_email="required"))
    page = sender.page
    sender.choose(*(write(desk / f"{name}.bin", content(1000)) for name in "ab"))
    expect(page.locator("li.file")).to_have_count(2)
    wanted = page.evaluate(REACHABLE)
    reached: list[str] = []
    for _ in range(2 * len(wanted)):
        page.keyboard.press("Tab")
        state = page.evaluate(FOCUSED)
        # Past the last one comes the browser's own frame, then the first one again.
        if state is None:
            continue
        assert state["ring"], f"nobody sees that the focus is on {state['id']}"
        assert min(state["size"]) >= 24, f"{state['id']} is too small: {state['size']}"
        reached.append(state["id"])
    assert set(wanted) - set(reached) == set()


# Names of all that can be operated.
REACHABLE = """() => [...document.querySelectorAll('button, input, select, summary')]
    .filter(each => each.checkVisibility() && !each.disabled)
    .map(each => each.id || each.getAttribute('aria-label') || each.textContent.trim())"""
FOCUSED = """() => {
    const each = document.activeElement;
    if (each === document.body) return null;
    const box = each.getBoundingClientRect();
    return {
        id: each.id || each.getAttribute('aria-label') || each.textContent.trim(),
        ring: getComputedStyle(each).outlineStyle !== 'none' && parseFloat(getComputedStyle(each).outlineWidth) >= 2,
        size: [box.width, box.height],
    };
}"""


def test_who_wants_no_motion_gets_none(owner: Client, visit: Visit) -> None:
    page = visit(owner.make_link(), reduced_motion="reduce").page
    moving = page.evaluate("""() => [...document.querySelectorAll('*')]
        .filter(each => parseFloat(getComputedStyle(each).transitionDuration) > 0).map(each => each.outerHTML)""")
    assert moving == []


def test_a_screen_reader_hears_where_a_file_stands_in_the_whole_list(owner: Client, desk: Path, visit: Visit) -> None:
    sender: Sender = visit(owner.make_link(password="later"))
    sender.choose(*(write(desk / f"{at:02}.bin", content(10)) for at in range(40)))
    rows = sender.page.locator("li.file")
    expect(rows.first).to_have_attribute("aria-setsize", "40")
    expect(rows.nth(4)).to_have_attribute("aria-posinset", "5")
    expect(sender.page.get_by_role("list", name="Your files")).to_be_visible()
