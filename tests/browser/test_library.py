"""What of the library needs a browser: hashing in a worker, also on plain http, and files that it can open again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.browser import LAN_HOST, Witness
from tests.support.files import MIB, content, sha256
from tests.support.hostile import Answer, Asked, Hostile
from tests.support.library import Library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built modules, as somebody's site would serve them."""
    return Library(tmp_path_factory.mktemp("library")).package / "dist-lib"


@contextmanager
def site(browser: Browser, library: Path, host: str) -> Iterator[Page]:
    """A page on ``host`` that has the library below ``/lib/``, and complains about nothing."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/lib/"):
            route.fulfill(path=library / path.removeprefix("/lib/"), content_type="text/javascript")
        else:
            route.fulfill(body="<!DOCTYPE html><title>a site</title>", content_type="text/html")

    with browser.new_context() as context:
        witness = Witness(context)
        context.route(f"http://{host}/**", answer)
        page = context.new_page()
        page.goto(f"http://{host}/")
        yield page
        assert (witness.crashes, witness.complaints) == ([], [])


HASH = """async ([text, pieces]) => {
    const { WorkerHasher } = await import("/lib/index.js");
    const hasher = new WorkerHasher();
    const blob = new Blob(Array(pieces).fill(text));
    let ticks = 0;
    const timer = setInterval(() => { ticks += 1; }, 5);
    const hashed = await Promise.all([0, 1].map(() => hasher.sha256(blob, new AbortController().signal)));
    clearInterval(timer);
    const stop = new AbortController();
    const stopped = hasher.sha256(blob, stop.signal).catch((error) => error.code);
    stop.abort();
    const after = await hasher.sha256(new Blob(["abc"]), new AbortController().signal);
    return { hashed, ticks, secure: isSecureContext, stopped: await stopped, after };
}"""


@pytest.mark.parametrize(("host", "secure"), [("127.0.0.1", True), (LAN_HOST, False)])
def test_files_are_hashed_in_a_worker_whatever_the_address(
    browser: Browser, library: Path, host: str, secure: bool
) -> None:
    text = content(MIB // 2, seed=3).hex()
    with site(browser, library, host) as page:
        said = page.evaluate(HASH, [text, 9])
    assert said["secure"] is secure
    assert said["hashed"] == [sha256(text.encode() * 9)] * 2
    assert said["ticks"] > 0, "the page stood still meanwhile"
    assert said["stopped"] == "aborted"
    assert said["after"] == sha256(b"abc")


KEEP = """async () => {
    const { FileHandles } = await import("/lib/index.js");
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("film.mov", { create: true });
    const writer = await handle.createWritable();
    await writer.write("the film");
    await writer.close();
    return new FileHandles().save("upload 1", handle);
}"""
REOPEN = """async () => {
    const { FileHandles } = await import("/lib/index.js");
    const handles = new FileHandles();
    const file = await handles.reopen("upload 1", false);
    const found = { keys: await handles.keys(), name: file.name, text: await file.text() };
    await (await navigator.storage.getDirectory()).removeEntry("film.mov");
    const gone = await handles.reopen("upload 1", false);
    await handles.remove("upload 1");
    return { ...found, gone, left: await handles.keys(), never: await handles.reopen("never kept", true) };
}"""


def test_a_kept_file_is_opened_again_after_a_reload_and_nothing_breaks_when_it_is_gone(
    browser: Browser, library: Path
) -> None:
    with site(browser, library, "127.0.0.1") as page:
        assert page.evaluate(KEEP) is True
        page.reload()
        assert page.evaluate(REOPEN) == {
            "keys": ["upload 1"],
            "name": "film.mov",
            "text": "the film",
            "gone": None,
            "left": [],
            "never": None,
        }


SENT = """async () => {
    const { FetchTransport, ParallelUploader, XhrTransport } = await import("/lib/index.js");
    const codes = [];
    for (const transport of [new XhrTransport(), new FetchTransport()]) {
        const file = new File(["the film"], "film.mov");
        const uploadUrl = "/api/droppr/requests/h/upload-chunk";
        const upload = new ParallelUploader({ file, uploadUrl, transport, maxRetries: 0 });
        codes.push(await upload.start().then(() => "sent", (error) => error.code));
    }
    return codes;
}"""


@pytest.mark.parametrize(("lost", "code"), [(False, "unexpected_reply"), (True, "network_error")])
def test_a_redirect_to_another_address_is_told_from_a_lost_connection(
    browser: Browser, library: Path, lost: bool, code: str
) -> None:
    def answer(asked: Asked) -> Answer | None:
        if asked.path.startswith("/lib/"):
            script = (library / asked.path.removeprefix("/lib/")).read_bytes()
            return Answer(script, headers={"Content-Type": "text/javascript"})
        if asked.path == "/":
            return Answer(b"<!DOCTYPE html><title>a site</title>", headers={"Content-Type": "text/html"})
        # To answer by hand and say nothing is to close the connection.
        return None if lost else Answer(b"", 302, {"Location": f"http://{LAN_HOST}:{port}/"})

    with Hostile(answer) as host, browser.new_context() as context:
        port = host.host.rpartition(":")[2]
        page = context.new_page()
        page.goto(host.url)
        assert page.evaluate(SENT) == [code, code]
