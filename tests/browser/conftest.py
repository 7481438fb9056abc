"""One Chromium for all browser tests; every test opens contexts of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Five seconds are little on a machine that does other things too.
    expect.set_options(timeout=20_000)
    with chromium() as running:
        yield running
