"""Settings on a page, and a first day, in Chromium, through nginx."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.admin import log_in, owner_desk, owner_page, unfold
from tests.support.axe import complaints
from tests.support.client import Client
from tests.support.files import PNG, eventually
from tests.support.layout import Gauge
from tests.support.receivers import mail_server

WIDE = 700


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def save(part: Locator) -> None:
    part.get_by_role("button", name="Save").click()


def look(page: Page, gauge: Gauge, state: str, main: int = WIDE) -> None:
    gauge.check_both(page, f"owner {state}", main=main, row=400)


def see_tour(page: Page, gauge: Gauge, state: str) -> None:
    """It lies over the page, so that it is judged by itself: whole on every screen, and nothing lies over its buttons."""
    before = page.viewport_size
    assert before
    for width, height in ((320, 640), (360, 740), (768, 1024), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        if gauge.pictures:
            page.screenshot(path=gauge.pictures / f"owner-{state.replace(' ', '-')}-{width}.png")
        assert page.evaluate(_IS_ON_TOP) == [], width
        assert complaints(page) == []
    page.set_viewport_size(before)


def value(client: Client, name: str) -> dict[str, object]:
    found = client.call("GET", "/api/settings", owner=True).expect(200).json["settings"]
    return next(each for each in found if each["name"] == name)


def test_settings_are_changed_on_a_page_which_says_who_has_set_them(
    browser: Browser, owner: Client, gauge: Gauge, tmp_path: Path
) -> None:
    link = owner.make_link(title="Plans")
    picture = tmp_path / "logo.png"
    picture.write_bytes(PNG)
    with owner_desk(browser, owner.url, owner.token) as page:
        page.get_by_role("link", name="Settings", exact=True).click()
        expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
        brand, links, keeping = group(page, "Who asks"), group(page, "Links"), group(page, "How long things are kept")
        fixed = links.get_by_label("Uploads of one address")
        expect(fixed).to_have_attribute("readonly", "")
        expect(links).to_contain_text("DROPPR_RATE_LIMIT_UPLOADS")
        look(page, gauge, "settings")

        save(keeping)
        expect(keeping).to_contain_text("Nothing has changed.")
        brand.get_by_label("Name").fill("Kanzlei Röth")
        brand.get_by_role("textbox", name="Colour").fill("#ffff00")
        expect(brand).to_contain_text("Not saved yet")
        # What is typed in another part stays.
        keeping.get_by_label("Received files are kept for").fill("30")
        save(brand)
        expect(brand.get_by_role("alert")).to_contain_text("Not saved.")
        expect(brand.get_by_role("textbox", name="Colour")).to_be_focused()
        expect(brand).to_contain_text("4.5 : 1")
        look(page, gauge, "settings refused")
        brand.get_by_role("textbox", name="Colour").fill("#7a1f5c")
        save(brand)
        expect(brand).to_contain_text("Saved.")
        expect(keeping.get_by_label("Received files are kept for")).to_have_value("30")
        eventually(lambda: owner.call("GET", link.path).json["asker"] == "Kanzlei Röth", seconds=30)

        brand.get_by_label("Logo", exact=True).set_input_files(picture)
        expect(brand.get_by_role("img", name="The logo that senders see")).to_be_visible()
        eventually(lambda: owner.call("GET", "/logo").status == 200, seconds=30)
        brand.get_by_role("button", name="Remove").click()
        expect(brand).to_contain_text("None is shown.")

        keeping.get_by_label("Received files are kept for").fill("-3")
        save(keeping)
        expect(keeping).to_contain_text("greater than or equal to 0")
        keeping.get_by_label("Received files are kept for").fill("30")
        save(keeping)
        expect(keeping).to_contain_text("Saved.")
        assert (value(owner, "keep_days")["value"], value(owner, "keep_days")["source"]) == ("30", "page")
        keeping.get_by_role("button", name="Back to 0 days").click()
        save(keeping)
        expect(keeping.get_by_role("button", name="Back to 0 days")).to_have_count(0)
        assert value(owner, "keep_days")["source"] == "default"

        accounts = group(page, "Accounts")
        accounts.get_by_label("A second factor is asked of").select_option("Admins")
        save(accounts)
        expect(accounts).to_contain_text("Saved.")
        assert value(owner, "second_factor_required")["value"] == "admins"
        accounts.get_by_role("button", name="Back to Nobody").click()
        save(accounts)
        # It stands in the field before it is saved.
        expect(accounts.get_by_role("button", name="Back to Nobody")).to_have_count(0)
        expect(accounts.get_by_label("A second factor is asked of")).to_have_value("off")
        assert value(owner, "second_factor_required")["source"] == "default"
    owner.call("PATCH", "/api/settings", json={"brand_name": None, "brand_accent": None}, owner=True).expect(200)


def test_a_mail_server_is_tried_as_it_is_typed_and_its_password_is_not_shown_again(
    browser: Browser, owner: Client, gauge: Gauge
) -> None:
    with mail_server() as box, owner_page(browser, owner.url) as page:
        page.goto("/admin/settings")
        expect(page.get_by_role("alert")).to_contain_text("You are not logged in.")
        look(page, gauge, "settings logged out", main=300)
        page.get_by_role("link", name="Log in").click()
        log_in(page, owner.token)
        mail = group(page, "Mail")
        mail.get_by_label("Server", exact=True).fill("127.0.0.1")
        mail.get_by_label("How it is secured").select_option("smtp+plain")
        mail.get_by_label("Port").fill(str(box.port))
        mail.get_by_label("To", exact=True).fill("anna@example.org")
        send = mail.get_by_role("button", name="Send a test mail")
        send.click()
        expect(mail).to_contain_text("DROPPR_MAIL_FROM")
        mail.get_by_label("Mails come from").fill("Me <me@example.org>")
        send.click()
        expect(mail).to_contain_text("The mail server took it.")
        (got,) = box.wait()
        assert (got["From"], got["X-Envelope-To"]) == ("Me <me@example.org>", "anna@example.org")
        assert value(owner, "smtp_url")["parts"] is None
        mail.get_by_label("User").fill("anna")
        mail.get_by_label("Password").fill("s3cret")
        save(mail)
        expect(mail).to_contain_text("A password is set. It is shown to nobody.")
        expect(mail.get_by_label("Password")).to_have_count(0)
        assert "s3cret" not in page.content()
        look(page, gauge, "settings mail set")
        # To another server it does not go along.
        mail.get_by_label("Server", exact=True).fill("localhost")
        save(mail)
        expect(mail).to_contain_text("Type the password")
        mail.get_by_role("button", name="Replace").click()
        mail.get_by_label("Password").fill("other")
        look(page, gauge, "settings password replaced")
        save(mail)
        expect(mail).to_contain_text("Saved.")
        mail.get_by_role("button", name="Use no mail server").click()
        mail.get_by_label("Mails come from").fill("")
        save(mail)
        expect(mail.get_by_label("Server", exact=True)).to_have_value("")
        assert value(owner, "smtp_url")["parts"] is None


def test_a_desk_says_once_what_is_not_set_up_and_shows_around(browser: Browser, owner: Client, gauge: Gauge) -> None:
    link = owner.make_link(title="First papers")
    for each in owner.call("GET", "/api/droppr/requests", owner=True).json["requests"]:
        hash = each["hash"]
        owner.call("DELETE", f"/api/droppr/requests/{hash}", owner=True)
        owner.call("DELETE", f"/api/droppr/requests/{hash}?forget=true", owner=True)
    with owner_desk(browser, owner.url, owner.token) as page:
        mail = page.locator(".first-day").filter(has_text="Mail is not set up")
        expect(mail).to_be_visible()
        expect(page.locator(".example")).to_have_count(3)
        look(page, gauge, "first day", main=1000)
        page.locator(".first-day").get_by_role("button", name="Show me around").click()
        tour = page.locator(".tour")
        for step, title in enumerate(("Make a link", "Send it", "See who has sent", "Take the files", "Set it up"), 1):
            expect(tour).to_contain_text(f"Step {step} of 5")
            expect(tour.get_by_role("heading", name=title)).to_be_focused()
            expect(page.locator("[data-toured]")).to_be_visible()
            assert page.evaluate(_IS_SEEN), title
            if step in (1, 5):
                see_tour(page, gauge, f"tour {step}")
            page.keyboard.press("Tab")
            tour.get_by_role("button", name=re.compile("Next|Done")).press("Enter")
        expect(tour).to_have_count(0)
        expect(page.locator("#show-tour")).to_be_focused()
        page.locator("#show-tour").press("Enter")
        expect(tour).to_be_visible()
        page.keyboard.press("Escape")
        expect(tour).to_have_count(0)
        expect(page.locator("[data-toured]")).to_have_count(0)
        mail.get_by_role("button", name="Not now").click()
        expect(mail).to_have_count(0)
        # Neither is told again.
        with page.expect_response(re.compile(r"/api/settings$")):
            page.reload()
        expect(page.get_by_role("heading", name="Your links")).to_be_visible()
        expect(page.locator("#show-tour")).to_be_visible()
        expect(page.locator(".first-day")).to_have_count(0)

        link = owner.make_link(title="First papers")
        # Without a mail server the device sends it.
        page.add_init_script("navigator.share = async given => { window.shared = given; }")
        page.reload()
        unfold(page, "First papers").get_by_role("button", name="Send it").click()
        page.wait_for_function("() => window.shared?.text.includes('/request/')")
        assert link.hash in page.evaluate("() => window.shared.text")


_IS_SEEN = """() => {
    const thing = document.querySelector("[data-toured]").getBoundingClientRect();
    return thing.top < innerHeight && thing.bottom > 0;
}"""

_IS_ON_TOP = """() => {
    const faults = [];
    if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is too wide");
    for (const each of document.querySelectorAll(".tour button:not([hidden])")) {
        const { x, y, width, height } = each.getBoundingClientRect();
        const found = document.elementFromPoint(x + width / 2, y + height / 2);
        if (!each.contains(found)) faults.push(`${each.textContent} cannot be pressed`);
        if (height < 24) faults.push(`${each.textContent} is small`);
    }
    return faults;
}"""
