"""The direct path into a bucket: what a URL is good for, and what counts of what was put there."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import urllib3

from app.core.errors import Busy, InvalidRange, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.direct import SignedPart, WantedPart
from app.core.ranges import ByteRanges, Span
from app.core.session import State
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.cors import Barred
from app.storage.cluster.direct import ClusterDirect
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.grid import MIB, SMALLEST_PART
from app.storage.cluster.objects import Objects
from app.storage.cluster.probing import PROBE
from app.storage.cluster.uploads import ClusterUploads
from tests.support.cluster import Engines
from tests.support.files import content, eventually
from tests.support.processes import together
from tests.support.stores import ID, session, take

CELL = SMALLEST_PART
SIZE = 2 * CELL + 12_345
EVER = 2.0**40
DATA = content(SIZE, 7)


@dataclass
class Node:
    engines: Engines
    uploads: ClusterUploads
    inbox: ClusterInbox
    direct: ClusterDirect
    bucket: Bucket

    def wanted(self, *cells: int, data: bytes = DATA) -> list[WantedPart]:
        spans = [Span(cell * CELL, min(SIZE, (cell + 1) * CELL)) for cell in cells]
        return [WantedPart(each, hashlib.sha256(data[each.start : each.stop]).hexdigest()) for each in spans]

    def sign(self, *cells: int, data: bytes = DATA) -> list[SignedPart]:
        return list(self.direct.sign(ID, self.wanted(*cells, data=data), 2.0).parts)

    def confirm(self, parts: list[SignedPart]) -> Any:
        return self.direct.confirm(ID, [each.number for each in parts if each.number], 3.0)

    def received(self) -> ByteRanges:
        return self.uploads.open(ID).status().ranges

    def left(self) -> tuple[list[str], int]:
        """What is in this test's part of the bucket: objects, and multipart uploads."""
        under_way = self.engines.seaweed.uploads(self.engines.bucket)
        ours = [key for key in under_way if key.startswith(self.bucket._key("")) and key != self.bucket._key(PROBE)]
        return list(self.bucket.keys("")), len(ours)


@pytest.fixture
def another(engines: Engines) -> Callable[..., Node]:
    if not engines.seaweed.compares:
        pytest.skip("no sender is let at this store, as test_cluster_probing.py shows")
    bucket = engines.emptied()

    def node(seconds: int = 900) -> Node:
        ground = engines.ground(bucket)
        uploads = ClusterUploads(ground, Objects(ground), usual=CELL, longest=64 * MIB)
        signer = bucket.signer(engines.seaweed.url, seconds)
        return Node(engines, uploads, ClusterInbox(ground, Objects(ground)), uploads.direct(signer), bucket)

    return node


@pytest.fixture
def node(another: Callable[..., Node]) -> Node:
    made = another()
    made.uploads.create(session(SIZE, path="a.bin"))
    return made


def put(part: SignedPart, data: bytes | None = None, digest_of: bytes | None = None, url: str | None = None) -> int:
    """The status with which the store answers to these bytes, those of the part where none are named."""
    data = DATA[part.span.start : part.span.stop] if data is None else data
    digest = base64.b64encode(hashlib.sha256(data if digest_of is None else digest_of).digest()).decode()
    headers = {"x-amz-checksum-sha256": digest} if digest_of != b"" else {}
    return urllib3.request(
        "PUT", url or str(part.url), body=data, headers=headers, redirect=False, retries=False
    ).status


def test_parts_that_were_put_count_once_the_store_lists_them_and_become_the_file(node: Node) -> None:
    assert node.direct.part_size(SIZE) == CELL
    parts = node.sign(0, 1, 2)
    assert len({each.number for each in parts}) == 3
    assert [put(each) for each in parts[1:]] == [200, 200]
    recorded = node.confirm(parts)
    assert not recorded.closed
    assert node.received() == ByteRanges([Span(CELL, SIZE)]), "what was not put is not there, whatever its sender says"
    again = node.confirm(parts)
    assert not again.closed
    assert put(parts[0]) == 200
    assert node.confirm(parts[:1]).closed
    assert not node.confirm(parts).closed, "one is told that it was the last"
    delivery = node.uploads.open(ID).finish(node.inbox, RelPath.parse("in"), 4.0)
    file = node.inbox.open(RelPath.parse("in"), delivery.disk_path, None)
    with file.content() as found:
        assert found.read(Span(0, SIZE)) == DATA
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    assert put(parts[0]) == 404, "nothing comes any more"
    node.uploads.delete(ID)
    assert (len(node.left()[0]), node.left()[1]) == (1, 0)


