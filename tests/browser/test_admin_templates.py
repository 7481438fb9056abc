"""The owner's page in Chromium: templates, files that came twice, and quotas."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.admin import PATIENCE_MS, open_panel, owner_desk, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.layout import Gauge
from tests.support.live import LiveServer


@pytest.fixture
def desk(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with owner_desk(browser, server.url, server.token) as opened:
        yield opened


def test_a_template_is_saved_from_a_link_chosen_for_another_and_deleted(desk: Page, client: Client) -> None:
    title, name = f"Papers {secrets.token_hex(4)}", f"Yearly {secrets.token_hex(4)}"
    client.make_link(title=title, message="By hand, please", items=[{"title": "Passport"}], max_files=7)
    unfold(desk, title)
    desk.get_by_role("button", name="Save as template").click()
    dialog = desk.get_by_role("dialog", name="Save as template")
    dialog.get_by_label("Name of the template").fill(name)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    # The same name again is refused where it was typed.
    desk.get_by_role("button", name="Save as template").click()
    dialog.get_by_label("Name of the template").fill(name)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a template of this name already")
    assert complaints(desk) == []
    dialog.get_by_role("button", name="Close").click()
    desk.goto("/admin")
    panel = open_panel(desk)
    choice = panel.get_by_label("From a template")
    choice.select_option(label=name)
    expect(panel.locator("[name=title]")).to_have_value(title)
    assert complaints(desk) == []
    for width in (360, 1440):
        desk.set_viewport_size({"width": width, "height": 900})
        desk.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    panel.get_by_role("button", name="Make the link").click()
    expect(panel.locator("#made-folder")).to_be_visible(timeout=PATIENCE_MS)
    made = [
        each
        for each in client.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        if each["title"] == title and each["message"] == "By hand, please"
    ]
    assert [(each["max_files"], [item["title"] for item in each["items"]]) for each in made] == [(7, ["Passport"])] * 2
    panel.get_by_role("button", name="Make another").click()
    choice.select_option(label=name)
    panel.get_by_role("button", name="Delete", exact=True).click()
    panel.get_by_role("button", name=f"Delete {name} for good").click()
    expect(choice.locator("option", has_text=name)).to_have_count(0)


def test_files_that_came_twice_are_marked_and_found(desk: Page, client: Client, gauge: Gauge) -> None:
    title = f"Twice {secrets.token_hex(4)}"
    link = client.make_link(title=title)
    for number in range(6):
        link.deliver(f"{number}.txt", b"same" if number in (1, 4) else str(number).encode())
    unfold(desk, title)
    row = desk.locator(".file-row", has_text="4.txt").first
    expect(row.locator(".file-same")).to_have_text("same as 1.txt", timeout=PATIENCE_MS)
    desk.get_by_label("More than once").check()
    expect(desk.locator(".file-row")).to_have_count(2)
    expect(desk.locator(".file-count")).to_contain_text("4 bytes of it came again")
    assert complaints(desk) == []
    elsewhere = client.make_link(title=f"Elsewhere {title}")
    elsewhere.deliver("again/4.txt", b"same")
    eventually(lambda: elsewhere.files()[0]["sha256"] is not None, seconds=30, what="its SHA-256")
    row.get_by_role("button", name="More about 4.txt").click()
    expect(row.locator(".copies")).to_contain_text(f"Elsewhere {title} again/4.txt")
    assert complaints(desk) == []
    gauge.check(desk, "a file that other links have", row=400)
    row.locator(".copies").get_by_role("link").click()
    expect(desk.get_by_role("heading", name=f"Elsewhere {title}")).to_be_visible()
    desk.go_back()
    expect(desk.get_by_role("heading", name=title, exact=True)).to_be_visible()
    desk.get_by_label("More than once").check()
    expect(desk.locator(".file-row")).to_have_count(2)
    desk.get_by_label("More than once").uncheck()
    expect(desk.locator(".file-row")).to_have_count(6)


def test_a_quota_is_set_beside_an_account_and_a_team(desk: Page, client: Client) -> None:
    name, team = f"ann-{secrets.token_hex(4)}", f"tax-{secrets.token_hex(4)}"
    body = {"name": name, "password": "long and secret", "teams": [team]}
    client.call("POST", "/api/accounts", json=body, owner=True).expect(201)
    desk.get_by_role("button", name="accounts and sessions").click()
    panel = desk.get_by_role("dialog", name="Accounts")
    panel.get_by_role("button", name=f"Edit {name}").click()
    panel.get_by_label("All their links, GB").fill("1,5")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator("li", has_text=name).first).to_contain_text("0 bytes of 1.5 GB")
    quotas = client.call("GET", "/api/quotas", owner=True).json["quotas"]
    assert [each["most"] for each in quotas if each["owner"] == f"account:{name}"] == [3 * 2**29]
    link = client.make_link(owner=f"team:{team}")
    link.deliver("a.bin", bytes(8192))
    panel.get_by_role("button", name=f"Edit the team {team}").click()
    panel.get_by_label("All their links, GB").fill("0.000001")
    panel.get_by_role("button", name="Save").click()
    row = panel.locator(".piece", has=desk.get_by_role("heading", name="Teams")).locator("li", has_text=team)
    expect(row).to_contain_text(name)
    expect(row.locator(".held.problem")).to_have_text("8 kB of 1 kB")
    expect(panel.get_by_role("button", name=f"Edit the team {team}")).to_be_focused()
    # Of a team that nobody is in any more the quota can be taken away.
    panel.get_by_role("button", name=f"Edit {name}").click()
    panel.locator(".lines form").get_by_label("Teams").fill("")
    panel.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("nobody is in it any more")
    panel.get_by_role("button", name=f"Edit the team {team}").click()
    panel.get_by_label("All their links, GB").fill("")
    panel.get_by_role("button", name="Save").click()
    expect(row).to_have_count(0)
    assert complaints(desk) == []
