"""What arrives is told to the desk as it comes, and asked for where no stream comes through."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, expect

from tests.support.admin import PATIENCE_MS, owner_desk, row_of
from tests.support.browser import until
from tests.support.client import Client
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx

NEWS, STREAM = "/api/droppr/news", "/api/droppr/news/stream"


REMEMBER = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    this.addEventListener('message', () => { this.told = true; });
    window.streams.push(this);
  }
};
"""


def listens(page: Page) -> bool:
    """Whether the page has a stream that has told it something."""
    is_one = f"({{ url, readyState, told }}) => url.includes('{STREAM}') && readyState === 1 && told"
    return page.evaluate(f"streams.some({is_one})") is True


def turned(page: Page, state: str) -> None:
    """What a browser does with a tab that another one is put before."""
    page.evaluate(
        """(state) => {
            Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        state,
    )


def counted(page: Page) -> dict[str, int]:
    """How often each of the two is asked from now on."""
    asked = {NEWS: 0, STREAM: 0}

    def note(request: Request) -> None:
        path = urlsplit(request.url).path
        if path in asked:
            asked[path] += 1

    page.on("request", note)
    return asked


def shows_each_as_it_comes(page: Page, client: Client, title: str, times: int = 5) -> None:
    link = client.make_link(title=title)
    row = row_of(page, title)
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    for number in range(1, times + 1):
        link.deliver(f"{number}.txt", b"news", sender_name="Anna")
        words = "1 new file" if number == 1 else f"{number} new files"
        expect(row).to_contain_text(words, timeout=PATIENCE_MS)


def test_the_desk_is_told_what_arrives_and_asks_where_it_is_not(
    browser: Browser, app: LiveServer, site: LiveNginx
) -> None:
    client = Client.of(app, url=site.url)
    with owner_desk(browser, site.url, app.token) as page:
        asked = counted(page)
        page.add_init_script(REMEMBER)
        page.reload()
        until(page, lambda: listens(page), seconds=30, what="a stream")
        asked.update({NEWS: 0, STREAM: 0})
        shows_each_as_it_comes(page, client, "Told by a stream")
        assert asked == {NEWS: 0, STREAM: 0}
        # One that nobody looks at holds no connection.
        turned(page, "hidden")
        until(page, lambda: not listens(page), what="the stream to be closed")
        turned(page, "visible")
        until(page, lambda: listens(page), seconds=30, what="a stream")
        assert asked[STREAM] == 1

        page.route(f"**{STREAM}*", lambda route: route.fulfill(status=503, json={"error": "Full.", "code": "busy"}))
        page.reload()
        expect(row_of(page, "Told by a stream")).to_be_visible(timeout=PATIENCE_MS)
        asked.update({NEWS: 0})
        shows_each_as_it_comes(page, client, "Asked for", 2)
        assert asked[NEWS] > 0
        # What the server does right now is asked for as well.
        expect(page.locator("#disk-figure")).to_be_visible()
