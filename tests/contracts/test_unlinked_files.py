"""What UnlinkedFiles promise, and what becomes of one by way of the inbox that belongs to them."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest

from app.core.digests import Digests
from app.core.errors import ChecksumMismatch, ChunkSizeMismatch
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery
from app.core.ranges import Span
from tests.support.files import content
from tests.support.stores import KINDS, Stores, body

FOLDER = RelPath.parse("in")
PATH = RelPath.parse("a/b.bin")


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return KINDS[request.param](tmp_path)


@pytest.mark.parametrize("size", [0, 1, 5000, 1_000_000])
def test_a_file_is_whole_and_named_only_when_delivered(stores: Stores, size: int) -> None:
    data, files, inbox = content(size), stores.unlinked_files(), stores.inbox()
    assert files.supported
    made = files.write(body(data), size, None)
    made.flush()
    assert made.sums == (hashlib.sha256(data).hexdigest(), zlib.crc32(data))
    assert made.head == data[:8192]
    for _ in range(2):
        again, buffer, came = made.body(), memoryview(bytearray(size + 10)), 0
        while count := again.readinto(buffer[came:]):
            came += count
        assert bytes(buffer[:came]) == data
    assert inbox.find(FOLDER, PATH, made.file_identity) is None
    delivery = inbox.deliver(FOLDER, PATH, made)
    made.close()
    inbox.flush(FOLDER, [delivery])
    with inbox.open(FOLDER, delivery.disk_path, made.file_identity).content() as found:
        assert found.read(Span(0, size + 1)) == data
    assert delivery.file_identity == made.file_identity


@pytest.mark.parametrize(("data", "size"), [(b"abc", 4), (b"abcde", 4)])
def test_a_body_of_another_size_makes_no_file(stores: Stores, data: bytes, size: int) -> None:
    with pytest.raises(ChunkSizeMismatch):
        stores.unlinked_files().write(body(data), size, None)


def test_a_wrong_digest_makes_no_file(stores: Stores) -> None:
    with pytest.raises(ChecksumMismatch):
        stores.unlinked_files().write(body(b"abc"), 3, Digests({"sha-256": b"\0" * 32}))


def test_a_delivered_file_is_found_by_its_identity_and_no_other_is(stores: Stores) -> None:
    files, inbox = stores.unlinked_files(), stores.inbox()
    first, second = files.write(body(b"one"), 3, None), files.write(body(b"two"), 3, None)
    for each in (first, second):
        inbox.deliver(FOLDER, PATH, each)
    found = inbox.find(FOLDER, PATH, second.file_identity)
    assert found is not None
    assert (found.path, found.file_identity) == ("a/b (1).bin", second.file_identity)
    assert inbox.find(FOLDER, PATH, "0-3-0") is None
    for each in (first, second):
        each.close()


def test_many_that_came_together_each_get_their_own_name_and_bytes(stores: Stores) -> None:
    files, inbox = stores.unlinked_files(), stores.inbox()
    sent = [
        ("a/b", b"one"),
        ("a/b", b"two"),
        ("a", b"three"),
        ("c", b""),
        ("a/d/e", b"four"),
        ("long", content(70_000)),
    ]
    made = [(RelPath.parse(path), files.write(body(data), len(data), None)) for path, data in sent]
    outcomes = inbox.deliver_all(FOLDER, made)
    found = [each for each in outcomes if isinstance(each, Delivery)]
    assert [each.path for each in found] == ["a/b", "a/b (1)", "a (1)", "c", "a/d/e", "long"]
    inbox.flush(FOLDER, found)
    for delivery, (path, file), (_, data) in zip(found, made, sent, strict=True):
        assert delivery.file_identity == file.file_identity
        stored = stores.inbox().open(FOLDER, delivery.disk_path, delivery.file_identity)
        assert stored.size == len(data)
        with stored.content() as content_:
            assert content_.read(Span(0, 10**6)) == data
        assert stores.inbox().find(FOLDER, path, file.file_identity) == delivery
    assert inbox.deliver_all(FOLDER, made) == outcomes, "once, however often"
    assert inbox.deliver_all(FOLDER, []) == []
    for delivery, (_, file) in zip(found, made, strict=True):
        file.close()
        assert inbox.remove(FOLDER, delivery.disk_path, delivery.file_identity)
