"""A server that is told to end: what it says first, what it goes on with, and what it finishes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import urllib3

from tests.support import raw
from tests.support.client import Client
from tests.support.files import MIB, answered_everywhere, content, eventually
from tests.support.live import LiveServer


def answers(server: LiveServer) -> bool:
    """Whether somebody new gets in."""
    try:
        return urllib3.request("GET", f"{server.url}/healthz", retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_a_server_says_that_it_ends_answers_on_and_finishes_what_it_is_at(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_DRAIN_SECONDS=600, DROPPR_BODY_TIMEOUT_SECONDS=120)
    client, data = Client.of(server), content(2 * MIB)
    link = client.make_link()
    upload_id = link.opened("film.mov", len(data))
    headers = {"X-Upload-Id": upload_id, "X-Upload-Offset": "0", "Content-Length": str(MIB)}
    chunk = raw.head("POST", f"{link.path}/upload-chunk", headers) + data[:MIB]
    with raw.connection(server.url) as begun, raw.connection(server.url) as idle:
        begun.sendall(chunk[: MIB // 2])
        idle.sendall(raw.head("GET", "/readyz", {}))
        first = raw.reply(idle, "GET")
        assert first is not None
        assert (first.status, first.headers["Connection"]) == (200, "keep-alive")

        server.tell(signal.SIGTERM)
        # Each process hears of it by itself, and a moment later.
        answered_everywhere(lambda: Client.of(server).call("GET", "/readyz").status, 503)
        said = client.call("GET", "/readyz").json
        assert said["code"] == "busy"
        assert said["problems"] == ["This server was told to end, and takes nothing new in a moment."]
        assert answers(server), "who does not know yet gets in"
        link.chunk(upload_id, MIB, data[MIB:], len(data)).expect(200)
        idle.sendall(raw.head("GET", "/healthz", {}))
        last = raw.reply(idle, "GET")
        assert last is not None
        assert (last.status, last.headers["Connection"]) == (200, "close"), "its next request goes elsewhere"

        server.tell(signal.SIGTERM)
        eventually(lambda: not answers(server), what="nobody new gets in")
        assert not server.has_ended
        begun.sendall(chunk[MIB // 2 :])
        reply = raw.reply(begun)
        assert reply is not None
        assert (reply.status, reply.json["complete"]) == (200, True)
    eventually(lambda: server.has_ended, seconds=30, what="it ends once that is done")
    assert (link.disk / "film.mov").read_bytes() == data


def test_without_a_time_to_drain_it_ends_at_once(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1)
    server.tell(signal.SIGTERM)
    eventually(lambda: server.has_ended, seconds=30, what="its end")
    assert "Not ready any more" not in server.log.read_text()
