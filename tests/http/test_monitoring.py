"""How busy the server is, for its owner; how far an upload is, for whoever may know."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.support.client import Client, Link
from tests.support.contract import judge_event
from tests.support.files import MIB, content, eventually

EVENTS = "/api/v1/system/upload-events"


def test_the_owner_sees_how_busy_the_server_is(client: Client) -> None:
    told = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json
    assert {"concurrency", "memory_monitor", "buffer_pool"} <= set(told)
    assert "current_usage" in told["memory_monitor"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Auth": "wrong"}], ids=str)
def test_nobody_else_sees_how_busy_the_server_is(client: Client, headers: dict[str, str]) -> None:
    client.elsewhere().call("GET", "/api/v1/system/upload-status", headers=headers).expect(401, "unauthorized")


def test_progress_is_told_to_the_owner_and_to_the_sender_who_names_the_upload(link: Link) -> None:
    upload_id = link.opened("a.bin", 100)
    link.chunk(upload_id, 0, b"x" * 25, 100).expect(200)
    for owner in (True, False):
        told = link.client.call("GET", f"/api/v1/system/upload-progress/{upload_id}", owner=owner).expect(200)
        assert 25 in [value for value in told.json.values() if not isinstance(value, bool)], told
        assert link.hash not in told.body.decode(), "the link is not the upload's to tell"


def test_the_owner_is_told_memory_with_its_limit_and_where_it_is_going(client: Client) -> None:
    told = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json["memory_monitor"]
    assert 0 < told["current_usage"] < 100
    assert 0 < told["used_bytes"] <= told["peak_bytes"] <= told["limit_bytes"]
    assert told["max_usage"] == 80.0
    assert {"bytes_per_second", "seconds_to_limit", "reserved_bytes", "available_bytes", "history"} <= set(told)


def test_progress_counts_chunks_of_the_size_that_clients_are_told(link: Link) -> None:
    size = 20 * MIB
    upload_id = link.opened("a.bin", size)
    address = f"/api/v1/system/upload-progress/{upload_id}"
    link.chunk(upload_id, 8 * MIB, content(8 * MIB), size).expect(200)
    link.chunk(upload_id, 0, content(MIB), size).expect(200)
    told = link.client.call("GET", address).expect(200).json
    assert told["chunk_progress"] == {"chunk_size": 8 * MIB, "completed_chunks": 1, "total_chunks": 3}
    assert (told["percent"], told["running"]) == (45.0, True)
    link.cancel(upload_id).expect(204)
    assert upload_id not in [each["upload_id"] for each in first_event(link.client)["uploads"]]


@contextmanager
def watching(client: Client) -> Iterator[Any]:
    """The stream of events, open."""
    headers = {"Authorization": f"Bearer {client.token}"}
    reply = client.pool.request("GET", EVENTS, headers=headers, preload_content=False, retries=False)
    try:
        yield reply
    finally:
        reply.close()


def event_of(reply: Any) -> dict[str, Any]:
    """The next event of a stream, as soon as it has come."""
    text = b""
    while not (b"data: " in text and text.endswith(b"\n\n")):
        piece = reply.read1()
        assert piece, "the stream ended"
        text += piece
    event: dict[str, Any] = json.loads(text.split(b"data: ")[1].splitlines()[0])
    judge_event(EVENTS, event)
    return event


def first_event(client: Client) -> dict[str, Any]:
    with watching(client) as reply:
        return event_of(reply)


def test_live_figures_come_as_events_one_after_the_other_through_nginx_too(way_in: Client) -> None:
    with watching(way_in) as reply:
        assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (200, "text/event-stream")
        assert reply.headers["Cache-Control"] == "no-store"
        # The first tells how it is, and the next comes when all are told.
        first, _ = event_of(reply), event_of(reply)
        begun = time.monotonic()
        # Two of them: who was late to hear the one before hears the next one soon after it.
        _, second = event_of(reply), event_of(reply)
        assert 1 < time.monotonic() - begun < 15, "the proxy keeps events back"
    assert {"concurrency", "uploads", "memory_monitor", "disk", "refusals", "received"} <= set(first)
    assert second["at"] > first["at"]


def test_what_has_come_is_told_small_files_included(live: Any) -> None:
    client = Client.of(live(workers=2))
    link = client.make_link()
    for number in range(5):
        link.deliver(f"{number}.txt", bytes(1000))
    half = link.opened("half.bin", 9000)
    link.chunk(half, 0, bytes(4000), 9000).expect(200)
    eventually(lambda: first_event(client)["received"] == {"files": 5, "bytes": 9000}, what="the counts")


def test_the_disk_is_told_with_what_new_uploads_may_have_of_it(live: Any) -> None:
    server = live(workers=1)
    client = Client.of(server)
    before = first_event(client)["disk"]
    assert 0 < before["available_bytes"] <= before["free_bytes"] <= before["total_bytes"]
    assert before["promised_bytes"] == 0
    found = os.statvfs(server.data_dir)
    assert before["total_bytes"] == found.f_blocks * found.f_frsize
    client.make_link().opened("announced.bin", 50 * MIB)
    eventually(lambda: first_event(client)["disk"]["promised_bytes"] >= 50 * MIB, what="the promise")
    status = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json["disk"]
    assert set(status) == set(before)


def test_live_figures_are_the_owner_s(client: Client) -> None:
    client.call("GET", EVENTS).expect(401, "unauthorized")


def test_viewers_take_no_thread_and_nobody_is_refused(live: Any) -> None:
    client = Client.of(live(workers=1, DROPPR_THREADS=2))
    with ExitStack() as stack:
        streams = [stack.enter_context(watching(client)) for _ in range(9)]
        firsts = [event_of(stream) for stream in streams]
        # One has eight streams and no more: the ninth viewer has had the one event, and comes back.
        assert streams[8].read1() == b""
        client.call("GET", "/healthz").expect(200)
        for stream, first in zip(streams[:8], firsts, strict=False):
            assert event_of(stream)["at"] > first["at"]


def test_figures_are_told_once_where_that_is_asked_for(client: Client) -> None:
    reply = client.call("GET", f"{EVENTS}?once=true", owner=True).expect(200)
    assert reply.body.count(b"data: ") == 1
    assert reply.body.startswith(b"retry: 4000\n\n")
    client.call("GET", f"{EVENTS}?once=perhaps", owner=True).expect(400, "invalid_request")


def test_progress_of_an_unknown_upload_is_404(client: Client) -> None:
    reply = client.call("GET", "/api/v1/system/upload-progress/none")
    assert (reply.status, reply.code in ("not_found", "upload_not_found")) == (404, True)
