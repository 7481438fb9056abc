"""Firefox, and the engine of Safari: the sender's page through nginx, and the library in a worker, each for real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, file_sha256, hashes, sha256, write
from tests.support.library import Library
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine
from tests.support.webdriver import FirefoxWindow, Window, firefox, webkit

CHUNK = re.compile(rb"content-range: bytes (\d+)-(\d+)/", re.IGNORECASE)
NAME = "Größe ☃ 日本語.bin"

# Put by nginx before everything else of a page: what it complains about from its first moment, reloads included.
WITNESS = """
const heard = JSON.parse(sessionStorage.getItem("complaints") ?? "[]");
function complain(...words) {
    heard.push(words.join(" "));
    sessionStorage.setItem("complaints", JSON.stringify(heard));
}
addEventListener("error", (event) => complain(event.message ?? event.target.outerHTML), true);
addEventListener("unhandledrejection", ({ reason }) => complain("unhandled", reason, reason?.stack));
document.addEventListener("securitypolicyviolation", (event) => complain(event.violatedDirective, event.blockedURI));
for (const kind of ["error", "warn"]) console[kind] = complain;
"""

# A worker of somebody's own that sends a file: the built modules as they are, no page around them.
WORKER = """
import { FetchTransport, ParallelUploader, parseLink, UploadManager, WorkerHasher, systemClock } from "/lib/index.js";

async function send({ file, link }) {
    const seen = [];
    const uploader = new ParallelUploader({
        file,
        uploadUrl: parseLink(link).uploadUrl,
        transport: new FetchTransport(),
        hasher: new WorkerHasher(),
        hashWholeFile: true,
        onChunkComplete: (start, stop) => seen.push(stop - start),
    });
    const { name, size, sha256 } = await uploader.start();
    return { name, size, sha256, safe: seen.reduce((sum, bytes) => sum + bytes, 0), chunks: seen.length };
}

async function sendMany({ link }) {
    const { uploadUrl } = parseLink(link);
    const transport = new FetchTransport();
    const manager = new UploadManager({ options: () => ({ uploadUrl, transport }), clock: systemClock });
    for (let at = 0; at < 5; at++) manager.add(new File([`note ${at}`], `${at}.txt`), `notes/${at}.txt`);
    return (await manager.finished()).map(({ path, state }) => [path, state]);
}

addEventListener("message", ({ data }) => {
    Promise.all([send(data), sendMany(data)]).then(
        ([file, notes]) => postMessage({ file, notes, page: typeof document }),
        (error) => postMessage({ failed: `${error} ${error.cause ?? ""} ${error.stack}` }),
    );
});
"""
RUN_WORKER = """(link) => new Promise((done, failed) => {
    const worker = new Worker("/own/worker.js", { type: "module" });
    worker.addEventListener("message", ({ data }) => done(data));
    worker.addEventListener("error", ({ message, filename, lineno }) => failed(`${message} ${filename} ${lineno}`));
    worker.postMessage({ link, file: document.querySelector("input").files[0] });
})"""


class Tab(Protocol):
    """What the tests need of any browser."""

    def visit(self, url: str) -> None: ...
    def run(self, script: str, *arguments: object) -> Any: ...
    def choose(self, selector: str, *paths: Path) -> None: ...


class ChromiumTab:
    """The same of Playwright's page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def visit(self, url: str) -> None:
        self._page.goto(url)

    def run(self, script: str, *arguments: object) -> Any:
        return self._page.evaluate(f"(values) => ({script})(...values)", list(arguments))

    def choose(self, selector: str, *paths: Path) -> None:
        self._page.locator(selector).set_input_files(list(paths))


@pytest.fixture(scope="session")
def firefox_window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirefoxWindow]:
    with firefox(tmp_path_factory.mktemp("firefox")) as window:
        yield window


@pytest.fixture(scope="session")
def webkit_window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with webkit(tmp_path_factory.mktemp("webkit")) as window:
        yield window


@pytest.fixture
def chromium_tab(browser: Browser) -> Iterator[ChromiumTab]:
    with browser.new_context() as context:
        yield ChromiumTab(context.new_page())


@pytest.fixture(params=["firefox", "webkit"])
def window(request: pytest.FixtureRequest) -> Window:
    found: Window = request.getfixturevalue(f"{request.param}_window")
    return found


