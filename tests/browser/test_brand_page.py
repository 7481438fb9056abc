"""Who asks, as an owner sets it on a link's page, and a sender sees it."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit
from tests.support.admin import owner_desk, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.files import PNG, write
from tests.support.live import LiveServer


def test_an_owner_says_who_asks_and_a_sender_sees_it(
    app: LiveServer, owner: Client, browser: Browser, visit: Visit, desk: Path
) -> None:
    title, alias = f"Papers {uuid4().hex[:6]}", f"roth-{uuid4().hex[:8]}"
    link = owner.make_link(title=title, captcha="always")
    with owner_desk(browser, owner.url, app.token) as page:
        unfold(page, title)
        page.get_by_role("button", name="Edit").click()
        form = page.locator("form", has=page.locator("[name=asker]")).locator("visible=true").first
        form.locator("summary", has_text="Who asks").click()
        form.locator("[name=asker]").fill("Kanzlei Roth")
        form.locator("[name=accent]").fill("#ffcc00")
        form.locator("[name=alias]").fill(alias)
        form.locator("[name=logo]").set_input_files(write(desk / "logo.png", PNG))
        form.get_by_role("button", name="Save", exact=True).click()
        expect(form.locator(".problem")).to_contain_text("Take a darker one")
        form.locator("[name=accent]").fill("#7a1f5c")
        assert complaints(page) == []
        form.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text(f"/to/{alias}")).to_be_visible()
        page.get_by_role("button", name="Duplicate").click()
        copy = page.locator("#new-panel")
        expect(copy.locator("[name=asker]")).to_have_value("Kanzlei Roth")
        expect(copy.locator("[name=alias]")).to_have_value("")
    told = link.info().json
    assert (told["asker"], told["accent"], told["logo_url"].startswith(f"/logo/{link.hash}/")) == (
        "Kanzlei Roth",
        "#7a1f5c",
        True,
    )
    sender = visit(link)
    expect(sender.page.locator("#asker")).to_have_text("Kanzlei Roth asks you for files")
    sender.page.goto(f"{owner.url}/to/{alias}")
    expect(sender.page.get_by_role("heading", name=title)).to_be_visible()
    assert sender.page.url.endswith(f"/request/{link.hash}")
    sender.page.goto(f"{owner.url}/to/{alias}-not")
    expect(sender.page.get_by_role("heading", name="This link does not exist")).to_be_visible()
