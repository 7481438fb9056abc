"""How long a scroll step takes in a link's list of 100,000 files: `python -m tests.bench.scrolling [FILES]`, after `npm run build`.

Chromium itself tells how long it was busy with script, style and layout; what is printed is that of one step, in milliseconds of the
processor's time, so that what else the machine does counts little. The rows are real, the files are not: nothing is read of them.
First as a list, then as tiles.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from app.storage.sql.files import SQLRequests
from app.storage.sql.sqlite import SQLiteDatabase
from tests.bench.files_of_a_link import some_files
from tests.support.admin import log_in
from tests.support.browser import chromium
from tests.support.client import Client
from tests.support.live import GENEROUS, LiveServer

STEPS = 150
NOWHERE = -1
PATIENCE_MS = 60_000
_COUNTED = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
_BY = """by => {
    const box = document.querySelector('.file-scroller');
    if (by === -1) return;
    if (by > 0) box.scrollTop += by;
    else box.scrollTop = Math.random() * (box.scrollHeight - box.clientHeight);
}"""


def busy(cdp: CDPSession) -> float:
    """Milliseconds that the page has been busy so far."""
    told = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return float(sum(told[name] for name in _COUNTED)) * 1000


def measured(page: Page, cdp: CDPSession, by: int) -> list[float]:
    """Steps of so many pixels, or to anywhere."""
    found = []
    for _ in range(STEPS):
        before = busy(cdp)
        page.evaluate(_BY, by)
        page.evaluate(_FRAMES)
        found.append(busy(cdp) - before)
    return sorted(found)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveServer(Path(folder), workers=1, **GENEROUS) as server,
        chromium() as browser,
    ):
        client = Client.of(server)
        link = client.make_link(title="Very many")
        store = SQLRequests(SQLiteDatabase(server.data_dir / "catalogue" / "catalogue.db"), durable=False)
        for some in some_files(count):
            store.receive(link.hash, *some)
        page = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}).new_page()
        page.goto(f"/admin/links/{link.hash}")
        log_in(page, client.token)
        page.locator(".file-row").first.wait_for(timeout=PATIENCE_MS)
        cdp = page.context.new_cdp_session(page)
        # Everything is here before anything is measured.
        page.evaluate(
            "() => { const box = document.querySelector('.file-scroller'); box.scrollTop = box.scrollHeight; }"
        )
        page.locator(f'.file-row[aria-posinset="{count}"]:not(.pending)').wait_for(timeout=PATIENCE_MS)
        page.evaluate("() => { document.querySelector('.file-scroller').scrollTop = 0; }")
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        print(f"{count:,} files, {STEPS} steps each: milliseconds of script, style and layout")
        for way in ("list", "grid"):
            page.locator(f"[data-part=as-{way}]").click()
            page.locator(".file-row[aria-posinset='1']").wait_for(timeout=PATIENCE_MS)
            print(way)
            tell(page, cdp)


def tell(page: Page, cdp: CDPSession) -> None:
    for name, by in {
        "none": NOWHERE,
        "a turn of the wheel (120 px)": 120,
        "a page (600 px)": 600,
        "to anywhere": 0,
    }.items():
        found = measured(page, cdp, by)
        p95 = found[int(len(found) * 0.95)]
        print(f"  {name}: median {statistics.median(found):.1f}, p95 {p95:.1f}, slowest {found[-1]:.1f}")
    page.evaluate("() => { document.querySelector('.file-scroller').scrollTop = 0; }")


if __name__ == "__main__":
    main()
