"""The safe way back: with ENABLE_PARALLEL_UPLOADS off every upload takes its chunks in order, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.test_websocket import key, line, started
from tests.support.client import Client, Link
from tests.support.files import content, files_below
from tests.support.live import GENEROUS, LiveServer


@pytest.fixture(scope="module")
def sequential(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(
        tmp_path_factory.mktemp("sequential"), workers=2, ENABLE_PARALLEL_UPLOADS="False", **GENEROUS
    ) as server:
        yield server


@pytest.fixture
def link(sequential: LiveServer) -> Link:
    return Client.of(sequential).make_link()


def test_clients_are_told_to_send_one_chunk_at_a_time(link: Link) -> None:
    assert link.info().json["max_parallel_chunks"] == 1
    opened = link.open("a.bin", 10).json
    assert (opened["max_parallel_chunks"], opened["most_parallel_chunks"]) == (1, 1)


def test_chunks_in_order_complete(link: Link) -> None:
    data = content(10_000)
    assert link.send(link.opened("a.bin", len(data)), data, step=999).json["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == data


def test_a_chunk_that_is_not_next_is_refused_with_the_offset_to_send(link: Link) -> None:
    data = content(1000)
    upload_id = link.opened("a.bin", 1000)
    assert link.chunk(upload_id, 500, data[500:], 1000).expect(409, "offset_mismatch").json["offset"] == 0
    link.chunk(upload_id, 0, data[:300], 1000).expect(200)
    refused = link.chunk(upload_id, 500, data[500:], 1000).expect(409, "offset_mismatch")
    assert refused.json["offset"] == 300
    assert link.status(upload_id).json["received_ranges"] == [[0, 299]]
    link.chunk(upload_id, 300, data[300:], 1000).expect(200)
    assert (link.disk / "a.bin").read_bytes() == data


def test_a_message_over_a_websocket_that_is_not_next_is_refused_alone(link: Link) -> None:
    data = content(1000)
    with line(link.client, key()) as talk:
        started(talk, link, "a.bin", data)
        talk.put(500, data[500:])
        told = talk.hear("error")
        assert (told["code"], told["offset"], told["next_offset"]) == ("offset_mismatch", 500, 0)
        talk.put(0, data)
        assert talk.hear("progress")["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == data


def test_a_client_that_follows_the_offset_completes_from_any_start(link: Link) -> None:
    data = content(1000)
    upload_id = link.opened("a.bin", 1000)
    at, tries = 700, 0
    while True:
        tries += 1
        assert tries < 30
        reply = link.chunk(upload_id, at, data[at : at + 100], 1000)
        assert reply.status in (200, 409)
        if reply.status == 200 and reply.json["complete"]:
            break
        at = reply.json["offset"]
    assert (link.disk / "a.bin").read_bytes() == data


def test_a_repeated_chunk_is_no_mismatch(link: Link) -> None:
    data = content(100)
    upload_id = link.opened("a.bin", 100)
    link.chunk(upload_id, 0, data[:50], 100).expect(200)
    assert link.chunk(upload_id, 0, data[:50], 100).expect(200).json["offset"] == 50
    assert link.chunk(upload_id, 50, data[50:], 100).expect(200).json["complete"] is True
    assert link.chunk(upload_id, 50, data[50:], 100).expect(200).json["complete"] is True
    assert list(files_below(link.disk)) == ["a.bin"]


def test_a_first_chunk_without_an_id_still_opens(link: Link) -> None:
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "10", "X-Upload-Name": "a.txt"}
    upload_id = link.raw_chunk(headers, b"01234").expect(200).json["upload_id"]
    assert link.chunk(upload_id, 5, b"56789", 10).expect(200).json["complete"] is True