@pytest.fixture(params=["chromium_tab", "firefox_window", "webkit_window"])
def tab(request: pytest.FixtureRequest) -> Tab:
    found: Tab = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def site(app: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    """nginx as it is shipped, with a witness in the pages, and the library below /lib/ as somebody's site would have it."""
    folder = tmp_path_factory.mktemp("site")
    library = Library(tmp_path_factory.mktemp("library")).package / "dist-lib"
    write(folder / "witness.js", WITNESS.encode())
    write(folder / "worker.js", WORKER.encode())
    write(folder / "index.html", b"<!DOCTYPE html><html><head><title>a site</title></head><input type=file>")
    extra = f"""
        sub_filter '<head>' '<head><script src="/own/witness.js"></script>';
        location /lib/ {{ alias "{library}/"; }}
        location /own/ {{ alias "{folder}/"; }}
    """
    assert app.socket_path
    with LiveNginx(app.socket_path, app.data_dir, built_pages(), folder, extra=extra) as running:
        yield running


class Visit:
    """A sender in one of the browsers."""

    def __init__(self, window: Window, site: str, link: Link) -> None:
        self.window = window
        self.link = link
        window.visit(f"{site}/request/{link.hash}")
        self.until("() => document.querySelector('#choose')?.checkVisibility() ?? false", what="the page")

    def until(self, script: str, *arguments: object, seconds: float = 20, what: str = "it") -> Any:
        return eventually(lambda: self.window.run(script, *arguments), seconds=seconds, what=what)

    def text(self, selector: str) -> str:
        """What can be read there; nothing while it is hidden."""
        script = """(selector) => {
            const found = document.querySelector(selector);
            return found?.checkVisibility() ? found.innerText : "";
        }"""
        shown: str = self.window.run(script, selector)
        return shown

    def until_arrived(self, words: str) -> None:
        eventually(lambda: words in self.text("#finished"), seconds=30, what=f"{words}; {self.text('#sending')}")

    def complaints(self) -> list[str]:
        found: list[str] = self.window.run("() => JSON.parse(sessionStorage.getItem('complaints') ?? '[]')")
        return found


def chunks_of(app: LiveServer, link: Link, path: str) -> list[dict[str, Any]]:
    """The chunks of a file that the server has taken, by its log."""
    ours = (path, link.hash[:6] + "…")
    return [line for line in app.log_lines("chunk taken") if (line["path"], line["link"]) == ours]


def test_chosen_files_arrive_whole_without_a_complaint(
    app: LiveServer, site: LiveNginx, owner: Client, desk: Path, window: Window
) -> None:
    big = write(desk / NAME, content(20 * MIB + 12_345))
    others = [write(desk / "empty.txt", b""), *(write(desk / f"{at}.jpg", b"photo %d" % at) for at in range(40))]
    link = owner.make_link(title="Holiday films")

    visit = Visit(window, site.url, link)
    assert visit.text("#title") == "Holiday films"
    window.choose("#files-input", big, *others)
    visit.until_arrived("42 files have arrived")

    assert hashes(link.disk) == hashes(desk)
    # At most 1 MiB each, and smaller ones where that suits the line.
    assert len(chunks_of(app, link, NAME)) >= 21
    assert visit.complaints() == []


def test_a_folder_chosen_in_firefox_arrives_as_the_same_tree(
    site: LiveNginx, owner: Client, desk: Path, firefox_window: FirefoxWindow
) -> None:
    folder = desk / "Übergabe 2026"
    write(folder / "Film" / NAME, content(3 * MIB + 1))
    for number in range(110):
        write(folder / "Photos" / "raw" / f"{number}.jpg", f"photo {number}".encode())
    link = owner.make_link()

    visit = Visit(firefox_window, site.url, link)
    firefox_window.choose_folder("#choose-folder", folder)
    visit.until_arrived("111 files have arrived")

    assert hashes(link.disk) == hashes(desk)
    assert visit.complaints() == []


def test_after_a_reload_the_same_file_goes_on_where_it_was_and_nothing_is_sent_twice(
    app: LiveServer, site: LiveNginx, owner: Client, desk: Path, window: Window
) -> None:
    file = write(desk / NAME, content(11 * MIB + 1))
    link = owner.make_link()
    # 16 KiB each 10 ms on each of six connections: long enough to reload in the middle.
    with BadLine(site.port, delay=0.01, notice=CHUNK) as line:
        visit = Visit(window, line.url, link)
        window.choose("#files-input", file)
        visit.until("() => document.querySelector('.file progress') !== null", what="the file's row")
        assert window.run("() => document.querySelectorAll('progress:indeterminate').length") == 0
        eventually(lambda: len(chunks_of(app, link, NAME)) >= 4, seconds=30, what="a third of the file")
        # However long this machine takes for it.
        line.delay = 0.1
        window.reload()
        line.delay = 0.01
        visit.until("() => !document.querySelector('#unfinished').hidden", what="what was unfinished")
        assert NAME in visit.text("#unfinished")
        assert "Choose the same file again to continue it" in visit.text("#unfinished")

        safe, before = chunks_of(app, link, NAME), len(line.noticed)
        window.choose("#files-input", file)
        visit.until_arrived("1 file has arrived")
        assert visit.text("#unfinished") == ""
        assert visit.complaints() == []

    again = [(int(found[1]), int(found[2]) + 1) for found in line.noticed[before:]]
    assert again
    assert [span for span in again for each in safe if span[0] < each["stop"] and each["start"] < span[1]] == []
    assert len({each["upload"] for each in chunks_of(app, link, NAME)}) == 1
    assert hashes(link.disk) == hashes(desk)


def test_the_library_sends_from_a_worker_of_somebody_s_own(
    app: LiveServer, site: LiveNginx, owner: Client, desk: Path, tab: Tab
) -> None:
    file = write(desk / NAME, content(18 * MIB + 5))
    link = owner.make_link()

    tab.visit(f"{site.url}/own/index.html")
    tab.choose("input", file)
    said = tab.run(RUN_WORKER, f"{site.url}/request/{link.hash}")

    assert said == {
        "file": {
            "name": NAME,
            "size": file.stat().st_size,
            "sha256": file_sha256(file),
            "safe": file.stat().st_size,
            "chunks": len(chunks_of(app, link, NAME)),
        },
        "notes": [[f"notes/{at}.txt", "done"] for at in range(5)],
        "page": "undefined",
    }
    notes = {f"notes/{at}.txt": sha256(b"note %d" % at) for at in range(5)}
    assert hashes(link.disk) == {NAME: file_sha256(file), **notes}
    assert tab.run("() => sessionStorage.getItem('complaints')") is None
