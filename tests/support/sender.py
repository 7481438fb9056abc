"""The sender's page in a browser: what a person does there, and what the browser sent because of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from time import time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Dialog, Locator, Request, Response, expect

from app.services.receiving.commands import new_upload_id
from tests.support.browser import until
from tests.support.client import Link
from tests.support.files import MIB

T = TypeVar("T")
# For the page time passes twenty times as slowly, so how many requests it makes of something does not hang on how busy this machine is.
QUICK_MACHINE = "{ const { now } = Date, began = now(); Date.now = () => began + (now() - began) / 20; }"
_SPAN = re.compile(r"bytes (\d+)-(\d+)/\d+")
# Places, and paths: a long one is in its title; a folder ends in a slash.
_ROWS = """() => [...document.querySelectorAll("li.file")].map(row => {
    const name = row.querySelector(".file-name"), end = row.querySelector(".folder-open") ? "/" : "";
    return [Number(row.getAttribute("aria-posinset")), (name.getAttribute("title") || name.textContent) + end];
})"""
# Of a long list only what can be seen is in the document: down from its beginning until the row is there, or the end.
_SCROLL_TO = """async (path) => {
    const is = name => name.title === path || name.textContent === path;
    const found = () => [...document.querySelectorAll("li.file .file-name")].some(is);
    const box = document.getElementById("files-scroller");
    for (let top = 0; !found() && top < box.scrollHeight; top += Math.max(100, box.clientHeight / 2)) {
        box.scrollTop = top;
        for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    }
}"""


class Sender:
    """One tab on one link. ``site`` is the address of the server as this browser sees it."""

    def __init__(self, context: BrowserContext, site: str, link: Link) -> None:
        self.link = link
        self.url = f"{site}/request/{link.hash}"
        self.page = context.new_page()
        self.calls: list[Request] = []
        """Requests that change something on the server: openings, chunks, cancellations."""
        self.openings: list[Response] = []
        self.most_at_once = 0
        """The largest number of chunks that were on their way at the same time."""
        self.dialogs: list[str] = []
        self._in_flight: set[Request] = set()
        self._devtools = context.new_cdp_session(self.page)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("requestfinished", self._settled)
        self.page.on("requestfailed", self._settled)
        self.page.on("dialog", self._was_asked)
        # Somebody must listen from the start: taking hold of the chooser may come later than a key pressed right after.
        self.page.on("filechooser", lambda chooser: None)

    def visit(self) -> Sender:
        self.page.goto(self.url)
        expect(self.page.locator("main h1:visible")).to_have_count(1)
        return self

    # What a person does

    def choose(self, *paths: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            # Once files are there, the same button adds more.
            self.page.locator("#choose").click()
        chooser.value.set_files(list(paths))

    def choose_folder(self, folder: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Choose a folder").click()
        chooser.value.set_files(folder)

    def drop(self, *paths: Path, x: int = 300, y: int = 300) -> None:
        """Files and folders from the desktop, let go over the page."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._devtools.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})

    def line(self, *, mib_per_second: float = 0, offline: bool = False) -> None:
        """Makes the line that slow (0: as fast as it is), or cuts it."""
        conditions = {
            "offline": offline,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": mib_per_second * MIB or -1,
        }
        self._devtools.send("Network.enable")
        self._devtools.send("Network.emulateNetworkConditions", conditions)
        self._devtools.send("Fetch.disable")

    def hold_the_line(self) -> None:
        """No further chunk leaves, so what is under way still is after whatever somebody does and a test looks at, on a busy machine, too.
        All else comes and goes: on a line that is merely slow chunks would keep all connections from what the page loads meanwhile.
        Go on with ``line()``."""
        self._devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*/upload-chunk"}]})

    def click_twice(self, button: Locator) -> None:
        """Two clicks on one spot, as tired people do, with a third of a second from one to the next by the clock of the browser: whatever
        stands there by then, and however long this machine takes."""
        button.hover()
        box = button.bounding_box()
        assert box
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "button": "left", "clickCount": 1}
        now = time()
        for after, kind in (
            (0, "mousePressed"),
            (0.05, "mouseReleased"),
            (0.3, "mousePressed"),
            (0.35, "mouseReleased"),
        ):
            self._devtools.send("Input.dispatchMouseEvent", {"type": kind, "timestamp": now + after, **place})

    # What a person sees

    def row(self, path: str) -> Locator:
        """The row of a file, scrolled to where it is: of a long list only what can be seen is in the document."""
        name = self.page.get_by_text(path, exact=True).or_(self.page.get_by_title(path, exact=True))
        self.page.evaluate(_SCROLL_TO, path)
        return self.page.locator("li.file").filter(has=name)

    def folder(self, path: str) -> Locator:
        """The row of a folder that stands for its files."""
        return self.page.locator("li.folder").filter(has=self.page.get_by_text(path, exact=True))

    def open_folders(self) -> None:
        """Opens all folders that can be seen, and those in them."""
        closed = self.page.locator(".folder-open[aria-expanded=false]")
        while closed.count():
            closed.first.click()
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def names(self) -> list[str]:
        """All paths in the list, in its order; of a folder its name and a slash."""
        names: dict[int, str] = {}
        scroller = self.page.locator("#files-scroller")
        scroller.evaluate("box => { box.scrollTop = 0; }")
        while True:
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            # All in one moment, as rows come and go.
            found: list[tuple[int, str]] = self.page.evaluate(_ROWS)
            names.update(found)
            if scroller.evaluate("box => box.scrollTop + box.clientHeight >= box.scrollHeight - 1"):
                return [names[place] for place in sorted(names)]
            scroller.evaluate("box => { box.scrollTop += box.clientHeight; }")

    def state(self, path: str) -> Locator:
        return self.row(path).locator(".file-state")

    def expect_arrived(self, path: str, *, seconds: float = 30) -> None:
        expect(self.state(path)).to_have_text("Arrived", timeout=seconds * 1000)

    def expect_all_arrived(self, words: str, *, seconds: float = 60) -> None:
        expect(self.page.locator("#finished")).to_contain_text(words, timeout=seconds * 1000)

    # What the browser sent

    @property
    def chunks(self) -> list[Request]:
        return [call for call in self.calls if _leads_to(call, "/upload-chunk")]

    @property
    def wholes(self) -> list[Request]:
        """The chunks that are a whole file each, and open its upload."""
        return [chunk for chunk in self.chunks if "x-upload-opening" in chunk.headers]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The half-open spans of all chunks, in the order in which they left."""
        return [span_of(chunk) for chunk in self.chunks]

    def upload_id(self, *, of_file: int = 0) -> str:
        """The id of the first upload whose chunks were seen; of the second with 1."""
        ids = list(dict.fromkeys(self.upload_of(chunk) for chunk in self.chunks if chunk not in self.wholes))
        return ids[of_file] if of_file < len(ids) else ""

    def upload_of(self, chunk: Request) -> str:
        """The id of the upload that a chunk names, be it by its key: on a busy machine the server seems far away."""
        key = chunk.headers.get("x-upload-key")
        return new_upload_id(self.link.hash, key) if key else chunk.headers["x-upload-id"]

    def received(self, *, of_file: int = 0) -> int:
        """How much of an upload the server has acknowledged; 0 before its first chunk left, and while it is being opened."""
        upload_id = self.upload_id(of_file=of_file)
        if not upload_id:
            return 0
        reply = self.link.status(upload_id)
        return 0 if reply.code == "upload_not_found" else int(reply.expect(200).json["received_bytes"])

    def until(self, probe: Callable[[], T], *, seconds: float = 20, what: str = "it") -> T:
        """The first true value of ``probe``; lets the browser's events in between, which a sleep would not."""
        return until(self.page, probe, seconds=seconds, what=what)

    def _asked(self, request: Request) -> None:
        if request.method == "GET":
            return
        self.calls.append(request)
        if _leads_to(request, "/upload-chunk"):
            self._in_flight.add(request)
            self.most_at_once = max(self.most_at_once, len(self._in_flight))

    def _settled(self, request: Request) -> None:
        self._in_flight.discard(request)

    def _was_asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.type)
        # "Leave this page?" in the middle of an upload: the people in these tests do mean it.
        dialog.accept()

    def _answered(self, response: Response) -> None:
        # Small files are opened and sent in one request, many of them together.
        if response.request.method == "POST" and any(_leads_to(response.request, end) for end in ("/uploads", "/pack")):
            self.openings.append(response)


def span_of(chunk: Request) -> tuple[int, int]:
    found = _SPAN.fullmatch(chunk.headers["content-range"])
    assert found, chunk.headers
    return int(found[1]), int(found[2]) + 1


def missing_spans(status: dict[str, Any]) -> list[tuple[int, int]]:
    """The half-open spans that an upload's status says are missing."""
    return [(start, end + 1) for start, end in status["missing_ranges"]]


def lies_within(span: tuple[int, int], gaps: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= stop for start, stop in gaps)


def _leads_to(request: Request, end: str) -> bool:
    return urlsplit(request.url).path.endswith(end)
