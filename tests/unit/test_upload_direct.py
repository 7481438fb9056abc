"""Parts that `droppr upload` puts straight into a store: when it does, when it asks anew, and when it gives the way up."""

from __future__ import annotations

import hashlib
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPMessage
from typing import Any

import pytest

from droppr_client.upload.connection import Answer
from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileRefused, Retryable
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.targets import UploadStatus
from droppr_client.upload.targets.parts import MOST_BARRED, Parts, Store, store_of, terms_of
from droppr_client.upload.throttle import Cancellation, Chunk, Throttle

PART = 1024 * 1024
SIZE = 40 * PART + 5
ITEM = Item("a.bin", "a.bin", SIZE, 0)
ORIGIN = "https://s3.example.org"


class FakeStore(Store):
    """Answers with what stands in ``answers``, then with 200."""

    def __init__(self, *answers: int | Retryable) -> None:
        super().__init__(ORIGIN)
        self.answers = list(answers)
        self.puts: list[tuple[str, str]] = []

    def put(self, url: str, digest: str, chunk: Chunk) -> Answer:
        self.puts.append((url, digest))
        told = self.answers.pop(0) if self.answers else 200
        if isinstance(told, Retryable):
            chunk.on_bytes(100)
            raise told
        chunk.on_bytes(chunk.size)
        return Answer(told, HTTPMessage(), {}, False)


