"""Keys for programs in a browser: made, shown once, known again, taken back."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.test_accounts import check, enter, made
from tests.support.admin import owner_desk, owner_page
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import LiveServer

SESSION = "/api/droppr/session"


def test_one_makes_a_key_uses_it_and_takes_it_back(browser: Browser, server: LiveServer, gauge: Gauge) -> None:
    ann = made(server, "member")
    client = Client.of(server)
    with owner_page(browser, server.url) as page:
        page.goto("/admin")
        page.get_by_role("button", name="Use a name and a password").click()
        enter(page, ann)
        page.locator("#who").click()
        panel = page.get_by_role("dialog", name="Accounts")
        expect(panel.get_by_role("heading", name="Keys for programs")).to_be_visible()
        panel.get_by_text("Make a key").first.click()
        expect(panel.get_by_label("Everything that you may do")).to_have_count(0)
        panel.get_by_label("What the key is called").fill("Nightly Copy")
        panel.get_by_role("button", name="Make a key").click()
        expect(panel.get_by_label("The new key")).to_have_count(0)
        panel.get_by_label("See and download files").check()
        panel.get_by_label("For how many days").select_option("30")
        check(page, gauge, "keys making")
        panel.get_by_role("button", name="Make a key").click()
        shown = panel.get_by_label("The new key")
        expect(shown).to_be_focused()
        key = {"Authorization": f"Bearer {shown.input_value()}"}
        # It is in the list as it was made: only then is it used.
        row = panel.get_by_role("listitem").filter(has_text="nightly-copy")
        expect(row).to_contain_text("never used")
        assert client.call("GET", SESSION, headers=key).expect(200).json["scopes"] == ["files:read"]
        check(page, gauge, "keys made")
        panel.get_by_label("What the key is called").fill("nightly-copy")
        panel.get_by_label("See links").check()
        panel.get_by_role("button", name="Make a key").click()
        expect(panel.get_by_role("alert")).to_contain_text("a key of this name already")
        page.keyboard.press("Escape")
        page.locator("#who").click()
        expect(panel.get_by_label("The new key")).to_have_count(0)
        expect(row).to_contain_text("just now")
        row.get_by_role("button", name="Take back the key nightly-copy").click()
        expect(row).to_have_count(0)
        client.call("GET", SESSION, headers=key).expect(401, "unauthorized")


def test_an_admin_sees_whose_keys_there_are(browser: Browser, server: LiveServer) -> None:
    client = Client.of(server)
    body = {"name": "all-of-it", "scopes": ["admin"], "expires_days": 0}
    own = client.call("POST", "/api/keys", json=body, owner=True).expect(201).json
    ann = made(server, "viewer")
    session = client.call("POST", SESSION, json={"name": ann, "password": "a right password"}).expect(204)
    cookie = {"Cookie": session.headers["Set-Cookie"].partition(";")[0]}
    anns = {"name": "only-looks", "scopes": ["links:read"]}
    client.call("POST", "/api/keys", json=anns, headers=cookie).expect(201)
    client.call("DELETE", f"/api/keys/{own['id']}", headers=cookie).expect(404, "key_not_found")
    client.call("POST", "/api/keys", json={**anns, "scopes": ["links:write"]}, headers=cookie).expect(
        400, "invalid_request"
    )
    client.call("POST", "/api/keys", json={**anns, "scopes": ["admin"]}, headers=cookie).expect(403, "admins_only")
    assert [each["name"] for each in client.call("GET", "/api/keys", headers=cookie).json["keys"]] == ["only-looks"]
    with owner_desk(browser, server.url, server.token) as page:
        page.locator("#who").click()
        panel = page.get_by_role("dialog", name="Accounts")
        rows = panel.get_by_role("listitem")
        expect(rows.filter(has_text="only-looks")).to_contain_text(f"of {ann}")
        expect(rows.filter(has_text="all-of-it")).to_contain_text("good for ever")
        panel.get_by_role("button", name="Take back the key all-of-it").click()
        expect(rows.filter(has_text="all-of-it")).to_have_count(0)
    client.call("DELETE", f"/api/accounts/{ann}", owner=True).expect(200)
