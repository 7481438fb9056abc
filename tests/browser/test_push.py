"""An owner is told in the browser: asked once and at a click, shown what a push service brings, led to the link; and what is said where it
cannot be. The browser's own push service is none of ours: its messages come by the browser's protocol, and those of the server go to a push
service on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Worker, expect

from tests.support.admin import log_in
from tests.support.browser import LAN_HOST, built_pages, no_faults, until
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.pushes import PushService, push_service

# What a browser answers whose maker runs a push service, in place of one that has none: it is at the address of ours.
SUBSCRIBES = """subscription => {
    let subscribed = null;
    const bytes = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), each => each.charCodeAt(0));
    const made = options => ({
        options: {applicationServerKey: options.applicationServerKey.buffer},
        toJSON: () => subscription,
        unsubscribe: async () => { subscribed = null; return true; },
    });
    PushManager.prototype.subscribe = async options => { window.asked = options; return subscribed = made(options); };
    PushManager.prototype.getSubscription = async () => subscribed;
    window.bytesOf = bytes;
}"""

# A browser whose person has not answered yet, which the tests' own never is.
UNDECIDED = """() => {
    Object.defineProperty(Notification, "permission", {get: () => "default"});
    Notification.requestPermission = () => new Promise(resolve => { window.answer = resolve; });
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    options: dict[str, Any] = {
        "DROPPR_WEBHOOK_AFTER_SECONDS": 0.5,
        "DROPPR_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
        **GENEROUS,
    }
    with LiveServer(tmp_path_factory.mktemp("telling"), workers=1, unix_socket=True, **options) as running:
        yield running


@pytest.fixture(scope="module")
def front(telling: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    assert telling.socket_path
    with LiveNginx(telling.socket_path, telling.data_dir, built_pages(), tmp_path_factory.mktemp("front")) as running:
        yield running


@contextmanager
def desk_in(browser: Browser, url: str, token: str, **options: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=url, **options)
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    page = context.new_page()
    try:
        page.goto("/admin")
        log_in(page, token)
        expect(page.get_by_role("heading", name="Your links")).to_be_visible()
        yield page
    finally:
        context.close()
    assert troubles == []


class Workers:
    """The workers of a page's browser, by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._found: dict[str, str] = {}
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._noted)
        self._session.send("ServiceWorker.enable")

    def _noted(self, event: dict[str, Any]) -> None:
        self._found |= {each["registrationId"]: each["scopeURL"] for each in event["registrations"]}

    def push(self, origin: str, scope: str, told: object) -> None:
        def there() -> list[str]:
            # What the browser tells is heard while it is asked something.
            self._page.evaluate("0")
            return [id for id, url in self._found.items() if url == scope]

        eventually(lambda: bool(there()), seconds=20, what=f"a worker of {scope}")
        data = told if isinstance(told, str) else json.dumps(told)
        self._session.send(
            "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": there()[0], "data": data}
        )


def shown(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        """async () => {
            const registration = await navigator.serviceWorker.getRegistration("/admin/");
            const all = await registration.getNotifications();
            return all.map(({title, body, tag, lang, dir, data, icon}) => ({title, body, tag, lang, dir, data, icon}));
        }"""
    )
    return found


def test_an_owner_is_told_in_the_browser_and_led_to_the_link(
    whole_browser: Browser, front: LiveNginx, telling: LiveServer, service: PushService
) -> None:
    owner, told = Client.of(telling, url=front.url), service.browser()
    link = owner.make_link(title="Tax papers", ask_name="optional")
    options: dict[str, Any] = {"permissions": ["notifications"]}
    with desk_in(whole_browser, front.url, telling.token, **options) as page:
        # The page is an app that can be installed, by the browser's own judgement (which wants no tab that leaves no traces).
        devtools = page.context.new_cdp_session(page)
        assert devtools.send("Page.getAppManifest")["errors"] == []
        wrong = {each["errorId"] for each in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]}
        assert wrong <= {"in-incognito"}
        # Nothing is registered before anybody has asked.
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
        page.evaluate(SUBSCRIBES, told.subscription())
        page.get_by_role("button", name="Tell me what arrives").click()
        dialog = page.get_by_role("dialog", name="Tell me what arrives")
        dialog.get_by_role("button", name="Tell me here").click()
        expect(dialog.get_by_text("This browser is told what arrives.")).to_be_visible(timeout=20_000)
        expect(dialog.get_by_role("button", name="Show a test")).to_be_focused()
        key = owner.call("GET", "/api/droppr/push", owner=True).json["key"]
        assert page.evaluate("key => `${bytesOf(key)}` === `${asked.applicationServerKey}`", key)
        assert page.evaluate("asked.userVisibleOnly") is True
        # One worker, below the owner's pages and for no other.
        scopes = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.map(each => each.scope))")
        assert scopes == [f"{front.url}/admin/"]
        dialog.get_by_role("button", name="Show a test").click()
        assert service.shown(told)[0]["title"] == "Droppr"
        # Once more changes nothing.
        dialog.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Tell me what arrives").click()
        expect(dialog.get_by_role("button", name="Stop telling me here")).to_be_visible()
        assert len(owner.call("GET", "/api/droppr/push", owner=True).json["browsers"]) == 1
        dialog.get_by_role("button", name="Close").click()

        # What the server sends to the push service, that brings to the browser.
        link.deliver("one.pdf", b"1", sender_name="Anna")
        sent = service.shown(told, 2)[-1]
        # Where the page knows of nothing new, it takes away what was shown.
        expect(page).to_have_title(re.compile(r"^\(1\) "))
        assert (sent["title"], sent["body"], sent["lang"]) == ("Tax papers", "Anna sent 1 file", "en")
        workers = Workers(page)
        scope = f"{front.url}/admin/"
        # Of what comes at once nothing is lost: what has one tag is told together.
        shows = counted(page)
        workers.push(front.url, scope, sent)
        workers.push(front.url, scope, {**sent, "body": "Ben sent 2 files", "files": 2})
        eventually(lambda: shows() == 2, seconds=20, what="a notification, and the next in its place")
        (one,) = shown(page)
        assert (one["title"], one["data"]["files"]) == ("Tax papers", 3)
        assert one["body"] == "Ben sent 2 files\nAnna sent 1 file"
        assert one["icon"] == f"{front.url}/icon-192.png"
        # Whatever comes, something is shown, and nothing that was not told.
        for odd in ("no json", "[]", '{"title": 5}'):
            workers.push(front.url, scope, odd)
        eventually(lambda: shows() == 5, seconds=20, what="whatever came")
        assert len(shown(page)) == 4
        assert {each["title"] for each in shown(page)} == {"Tax papers", "Droppr"}

        # A click leads to the link, in the window that is there.
        click(page, sent["tag"])
        expect(page).to_have_url(f"{front.url}/admin/links/{link.hash}", timeout=20_000)
        eventually(lambda: "Tax papers" not in [each["title"] for each in shown(page)], seconds=20, what="its end")

        # Whoever logs out is not told here any more.
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Admin token")).to_be_visible()
        assert owner.call("GET", "/api/droppr/push", owner=True).json["browsers"] == []
        left = "navigator.serviceWorker.getRegistrations().then(all => all.map(each => each.scope))"
        no_faults(page, lambda: page.evaluate(left), "workers")


def worker_of(page: Page) -> Worker:
    (worker,) = until(page, lambda: page.context.service_workers, what="the worker")
    return worker


def counted(page: Page) -> Callable[[], int]:
    """How many notifications have been shown from now on. Chromium drops what it is just about to show where it is asked for what is
    shown, so a test that asks again and again would undo what it waits for."""
    worker = worker_of(page)
    worker.evaluate(
        """() => {
            const show = registration.showNotification.bind(registration);
            globalThis.shows = 0;
            registration.showNotification = async (...told) => {
                await show(...told);
                globalThis.shows += 1;
            };
        }"""
    )
    return lambda: int(worker.evaluate("shows"))


def click(page: Page, tag: str) -> None:
    """A click on a notification, as the worker is told of it."""
    worker_of(page).evaluate(
        """async tag => {
            const [notification] = await registration.getNotifications({tag});
            const event = new NotificationEvent("notificationclick", {notification});
            dispatchEvent(event);
        }""",
        tag,
    )


def test_a_browser_that_cannot_be_told_says_why(whole_browser: Browser, front: LiveNginx, telling: LiveServer) -> None:
    def asked(page: Page) -> str:
        page.get_by_role("button", name="Tell me what arrives").click()
        dialog = page.get_by_role("dialog", name="Tell me what arrives")
        expect(dialog).to_be_visible(timeout=20_000)
        here = dialog.get_by_role("button", name="Tell me here")
        if here.is_visible():
            here.click()
        said = dialog.locator(".notice:visible")
        expect(said).to_have_count(1, timeout=20_000)
        return said.inner_text()

    with desk_in(whole_browser, front.url, telling.token, permissions=["notifications"]) as page:
        page.evaluate(
            "() => { PushManager.prototype.subscribe = async () => { throw new DOMException('', 'AbortError'); }; }"
        )
        assert "push service gave no address" in asked(page)
    with desk_in(whole_browser, front.url, telling.token) as page:
        assert "blocked" in asked(page)
    with desk_in(whole_browser, front.url, telling.token) as page:
        # While the browser asks a question of its own, the page says so, rather than to be at work.
        page.evaluate(UNDECIDED)
        page.get_by_role("button", name="Tell me what arrives").click()
        dialog = page.get_by_role("dialog", name="Tell me what arrives")
        dialog.get_by_role("button", name="Tell me here").click()
        expect(dialog.get_by_text("Your browser is asking whether this page may show notifications")).to_be_visible()
        page.evaluate("answer('default')")
        expect(dialog.get_by_role("alert")).to_be_visible()
        expect(dialog.get_by_text("Your browser is asking")).to_have_count(0)
    with desk_in(whole_browser, f"http://{LAN_HOST}:{front.port}", telling.token) as page:
        assert "https://" in asked(page)
        assert page.get_by_role("button", name="Tell me here").count() == 0
