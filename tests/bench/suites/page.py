"""The sender's page with ten thousand files in its list: how long a frame takes, and how much of it is the page's own work."""

from __future__ import annotations

import os
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from tests.bench.report import Section
from tests.bench.runs import Bench
from tests.bench.servers import Droppr
from tests.support.browser import chromium, chromium_program

FILES = 10_000
FRAME = 1000 / 60
"""Milliseconds of one of sixty a second."""

DROP = """(count) => {
    const transfer = new DataTransfer();
    for (let at = 0; at < count; at++) transfer.items.add(new File(['0123456789'], `${at}.txt`));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
}"""

# Each moves the list as often as frames come, and gives the milliseconds from one to the next.
MOVES = {
    "scrolled, 100 pixels a frame": "(step) => step * 100",
    "far jumps, one a frame": "(step) => ((step * 7919) % 150) / 150 * box.scrollHeight",
}
MOVE = """async () => {
    const box = document.getElementById('files-scroller');
    const frame = () => new Promise(requestAnimationFrame);
    const topOf = %s;
    const times = [];
    let last = await frame();
    for (let step = 0; step < 150; step++) {
        box.scrollTop = topOf(step);
        const now = await frame();
        times.push(now - last);
        last = now;
    }
    return times;
}"""
ARRIVE = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    for (let last = await frame(); document.getElementById('finished').hidden; ) {
        const now = await frame();
        times.push(now - last);
        last = now;
    }
    return times;
}"""


def run(bench: Bench) -> Section:
    section = Section("page")
    found: dict[str, list[tuple[list[float], float]]] = {}
    load = os.getloadavg()[0]
    with Droppr(bench.folder / "page", behind_nginx=True) as server, chromium(chromium_program()) as browser:
        for _ in range(bench.options.rounds):
            for title, measured in _measured(browser, server).items():
                found.setdefault(title, []).append(measured)
    section.text(
        f"{FILES:,} files of 10 bytes in the list, of which the document holds what can be seen and a little around it. "
        "Milliseconds from one frame to the next, in Chromium without a window or a graphics card, which shows sixty frames a second; "
        "and how much of the main thread each frame took, which a busy machine changes less: script, style and layout. "
        f"The best of {bench.options.rounds} rounds by the 95th of 100. Before them the load of the machine was {load:.1f}."
    )
    rows = []
    for title, rounds in found.items():
        frames, own = min(rounds, key=lambda each: _share(each[0], 0.95))
        rows.append([title, *(f"{_share(frames, share):.0f}" for share in (0.5, 0.95, 1)), f"{own:.1f}"])
        section.goal(f"{title}: own work", own, most=FRAME, unit="ms")
    section.table(["", "median", "95 of 100", "longest", "own work, on average"], rows)
    return section


def _measured(browser: Browser, server: Droppr) -> dict[str, tuple[list[float], float]]:
    """For each kind of use the milliseconds of every frame, and those of the main thread in each."""
    found = {}
    with browser.new_context() as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"http://127.0.0.1:{server.port}/request/{server.client.make_link(password='later').hash}")
        page.locator("#choose").wait_for()
        page.evaluate(DROP, FILES)
        page.locator("#send:enabled").wait_for()
        for title, top in MOVES.items():
            found[title] = _watched(page, devtools, MOVE % top)
        page.locator("#password").fill("later")
        page.locator("#send").click()
        found["while they are sent"] = _watched(page, devtools, ARRIVE)
    server.clean()
    return found


def _watched(page: Page, devtools: CDPSession, script: str) -> tuple[list[float], float]:
    before = _own(devtools)
    frames: list[float] = page.evaluate(script)
    return frames, (_own(devtools) - before) * 1000 / len(frames)


def _own(devtools: CDPSession) -> float:
    """Seconds of the processor that the page's main thread has spent on script, style and layout."""
    metrics: list[dict[str, Any]] = devtools.send("Performance.getMetrics")["metrics"]
    wanted = {"ScriptDuration", "RecalcStyleDuration", "LayoutDuration"}
    return sum(float(each["value"]) for each in metrics if each["name"] in wanted)


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]