def test_a_url_is_good_for_its_very_bytes_and_nothing_else(node: Node) -> None:
    part, other = node.sign(0, 1)
    right, wrong = DATA[:CELL], DATA[CELL : 2 * CELL]
    assert put(part, wrong, digest_of=right) == 400
    assert put(part, wrong) == 403
    assert put(part, right[:-1]) == 403
    assert put(part, right, digest_of=b"") == 403
    url = str(part.url)
    assert put(part, url=url.replace(f"partNumber={part.number}&", f"partNumber={other.number}&")) == 403
    assert urllib3.request("GET", url).status == 403
    assert urllib3.request("DELETE", url).status == 403
    assert node.confirm([part, other]).session.received_bytes == 0


def test_a_url_expires_and_is_asked_for_anew_under_the_same_number(another: Callable[..., Node], node: Node) -> None:
    (old,) = another(seconds=1).sign(0)
    # Other bytes are refused as such for as long as the URL is good.
    eventually(lambda: put(old, DATA[CELL : 2 * CELL], digest_of=DATA[:CELL]) == 403)
    assert put(old) == 403
    (new,) = node.sign(0)
    assert (new.number, new.is_there) == (old.number, False)
    assert put(new) == 200
    (there,) = another().sign(0)
    assert (there.url, there.is_there) == (None, True), (
        "what the store has is not sent twice, also by who has forgotten that he put it"
    )
    assert node.received() == ByteRanges([Span(0, CELL)])


def test_a_part_is_signed_for_two_digests_and_then_goes_through_a_node(node: Node) -> None:
    first, second, third = (node.sign(0, data=bytes([n]) * SIZE)[0] for n in range(3))
    assert first.number != second.number
    assert (third.url, third.is_there) == (None, False)
    assert put(second, bytes([1]) * CELL) == 200
    assert put(first, bytes([0]) * CELL) == 200
    assert node.confirm([second]).session.received_bytes == CELL
    node.confirm([first])
    take(node.uploads, Span(CELL, SIZE), DATA[CELL:])
    delivery = node.uploads.open(ID).finish(node.inbox, RelPath.parse("in"), 4.0)
    with node.inbox.open(RelPath.parse("in"), delivery.disk_path, None).content() as found:
        assert found.read(Span(0, CELL)) == bytes([1]) * CELL, "what counted first"


def test_parts_and_chunks_mix_and_of_both_for_the_same_bytes_one_counts(node: Node) -> None:
    take(node.uploads, Span(0, 100), DATA[:100])
    begun, free, last = node.sign(0, 1, 2)
    assert (begun.url, begun.is_there) == (None, False), "some of it has come as a chunk"
    take(node.uploads, Span(CELL, 2 * CELL), DATA[CELL : 2 * CELL])
    assert [put(free), put(last)] == [200, 200]
    node.confirm([free, last])
    assert node.received() == ByteRanges([Span(0, 100), Span(CELL, SIZE)])
    take(node.uploads, Span(100, CELL), DATA[100:CELL])
    delivery = node.uploads.open(ID).finish(node.inbox, RelPath.parse("in"), 4.0)
    with node.inbox.open(RelPath.parse("in"), delivery.disk_path, None).content() as found:
        assert found.read(Span(0, SIZE)) == DATA


def test_numbers_of_others_and_spans_that_are_no_parts_are_nothing(node: Node) -> None:
    (part,) = node.sign(0)
    assert put(part) == 200
    assert part.number is not None
    assert node.direct.confirm(ID, [part.number + 1, 9999], 3.0).session.received_bytes == 0
    other = "upload-of-somebody"
    node.uploads.create(session(SIZE, other))
    assert node.direct.confirm(other, [part.number], 3.0).session.received_bytes == 0
    for span in (
        Span(1, CELL + 1),
        Span(0, CELL - 1),
        Span(0, 2 * CELL),
        Span(3 * CELL, 4 * CELL),
        Span(2 * CELL, SIZE + 1),
    ):
        with pytest.raises(InvalidRange):
            node.direct.sign(ID, [WantedPart(span, "0" * 64)], 2.0)
    for size in (0, 1, CELL, 10**15):
        assert node.direct.part_size(size) is None, "there are no parts, or none to spare"
    small = "upload-of-one-cell"
    node.uploads.create(session(CELL, small))
    with pytest.raises(InvalidRange):
        node.direct.sign(small, [WantedPart(Span(0, CELL), "0" * 64)], 2.0)
    with pytest.raises(UploadNotFound):
        node.direct.sign("upload-that-is-none", node.wanted(0), 2.0)