class FakeServer:
    """Signs for what it is asked, and lists what was put but for ``loses``; ``there`` are parts that it has."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.calls: list[tuple[str, list[Any]]] = []
        self.there: set[int] = set()
        self.through: set[int] = set()
        self.loses = False
        self.refusal: Exception | None = None
        self.parts = Parts(lambda: store, self.ask, self.status, PART, 64)
        self.counted = 0

    def ask(self, place: str, body: Any) -> dict[str, Any]:
        self.calls.append((place, body["parts"]))
        if self.refusal is not None:
            raise self.refusal
        if place:
            return {"complete": False, "lost": [(n - 1) * PART for n in body["parts"]] if self.loses else []}
        return {"parts": [self._signed(each["start"]) for each in body["parts"]]}

    def _signed(self, start: int) -> dict[str, Any]:
        number = start // PART + 1
        is_put = start not in self.there | self.through
        url = f"{ORIGIN}/b/k?partNumber={number}" if is_put else None
        return {"start": start, "number": number if is_put else None, "url": url, "there": start in self.there}

    def status(self, said: dict[str, Any]) -> UploadStatus:
        return UploadStatus("u", complete=False, missing=tuple((at, at + PART) for at in said.get("lost", ())))

    def send(self, fd: int, start: int, length: int = PART) -> UploadStatus | None:
        throttle = Throttle(RateLimit(None, 1, time.monotonic), BandwidthMonitor(time.monotonic), Cancellation())
        return self.parts.send(ITEM, "u", Chunk((start, start + length), throttle, fd, None, self._count))

    def _count(self, size: int) -> None:
        self.counted += size


@pytest.fixture
def fd() -> Iterator[int]:
    made = os.memfd_create("a.bin")
    os.ftruncate(made, SIZE)
    yield made
    os.close(made)


def test_addresses_are_asked_for_in_growing_batches_and_confirmed_together(fd: int) -> None:
    server = FakeServer(FakeStore())
    assert [server.parts.length_from(at) for at in (0, 7, PART)] == [PART, PART - 7, PART]
    for start in range(0, SIZE - 5, PART):
        assert server.send(fd, start) is not None
    assert server.send(fd, 40 * PART, 5) is not None
    signed = [len(parts) for place, parts in server.calls if not place]
    assert signed == [4, 8, 16, 13]
    assert [len(parts) for place, parts in server.calls if place] == [32]
    server.parts.confirmed()
    assert server.calls[-1] == ("/done", list(range(33, 42)))
    assert server.parts.confirmed() is None
    assert server.counted == SIZE
    assert server.store.puts[0] == (
        f"{ORIGIN}/b/k?partNumber=1",
        b64encode(hashlib.sha256(bytes(PART)).digest()).decode(),
    )


def test_what_is_no_whole_part_goes_to_the_server(fd: int) -> None:
    server = FakeServer(FakeStore())
    assert server.send(fd, 0, PART - 1) is None
    assert server.send(fd, 1, PART) is None
    server.through.add(0)
    assert server.send(fd, 0) is None
    assert (server.store.puts, server.counted) == ([], 0)
    assert server.parts.length_from(0) == PART, "the others go on"


def test_what_the_store_has_is_not_put_again(fd: int) -> None:
    server = FakeServer(FakeStore())
    server.there.add(0)
    assert server.send(fd, 0) is not None
    assert (server.store.puts, server.counted) == ([], PART)


def test_an_address_that_has_expired_is_asked_for_anew_once(fd: int) -> None:
    server = FakeServer(FakeStore(403, 200, 403, 403))
    assert server.send(fd, 0) is not None
    assert server.counted == PART
    assert server.send(fd, PART) is None
    assert server.counted == PART
    assert server.parts.length_from(0) is None
    assert server.send(fd, 2 * PART) is None
    assert len(server.store.puts) == 4


@pytest.mark.parametrize("answer", [302, 404, 405, 411, 501, 507, Retryable("no", broken=True), 503])
def test_the_first_that_does_not_get_through_ends_it(fd: int, answer: int | Retryable) -> None:
    server = FakeServer(FakeStore(answer))
    assert server.send(fd, 0) is None
    assert server.counted == 0
    assert server.parts.length_from(PART) is None
    assert not server.store.is_barred
    for _ in range(MOST_BARRED - 1):
        other = FakeServer(server.store)
        server.store.answers.append(404)
        other.send(fd, 0)
    assert server.store.is_barred, "several files in a row"


def test_a_line_that_breaks_is_tried_again_once(fd: int) -> None:
    broken = Retryable("broken", broken=True)
    server = FakeServer(FakeStore(200, broken, 200, broken, broken))
    assert server.send(fd, 0) is not None
    with pytest.raises(Retryable):
        server.send(fd, PART)
    assert server.send(fd, PART) is not None
    with pytest.raises(Retryable):
        server.send(fd, 2 * PART)
    assert server.send(fd, 2 * PART) is None
    assert server.parts.length_from(0) is None


def test_what_somebody_else_has_taken_ends_it(fd: int) -> None:
    server = FakeServer(FakeStore())
    server.loses = True
    server.send(fd, 0)
    server.parts.confirmed()
    assert server.parts.length_from(PART) is None


def test_what_could_not_be_confirmed_is_confirmed_later(fd: int) -> None:
    server = FakeServer(FakeStore())
    server.send(fd, 0)
    server.refusal = Retryable("busy", "busy")
    with pytest.raises(Retryable):
        server.parts.confirmed()
    server.refusal = None
    assert server.parts.confirmed() is not None
    assert server.calls[-1] == ("/done", [1])


def test_a_server_that_knows_no_parts_is_sent_chunks(fd: int) -> None:
    server = FakeServer(FakeStore())
    server.refusal = FileRefused("no", "invalid_request")
    assert server.send(fd, 0) is None
    assert server.parts.length_from(0) is None
    server = FakeServer(FakeStore())
    server.refusal = FileRefused("closed", "type_not_allowed")
    with pytest.raises(FileRefused):
        server.send(fd, 0)


def test_a_store_is_taken_only_where_bytes_may_go() -> None:
    def taken(store: object, server: str = "https://files.example.org") -> bool:
        return store_of({"store": store}, server) is not None

    assert taken(ORIGIN)
    assert taken("http://127.0.0.1:9000", "http://127.0.0.1:8000")
    for wrong in (
        None,
        7,
        "",
        "ftp://s3.example.org",
        "http://s3.example.org",
        f"{ORIGIN}/path",
        "https://",
        f"{ORIGIN}?a",
    ):
        assert not taken(wrong), wrong
    assert terms_of({"part_size": PART, "most_parts": 1000, "seconds": 900}) == (PART, 64)
    nothing: list[object] = [None, [], {}, {"part_size": 5, "most_parts": 1}, {"part_size": PART, "most_parts": 0}]
    assert all(terms_of(said) is None for said in nothing)
