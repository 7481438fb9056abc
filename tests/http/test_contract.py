"""The interface as the server tells it, and a server that keeps to it whatever it is sent."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from app.web.wire.openapi import document
from tests.support.client import Client


class Named(HTMLParser):
    """What a page asks for, and where in itself it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "a":
            self.links.add(found["href"])
        else:
            self.loaded |= {
                value for name, value in found.items() if name in ("src", "href", "srcset", "action", "data")
            }


def test_the_document_is_the_one_in_the_docs(way_in: Client) -> None:
    reply = way_in.call("GET", "/api/openapi.json").expect(200)
    assert reply.json == document()


def test_the_page_tells_every_call_and_type_and_needs_nobody_else(way_in: Client) -> None:
    reply = way_in.call("GET", "/api/docs").expect(200)
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    page = reply.body.decode()
    named = Named(page)
    assert named.loaded == set()
    assert named.links - {f"#{each}" for each in named.ids} == {"openapi.json"}
    told = document()
    assert set(told["components"]["schemas"]) <= named.ids
    assert {call["operationId"] for calls in told["paths"].values() for call in calls.values()} <= named.ids
    assert not re.search(
        r"https?://|Undefined|<script|&lt;code", re.sub(r"https://(www|files)\.example\.org", "", page)
    )
