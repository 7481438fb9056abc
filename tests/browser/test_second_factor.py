"""A second factor in a browser: set up with an app, asked for at the log-in, switched off; and first of all where the server wants it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accounts import PASSWORD, check, enter, made
from tests.support.admin import owner_page
from tests.support.layout import Gauge
from tests.support.live import LiveServer


def set_up(page: Page) -> str:
    """As far as the first right code, which is to be typed; the secret by which it is known."""
    panel = page.get_by_role("dialog", name="Accounts")
    panel.get_by_label("Your password").fill(PASSWORD)
    panel.get_by_role("button", name="Set it up").click()
    code = panel.get_by_label("Code that the app shows")
    expect(code).to_be_focused()
    secret = panel.get_by_label("Text for the app").input_value().replace(" ", "")
    code.fill("000000x")
    panel.get_by_role("button", name="Switch it on").click()
    expect(panel.get_by_role("alert")).to_contain_text("not the code of now")
    return secret


def switch_on(page: Page, secret: str) -> None:
    """The code is good for half a minute, so that nothing comes between."""
    panel = page.get_by_role("dialog", name="Accounts")
    panel.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).at(int(time.time())))
    panel.get_by_role("button", name="Switch it on").click()


def test_one_sets_it_up_logs_in_by_it_and_switches_it_off(browser: Browser, server: LiveServer, gauge: Gauge) -> None:
    ann = made(server, "member")
    with owner_page(browser, server.url) as page:
        page.goto("/admin")
        page.get_by_role("button", name="Use a name and a password").click()
        enter(page, ann)
        page.locator("#who").click()
        panel = page.get_by_role("dialog", name="Accounts")
        panel.get_by_text("Set it up").first.click()
        secret = set_up(page)
        check(page, gauge, "factor setting up")
        switch_on(page, secret)
        codes = panel.get_by_role("list", name="Recovery codes").get_by_role("listitem")
        expect(codes).to_have_count(10)
        recovery = codes.all_inner_texts()
        check(page, gauge, "factor codes")
        panel.get_by_role("button", name="I have written them down").click()
        expect(panel).to_contain_text("Recovery codes left: 10")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Log out", exact=True).click()
        enter(page, ann)
        code = page.get_by_label("Code of your app")
        expect(code).to_be_focused()
        expect(page.locator("#login-problem")).to_contain_text("asks for a code")
        code.fill("000000")
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.locator("#login-problem")).to_contain_text("not the code of now")
        check(page, gauge, "factor login")
        code.fill(recovery[0])
        page.get_by_role("button", name="Log in", exact=True).click()
        page.locator("#who").click()
        expect(panel).to_contain_text("Recovery codes left: 9")
        panel.get_by_text("Switch it off").first.click()
        panel.get_by_label("or a recovery code").fill(recovery[1])
        panel.get_by_role("button", name="Switch it off").click()
        expect(panel.get_by_text("Set it up").first).to_be_visible()


def test_where_the_server_wants_it_nothing_comes_before(
    browser: Browser, live: Callable[..., LiveServer], gauge: Gauge
) -> None:
    server = live(workers=1, DROPPR_SECOND_FACTOR_REQUIRED="true")
    ann = made(server, "member")
    with owner_page(browser, server.url) as page:
        page.goto("/admin")
        page.get_by_role("button", name="Use a name and a password").click()
        enter(page, ann)
        panel = page.get_by_role("dialog", name="Accounts")
        expect(panel).to_contain_text("asks everybody for one")
        expect(panel.get_by_role("heading", name="Keys for programs")).to_have_count(0)
        check(page, gauge, "factor required")
        switch_on(page, set_up(page))
        panel.get_by_role("button", name="I have written them down").click()
        expect(panel).to_have_count(0)
        expect(page.locator("#who")).to_have_text(ann)
        page.locator("#who").click()
        expect(panel.get_by_role("heading", name="Keys for programs")).to_be_visible()
