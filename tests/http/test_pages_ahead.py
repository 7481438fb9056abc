"""What a sender's page names ahead of its script, alone and through nginx: the words it will want, and what its link says."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.support.client import Client
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx

LANGUAGES = ("ar", "de", "en", "es", "fr", "ja", "pl")


class Place:
    """An address that serves ``pages``, with a link."""

    def __init__(self, client: Client, pages: Path) -> None:
        self.pages = pages
        self.hash = client.make_link().hash
        self._url = client.url

    def get(self, path: str, **headers: str) -> tuple[str, str | None, str | None]:
        """What a page calls itself, its Link and its Cache-Control."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with urllib.request.urlopen(urllib.request.Request(self._url + path, headers=names), timeout=60) as reply:
            return reply.read().decode(), reply.headers["Link"], reply.headers["Cache-Control"]


@pytest.fixture(params=["alone", "through nginx"])
def place(request: pytest.FixtureRequest, tmp_path: Path, live: Callable[..., LiveServer]) -> Iterator[Place]:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in ("index", "admin", "request", *(f"request.{each}" for each in LANGUAGES)):
        (pages / f"{name}.html").write_text(f"{name}.")
    if request.param == "alone":
        yield Place(Client.of(live(workers=1, DROPPR_PAGES_DIR=pages)), pages)
        return
    server = live(workers=1, unix_socket=True, DROPPR_PAGES_DIR=pages)
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, pages, tmp_path) as nginx:
        yield Place(Client.of(server, url=nginx.url), pages)


def test_a_senders_page_is_that_of_the_language_its_script_will_choose(place: Place) -> None:
    for accepted, chosen, language in [
        ("", "", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
        ("it-IT,it;q=0.9,pl;q=0.8,en;q=0.5", "", "pl"),
        ("fra,den, ja", "", "ja"),
        ("*", "", "en"),
        ("it", "", "en"),
        ("de", "ar", "ar"),
        ("de", "../admin", "de"),
        ("de", "xx", "de"),
        (",".join(["xx"] * 2_000) + ",fr", "", "fr"),
    ]:
        page, _, caching = place.get(
            f"/request/{place.hash}", Accept_Language=accepted, Cookie=f"a=b; droppr_language={chosen}"
        )
        assert (page, caching) == (f"request.{language}.", "no-store"), (accepted[:80], chosen)


def test_what_the_link_says_is_named_by_the_page_of_a_link_and_by_no_other(place: Place) -> None:
    ahead = f"<../api/droppr/requests/{place.hash}>; rel=preload; as=fetch; crossorigin"
    assert [place.get(path)[1] for path in (f"/request/{place.hash}", f"/request/{place.hash}?x=1")] == [ahead] * 2
    assert [place.get(path)[1] for path in ("/", "/admin")] == [None] * 2
    with pytest.raises(HTTPError) as unknown:
        place.get(f"/request/{'x' * 32}")
    assert (unknown.value.status, unknown.value.headers["Link"]) == (404, None)


def test_pages_of_an_older_build_are_served_all_the_same(place: Place) -> None:
    for each in LANGUAGES:
        (place.pages / f"request.{each}.html").unlink()
    assert place.get(f"/request/{place.hash}", Accept_Language="de")[0] == "request."