def test_whoever_takes_an_upload_back_leaves_nothing_of_what_was_put(node: Node) -> None:
    confirmed, unconfirmed, later = node.sign(0, 1, 2)
    assert [put(confirmed), put(unconfirmed)] == [200, 200]
    node.confirm([confirmed])
    node.uploads.delete(ID)
    assert put(later) == 404
    assert node.left() == ([], 0)
    node.uploads.remove_remains(EVER)
    row = node.uploads._ground.database.look("SELECT count(*) FROM store_signed")
    assert row == (0,)
    with pytest.raises(UploadNotFound):
        node.confirm([unconfirmed])


def test_what_the_store_has_ended_behind_our_back_comes_again_under_new_numbers(node: Node) -> None:
    parts = node.sign(0, 1)
    assert put(parts[0]) == 200
    node.confirm(parts)
    under_way = node.engines.seaweed.uploads(node.engines.bucket)
    (key,) = [each for each in under_way if each.startswith(node.bucket._key("")) and each != node.bucket._key(PROBE)]
    (multipart,) = node.bucket.begun(key.removeprefix(node.bucket._key("")))
    node.engines.seaweed.client.abort_multipart_upload(Bucket=node.engines.bucket, Key=key, UploadId=multipart)
    with pytest.raises(Busy):
        node.confirm(parts)
    assert node.received() == ByteRanges()
    again = node.sign(0, 1, 2)
    assert [put(each) for each in again] == [200] * 3
    assert node.confirm(again).closed


def test_parts_are_there_for_whoever_asks_after_one_who_died_when_the_store_had_made_the_file(node: Node) -> None:
    parts = node.sign(0, 1, 2)
    assert [put(each) for each in parts] == [200] * 3
    assert node.confirm(parts).closed
    with node.uploads.open(ID).content():
        pass  # So the parts become the file.
    told = node.confirm(parts)
    assert (told.session.state, told.session.is_whole, told.closed) == (State.OPEN, True, False)
    assert [each.is_there for each in node.sign(0, 1, 2)] == [True] * 3


def test_of_many_who_confirm_the_same_parts_one_closes_the_upload(another: Callable[..., Node], node: Node) -> None:
    parts = node.sign(0, 1, 2)
    assert [put(each) for each in parts] == [200] * 3

    def confirm(_: int) -> bool:
        return bool(another().confirm(parts).closed)

    assert sorted(together(6, confirm)) == [False] * 5 + [True]


def test_a_bucket_is_asked_whether_pages_may_put_parts_into_it(engines: Engines) -> None:
    bucket, page = Bucket(Place(engines.seaweed.new_bucket(), "droppr/")), "https://files.example.org"
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    rule = {"AllowedMethods": ["PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 1}

    def allow(origin: str) -> None:
        rules = {"CORSRules": [{**rule, "AllowedOrigins": [origin]}]}
        name = bucket.path("").partition("/")[0]
        engines.seaweed.client.put_bucket_cors(Bucket=name, CORSConfiguration=rules)

    if not engines.seaweed.has_rules:
        assert bucket.barred(engines.seaweed.url, [page]) == Barred((page,), is_away=False)
        assert bucket.barred(away, [page]) == Barred((), is_away=True), "nobody can tell"
        return
    allow("https://elsewhere.example.org")
    assert bucket.barred(engines.seaweed.url, [page]) == Barred((page,), is_away=False)
    assert bucket.barred(away, [page]) == Barred((page,), is_away=True)
    allow(page)
    assert bucket.barred(engines.seaweed.url, [page]) == Barred((), is_away=False)
    assert bucket.barred(away, [page]) == Barred((), is_away=True)
