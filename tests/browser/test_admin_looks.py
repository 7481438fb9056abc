"""The owner's page in Chromium, through nginx: pictures in rows, and looking at one file after the other. Nothing of them acts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support import documents
from tests.support.admin import look_again, owner_desk, unfold
from tests.support.axe import complaints
from tests.support.browser import built_pages, until
from tests.support.client import Client, Link
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.pictures import PAGE, SVG, film, picture, turned

NEWEST_FIRST = ("photo.jpg", "letter.pdf", "film.webm", "<b>page.jpg", "drawing.svg", "things.zip", "broken.png")
BROKEN = picture("JPEG", (1200, 900))[:4000]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("looks")
    with LiveServer(folder, workers=1, unix_socket=True, **GENEROUS) as app:
        assert app.socket_path
        with LiveNginx(app.socket_path, app.data_dir, built_pages(), folder) as nginx:
            yield Client.of(app, url=nginx.url)


@pytest.fixture(scope="module")
def full(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Link:
    link = client.make_link(title="Things to look at")
    files = {
        "photo.jpg": turned(),
        "letter.pdf": documents.pdf("The first page", "The second page", "The third page"),
        "film.webm": film(tmp_path_factory.mktemp("film") / "film.webm", seconds=2),
        "<b>page.jpg": PAGE,
        "drawing.svg": SVG,
        "things.zip": b"PK\x03\x04" + bytes(100),
        "broken.png": BROKEN,
    }
    for name in reversed(NEWEST_FIRST):
        link.deliver(name, files[name])
    return link


@pytest.fixture
def desk(browser: Browser, client: Client) -> Iterator[Page]:
    with owner_desk(browser, client.url, client.token) as opened:
        yield opened


def shown(desk: Page, link: Link) -> Locator:
    look_again(desk)
    row = unfold(desk, "Things to look at")
    expect(named(row, "photo.jpg")).to_be_visible()
    return row


def named(row: Locator, name: str) -> Locator:
    return row.get_by_role("link", name=name, exact=True)


def painted(pictures: Locator, count: int = 1) -> None:
    """Waits until all of them are there and to be seen; of files, the server draws them when they are asked for."""
    expect(pictures).to_have_count(count, timeout=60_000)
    are = "all => all.every(image => image.complete && image.naturalWidth > 0)"
    until(pictures.page, lambda: pictures.evaluate_all(are), seconds=60, what="pictures")


def beside(tiles: Locator) -> int:
    """How many lie beside each other, where there are several lines of them and each lies behind the one before; else 0."""
    places = tiles.evaluate_all(
        "all => all.map(each => { const { x, y } = each.getBoundingClientRect(); return [x, y]; })"
    )
    is_in_order = places == sorted(places, key=lambda place: (place[1], place[0]))
    across = len({x for x, _ in places})
    return across if is_in_order and 2 < across < len(places) else 0


def test_rows_have_pictures_and_where_there_is_none_the_type_in_words(desk: Page, full: Link) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/picture" in request.url else None)
    desk.set_viewport_size({"width": 1280, "height": 1400})
    row = shown(desk, full)
    painted(row.locator(".pictured img"), 3)
    for letters in ("JPG", "SVG", "ZIP", "PNG"):
        expect(row.get_by_text(letters, exact=True)).to_be_visible()
    # What is called a drawing or an archive is not asked for.
    until(desk, lambda: len(asked) == len(NEWEST_FIRST) - 2, what="all to be asked for")
    named(row, "broken.png").click()
    expect(desk.get_by_role("dialog")).to_contain_text("It is damaged")
    assert len(asked) == len(NEWEST_FIRST) - 2, "it is known that there is none"
    desk.keyboard.press("Escape")
    assert complaints(desk) == []


def test_one_looks_at_file_after_file_by_keys_and_nothing_in_them_acts(desk: Page, full: Link, gauge: Gauge) -> None:
    row = shown(desk, full)
    named(row, "photo.jpg").click()
    look = desk.get_by_role("dialog")
    stage = look.get_by_role("region", name="The file")
    photo = look.get_by_role("img", name="photo.jpg")
    expect(photo).to_be_visible()
    painted(photo)
    assert photo.evaluate("image => image.naturalHeight > image.naturalWidth"), "it lies on its side"
    expect(stage).to_be_focused()
    expect(look.get_by_role("button", name="Previous")).to_have_attribute("aria-disabled", "true")
    expect(look.get_by_role("link", name="Full size")).to_be_visible()
    assert complaints(desk) == []
    gauge.check(desk, "look photo")
    desk.keyboard.press("ArrowLeft")
    expect(look.get_by_role("heading", name="photo.jpg")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(look.get_by_role("img", name="Page 1 of 3")).to_be_visible()
    expect(look.locator(".look-page")).to_have_count(3)
    stage.evaluate("stage => stage.scrollTo(0, stage.scrollHeight)")
    expect(look.get_by_role("img", name="Page 3 of 3")).to_be_visible()
    expect(look.get_by_role("link", name="Full size")).to_be_hidden()
    assert complaints(desk) == []
    gauge.check(desk, "look pages")
    desk.keyboard.press("ArrowRight")
    video = look.locator("video")
    until(desk, lambda: video.evaluate("video => video.duration > 1 && video.videoWidth === 320"), what="the film")
    video.evaluate("video => { video.muted = true; video.currentTime = 1; return video.play(); }")
    assert complaints(desk) == []
    gauge.check(desk, "look film")
    for name, text in (("<b>page.jpg", PAGE), ("drawing.svg", SVG)):
        look.get_by_role("button", name="Next").click()
        expect(look.get_by_role("heading", name=name)).to_be_visible()
        expect(look.locator("pre")).to_have_text(text.decode())
    assert complaints(desk) == []
    gauge.check(desk, "look text")
    assert desk.title() != "run"
    desk.keyboard.press("ArrowRight")
    expect(stage).to_contain_text("There are no pictures of files of this kind.")
    desk.keyboard.press("ArrowRight")
    expect(stage).to_contain_text("It is damaged")
    expect(look.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    assert complaints(desk) == []
    gauge.check(desk, "look nothing")
    with desk.expect_download() as begun:
        look.get_by_role("link", name="Download").click()
    assert begun.value.path().read_bytes() == BROKEN
    desk.keyboard.press("Escape")
    expect(look).to_be_hidden()
    expect(named(row, "broken.png")).to_be_focused()


def test_files_stand_as_pictures_with_the_same_keys_and_choice_and_the_browser_keeps_it(desk: Page, full: Link) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "size=480" in request.url else None)
    desk.set_viewport_size({"width": 1280, "height": 1000})
    row = shown(desk, full)
    row.get_by_label("Choose things.zip").check()
    row.get_by_role("button", name="As pictures").click()
    expect(row.locator(".as-grid .file-row")).to_have_count(len(NEWEST_FIRST))
    tiles = row.locator(".file-row")
    across = until(desk, lambda: beside(tiles), what="tiles one after the other")
    expect(row.get_by_label("Choose things.zip")).to_be_checked()
    # Those of rows are smaller.
    until(desk, lambda: len(asked) >= 3, seconds=60, what="larger pictures")
    painted(row.locator(".pictured img"), 3)
    assert complaints(desk) == []
    named(row, "photo.jpg").focus()
    desk.keyboard.press("ArrowRight")
    expect(named(row, "letter.pdf")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    below = NEWEST_FIRST[1 + across]
    expect(named(row, below)).to_be_focused()
    desk.keyboard.press("Space")
    expect(row.get_by_label(f"Choose {below}")).to_be_checked()
    expect(row.locator(".chosen", has_text="2 files chosen")).to_be_visible()
    # Anywhere on a tile opens the file, but on its box.
    tiles.nth(0).click(position={"x": 90, "y": 60})
    look = desk.get_by_role("dialog")
    expect(look.get_by_role("heading", name="photo.jpg")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(look.get_by_role("heading", name="letter.pdf")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(named(row, "letter.pdf")).to_be_focused()
    desk.reload()
    expect(row.locator(".as-grid .file-row")).to_have_count(len(NEWEST_FIRST))
    row.get_by_role("button", name="As a list").click()
    expect(row.locator(".file-table:not(.as-grid) .file-row")).to_have_count(len(NEWEST_FIRST))
    heights = "all => all.map(each => each.offsetHeight)"
    until(desk, lambda: set(tiles.evaluate_all(heights)) == {44}, what="a list")


def test_a_file_that_is_gone_says_so(desk: Page, client: Client, full: Link) -> None:
    gone = full.deliver("gone.txt", b"text")
    row = shown(desk, full)
    expect(named(row, "gone.txt")).to_be_visible()
    (full.disk / "gone.txt").unlink()
    named(row, "gone.txt").click()
    look = desk.get_by_role("dialog")
    expect(look).to_contain_text("This file has been moved, deleted or replaced")
    assert gone["complete"]
    look.get_by_role("button", name="Close").click()
    expect(look).to_be_hidden()
    client.call("DELETE", f"{full.path}/files/gone.txt", owner=True).expect(200)


@pytest.mark.parametrize("address", ["content", "picture"])
def test_what_is_opened_by_itself_has_no_rights(desk: Page, client: Client, full: Link, address: str) -> None:
    upload_id = {each["name"]: each["upload_id"] for each in full.files()}["<b>page.jpg"]
    photo = {each["name"]: each["upload_id"] for each in full.files()}["photo.jpg"]
    wanted = upload_id if address == "content" else photo
    tab = desk.context.new_page()
    tab.goto(f"{client.url}{full.path}/looks/{wanted}/{address}")
    assert tab.evaluate("self.origin") == "null"
    assert tab.title() != "run"
    tab.close()
