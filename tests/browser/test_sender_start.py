"""The first moments of the sender's page: what it needs is asked for at once, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.browser import Witness, built_pages
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx

WORDS = re.compile(r"/assets/[a-z]{2}-[\w-]+\.js")
SCRIPT = "**/assets/request-*.js"


@pytest.fixture(params=["alone", "through nginx"])
def place(request: pytest.FixtureRequest, live: Callable[..., LiveServer], tmp_path: Path) -> Iterator[Client]:
    """The owner, at an address that serves the pages."""
    if request.param == "alone":
        yield Client.of(live(workers=1, DROPPR_PAGES_DIR=built_pages()))
        return
    server = live(workers=1, unix_socket=True)
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, built_pages(), tmp_path) as nginx:
        yield Client.of(server, url=nginx.url)


@pytest.mark.parametrize("locale", ["de-AT", "ar"])
def test_words_and_link_are_asked_for_before_the_script_is_there_and_only_once(
    place: Client, browser: Browser, locale: str
) -> None:
    link = place.make_link()
    asked: list[str] = []
    held: list[Route] = []
    with browser.new_context(locale=locale) as context:
        witness = Witness(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        # The script does not come before the rest has been asked for.
        page.route(SCRIPT, lambda route: held.append(route))
        page.goto(f"{place.url}/request/{link.hash}", wait_until="commit")

        def early() -> bool:
            page.wait_for_timeout(10)
            return bool(held) and link.path in asked and any(map(WORDS.fullmatch, asked))

        eventually(early, what="words and link without the script")
        for route in held:
            route.continue_()
        expect(page.locator("#drop")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == locale[:2]
        assert asked.count(link.path) == 1
        assert sum(bool(WORDS.fullmatch(path)) for path in asked) == 1
        assert (witness.complaints, witness.crashes) == ([], [])


def test_the_server_is_asked_once_and_after_a_choice_for_the_words_that_were_chosen(
    place: Client, browser: Browser
) -> None:
    link = place.make_link()
    with browser.new_context(locale="fr") as context:
        witness = Witness(context)
        page = context.new_page()
        page.goto(f"{place.url}/request/{link.hash}")
        page.get_by_role("combobox", name="Langue").select_option("pl")
        expect(page.locator("html")).to_have_attribute("lang", "pl")
        page.reload()
        expect(page.locator("#drop")).to_be_visible()
        entries = page.evaluate(
            "() => performance.getEntriesByType('resource').map((each) => [new URL(each.name).pathname, each.initiatorType])"
        )
        kinds = {path: kind for path, kind in entries if WORDS.fullmatch(path) or path.startswith("/api/")}
        assert [path[8:10] for path in kinds if path.startswith("/assets/")] == ["pl"]
        assert len(kinds) == 2
        assert len([path for path, _ in entries if path in kinds]) == 2
        assert (witness.complaints, witness.crashes) == ([], [])
