"""Chromium, the built pages, and a witness of all that a page asks for and complains about."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.support.files import FIRST_PAUSE, longer
from tests.support.live import PROJECT

T = TypeVar("T")
PAGES = PROJECT / "nginx" / "dist"
LAN_HOST = "droppr.lan"
"""A name of 127.0.0.1 that browsers do not trust as they trust 127.0.0.1: what plain http in an office looks like."""

# Nothing of the browser's own traffic, and no name but ours leads anywhere. Certificates are our own; a context's own pardon
# for them (`ignore_https_errors`) does not hold for a download that needs a connection of its own.
FLAGS = (
    "--ignore-certificate-errors",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Else it begins a second process for the pages of each context, for those that no test opens.
    "--renderer-process-limit=1",
    f"--host-resolver-rules=MAP {LAN_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def chromium(program: str | None = None) -> Iterator[Browser]:
    """Debian's Chromium without a window, until the end of the block; ``program`` is which of the two that there are."""
    program = program or shell_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def shell_program() -> str:
    """Chromium without what is around pages, where there is one: a context of it takes a quarter of the processor time."""
    return shutil.which("chromium-headless-shell") or chromium_program()


def chromium_program() -> str:
    """Where Chromium is, with what asks people for their permission, or else there is nobody who does."""
    program = shutil.which("chromium")
    if program is None:
        raise AssertionError("Chromium is not installed; on Debian or Ubuntu type: sudo apt-get install chromium")
    return program


def powerless_chromium(folder: Path) -> Path:
    """A program, written into ``folder``, that is Chromium without root's right to pass over the permissions of files."""
    program = folder / "chromium"
    powerless = Path(__file__).with_name("powerless")
    run = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    program.write_text(
        f"""#!/bin/sh\nPYTHONPATH='{powerless}' exec '{sys.executable}' -c '{run}' '{chromium_program()}' "$@"\n"""
    )
    program.chmod(0o755)
    return program


def built_pages() -> Path:
    """The folder with the pages as they are served."""
    if not (PAGES / "request.html").is_file():
        raise AssertionError(f"The pages are not built: {PAGES} has no request.html; type: make setup")
    return PAGES


def until(page: Page, probe: Callable[[], T], *, seconds: float = 20, what: str = "it") -> T:
    """The first true value of ``probe``: what was done to a page shows later, and what is read at once may be of before. Lets the
    browser's events in between, which a sleep would not."""
    deadline, pause = monotonic() + seconds, FIRST_PAUSE
    while not (value := probe()):
        assert monotonic() < deadline, f"waited {seconds} s in vain for {what}; last seen: {value!r}"
        page.wait_for_timeout(pause * 1000)
        pause = longer(pause)
    return value


def no_faults(page: Page, faults: Callable[[], list[T]], about: object = "", *, seconds: float = 20) -> None:
    """Fail with the faults that stay; those of a page that is still moving do not."""
    found: list[T] = []

    def none() -> bool:
        found[:] = faults()
        return found == []

    try:
        until(page, none, seconds=seconds)
    except AssertionError:
        raise AssertionError(f"{about}: {found}") from None


class Witness:
    """What the pages of one browser context asked for and complained about, from the moment it is made."""

    def __init__(self, context: BrowserContext) -> None:
        self.hosts: set[str] = set()
        """Host and port of every request that left a page, data: and blob: aside."""
        self.complaints: list[str] = []
        """Console errors and warnings."""
        self.crashes: list[str] = []
        """Exceptions nobody caught."""
        context.on("page", self._watch)
        context.on("weberror", lambda error: self.crashes.append(str(error.error)))

    @property
    def policy_violations(self) -> list[str]:
        return [each for each in self.complaints if "Content Security Policy" in each or "Permissions policy" in each]

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _asked(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in ("data", "blob", "about"):
            self.hosts.add(address.netloc)
