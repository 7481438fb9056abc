"""Droppr on pages of other addresses: a page of one's own that sends by the library, and the sender's page in a frame."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests.support.browser import LAN_HOST, Witness, built_pages
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, file_sha256, hashes, write
from tests.support.library import NGINX, Library
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

NAME = "Größe ☃.bin"
REFUSED = "Pages of this address may not send to this link"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass(frozen=True)
class Elsewhere:
    """Somebody else's site: a folder, served on a port of its own."""

    folder: Path
    port: int
    other_port: int

    def origin(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}"

    @property
    def stranger(self) -> str:
        """The same folder under an address that nobody has named."""
        return f"http://127.0.0.1:{self.other_port}"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(Library(tmp_path_factory.mktemp("library")).package / "dist-lib", folder / "upload")
    shutil.copy(NGINX / "examples" / "own-page.js", folder)
    write(folder / "favicon.ico", b"")
    with ExitStack() as stack:
        servers = [stack.enter_context(served(folder)) for _ in range(2)]
        yield Elsewhere(folder, *servers)


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """A port of this machine with the files of a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def site(app: LiveServer, elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    """Lets one site put the sender's page into a frame, by two names: https and plain http have different powers."""
    assert app.socket_path
    folder, named = tmp_path_factory.mktemp("site"), f"{elsewhere.origin(LAN_HOST)}, {elsewhere.origin()}"
    with LiveNginx(app.socket_path, app.data_dir, built_pages(), folder, DROPPR_FRAME_ANCESTORS=named) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        yield context


class OwnPage:
    """The example page with a link of ours in it, in a tab."""

    def __init__(self, context: BrowserContext, elsewhere: Elsewhere, site: LiveNginx, link: Link) -> None:
        text = (NGINX / "examples" / "own-page.html").read_text()
        placeholder = "https://files.example.org/request/HASH"
        assert placeholder in text
        page = text.replace(placeholder, f"{site.url}/request/{link.hash}")
        write(elsewhere.folder / f"{link.hash}.html", page.encode())
        self.witness = Witness(context)
        self.page = context.new_page()
        self.openings: list[str] = []
        self._devtools = context.new_cdp_session(self.page)
        self.page.on("request", lambda request: self._asked(request.method, request.url))
        self.page.goto(f"{elsewhere.origin()}/{link.hash}.html")

    @property
    def says(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def password(self) -> Locator:
        return self.page.get_by_label("Password")

    def send(self, file: Path) -> None:
        self.page.get_by_label("File").set_input_files(file)
        self.page.get_by_role("button", name="Send").click()

    def line(self, bytes_per_second: int) -> None:
        speed = {"downloadThroughput": -1, "uploadThroughput": bytes_per_second}
        self._devtools.send("Network.enable")
        self._devtools.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **speed})

    def _asked(self, method: str, url: str) -> None:
        if method == "POST" and url.endswith("/uploads"):
            self.openings.append(url)


@pytest.fixture
def own_page(context: BrowserContext, elsewhere: Elsewhere, site: LiveNginx) -> Callable[[Link], OwnPage]:
    return functools.partial(OwnPage, context, elsewhere, site)


@pytest.mark.parametrize("named", [False, True], ids=["all may", "named"])
def test_a_page_of_ones_own_sends_a_file_by_the_library(
    owner: Client, elsewhere: Elsewhere, own_page: Callable[[Link], OwnPage], desk: Path, named: bool
) -> None:
    link = owner.make_link(allowed_origins=[elsewhere.origin()] if named else None)
    file = write(desk / NAME, content(9 * MIB + 7))
    page = own_page(link)
    expect(page.says).to_have_text("Choose a file.")
    expect(page.password).to_be_hidden()
    page.send(file)
    expect(page.says).to_have_text(f"{NAME} has arrived: {9 * MIB + 7} bytes")
    assert hashes(link.disk) == {NAME: file_sha256(file)}
    assert (page.witness.crashes, page.witness.complaints) == ([], [])


def test_it_asks_for_the_password_and_says_when_that_is_wrong(
    owner: Client, own_page: Callable[[Link], OwnPage], desk: Path
) -> None:
    link = owner.make_link(password="Größe & more")
    file = write(desk / "a.bin", content(2 * MIB))
    page = own_page(link)
    expect(page.password).to_be_visible()
    page.password.fill("wrong")
    page.send(file)
    expect(page.says).to_contain_text("password")
    page.password.fill("Größe & more")
    page.send(file)
    expect(page.says).to_have_text(f"a.bin has arrived: {2 * MIB} bytes")
    assert hashes(link.disk) == {"a.bin": file_sha256(file)}


