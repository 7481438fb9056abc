"""What axe-core, a checker of pages for people who cannot see or point well, finds wrong with a page."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.support.live import PROJECT

AXE = PROJECT / "nginx" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
# Of what is right, nobody reads where it stands; and of what pages load, one rule alone wants something, films and sounds.
_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
# Some change theirs slowly, and those in what is folded never; what opens is pale at first.
_IN_ITS_COLOURS = """async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const appears = each => each.effect.getKeyframes().some(frame => 'opacity' in frame);
    for (const each of document.getAnimations()) if (each instanceof CSSTransition || appears(each)) each.finish();
}"""
_LOOKS, _PAUSE_MS = 3, 500
"""So often a page is looked at that has something wrong: while something comes or goes on it, it may have for a moment."""


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong, WCAG 2.2 AA and best practice, a line each."""
    return _complaints(page, RULES)


def complaints_in_both(page: Page) -> list[str]:
    """The same in the light, and of the dark what colours can make wrong, as nothing else is other there
    (nginx/tests/dark.test.ts). The page stays dark."""
    page.emulate_media(color_scheme="light")
    light = complaints(page)
    page.emulate_media(color_scheme="dark")
    return light + [f"in the dark: {each}" for each in _complaints(page, RULES_OF_COLOUR)]


def _complaints(page: Page, rules: list[str]) -> list[str]:
    for _ in range(_LOOKS - 1):
        if not _found(page, rules):
            return []
        page.wait_for_timeout(_PAUSE_MS)
    return _found(page, rules)


def _found(page: Page, rules: list[str]) -> list[str]:
    page.evaluate(_IN_ITS_COLOURS)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_program())
    page.evaluate(_IN_ITS_COLOURS)
    found = page.evaluate("options => axe.run(document, options)", {"runOnly": rules, **_OPTIONS})
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@cache
def _program() -> str:
    return AXE.read_text()
