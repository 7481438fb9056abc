"""Passkeys in a browser, through nginx: added, used alone and beside the password, refused once removed. The authenticator is Chromium's own,
which has no body."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.test_accounts import PASSWORD, check, enter
from tests.support.admin import owner_page
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.layout import Gauge
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.receivers import Mailbox, mail_server


class Authenticator:
    """A phone that is held to the page, and knows its owner's finger as long as a test says so."""

    def __init__(self, page: Page) -> None:
        self._wire: CDPSession = page.context.new_cdp_session(page)
        self._wire.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def knows_its_owner(self, knows: bool) -> None:
        self._wire.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": knows})

    def credentials(self) -> list[Any]:
        found: list[Any] = self._wire.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        return found


def test_one_is_added_used_alone_and_beside_the_password_and_removed(
    browser: Browser, live: Callable[..., LiveServer], gauge: Gauge, tmp_path: Path
) -> None:
    server = live(workers=1, unix_socket=True)
    assert server.socket_path
    with (
        LiveNginx(server.socket_path, server.data_dir, built_pages(), tmp_path) as nginx,
        owner_page(browser, f"http://localhost:{nginx.port}") as page,
    ):
        phone, owner, ann = Authenticator(page), Client.of(server, url=nginx.url), "ann"
        account = {"name": ann, "password": PASSWORD, "role": "member"}
        owner.call("POST", "/api/accounts", json=account, owner=True).expect(201)
        without_an_address(page, ann)
        address = {"public_url": f"http://localhost:{nginx.port}"}
        owner.call("PATCH", "/api/settings", json=address, owner=True).expect(200)
        page.keyboard.press("Escape")
        panel = add(page, phone)
        panel.get_by_text("Add a passkey").first.click()
        check(page, gauge, "passkeys adding")
        log_out(page)
        # By a finger alone.
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page.locator("#who")).to_have_text(ann)
        log_out(page)
        # Of nobody whom the phone knows.
        phone.knows_its_owner(False)
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page.locator("#login-problem")).to_contain_text("No passkey was used")
        phone.knows_its_owner(True)
        # Beside the password, which opens the account no more by itself.
        enter(page, ann)
        beside = page.get_by_role("button", name="Use the passkey")
        expect(beside).to_be_focused()
        expect(page.locator("#login-problem")).to_contain_text("asks for its passkey")
        expect(page.get_by_label("Code of your app")).to_be_hidden()
        check(page, gauge, "passkeys beside")
        beside.click()
        expect(page.locator("#who")).to_have_text(ann)
        removed(page, gauge)
        log_out(page)
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page.locator("#login-problem")).to_contain_text("not accepted")
        enter(page, ann)
        expect(page.locator("#who")).to_have_text(ann)
        log_out(page)
        reset_by_an_admin(page, phone, server.token)
        with mail_server() as box:
            smtp = {"secure": "smtp+plain", "host": "127.0.0.1", "port": box.port}
            mail = {"smtp_url": smtp, "mail_from": "droppr@example.org"}
            owner.call("PATCH", "/api/settings", json=mail, owner=True).expect(200)
            invites_by_mail(page, gauge, box)
        [listed] = owner.call("GET", "/api/accounts", owner=True).expect(200).json["accounts"]
        assert not listed["second_factor"]


def without_an_address(page: Page, ann: str) -> None:
    page.goto("/admin")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("#login-problem")).to_contain_text("Set DROPPR_PUBLIC_URL")
    page.get_by_role("button", name="Use a name and a password").click()
    enter(page, ann)
    page.locator("#who").click()
    panel = page.get_by_role("dialog", name="Accounts")
    expect(panel).to_contain_text("None can be added here")


def add(page: Page, phone: Authenticator) -> Any:
    page.locator("#who").click()
    panel = page.get_by_role("dialog", name="Accounts")
    panel.get_by_text("Add a passkey").first.click()
    panel.get_by_label("Name of the passkey").fill("My phone")
    form = panel.locator("form", has=page.get_by_label("Name of the passkey"))
    form.get_by_label("Your password").fill("a wrong password")
    form.get_by_role("button", name="Add a passkey").click()
    expect(panel.get_by_role("alert")).to_contain_text("not your password")
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Add a passkey").click()
    expect(panel.get_by_role("listitem").filter(has_text="My phone")).to_contain_text("not used yet")
    # One that it had for the same account, and that is known here no more, has made room.
    assert len(phone.credentials()) == 1
    return panel


def removed(page: Page, gauge: Gauge) -> None:
    page.locator("#who").click()
    panel = page.get_by_role("dialog", name="Accounts")
    line = panel.get_by_role("listitem").filter(has_text="My phone")
    expect(line).to_contain_text("used just now")
    line.get_by_role("button", name="Remove My phone").click()
    expect(line.get_by_label("Your password")).to_be_focused()
    check(page, gauge, "passkeys removing")
    line.get_by_label("Your password").fill(PASSWORD)
    line.get_by_role("button", name="Remove it").click()
    expect(line).to_have_count(0)


def log_out(page: Page) -> None:
    if page.get_by_role("dialog", name="Accounts").is_visible():
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_visible()


def reset_by_an_admin(page: Page, phone: Authenticator, token: str) -> None:
    enter(page, "ann")
    add(page, phone)
    log_out(page)
    page.get_by_role("button", name="Use the admin token").click()
    page.get_by_label("Admin token").fill(token)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.locator("#who").click()
    panel = page.get_by_role("dialog", name="Accounts")
    panel.get_by_role("button", name="Edit ann").click()
    panel.get_by_role("button", name="Reset the second factor").click()
    expect(panel.get_by_text("by the password alone")).to_be_visible()
    panel.get_by_role("button", name="Reset the second factor").click()
    expect(panel.get_by_role("listitem").filter(has_text="ann")).not_to_contain_text("Second factor")


def invites_by_mail(page: Page, gauge: Gauge, box: Mailbox) -> None:
    """In the panel of an admin, which says what became of the mail."""
    page.keyboard.press("Escape")
    page.locator("#who").click()
    panel = page.get_by_role("dialog", name="Accounts")
    panel.get_by_label("E-mail address").last.fill("ben@example.org")
    mailed = panel.get_by_label("Mail it to this address")
    expect(mailed).to_be_visible()
    expect(mailed).to_be_checked()
    panel.get_by_role("button", name="Make an invitation").click()
    expect(panel).to_contain_text("on its way to ben@example.org")
    address = panel.get_by_label("Address of the invitation").input_value()
    (mail,) = box.wait()
    body = mail.get_body(("plain",))
    assert body
    assert address in body.get_content()
    line = panel.get_by_role("listitem").filter(has_text="ben@example.org")
    line.get_by_role("button", name="Mail again").click()
    box.wait(2)
    check(page, gauge, "invitation mailed")
    line.get_by_role("button", name="Take back").click()
    expect(line).to_have_count(0)
