"""A page that nobody looks at: behind another tab, or on a phone that sleeps. Chromium without Playwright, which shows every page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.devtools import Tab, chromium_tab
from tests.support.files import MIB, content, eventually, hashes, write
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine

WAY, SLOW_WAY = 0.02, 0.06
"""Seconds for 16 KiB on each connection; on a slower one what the page loads meanwhile would wait for a chunk to end."""
LOCKS = "locks => locks.filter(({ released }) => !released).length"
STATE = "() => document.querySelector('.file-state')?.textContent ?? ''"
# A notice that was not shown cannot be closed.
CLOSED = """notices => Promise.all(notices.map((notice) => new Promise((done) => {
    notice.addEventListener('close', () => done(`${notice.title}: ${notice.body}`));
    notice.close();
})))"""


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with chromium_tab(tmp_path) as tab:
        yield tab


def begin(tab: Tab, line: BadLine, owner: Client, file: Path) -> Link:
    """Opens a new link, and returns once some of the file is safe, and stands in the list: a page that is not seen draws nothing new."""
    link = owner.make_link()
    tab.visit(f"{line.url}/request/{link.hash}")
    eventually(lambda: tab.run("() => document.querySelector('#choose')?.checkVisibility() ?? false"), what="the page")
    tab.choose("#files-input", file)
    eventually(lambda: 0 < percent(tab) < 50, seconds=20, what="some of the file")
    eventually(lambda: tab.run(STATE), seconds=20, what="the list")
    # It is still under way after whatever is done and looked at, on a busy machine, too.
    line.delay = SLOW_WAY
    return link


def percent(tab: Tab) -> int:
    words: str = tab.run("() => document.title")
    return int(words.split("%")[0]) if "%" in words else 0


def seen(tab: Tab) -> bool:
    return bool(tab.run("() => document.visibilityState === 'visible'"))


def test_a_phone_that_slept_through_a_broken_line_goes_on_by_itself_and_its_screen_stays_on_while_it_sends(
    owner: Client, desk: Path, site: LiveNginx, tab: Tab
) -> None:
    file = write(desk / "film.bin", content(48 * MIB))
    with BadLine(site.port, delay=WAY) as line:
        link = begin(tab, line, owner, file)
        eventually(lambda: tab.all_of("WakeLockSentinel", LOCKS) == 1, what="the screen to be kept on")
        tab.run("""() => {
            window.ticks = 0;
            setInterval(() => window.ticks++, 10);
            document.addEventListener('freeze', () => { window.asleep = true; });
        }""")

        tab.freeze()
        eventually(lambda: tab.run("() => window.asleep"), what="sleep")
        ticks = tab.run("() => window.ticks")
        with line.down():
            # The browser has taken the lock away from a page that is not seen.
            eventually(lambda: tab.all_of("WakeLockSentinel", LOCKS) == 0, what="the dark")
            assert not seen(tab)
            assert tab.run("() => window.ticks") == ticks, "it did not sleep"
            tab.thaw()
            # Everything that was under way has failed by now, and is tried again in vain.
            eventually(lambda: "connection trouble" in tab.run(STATE), seconds=60, what="the trouble to be told")
        tab.cover()
        tab.uncover()
        eventually(lambda: seen(tab), what="somebody who looks")
        eventually(lambda: tab.all_of("WakeLockSentinel", LOCKS) == 1, what="the screen to be kept on again")
        line.delay = 0
        eventually(lambda: tab.run(STATE) == "Arrived", seconds=30, what="the file")
        eventually(lambda: tab.all_of("WakeLockSentinel", LOCKS) == 0, what="the screen to be let go")
    assert hashes(link.disk) == hashes(desk)


def test_a_tab_behind_another_shows_how_far_it_is_and_gives_a_notice_to_who_asked_for_one(
    owner: Client, desk: Path, site: LiveNginx, tab: Tab
) -> None:
    file = write(desk / "long.bin", content(48 * MIB))
    with BadLine(site.port, delay=WAY) as line:
        link = begin(tab, line, owner, file)
        assert tab.run("() => Notification.permission") == "default", "it was asked for without a click"
        tab.permit("notifications", "granted", line.url)
        eventually(lambda: tab.run("() => !document.querySelector('#notify').hidden"), seconds=20, what="the offer")
        tab.run("() => document.querySelector('#notify').click()")
        eventually(lambda: tab.run("() => document.querySelector('#notify-state').textContent"), what="the answer")

        tab.cover()
        eventually(lambda: not seen(tab), what="the other tab in front")
        at = percent(tab)
        line.delay = WAY
        eventually(lambda: percent(tab) > at, seconds=20, what="progress in the title")
        eventually(lambda: tab.all_of("Notification", "notices => notices.length"), seconds=30, what="the notice")
        assert tab.all_of("Notification", CLOSED) == [
            "Your files have arrived: 1 file has arrived. You may close this page, or send more."
        ]
        assert not seen(tab)
    assert hashes(link.disk) == hashes(desk)
