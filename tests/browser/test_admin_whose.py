"""The desk of people with accounts: whose links are, and nothing that one may not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.admin import PATIENCE_MS, look_at, open_panel, owner_desk, owner_page
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import LiveServer
from tests.support.owners_calls import R
from tests.support.people import Person, three_people

CHANGES = ("Edit", "Duplicate", "Close the link", "Share all", "Delete secret.txt", "Send it", "Cancel", "Cancel all")


@pytest.fixture
def people(server: LiveServer, client: Client) -> Iterator[dict[str, Person]]:
    with three_people(server, client) as found:
        yield found


@contextmanager
def desk_of(browser: Browser, server: LiveServer, who: Person) -> Iterator[Page]:
    name, _, value = who.cookie["Cookie"].partition("=")
    with owner_page(browser, server.url) as page:
        page.context.add_cookies([{"name": name, "value": value, "url": server.url}])
        page.goto("/admin")
        expect(page.get_by_role("heading", name="Your links")).to_be_visible(timeout=PATIENCE_MS)
        yield page


def rows(page: Page) -> Locator:
    return page.locator("#links > li:not([hidden])")


def test_a_member_has_links_of_their_own_and_of_their_team(
    browser: Browser, server: LiveServer, people: dict[str, Person], gauge: Gauge
) -> None:
    ann, bob = people["ann"], people["bob"]
    team = ann.ask("GET", "/api/droppr/session").json["teams"][0]
    ann.belongings(f"account:{ann.name}")
    teams = ann.belongings(f"team:{team}")
    bob.belongings(f"account:{bob.name}")
    with desk_of(browser, server, ann) as page:
        expect(rows(page)).to_have_count(2)
        # What the server is doing is for admins.
        expect(page.locator("#activity")).to_be_hidden()
        whose = page.get_by_label("Whose links are shown")
        expect(whose.locator("option")).to_have_text(["Everybody's links", "Mine", f"Team {team}"])
        whose.select_option(f"team:{team}")
        expect(rows(page)).to_have_count(1)
        gauge.check(page, "desk of a member")
        assert complaints(page) == []

        panel = open_panel(page)
        expect(panel.get_by_label("Belongs to").locator("option")).to_have_text(["Me", f"Team {team}"])
        panel.get_by_label("Title").fill("For the team")
        panel.get_by_label("Belongs to").select_option(f"team:{team}")
        gauge.check(page, "new link of a member")
        panel.get_by_role("button", name="Make the link").click()
        expect(panel.locator("#made-folder")).to_have_text(f"teams/{team}/for-the-team")
        made = next(each for each in ann.ask("GET", R).json["requests"] if each["title"] == "For the team")
        assert made["owner"] == f"team:{team}"

        page.goto(f"/admin/links/{teams['hash']}")
        look_at(page, "Terms")
        expect(page.locator("dl.allows div", has_text="Belongs to").locator("dd")).to_have_text(f"Team {team}")
        page.get_by_role("button", name="Edit").click()
        page.locator(".editor").get_by_label("Belongs to").select_option(f"account:{ann.name}")
        gauge.check(page, "editing whose a link is")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("dl.allows div", has_text="Belongs to").locator("dd")).to_have_text("Me")


def test_who_may_only_look_has_nothing_to_change_with(
    browser: Browser, server: LiveServer, people: dict[str, Person], gauge: Gauge
) -> None:
    ann, eve = people["ann"], people["eve"]
    team = eve.ask("GET", "/api/droppr/session").json["teams"][0]
    teams = ann.belongings(f"team:{team}")
    with desk_of(browser, server, eve) as page:
        expect(rows(page)).to_have_count(1)
        for hidden in ("#open-panel", "#activity", "#whose"):
            expect(page.locator(hidden)).to_be_hidden()
        gauge.check(page, "desk of a viewer")
        page.goto(f"/admin/links/{teams['hash']}")
        file = page.locator(".file-row", has_text="secret.txt")
        expect(file).to_be_visible()
        expect(page.get_by_text("On their way")).to_be_visible()
        for name in CHANGES:
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        # Keys do nothing either.
        file.locator(".file-name").focus()
        for key in ("Delete", "F2"):
            page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_have_count(0)
        gauge.check(page, "link of a viewer")
        assert complaints(page) == []
        [sent] = ann.ask("GET", f"{R}/{teams['hash']}/files").json["files"]
        assert sent["path"] == "secret.txt"
        look_at(page, "Terms")
        expect(page.locator("dl.allows")).to_contain_text(f"Team {team}")


def test_the_holder_of_the_admin_token_sees_whose_each_link_is(
    browser: Browser, server: LiveServer, people: dict[str, Person]
) -> None:
    bobs = people["bob"].belongings(f"account:{people['bob'].name}")
    with owner_desk(browser, server.url, server.token) as page:
        page.goto(f"/admin/links/{bobs['hash']}#terms")
        expect(page.locator("dl.allows div", has_text="Belongs to").locator("dd")).to_have_text(people["bob"].name)
