"""The owner's page as an owner uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.client import Client

# Four refreshes of the list, on a slow machine.
PATIENCE_MS = 25_000


@contextmanager
def owner_page(browser: Browser, url: str) -> Iterator[Page]:
    """A page that nobody is logged in on. What goes wrong inside it fails the test, refusals by the CSP included."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    try:
        yield page
    finally:
        context.close()
    assert troubles == []


@contextmanager
def owner_desk(browser: Browser, url: str, token: str) -> Iterator[Page]:
    """The page after the login, which tests of that alone do by hand."""
    with owner_page(browser, url) as page:
        # By a name or a certificate of our own only browsers come in.
        by_call = url.startswith("http://127.0.0.1:")
        if by_call:
            reply = page.context.request.post("/api/droppr/session", data={"token": token})
            assert reply.ok, reply.text()
        page.goto("/admin")
        if not by_call:
            log_in(page, token)
        expect(page.get_by_role("heading", name="Your links")).to_be_visible()
        yield page


def log_in(page: Page, token: str) -> None:
    page.get_by_label("Admin token").fill(token)
    page.get_by_role("button", name="Log in", exact=True).click()


def open_panel(page: Page) -> Locator:
    """Where a link is made."""
    panel = page.locator("#new-panel")
    if not panel.is_visible():
        page.get_by_role("button", name="New link").click()
    expect(panel).to_be_visible()
    return panel


def close_panel(page: Page) -> None:
    if page.locator("#new-panel").is_visible():
        page.locator("#close-panel").click()


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".link").filter(has=page.get_by_role("heading", name=name, exact=True))


def unfold(page: Page, name: str) -> Locator:
    """From the list to the page of the link."""
    close_panel(page)
    row_of(page, name).get_by_role("link", name=name, exact=True).click()
    shown = page.locator("#link-page")
    expect(shown.get_by_role("heading", name=name, exact=True)).to_be_focused()
    expect(shown.get_by_role("button", name="Edit")).to_be_visible()
    return shown


def back_to_links(page: Page) -> None:
    page.get_by_role("link", name="Links", exact=True).click()
    expect(page.get_by_role("heading", name="Your links")).to_be_visible()


def look_at(page: Page, tab: str) -> None:
    """Another part of the link's page."""
    page.get_by_role("navigation", name="This link").get_by_role("link", name=tab).click()


def found(client: Client, address: str) -> dict[str, Any]:
    """What the server knows of the link at ``address``."""
    hash = address.rsplit("/", 1)[-1]
    listed = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json["requests"]
    link: dict[str, Any] = next(link for link in listed if link["hash"] == hash)
    return link


# An answer that was on its way already tells of before.
_LOOK_AGAIN = """patience => new Promise((done, fail) => {
    const since = performance.now();
    const isList = ({ name, startTime }) => startTime >= since && new URL(name).pathname.endsWith('/api/droppr/requests');
    new PerformanceObserver((found, observer) => {
        if (!found.getEntries().some(isList)) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(done));
    }).observe({ type: 'resource' });
    setTimeout(() => fail(new Error('The list was not asked for.')), patience);
    document.dispatchEvent(new Event('visibilitychange'));
})"""


def look_again(page: Page) -> None:
    """What coming back to the tab does: the list is asked for at once. Returns when it has come."""
    page.evaluate(_LOOK_AGAIN, PATIENCE_MS)


def come_back(page: Page) -> None:
    """The same where nothing may come of it: whoever is not logged in any more is told no list."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def make_link(page: Page, folder: str) -> str:
    """Make a link with what the form holds already; its whole address. The panel with it stays open."""
    open_panel(page)
    page.get_by_label("Folder", exact=True).fill(folder)
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("heading", name="Your link is ready")).to_be_visible()
    return page.locator("#made").get_by_label("Link", exact=True).input_value()


def press_copy(button: Locator) -> None:
    """Copy, which the button says for two seconds: longer than that may pass until somebody looks."""
    button.evaluate(
        """button => {
            const said = [];
            button.said = said;
            new MutationObserver(() => said.push(button.textContent)).observe(button, { childList: true, characterData: true, subtree: true });
        }"""
    )
    held = button.element_handle()
    button.click()
    button.page.wait_for_function("button => button.said.includes('Copied')", arg=held)


def press_again(button: Locator) -> None:
    """A click on what is still at work after the last one would do nothing."""
    expect(button).not_to_have_attribute("aria-busy", "true")
    button.click()