def test_it_pauses_and_goes_on_after_a_reload_where_it_was(
    owner: Client, own_page: Callable[[Link], OwnPage], desk: Path
) -> None:
    link = owner.make_link()
    file = write(desk / "film.mov", content(12 * MIB))
    page = own_page(link)
    page.line(2 * MIB)
    page.send(file)
    expect(page.says).to_contain_text("bytes are safe")
    page.page.get_by_role("button", name="Pause").click()
    expect(page.page.get_by_role("button", name="Go on")).to_be_visible()
    [begun] = link.under_way()

    page.page.reload()
    expect(page.says).to_have_text("Choose a file.")
    page.line(-1)
    page.send(file)
    expect(page.says).to_have_text(f"film.mov has arrived: {12 * MIB} bytes")
    assert hashes(link.disk) == {"film.mov": file_sha256(file)}
    assert len(page.openings) == 1
    assert link.status(begun["upload_id"]).json["complete"] is True


def test_a_page_that_may_not_send_is_told_so(owner: Client, own_page: Callable[[Link], OwnPage], desk: Path) -> None:
    link = owner.make_link(allowed_origins=["https://www.example.org"])
    page = own_page(link)
    expect(page.says).to_contain_text(REFUSED)
    expect(page.page.get_by_role("button", name="Send")).to_be_disabled()

    changed = owner.make_link()
    page = own_page(changed)
    expect(page.says).to_have_text("Choose a file.")
    changed.change(allowed_origins="none").expect(200)
    page.send(write(desk / "a.bin", content(MIB)))
    expect(page.says).to_contain_text(REFUSED)
    assert changed.under_way() == []


@pytest.mark.parametrize("host", ["127.0.0.1", LAN_HOST])
def test_the_servers_own_page_is_no_page_of_another_address(
    owner: Client, visit: Callable[..., Sender], desk: Path, host: str
) -> None:
    """Over plain http browsers do not say whose page asks; the address has to tell."""
    link = owner.make_link(allowed_origins="none")
    file = write(desk / "a.bin", content(3 * MIB))
    sender = visit(link, host=host)
    sender.choose(file)
    sender.expect_all_arrived("1 file has arrived")
    assert hashes(link.disk) == {"a.bin": file_sha256(file)}


# The frame


SANDBOX = 'sandbox="allow-scripts allow-same-origin allow-forms allow-downloads allow-modals"'


def framed(page: Page, elsewhere: Elsewhere, url: str, origin: str, more: str = "") -> FrameLocator:
    """The page at ``url`` in a frame of a page of ``elsewhere``, under one of its addresses."""
    size = 'width="900" height="900" allow="screen-wake-lock; clipboard-write"'
    html = f'<!doctype html><title>ours</title><iframe src="{url}" {size} {more}></iframe>'
    write(elsewhere.folder / "frame.html", html.encode())
    page.goto(f"{origin}/frame.html")
    return page.frame_locator("iframe")


def send_in(page: Page, frame: FrameLocator, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        frame.locator("#choose").click()
    chooser.value.set_files(file)
    expect(frame.locator("#finished")).to_contain_text("1 file has arrived", timeout=60_000)


# What browsers do to frames that may not keep anything.
FORBIDDEN = """
if (window !== top) {
    const refuse = () => { throw new DOMException("Access is denied for this document.", "SecurityError"); };
    for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"]) {
        Object.defineProperty(window, name, { get: refuse });
    }
    Object.defineProperty(document, "cookie", { get: refuse, set: refuse });
    const denied = async () => refuse();
    LockManager.prototype.request = denied;
    if ("wakeLock" in navigator) WakeLock.prototype.request = denied;
}
"""


@pytest.mark.parametrize(
    ("host", "more", "forbidden"),
    [("127.0.0.1", "", False), (LAN_HOST, "", False), ("127.0.0.1", SANDBOX, False), ("127.0.0.1", "", True)],
    ids=["as it is", "plain http", "in a sandbox", "nothing may be kept"],
)
def test_the_senders_page_works_in_a_frame_of_another_site(
    context: BrowserContext,
    owner: Client,
    elsewhere: Elsewhere,
    site: LiveNginx,
    desk: Path,
    host: str,
    more: str,
    forbidden: bool,
) -> None:
    link = owner.make_link()
    file = write(desk / "a.bin", content(3 * MIB))
    witness = Witness(context)
    if forbidden:
        context.add_init_script(FORBIDDEN)
    page = context.new_page()
    frame = framed(page, elsewhere, f"{site.url}/request/{link.hash}", elsewhere.origin(host), more)
    send_in(page, frame, file)
    assert hashes(link.disk) == {"a.bin": file_sha256(file)}
    assert witness.crashes == []
    assert witness.policy_violations == []


@pytest.mark.parametrize("path", ["/admin", "/", "/api/droppr/requests/{hash}", "/request/{hash}"])
def test_nothing_else_stands_in_a_frame_and_on_nobody_elses_page(
    context: BrowserContext, owner: Client, elsewhere: Elsewhere, site: LiveNginx, path: str
) -> None:
    page = context.new_page()
    origin = elsewhere.stranger if path.startswith("/request/") else elsewhere.origin()
    framed(page, elsewhere, site.url + path.replace("{hash}", owner.make_link().hash), origin)
    eventually(lambda: len(page.frames) == 2 and page.frames[1].url.startswith("chrome-error:"), what="a refusal")
