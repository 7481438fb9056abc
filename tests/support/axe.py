"""What axe-core, a checker of pages for people who cannot see or point well, finds wrong with a page."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.live import PROJECT

AXE = PROJECT / "nginx" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong, WCAG 2.2 AA and best practice, a line each."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
