"""An owner of fifty clients collects five documents from each, with reminders, and never leaves the desk."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.services.messages.languages import LANGUAGES
from tests.support.admin import (
    PATIENCE_MS,
    back_to_links,
    log_in,
    look_at,
    open_panel,
    owner_desk,
    press_again,
    row_of,
    unfold,
)
from tests.support.axe import complaints
from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.clock import MovedClock
from tests.support.files import eventually
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.receivers import Mailbox, mail_server

ITEMS = ["Tax return", "Passport", "Wage statement", "Bank statement", "Lease"]
CLIENTS = [f"Client {number:02}" for number in range(1, 51)]
GERMAN = LANGUAGES["de"]


def address(client: str) -> str:
    return f"{client.lower().replace(' ', '.')}@example.org"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def office(tmp_path: Path, box: Mailbox, clock: MovedClock) -> Iterator[LiveServer]:
    options = {
        "DROPPR_PAGES_DIR": built_pages(),
        "DROPPR_SMTP_URL": f"smtp+plain://127.0.0.1:{box.port}",
        "DROPPR_MAIL_FROM": "droppr@example.org",
        "DROPPR_PUBLIC_URL": "https://files.example.org",
        **clock.environment,
        **GENEROUS,
    }
    folder = tmp_path / "office"
    folder.mkdir()
    with LiveServer(folder, workers=1, **options) as server:
        yield server


def send(owner: Client, links: dict[str, Link], client: str, *items: str) -> None:
    """What one of them sends, each as a file."""
    link = links[client]
    asked = {each["title"]: each["id"] for each in link.info().expect(200).json["items"]}
    for title in items:
        link.form(f"{title}.pdf", f"%PDF {client}".encode(), item=asked[title]).expect(200)


def make_template(desk: Page) -> None:
    """A link with the checklist, typed once, and kept as a template."""
    panel = open_panel(desk)
    panel.get_by_label("Title", exact=False).first.fill("Papers of {name}")
    panel.get_by_text("Checklist and questions").click()
    panel.get_by_role("button", name="Add an item").click()
    for number, title in enumerate(ITEMS, 1):
        expect(panel.get_by_label(f"Title of item {number}", exact=True)).to_be_focused()
        desk.keyboard.type(title)
        if title != ITEMS[-1]:
            desk.keyboard.press("Enter")
    panel.get_by_role("button", name="Make the link").click()
    expect(panel.get_by_role("heading", name="Your link is ready")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    unfold(desk, "Papers of {name}")
    desk.get_by_role("button", name="Save as template").click()
    dialog = desk.get_by_role("dialog", name="Save as template")
    dialog.get_by_label("Name of the template").fill("Yearly papers")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    back_to_links(desk)


def make_fifty(desk: Page) -> None:
    """A pasted table becomes a link and a mail each."""
    open_panel(desk).get_by_role("button", name="A link for each of many people").click()
    panel = desk.locator("#people-panel")
    table = "\n".join(["name;email", *(f"{each};{address(each)}" for each in CLIENTS)])
    panel.get_by_label("People", exact=True).fill(table)
    panel.get_by_label("From a template").select_option(label="Yearly papers")
    expect(panel.locator("[name=title]")).to_have_value("Papers of {name}")
    in_days = desk.evaluate("days => new Date(Date.now() + days * 864e5 - new Date().getTimezoneOffset() * 6e4)", 3)
    panel.locator("[name=due_at]").fill(in_days.isoformat()[:16])
    panel.get_by_label("1 day before").check()
    panel.get_by_label("1 day after").check()
    panel.get_by_label("Language of mails").select_option(label="Deutsch")
    panel.get_by_text("Limits and more").click()
    panel.get_by_label("Name files by a rule").fill("{sender}-{name}")
    panel.get_by_label("Mail each of them").check()
    panel.get_by_label("What to say").fill("Guten Tag {name}, es ist wieder so weit.")
    assert complaints(desk) == []
    panel.get_by_role("button", name="Make 50 links").click()
    expect(panel.locator("tbody")).to_contain_text("Made, the mail is on its way.")
    expect(panel.get_by_role("button", name="Copy all")).to_be_visible()
    expect(panel.locator("tbody tr").last).to_contain_text("Made, the mail is on its way.", timeout=60_000)
    panel.get_by_role("button", name="Close").click()


# Half a minute on a machine that does nothing else.
@pytest.mark.timeout(300)
def test_an_owner_of_fifty_clients_never_leaves_the_desk(
    browser: Browser, office: LiveServer, box: Mailbox, clock: MovedClock, gauge: Gauge, tmp_path: Path
) -> None:
    owner = Client.of(office)

    def mailed(subject: str) -> set[str]:
        wanted = [subject.format(title=f"Papers of {each}") for each in CLIENTS]
        return {str(each["To"]) for each in list(box.mails) if str(each["Subject"]) in wanted}

    def all_mailed(subject: str, but: list[str]) -> None:
        whom = {address(each) for each in CLIENTS if each not in but}
        eventually(lambda: mailed(subject) == whom, seconds=60, what="everybody's mail")

    with owner_desk(browser, office.url, office.token) as desk:
        make_template(desk)
        make_fifty(desk)
        all_mailed(GERMAN.asked_subject, [])
        listed: Any = owner.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        links = {each["recipient_name"]: Link(owner, each["hash"], each["folder"]) for each in listed}
        done, half, wrong = CLIENTS[:3]
        send(owner, links, done, *ITEMS)
        send(owner, links, half, *ITEMS[:3])
        send(owner, links, wrong, *ITEMS)
        # How far each has got stands in the list.
        for client, words in ((done, "5 of 5"), (half, "3 of 5"), (wrong, "5 of 5"), (CLIENTS[9], "0 of 5")):
            expect(row_of(desk, f"Papers of {client}")).to_contain_text(words, timeout=PATIENCE_MS)
        # One is returned with a note.
        shown = unfold(desk, f"Papers of {wrong}")
        look_at(desk, "Checklist")
        cell = shown.locator(".cell").filter(has_text="Passport")
        cell.locator("summary").click()
        expect(cell.get_by_role("button", name=f"{wrong}-Passport.pdf")).to_be_visible()
        cell.get_by_role("button", name="Send back: Passport").click()
        cell.get_by_role("textbox", name="What is missing or wrong?").fill("Page 2 is missing")
        cell.get_by_role("button", name="Send back", exact=True).click()
        expect(cell.locator(".cell-note").first).to_have_text("Page 2 is missing")
        back_to_links(desk)
        expect(row_of(desk, f"Papers of {wrong}")).to_contain_text("4 of 5", timeout=PATIENCE_MS)
        returned = GERMAN.returned_subject.format(item="Passport")
        eventually(
            lambda: [each["To"] for each in list(box.mails) if each["Subject"] == returned] == [address(wrong)],
            seconds=30,
            what="the mail with the note",
        )
        # One is reminded by hand, and not by a second click.
        shown = unfold(desk, f"Papers of {half}")
        look_at(desk, "People")
        remind = shown.get_by_role("button", name=f"Remind now: {address(half)}")
        remind.dblclick()
        expect(shown.locator(".person")).to_contain_text("Reminded just now")
        press_again(remind)
        expect(shown.locator("[data-part=people]")).to_contain_text("1 person got one within the hour")
        gauge.check(desk, "owner reminded one", main=1000)
        assert complaints(desk) == []
        eventually(lambda: mailed(GERMAN.reminder_subject) == {address(half)}, seconds=30, what="the reminder")
        back_to_links(desk)

        # Reminders go before and after the date, by themselves, to those who have not finished.
        box.mails.clear()
        clock.set(2.1 * 24)
        all_mailed(GERMAN.reminder_subject, [done])
        send(owner, links, wrong, "Passport")
        box.mails.clear()
        clock.set(4.1 * 24)
        all_mailed(GERMAN.reminder_subject, [done, wrong])

        # Who is late has another week by one click.
        desk.reload()
        log_in(desk, office.token)
        desk.get_by_label("Which links are shown").select_option("late")
        together = desk.locator(".together")
        expect(together).to_contain_text("48 links shown", timeout=PATIENCE_MS)
        gauge.check(desk, "owner of fifty, those who are late", main=1000)
        assert complaints(desk) == []
        together.get_by_role("button", name="Extend all by a week").dblclick()
        expect(together).to_contain_text("Extended by a week: 48.", timeout=60_000)
        desk.get_by_label("Which links are shown").select_option("due")
        expect(together).to_contain_text("48 links shown", timeout=PATIENCE_MS)
        # All are reminded at once, after a question.
        box.mails.clear()
        together.get_by_role("button", name="Remind all").dblclick()
        together.get_by_role("button", name="Sure? Click again").click()
        expect(together).to_contain_text("Reminders on the way: 48.", timeout=60_000)
        all_mailed(GERMAN.reminder_subject, [done, wrong])

        # And everything is taken away as one file.
        desk.get_by_label("Which links are shown").select_option("all")
        desk.get_by_role("searchbox", name="Find a link by title").fill("papers of client")
        expect(together).to_contain_text("50 links shown")
        with desk.expect_download() as begun:
            together.get_by_role("link", name="Download all (ZIP)").click()
        taken = tmp_path / f"{secrets.token_hex(4)}.zip"
        begun.value.save_as(taken)
    with zipfile.ZipFile(io.BytesIO(taken.read_bytes())) as archive:
        names = archive.namelist()
        assert archive.read(f"{done}/{done}-Lease.pdf") == f"%PDF {done}".encode()
    assert len(names) == 5 + 3 + 6
    assert {each.split("/")[0] for each in names} == {done, half, wrong}
