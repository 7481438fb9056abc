"""What is wrong with how a page lies on a screen: measured on its boxes, at the widths of a phone, a tablet and two desks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.support.axe import complaints_in_both

SCREENS = {320: 640, 768: 1024, 1280: 800, 1440: 900}
"""Width and height in CSS pixels."""
LOOKS, PAUSE_MS = 4, 500
"""So often more, and so long apart, a page is measured that does not lie well."""


@dataclass(frozen=True)
class Gauge:
    """Measures pages; where ``pictures`` is a folder, it also puts a picture of each state and width there."""

    pictures: Path | None

    def check(self, page: Page, state: str, *, main: int = 736, row: int = 100) -> None:
        """Fail with all that is wrong at any width. ``main`` is what the main column has at least on a desk, ``row``
        how high a row may be there, in pixels."""
        before = page.viewport_size
        wrong = [f"{width} px: {each}" for width in SCREENS for each in self._at(page, state, width, main, row)]
        if before:
            page.set_viewport_size(before)
        assert wrong == [], f"{state}:\n" + "\n".join(wrong)

    def check_both(self, page: Page, state: str, *, main: int = 736, row: int = 100, axe: bool = True) -> None:
        """The same in the light, and what axe says in the light and in the dark. nginx/tests/dark.test.ts holds that nothing but
        colours is other in the dark: boxes lie there as they do in the light, and are measured where somebody wants pictures."""
        for scheme in ("light", "dark") if self.pictures else ("light",):
            page.emulate_media(color_scheme=scheme)
            self.check(page, f"{state} {scheme}", main=main, row=row)
        if axe:
            assert complaints_in_both(page) == [], state
        page.emulate_media(color_scheme="light")

    def _at(self, page: Page, state: str, width: int, main: int, row: int) -> list[str]:
        page.set_viewport_size({"width": width, "height": SCREENS[width]})
        # What follows the size by script has two frames for it.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.pictures / f"{state.replace(' ', '-')}-{width}.png", full_page=True)
        wanted = {"main": min(main, width - 32), "row": row if width >= 768 else 2 * row}
        found: list[str] = page.evaluate(_FAULTS, wanted)
        for _ in range(LOOKS if found else 0):
            # While something comes or goes it may lie badly for a moment.
            page.wait_for_timeout(PAUSE_MS)
            found = page.evaluate(_FAULTS, wanted)
            if not found:
                break
        return found


_FAULTS = r"""({ main, row }) => {
    const faults = [];
    const width = document.documentElement.clientWidth;
    const tell = (each, words) => {
        const name = each.id ? '#' + each.id : each.className && typeof each.className === 'string'
            ? each.tagName.toLowerCase() + '.' + each.className.replaceAll(' ', '.') : each.tagName.toLowerCase();
        faults.push(`${name} (${each.textContent.trim().slice(0, 30)}) ${words}`);
    };
    const wide = document.documentElement.scrollWidth;
    if (wide > width) faults.push(`the page is ${wide} px wide`);

    // Behind an open dialog nothing is to be used.
    const top = document.querySelector('dialog[open]') ?? document.body;
    const all = [top, ...top.querySelectorAll('*')].filter(each => {
        const box = each.getBoundingClientRect();
        return box.width > 0 && box.height > 0 && each.checkVisibility({ visibilityProperty: true })
            && !each.closest('.visually-hidden, svg, option');
    });
    const overflow = (each, axis) => getComputedStyle(each)['overflow' + axis];
    const scrolls = each => ['auto', 'scroll'].includes(overflow(each, 'Y'));
    /** What of a box can be seen now, inside all that scrolls around it. */
    const seen = each => {
        let { left, right, top, bottom } = each.getBoundingClientRect();
        for (let up = each.parentElement; up !== null; up = up.parentElement) {
            if (overflow(up, 'X') === 'visible' || up === document.documentElement || up === document.body) continue;
            const box = up.getBoundingClientRect();
            [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
            [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
        }
        return { left, right, top, bottom };
    };
    const topsOf = range => new Set([...range.getClientRects()].map(line => Math.round(line.top)));
    const whole = each => each.closest('[title]')?.title || each.closest('[aria-label]');

    for (const each of all) {
        const box = each.getBoundingClientRect();
        const style = getComputedStyle(each);
        if (box.left < -1 || box.right > width + 1) tell(each, `lies from ${box.left} to ${box.right}`);
        if (each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0 && style.display !== 'inline') {
            const said = `has ${each.scrollWidth} px in ${each.clientWidth}`;
            if (['hidden', 'clip'].includes(overflow(each, 'X')) && !each.matches('input')) {
                if (!(style.textOverflow === 'ellipsis' && whole(each))) tell(each, `is cut: ${said}`);
            } else if (['auto', 'scroll'].includes(overflow(each, 'X')) && !each.matches('input, textarea')) {
                tell(each, `has to be scrolled sideways: ${said}`);
            }
        }
        const high = each.scrollHeight > each.clientHeight + 1 && each.clientHeight > 0;
        if (high && overflow(each, 'Y') === 'hidden' && style.textOverflow !== 'ellipsis') {
            tell(each, `is cut: ${each.scrollHeight} px in ${each.clientHeight} of height`);
        }
        const text = [...each.childNodes].filter(node => node.nodeType === 3 && node.data.trim() !== '');
        const range = document.createRange();
        const lines = text.map(node => { range.selectNodeContents(node); return topsOf(range); });
        if (text.length > 0 && box.width < 96) {
            const tops = new Set(lines.flatMap(tops => [...tops]));
            if (tops.size > 3) tell(each, `is squeezed: ${tops.size} lines in ${Math.round(box.width)} px`);
        }
        for (const [at, node] of text.entries()) {
            if (lines[at].size < 2) continue;
            for (const word of node.data.matchAll(/(?<![\p{L}\p{N}])\p{Script=Latin}{2,14}(?![\p{L}\p{N}])/gu)) {
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                if (topsOf(range).size > 1) tell(each, `breaks the word ${word[0]}`);
            }
        }
    }

    // What stays at an edge of the screen lies over what is scrolled below it.
    const stays = each => each.closest('.selection-bar, .send-bar, .panel-acts');
    const used = 'button, a[href], input, select, textarea, summary';
    const parts = all.filter(each => each.matches(used));
    // Each is compared with all that follow it.
    const boxes = parts.map(seen);
    const staying = parts.map(stays);
    parts.forEach((each, at) => {
        const box = each.getBoundingClientRect();
        const inText = each.matches('p a, li a');
        if (!inText && each.type !== 'checkbox' && Math.min(box.width, box.height) < 24) {
            tell(each, `is ${box.width} by ${box.height} px`);
        }
        if (each.matches('button') && each.scrollWidth > each.clientWidth + 1) tell(each, 'is too narrow for its words');
        const one = boxes[at];
        for (let next = at + 1; next < parts.length; next++) {
            const [other, two] = [parts[next], boxes[next]];
            const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
            const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
            if (across <= 1 || down <= 1) continue;
            if (each.contains(other) || other.contains(each) || staying[at] !== staying[next]) continue;
            tell(each, `lies over ${other.id || other.textContent.trim() || other.outerHTML}`);
        }
    });

    const column = document.querySelector('main').getBoundingClientRect().width;
    if (column < main) faults.push(`the main column has ${column} px, not ${main}`);
    for (const each of all.filter(each => each.matches('li.file, li.file-row, li.received, li.link > .link-line, li.batch'))) {
        const { height } = each.getBoundingClientRect();
        if (height > row) tell(each, `is ${height} px high, more than ${row}`);
    }
    return faults;
}"""
