"""Folders as people send them, here of photos and in `grains` of very many small files: `droppr upload` and the page, beside curl to nginx."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.clients import Tree, curl, droppr_upload, timed
from tests.bench.over_lines import WATCH_PAGE
from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import MIB, Bench, Case, Outcome, Timing
from tests.bench.servers import DavNginx, Droppr
from tests.support.browser import chromium, chromium_program

SHAPE = 500, 4 * MIB
"""Files and bytes of each: all of them fit into the memory that is held warm, and all cases into four minutes."""
PATIENCE = 300_000
"""Milliseconds that the page may take."""
CURL = "curl → nginx"
BARE_LANES = 6
"""What a browser has of connections to one server."""
BARE = """<!doctype html><input type="file" multiple><script>
    const put = (file) => new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("PUT", "/one/" + file.name);
        request.onloadend = () => request.status < 300 && request.status > 0 ? resolve() : reject(request.status);
        request.send(file);
    });
    document.querySelector("input").onchange = async ({ target }) => {
        const [began, left] = [performance.now(), [...target.files]];
        const lane = async () => { while (left.length > 0) await put(left.pop()); };
        await Promise.all(Array.from({ length: LANES }, lane));
        window.took = performance.now() - began;
    };
</script>""".replace("LANES", str(BARE_LANES))
"""The least that a page can do: it neither hashes nor shows anything."""
AIMS = {
    "`droppr upload`, not synced": 0.7,
    "`droppr upload --no-verify`, not synced": 0.85,
    "page, not synced": 0.7,
}
"""Beside curl to nginx, at least."""


def run(bench: Bench) -> Section:
    section = Section("photos")
    section.text(
        "From memory to Droppr behind nginx as it ships, every file synced where nothing else is said and, but for `--no-verify`, its SHA-256 compared with the "
        "sender's; curl puts each file to nginx, which neither hashes nor syncs. "
        "The bare page is what the browser can do at all: it does the same as curl, without hashing or showing anything."
    )
    measure(bench, section, SHAPE, AIMS)
    return section


def measure(bench: Bench, section: Section, shape: tuple[int, int], aims: dict[str, float]) -> None:
    """All cases with so many files of so many bytes, and their table."""
    rounds = bench.options.rounds
    with ExitStack() as stack:
        servers = (
            stack.enter_context(Droppr(bench.folder / "photos", behind_nginx=True)),
            stack.enter_context(Droppr(bench.folder / "fast", behind_nginx=True, DROPPR_DURABILITY="none")),
            stack.enter_context(DavNginx(bench.folder / "dav")),
        )
        browser = stack.enter_context(chromium(chromium_program()))
        tree = Tree(_place(bench) / f"droppr-bench-{os.getpid()}-{shape[0]}", *shape)
        tree.make(bench.source(min(tree.size, 1024 * MIB)).path)
        try:
            outcomes = bench.take_turns(_cases(bench, *servers, browser, tree), rounds)
        finally:
            shutil.rmtree(tree.folder)
    _report(section, tree, outcomes, rounds, aims)


def _cases(bench: Bench, droppr: Droppr, fast: Droppr, nginx: DavNginx, browser: Browser, tree: Tree) -> list[Case]:
    def command(server: Droppr, *more: str) -> Timing:
        link = f"{server.client.url}/request/{server.link.hash}"
        return timed([*droppr_upload(f"{tree.folder}/", link), "--quiet", *more])

    def case(name: str, server: Droppr, send: Callable[[], Timing]) -> Case:
        return Case(name, server, send, lambda: tree.same_as(server.link.disk), tree.total)

    def put() -> Timing:
        return curl(tree.folder, f"http://127.0.0.1:{nginx.port}/one", bench.folder / "curl.conf")

    return [
        case("`droppr upload`", droppr, lambda: command(droppr)),
        case("`droppr upload`, not synced", fast, lambda: command(fast)),
        case("`droppr upload --no-verify`, not synced", fast, lambda: command(fast, "--no-verify")),
        case("page", droppr, lambda: _page(browser, droppr, tree)),
        case("page, not synced", fast, lambda: _page(browser, fast, tree)),
        Case(
            "a bare page → nginx",
            nginx,
            lambda: _bare(browser, nginx, tree),
            lambda: tree.same_as(nginx.root / "one"),
            tree.total,
        ),
        Case(CURL, nginx, put, lambda: tree.same_as(nginx.root / "one"), tree.total),
    ]


def _page(browser: Browser, droppr: Droppr, tree: Tree) -> Timing:
    """From the choice of the files until the page says that all have arrived."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{droppr.port}/request/{droppr.link.hash}")
        page.locator("#choose").wait_for()
        page.evaluate(WATCH_PAGE)
        page.locator("#files-input").set_input_files(sorted(tree.folder.iterdir()))
        page.wait_for_function("() => window.took !== undefined", timeout=PATIENCE)
        return Timing(page.evaluate("() => window.took") / 1000)


def _bare(browser: Browser, nginx: DavNginx, tree: Tree) -> Timing:
    """From the choice of the files until nginx has answered to the last of them."""
    place = nginx.root / "page"
    place.mkdir()
    (place / "bare.html").write_text(BARE)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{nginx.port}/page/bare.html")
        page.locator("input").set_input_files(sorted(tree.folder.iterdir()))
        page.wait_for_function("() => window.took !== undefined", timeout=PATIENCE)
        return Timing(page.evaluate("() => window.took") / 1000)


def _report(section: Section, tree: Tree, outcomes: list[Outcome], rounds: int, aims: dict[str, float]) -> None:
    title = f"{tree.count:,} × {tree.size >> 20} MiB" if tree.size >= MIB else f"{tree.count:,} × {tree.size >> 10} KiB"
    section.text(f"**{title}**")
    seconds = {each.case.name: each.median(lambda run: run.seconds, rounds) for each in outcomes}
    rows = []
    for each in outcomes:
        name = each.case.name
        cpu = each.median(lambda run: run.cpu, rounds) / tree.count
        speed = f"{tree.total / MIB / seconds[name]:.0f}"
        rows.append([name, f"{seconds[name]:.2f}", speed, ratio(seconds[CURL], seconds[name]), f"{cpu * 1000:.2f}"])
    section.table(["", "seconds", "MiB/s", "to curl → nginx", "server's CPU, ms a file"], rows)
    for name, least in aims.items():
        section.goal(f"{title}, {name}: beside curl → nginx", quotient(seconds[CURL], seconds[name]), least=least)


def _place(bench: Bench) -> Path:
    """In memory, where there is room for it: reading from the disk is not what is measured."""
    return Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else bench.folder
