"""Due dates, reminders and lists of people on the owner's page in Chromium, and what senders see of a date."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import PATIENCE_MS, look_at, open_panel, owner_desk, press_again, row_of, unfold
from tests.support.axe import complaints
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.receivers import Mailbox, mail_server, text_of

DAY = 86_400


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> Iterator[LiveServer]:
    """A server that mails."""
    options = {
        "DROPPR_PAGES_DIR": built_pages(),
        "DROPPR_SMTP_URL": f"smtp+plain://127.0.0.1:{box.port}",
        "DROPPR_MAIL_FROM": "droppr@example.org",
        "DROPPR_PUBLIC_URL": "https://files.example.org",
        **GENEROUS,
    }
    with LiveServer(tmp_path_factory.mktemp("teller"), workers=1, **options) as server:
        yield server


@pytest.fixture
def desk(browser: Browser, teller: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, teller.url, teller.token) as opened:
        yield opened


def test_a_link_is_due_people_are_reminded_and_have_another_week(
    desk: Page, teller: LiveServer, box: Mailbox, gauge: Gauge
) -> None:
    client = Client.of(teller)
    panel = open_panel(desk)
    panel.get_by_label("Title").fill("Papers of Anna")
    panel.locator("[name=recipient_name]").fill("Anna Berg")
    expect(panel.get_by_role("button", name="Make and send")).to_be_hidden()
    panel.get_by_label("Their e-mail").fill("anna@example.org")
    expect(panel.get_by_role("button", name="Make and send")).to_be_visible()
    expect(panel.get_by_text("Remind by mail")).to_be_hidden()
    in_days = desk.evaluate("days => new Date(Date.now() + days * 864e5 - new Date().getTimezoneOffset() * 6e4)", 3.4)
    panel.locator("[name=due_at]").fill(in_days.isoformat()[:16])
    panel.get_by_label("1 day before").check()
    panel.get_by_label("Take files that come late").uncheck()
    assert complaints(desk) == []
    panel.get_by_role("button", name="Make and send").dblclick()
    expect(panel.get_by_role("heading", name="Your link is ready")).to_be_visible()
    expect(panel.get_by_role("list", name="Mails")).to_contain_text("anna@example.org: sent", timeout=PATIENCE_MS)
    gauge.check(desk, "owner made and sent", main=1000)
    row = row_of(desk, "Papers of Anna")
    shown = unfold(desk, "Papers of Anna")
    expect(shown).to_contain_text("Due in 3 days")
    look_at(desk, "Terms")
    for words in ("Anna Berg <anna@example.org>", "are not taken", "1 day before"):
        expect(shown.locator("[data-part=allows]")).to_contain_text(words)
    expect(shown.get_by_role("button", name="Remind anna@example.org")).to_be_hidden()
    look_at(desk, "People")
    person = shown.locator(".person")
    expect(person).to_have_count(1)
    for words in ("Anna Berg", "anna@example.org", "Not begun", "Mailed just now"):
        expect(person).to_contain_text(words)
    expect(shown.locator("[data-part=people-acts]")).to_contain_text("Due in 3 days")
    gauge.check(desk, "owner people of one", main=1000)
    # The second click of two reminds nobody twice.
    shown.get_by_role("button", name="Remind anna@example.org").dblclick()
    expect(shown.locator("[data-part=reminded]")).to_contain_text("on the way")
    press_again(shown.get_by_role("button", name="Remind anna@example.org"))
    expect(shown.locator("[data-part=reminded]")).to_contain_text("1 person got one within the hour")
    assert complaints(desk) == []

    def reminders() -> int:
        return len([each for each in list(box.mails) if each["To"] == "anna@example.org"])

    # Before anything that takes a minute.
    desk.reload()
    expect(person).to_contain_text("Reminded just now")
    eventually(lambda: reminders() >= 2, seconds=30, what="the link, and the reminder")
    assert reminders() == 2
    (made,) = [
        each
        for each in client.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        if each["title"] == "Papers of Anna"
    ]
    late = time.time() - 2.6 * DAY
    client.call("PATCH", f"/api/droppr/requests/{made['hash']}", json={"due_at": late}, owner=True).expect(200)
    expect(shown).to_contain_text("2 days late", timeout=PATIENCE_MS)
    desk.get_by_role("link", name="Links", exact=True).click()
    client.make_link(title="Due to nobody")
    expect(row_of(desk, "Due to nobody")).to_be_visible(timeout=PATIENCE_MS)
    desk.get_by_label("Which links are shown").select_option("late")
    expect(row_of(desk, "Due to nobody")).to_be_hidden()
    expect(row).to_contain_text("2 days late")
    row.get_by_role("button", name="Extend by a week: Papers of Anna").click()
    expect(row).to_be_hidden(timeout=PATIENCE_MS)
    now = client.call("GET", f"/api/droppr/requests/{made['hash']}?as=owner", owner=True).json
    assert now["due_at"] == pytest.approx(late + 7 * DAY, abs=3700)
    assert now["expires_at"] > now["due_at"]
    desk.get_by_label("Which links are shown").select_option("due")
    expect(row).to_contain_text("Due in 4 days")
    desk.get_by_label("Which links are shown").select_option("all")


def test_a_list_of_people_becomes_a_link_and_a_mail_each_and_nothing_twice(
    desk: Page, teller: LiveServer, box: Mailbox
) -> None:
    client = Client.of(teller)
    open_panel(desk).get_by_role("button", name="A link for each of many people").click()
    panel = desk.locator("#people-panel")
    people = panel.get_by_label("People")
    people.fill("Name,E-mail,Language\nCarl,carl@example.org,de\nDora,dora@\nEmil,,français")
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Deutsch")
    expect(rows.nth(1)).to_contain_text("That is no e-mail address.")
    panel.get_by_label("Title").fill("Papers of {name}")
    panel.get_by_label("Mail each of them").check()
    panel.get_by_label("What to say").fill("Hello {name}, it is time.")
    assert complaints(desk) == []
    panel.get_by_role("button", name="Make 2 links").dblclick()
    expect(rows.nth(0)).to_contain_text("Made, the mail is on its way.")
    expect(rows.nth(2)).to_contain_text("Made.")
    expect(panel.locator("[data-part=summary]")).to_have_text("2 links are made.")
    expect(rows.nth(0)).to_be_in_viewport()
    assert complaints(desk) == []
    listed = client.call("GET", "/api/droppr/requests", owner=True).json["requests"]
    languages = {each["recipient_name"]: each["recipient_language"] for each in listed}
    assert (languages["Carl"], languages["Emil"]) == ("de", "fr")

    def languages_of(address: str) -> list[str]:
        return [str(each["Content-Language"]) for each in list(box.mails) if each["To"] == address]

    eventually(lambda: languages_of("carl@example.org") == ["de"], seconds=30, what="the first mail")
    # Another visit, with the same list and one more.
    desk.reload()
    open_panel(desk).get_by_role("button", name="A link for each of many people").click()
    people.fill("Carl,carl@example.org\nDora,dora@example.org\nEmil")
    panel.get_by_label("Title").fill("Papers of {name}")
    panel.get_by_label("Mail each of them").check()
    panel.get_by_role("button", name="Make 3 links").click()
    expect(rows.nth(1)).to_contain_text("Made, the mail is on its way.")
    expect(rows.nth(2)).to_contain_text("Made.")
    links = client.call("GET", "/api/droppr/requests", owner=True).json["requests"]
    made = {each["folder"]: (each["title"], each["recipient_email"]) for each in links}
    assert len([each for each in links if each["folder"].startswith("clients/")]) == 3
    assert made["clients/Carl"] == ("Papers of Carl", "carl@example.org")
    assert made["clients/Emil"] == ("Papers of Emil", "")

    def mailed(address: str) -> list[str]:
        found = [each for each in list(box.mails) if each["To"] == address]
        return [text_of(each) for each in found]

    eventually(lambda: mailed("dora@example.org"), seconds=30, what="the last mail")
    assert len(mailed("carl@example.org")) == 1
    assert "Hello Carl, it is time." in mailed("carl@example.org")[0]
    people.fill("Somebody,x@example.org,clients/Carl")
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("Another link has this folder.")
    expect(panel.get_by_role("button", name="Make the links")).to_be_visible()


@pytest.mark.parametrize(("locale", "words"), [("en-GB", "2 days late"), ("de", "2 Tage zu spät")])
def test_senders_are_told_when_files_were_due_and_that_they_come_too_late(
    browser: Browser, teller: LiveServer, locale: str, words: str
) -> None:
    client = Client.of(teller)
    late = client.make_link(title="Late", due_at=time.time() - 2.3 * DAY)
    strict = client.make_link(title="Strict", due_at=time.time() - 2.3 * DAY, allow_late=False)
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{teller.url}/request/{late.hash}")
        expect(page.locator("#due")).to_contain_text(words)
        expect(page.locator("#drop")).to_be_visible()
        assert complaints(page) == []
        page.goto(f"{teller.url}/request/{strict.hash}")
        expect(page.locator("#due")).to_contain_text(words)
        expect(page.locator("#full")).to_have_text(re.compile("were due|waren fällig"))
        expect(page.locator("#drop")).to_be_hidden()
        assert complaints(page) == []
