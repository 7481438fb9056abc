"""Where messages go, on the desk: added, tested, switched off, removed; and the log of what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_accounts import PASSWORD, check, enter
from tests.support.admin import look_at, owner_desk, owner_page, press_again, unfold
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.receivers import HookReceiver, hook_receiver, mail_server

LINK = "Films of the evening for Anna and Tom"


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, LiveNginx, HookReceiver]]:
    """Each test has a server of its own, as what was sent stays in its log."""
    with hook_receiver() as hooks, mail_server() as mail, ExitStack() as stack:
        options = {
            **GENEROUS,
            "DROPPR_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "DROPPR_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "DROPPR_MAIL_FROM": "Droppr <droppr@example.org>",
        }
        folder = tmp_path_factory.mktemp("told")
        app = stack.enter_context(LiveServer(folder, workers=1, unix_socket=True, **options))
        assert app.socket_path
        with LiveNginx(app.socket_path, app.data_dir, built_pages(), tmp_path_factory.mktemp("site")) as site:
            yield app, site, hooks


def messages(page: Page, name: str = "Messages") -> Locator:
    panel = page.get_by_role("dialog", name=name)
    expect(panel).to_be_visible()
    return panel


def test_an_owner_sets_up_who_is_told_and_never_leaves_the_desk(
    browser: Browser, told: tuple[LiveServer, LiveNginx, HookReceiver], gauge: Gauge
) -> None:
    app, site, hooks = told
    client = Client.of(app, url=site.url)
    link = client.make_link(title=LINK, notify="anna@example.org")
    with owner_desk(browser, site.url, app.token) as page:
        opener = page.get_by_role("button", name="Messages", exact=True)
        opener.dblclick()
        panel = messages(page)
        expect(panel.get_by_text("Nothing is told here yet.")).to_be_visible()
        expect(panel.get_by_text("Nothing was sent yet.")).to_be_visible()
        panel.get_by_text("Tell a program or a chat").click()
        panel.get_by_label("Who is told").select_option("chat")
        expect(panel.get_by_label("An item was accepted")).to_be_hidden()
        gauge.check(page, "messages chat", main=400)
        panel.get_by_label("Who is told").select_option("webhook")
        check(page, gauge, "messages empty")
        # What the server does not allow is said, and what was typed stays.
        panel.get_by_label("Address of the program").fill("https://10.0.0.1/hook")
        panel.get_by_role("button", name="Add").click()
        expect(panel.get_by_role("alert").filter(visible=True)).to_have_count(1)
        panel.get_by_label("Address of the program").fill(hooks.url)
        panel.get_by_role("button", name="Add").click()
        expect(panel.get_by_label("The secret")).to_be_focused()
        assert panel.get_by_label("The secret").input_value().startswith("whsec_")
        row = panel.get_by_role("listitem").filter(has_text="/hook").first
        row.get_by_role("button", name="Send a test to").click()
        expect(row).to_contain_text("Test: Delivered: just now")
        assert hooks.wait()[-1].headers["webhook-id"]
        hooks.answer = lambda request: 500
        press_again(row.get_by_role("button", name="Send a test to"))
        expect(row).to_contain_text(
            "It was not taken. The other server cannot take it now. The other server said: “500"
        )
        log = panel.locator(".piece").filter(has=page.get_by_role("heading", name="What was sent"))
        expect(log.get_by_role("listitem")).to_have_count(2)
        check(page, gauge, "messages told")
        hooks.answer = lambda request: 204
        failed = log.get_by_role("listitem").first
        failed.get_by_role("button", name="Send again").click()
        expect(failed).to_contain_text("Delivered: just now")
        expect(row).not_to_contain_text("takes nothing")
        expect(row).to_contain_text("Test: Delivered: just now")
        expect(failed.get_by_role("button", name="Send again")).to_be_focused()
        log.get_by_label("Which messages").select_option("given_up")
        expect(log).to_contain_text("No message is like that.")
        row.get_by_role("button", name="Change").click()
        expect(row.get_by_label("Address of the program")).to_have_value(hooks.url)
        row.get_by_label("A link was deleted").uncheck()
        check(page, gauge, "messages changing")
        row.get_by_role("button", name="Save").click()
        expect(row.get_by_role("button", name="Change")).to_be_focused()
        expect(row).not_to_contain_text("everything")
        row.get_by_role("button", name="Switch off").click()
        expect(row.get_by_role("button", name="Switch on")).to_be_focused()
        expect(row).to_contain_text("Switched off.")
        row.get_by_role("button", name="Remove").click()
        expect(row.get_by_role("button", name="Cancel")).to_be_focused()
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(opener).to_be_focused()
        # Back closes it, and a secret is not there the second time.
        opener.click()
        expect(messages(page).get_by_label("The secret")).to_have_count(0)
        page.go_back()
        expect(panel).to_have_count(0)
        expect(page.get_by_role("heading", name="Your links")).to_be_visible()
        shown = unfold(page, LINK)
        look_at(page, "Activity")
        shown.get_by_role("button", name="Messages").click()
        panel = messages(page, f"Messages: {LINK}")
        expect(panel.get_by_text("anna@example.org")).to_be_visible()
        panel.get_by_label("Mail what arrives to").fill("ben@example.org")
        panel.get_by_role("button", name="Add").filter(visible=True).click()
        expect(panel.get_by_role("button", name="Remove: ben@example.org")).to_be_visible()
        listed = client.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        assert next(each for each in listed if each["hash"] == link.hash)["notify"] == [
            "anna@example.org",
            "ben@example.org",
        ]
        row = panel.get_by_role("listitem").filter(has_text="/hook")
        expect(row).to_contain_text("all links")
        row.get_by_role("button", name="Remove").click()
        expect(row.get_by_role("button", name="Cancel")).to_be_focused()
        row.get_by_role("button", name="Remove").click()
        expect(row).to_have_count(0)
        check(page, gauge, "messages of a link")
    assert client.call("GET", "/api/endpoints", owner=True).json["endpoints"] == []


def test_a_viewer_looks_at_messages_in_their_language(
    browser: Browser, told: tuple[LiveServer, LiveNginx, HookReceiver], gauge: Gauge
) -> None:
    app, site, hooks = told
    client = Client.of(app, url=site.url)
    ann = "vera-looks"
    account = {"name": ann, "password": PASSWORD, "role": "viewer", "teams": ["films"]}
    client.call("POST", "/api/accounts", json=account, owner=True).expect(201)
    link = client.make_link(title="Teams", owner="team:films")
    body = {"url": hooks.url, "link": link.hash}
    endpoint = client.call("POST", "/api/endpoints", json=body, owner=True).expect(201).json["id"]
    with owner_page(browser, site.url) as page:
        page.goto("/admin")
        page.get_by_role("button", name="Use a name and a password").click()
        enter(page, ann)
        expect(page.get_by_role("heading", name="Your links")).to_be_visible()
        page.context.add_cookies([{"name": "droppr_language", "value": "ar", "url": site.url}])
        page.reload()
        page.locator("#to-messages").click()
        panel = page.locator("dialog.telling")
        expect(panel.locator(".piece").first.get_by_role("listitem")).to_have_count(1)
        # Close, and nothing that changes anything.
        expect(panel.get_by_role("button").filter(visible=True)).to_have_count(1)
        check(page, gauge, "messages viewer ar")
    client.call("DELETE", f"/api/endpoints/{endpoint}", owner=True).expect(204)
    client.call("DELETE", f"/api/accounts/{ann}", owner=True).expect(200)
