"""Accounts in a browser: logging in by name, the panel, an invitation from its making to its taking."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.sync_api import Browser, Page, expect

from tests.support.admin import owner_desk, owner_page
from tests.support.axe import complaints
from tests.support.browser import no_faults
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import LiveServer

PASSWORD = "a right password"


def made(server: LiveServer, role: str, **details: object) -> str:
    """The name of a new account."""
    name = f"ann-{uuid4().hex[:8]}"
    body = {"name": name, "password": PASSWORD, "role": role, **details}
    Client.of(server).call("POST", "/api/accounts", json=body, owner=True).expect(201)
    return name


def enter(page: Page, name: str, password: str = PASSWORD) -> None:
    page.locator("#login").get_by_label("Name", exact=True).fill(name)
    page.locator("#login").get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def check(page: Page, gauge: Gauge, state: str) -> None:
    gauge.check_both(page, state, main=400)


def test_one_logs_in_by_name_and_looks_after_oneself(browser: Browser, server: LiveServer, gauge: Gauge) -> None:
    ann = made(server, "member", display_name="Ann Lee <Tax>", teams=["tax"])
    with owner_page(browser, server.url) as page:
        page.goto("/admin")
        expect(page.get_by_label("Admin token")).to_be_visible()
        page.get_by_role("button", name="Use a name and a password").click()
        expect(page.locator("#login").get_by_label("Name", exact=True)).to_be_focused()
        enter(page, ann, "a wrong password")
        expect(page.locator("#login-problem")).to_contain_text("No account has this name")
        check(page, gauge, "accounts login")
        enter(page, ann)
        who = page.locator("#who")
        expect(who).to_have_text("Ann Lee <Tax>")
        expect(page.locator("#to-log")).to_be_hidden()
        who.click()
        panel = page.get_by_role("dialog", name="Accounts")
        expect(panel).to_contain_text("Member, in tax")
        expect(panel.get_by_role("listitem")).to_have_count(1)
        expect(panel.get_by_role("heading", name="Who has an account")).to_have_count(0)
        panel.get_by_text("Another password").click()
        panel.get_by_label("Current password").fill("not the one")
        panel.get_by_label("New password").fill("another password")
        panel.get_by_role("button", name="Change the password").click()
        expect(panel.get_by_role("alert")).to_contain_text("not your current password")
        check(page, gauge, "accounts oneself")
        panel.get_by_label("Current password").fill(PASSWORD)
        panel.get_by_role("button", name="Change the password").click()
        expect(panel).to_contain_text("The password is changed")
        page.keyboard.press("Escape")
        expect(who).to_be_focused()
        page.reload()
        expect(who).to_have_text("Ann Lee <Tax>")
        page.get_by_role("button", name="Log out", exact=True).click()
        # What was used here last comes first.
        expect(page.locator("#login").get_by_label("Name", exact=True)).to_be_visible()
        expect(who).to_be_hidden()
        page.get_by_role("button", name="Use the admin token").click()
        expect(page.get_by_label("Admin token")).to_be_focused()


def test_an_admin_invites_changes_and_removes(browser: Browser, server: LiveServer, gauge: Gauge) -> None:
    other = made(server, "member", display_name="Anna-Sophie Müller-Lüdenscheidt", email="anna@example.org")
    ben = f"ben-{uuid4().hex[:8]}"
    with owner_desk(browser, server.url, server.token) as page:
        who = page.locator("#who")
        expect(who).to_have_text("Admin")
        who.click()
        panel = page.get_by_role("dialog", name="Accounts")
        expect(panel).to_contain_text("logged in with the admin token")
        panel.get_by_role("button", name=f"Edit {other}").click()
        panel.get_by_label("Role").first.select_option("viewer")
        panel.get_by_label("Teams").first.fill("Tax, wages")
        check(page, gauge, "accounts editing")
        panel.get_by_role("button", name="Save", exact=True).click()
        holders = panel.locator(".piece", has=page.get_by_role("heading", name="Who has an account"))
        row = holders.get_by_role("listitem").filter(has_text=other)
        expect(row).to_contain_text("Viewer · tax, wages")
        panel.get_by_role("button", name="Edit the team wages").click()
        panel.get_by_label("All their links, GB").fill("50")
        panel.get_by_role("button", name="Save", exact=True).click()
        expect(panel.get_by_text("0 bytes of 50 GB")).to_be_visible()
        panel.get_by_role("button", name="Edit the team wages").click()
        check(page, gauge, "accounts teams")
        panel.get_by_role("button", name="Edit the team wages").click()
        row.get_by_role("button", name="Edit").click()
        row.get_by_role("button", name="Switch off").click()
        expect(row).to_contain_text("switched off")
        row.get_by_role("button", name="Edit").click()
        row.get_by_role("button", name="Remove").click()
        expect(row.get_by_role("button", name="Keep")).to_be_focused()
        check(page, gauge, "accounts removing")
        row.get_by_role("button", name="Remove for good").click()
        expect(row).to_have_count(0)

        panel.get_by_label("Role").select_option("admin")
        panel.get_by_label("E-mail address").fill("ben@example.org")
        panel.get_by_role("button", name="Make an invitation").click()
        address = panel.get_by_label("Address of the invitation")
        expect(address).to_be_focused()
        taken = address.input_value()
        assert re.fullmatch(rf"{re.escape(server.url)}/join/[\w-]{{43}}", taken)
        expect(panel.get_by_role("listitem").filter(has_text="ben@example.org")).to_have_count(1)
        check(page, gauge, "accounts invited")

        with owner_page(browser, server.url) as bens:
            bens.goto(taken)
            expect(bens.get_by_role("heading", name="Choose a name and a password")).to_be_visible()
            bens.get_by_label("Name to log in with").fill(ben)
            bens.get_by_label("What people call you").fill("Ben")
            bens.get_by_label("Password", exact=True).fill(PASSWORD)
            bens.get_by_label("The same password again").fill("another password")
            bens.get_by_role("button", name="Log in").click()
            expect(bens.get_by_role("alert")).to_contain_text("not the same")
            expect(bens.get_by_label("Name to log in with")).to_have_value(ben)
            check(bens, gauge, "accounts joining")
            bens.get_by_label("Password", exact=True).fill(PASSWORD)
            bens.get_by_label("The same password again").fill(PASSWORD)
            bens.get_by_role("button", name="Log in").click()
            expect(bens.locator("#who")).to_have_text("Ben")
            expect(bens.locator("#to-log")).to_be_visible()
            bens.goto(taken)
            expect(bens.get_by_role("heading", name="This invitation is over")).to_be_visible()

        page.keyboard.press("Escape")
        who.click()
        expect(panel.get_by_role("listitem").filter(has_text=ben)).to_contain_text("Admin")
        expect(panel.get_by_label("Address of the invitation")).to_have_count(0)
        # A session that was ended is out at once.
        row = panel.get_by_role("listitem").filter(has_text=ben)
        row.get_by_role("button", name="Edit").click()
        row.get_by_role("button", name="Log out everywhere").click()
        expect(page.locator("#live")).to_contain_text("Ended 1 session")


_HEAD = """() => {
    const shown = [...document.querySelectorAll('.top :is(a, button)')].filter(each => each.checkVisibility());
    const small = shown.filter(each => {
        const box = each.getBoundingClientRect();
        return box.height < 44 || box.width < 44 && each.textContent.trim() === '';
    });
    const head = document.querySelector('.top').getBoundingClientRect();
    return [small.map(each => each.id), head.height > 64 ? ['head'] : [],
        document.documentElement.scrollWidth > innerWidth ? ['page'] : []].flat();
}"""


# Where the words begin, of each that is in the menu and is written in the direction of the page.
_BEGINS = """(items, isRtl) => [...items.children].map(each => {
    const words = document.createRange();
    words.selectNodeContents(each);
    const { left, right } = words.getBoundingClientRect();
    return Math.round(isRtl ? innerWidth - right : left);
})"""


def test_the_head_is_one_row_in_any_language_and_on_any_screen(
    browser: Browser, server: LiveServer, gauge: Gauge
) -> None:
    ann = made(server, "admin", display_name="Anna-Sophie Müller-Lüdenscheidt")
    with owner_page(browser, server.url) as page:
        page.goto("/admin")
        page.locator("#other-way").click()
        enter(page, ann)
        expect(page.locator("#who")).to_be_visible()
        menu, items = page.locator("#menu"), page.locator("#head-menu")
        expect(menu).to_be_hidden()
        for language in ("en", "de", "ar"):
            page.context.add_cookies(
                [{"name": "droppr_language", "value": language, "domain": "127.0.0.1", "path": "/admin"}]
            )
            page.reload()
            expect(page.locator("#who")).to_have_count(1)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("#bell")).to_be_visible()
            for width in (320, 360, 768, 960, 1200, 1440):
                page.set_viewport_size({"width": width, "height": 740})
                no_faults(page, lambda: page.evaluate(_HEAD), (language, width))
                if width < 960:
                    menu.click()
                    expect(items).to_be_visible()
                    no_faults(page, lambda: page.evaluate(_HEAD), (language, width))
                    begins = items.evaluate(_BEGINS, language == "ar")
                    assert len(begins) >= 4, (language, width, begins)
                    assert len(set(begins)) == 1, (language, width, begins)
                if (language, width) == ("en", 360):
                    assert complaints(page) == []
                if gauge.pictures:
                    page.screenshot(path=gauge.pictures / f"head-{language}-{width}.png")
                if width < 960:
                    page.keyboard.press("Escape")
                    expect(items).to_be_hidden()
                    expect(menu).to_be_focused()
        page.set_viewport_size({"width": 360, "height": 740})
        # Elsewhere, it is over; what it has leads on, and back to its button.
        menu.press("Enter")
        page.locator("#links-title").click()
        expect(menu).to_have_attribute("aria-expanded", "false")
        menu.press("Enter")
        menu.press("Tab")
        expect(page.locator("#to-log")).to_be_focused()
        page.locator("#who").press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(items).to_be_hidden()
        page.keyboard.press("Escape")
        expect(menu).to_be_focused()
