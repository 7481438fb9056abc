"""Logging in without a password of this server, in a browser: at a real provider, which is another site, and by a proxy in front."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accounts import PASSWORD, check, enter, made
from tests.support.admin import log_in, owner_page
from tests.support.axe import complaints
from tests.support.below import below
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import LiveServer
from tests.support.oidc import RETURN, LiveProvider


def at_the_provider(page: Page, name: str) -> None:
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("x")
    page.get_by_role("button", name="Sign-in").click()


def test_one_logs_in_at_a_provider_and_looks_after_ones_ways_in(browser: Browser, tmp_path: Path, gauge: Gauge) -> None:
    """Below a path, behind nginx and a proxy in front of that."""
    provider = LiveProvider([], host="localhost")
    settings: dict[str, Any] = {**provider.settings, "DROPPR_OIDC_NEW_ACCOUNTS": "true"}
    with ExitStack() as stack:
        there = stack.enter_context(below(tmp_path, behind_nginx=True, strips=False, **settings))
        client = there.client
        provider.redirects.append(f"{there.url}{RETURN}")
        stack.enter_context(provider)
        with owner_page(browser, there.url) as page:
            page.goto(f"{there.url}/admin")
            button = page.get_by_role("button", name="Log in with Example Login")
            expect(button).to_be_visible()
            check(page, gauge, "elsewhere login")
            button.click()
            at_the_provider(page, "ann")
            expect(page).to_have_url(f"{there.url}/admin")
            who = page.locator("#who")
            expect(who).to_have_text("Ann Lee")
            page.reload()
            expect(who).to_have_text("Ann Lee")
            who.click()
            panel = page.get_by_role("dialog", name="Accounts")
            known = panel.locator(".line-name", has_text="ann@example.org")
            expect(known).to_be_visible()
            # She has no password, so nothing is said of one, and her only way in stays.
            expect(panel.get_by_text("Another password")).to_have_count(0)
            panel.get_by_role("button", name="Take away ann@example.org").click()
            expect(panel.get_by_role("alert")).to_contain_text("only way in")
            check(page, gauge, "elsewhere identities")
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Log out", exact=True).click()
            expect(button).to_be_visible()
            # The provider knows her still: one click, from the page of a link that she was sent.
            link = client.make_link(owner="account:ann")
            page.goto(f"{there.url}/admin/links/{link.hash}")
            button.click()
            expect(page).to_have_url(f"{there.url}/admin/links/{link.hash}")
            expect(who).to_have_text("Ann Lee")
            # Somebody with a password adds who they are there, and comes in by it.
            page.context.clear_cookies()
            ben = made_by(client)
            page.goto(f"{there.url}/admin")
            enter(page, ben)
            expect(who).to_have_text(ben)
            who.click()
            panel.get_by_text("Add Example Login").click()
            form = panel.locator("form", has=page.get_by_role("button", name="Go to Example Login"))
            form.get_by_label("Current password").fill(PASSWORD)
            form.get_by_role("button", name="Go to Example Login").click()
            at_the_provider(page, "guest")
            expect(panel.locator(".line-name", has_text="guest@elsewhere.example")).to_be_visible()
            expect(page).to_have_url(f"{there.url}/admin")
            # The admin sees it, and takes it away: that asks, and the other keeps what is theirs by a password.
            page.context.clear_cookies()
            page.goto(f"{there.url}/admin")
            page.get_by_role("button", name="Use the admin token").click()
            log_in(page, client.token)
            page.locator("#who").click()
            panel.get_by_role("button", name="Edit ben").click()
            expect(panel.locator(".line-name", has_text="guest@elsewhere.example")).to_be_visible()
            panel.get_by_role("button", name="Take away guest@elsewhere.example").click()
            expect(panel.get_by_role("button", name="Keep")).to_be_focused()
            check(page, gauge, "elsewhere others")
            panel.get_by_role("button", name="Take away", exact=True).click()
            expect(panel.locator(".line-name", has_text="guest@elsewhere.example")).to_have_count(0)
            expect(panel.get_by_role("heading", name="Log-ins elsewhere")).to_have_count(0)
            assert client.call("GET", "/api/accounts/ben/identities", owner=True).json["identities"] == []
            # Who comes back with what was used already is told so.
            page.goto(f"{there.url}{RETURN}?code=x&state=y")
            expect(page.get_by_role("heading", name="You are not logged in")).to_be_visible()
            check(page, gauge, "elsewhere refused")
            page.get_by_role("link", name="Back to the log-in").click()
            expect(page).to_have_url(f"{there.url}/admin")
            expect(who).to_have_text("Admin")


def made_by(client: Client) -> str:
    body = {"name": "ben", "password": PASSWORD, "role": "member"}
    client.call("POST", "/api/accounts", json=body, owner=True).expect(201)
    return "ben"


def test_whom_a_proxy_names_is_in_until_they_leave(
    browser: Browser, live: Callable[..., LiveServer], gauge: Gauge
) -> None:
    server = live(
        workers=1,
        DROPPR_TRUSTED_PROXIES="127.0.0.1",
        DROPPR_LOGIN_HEADER="X-Remote-User",
        DROPPR_PASSWORD_LOGIN="false",
    )
    ann = made(server, "member")
    with owner_page(browser, server.url) as page:
        page.set_extra_http_headers({"X-Remote-User": ann})
        page.goto("/admin")
        who = page.locator("#who")
        expect(who).to_have_text(ann)
        page.get_by_role("button", name="Log out", exact=True).click()
        button = page.get_by_role("button", name=f"Log in as {ann}")
        expect(button).to_be_visible()
        expect(page.get_by_role("button", name="Use a name and a password")).to_have_count(0)
        check(page, gauge, "elsewhere proxy")
        button.click()
        expect(who).to_have_text(ann)
        # Somebody else sits down, whom nobody here knows.
        page.set_extra_http_headers({"X-Remote-User": "nobody"})
        page.reload()
        expect(page.get_by_role("button", name="Log in as nobody")).to_be_visible()
        page.get_by_role("button", name="Log in as nobody").click()
        expect(page.locator("#login-problem")).to_contain_text("Nobody here is known by that log-in")
        assert complaints(page) == []
