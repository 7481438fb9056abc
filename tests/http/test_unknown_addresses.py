"""Addresses that are none: a person gets a page with a sentence, a program gets JSON; straight and through nginx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.web.wire.lost import LOST_POLICY
from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.live import LiveServer

PERSON = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
PROGRAMS = [None, "*/*", "application/json", "application/json, text/html;q=0.5", "image/png,*/*"]
NOTHING = [
    "/nope",
    "/nope/deeper/and/deeper",
    "/nope?with=a&query",
    "/request",
    "/request/",
    "/request/a/b",
    "/admin/x",
    "/admin/links",
    "/admin/links/x/y",
    "/api/nope",
    "/assets/none-12345678.js",
    "/lost.html",
    "/_droppr_lost",
    "/_droppr_errors/lost",
]


@pytest.mark.parametrize("path", NOTHING)
def test_a_person_is_told_in_a_page_that_needs_nothing_else(way_in: Client, path: str) -> None:
    built_pages()
    reply = way_in.call("GET", path, headers={"Accept": PERSON})
    assert reply.status == 404
    assert reply.headers["Content-Type"].replace(" ", "").lower() == "text/html;charset=utf-8"
    text = reply.body.decode()
    assert "There is nothing at this address" in text
    assert all(f'lang="{tongue}"' in text for tongue in ("en", "de", "fr", "es", "pl", "ar", "ja"))
    assert "src=" not in text
    assert reply.headers["Content-Security-Policy"] == LOST_POLICY
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Request-Id"]
    head = way_in.call("HEAD", path, headers={"Accept": PERSON})
    assert (head.status, head.body) == (404, b"")


@pytest.mark.parametrize("path", NOTHING)
@pytest.mark.parametrize("accept", PROGRAMS, ids=str)
def test_a_program_is_told_in_json(way_in: Client, path: str, accept: str | None) -> None:
    way_in.call("GET", path, headers={"Accept": accept} if accept else {}).expect(404, "not_found")


def test_only_looking_gets_a_page(way_in: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        way_in.call(method, "/nope", headers={"Accept": PERSON}).expect(404, "not_found")


def test_what_is_asked_of_an_address_that_there_is_stays_json(way_in: Client) -> None:
    person = {"Accept": PERSON}
    way_in.call("GET", f"/api/droppr/requests/{'A' * 32}", headers=person).expect(404, "request_not_found")
    link: Link = way_in.make_link()
    way_in.call("GET", f"{link.path}/uploads/none", headers=person).expect(404, "upload_not_found")
    way_in.call("GET", f"{link.path}/files/none", headers=person, owner=True).expect(404, "file_not_found")
    way_in.call("GET", f"{link.path}/upload-chunk", headers=person).expect(405, "method_not_allowed")


def test_a_server_without_built_pages_answers_in_json(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    client = Client.of(live(workers=1, DROPPR_PAGES_DIR=tmp_path / "none"))
    client.call("GET", "/nope", headers={"Accept": PERSON}).expect(404, "not_found")


def test_below_a_path_it_is_the_same(live: Callable[..., LiveServer]) -> None:
    client = Client.of(live(workers=1, DROPPR_PUBLIC_URL="https://example.org/drop"))
    for path in ("/drop/nope", "/nope", "/drop/request/a/b"):
        reply = client.call("GET", path, headers={"Accept": PERSON})
        assert (reply.status, reply.headers["Content-Type"][:9]) == (404, "text/html"), path
        client.call("GET", path).expect(404, "not_found")
