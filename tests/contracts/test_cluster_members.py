"""Small files that share an object: nobody sees another's bytes, and the object goes with the last of them, whoever dies in between."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import Busy, UploadError
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery
from app.core.ranges import Span
from app.storage.cluster import sharing
from app.storage.cluster.bin import ClusterBin
from app.storage.cluster.bucket import Bucket
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.grid import SMALLEST_PART
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects, Ways
from app.storage.cluster.sharing import SHARED_BYTES
from app.storage.cluster.uploads import ClusterUploads
from app.storage.cluster.whole_files import ClusterUnlinkedFiles
from tests.support.cluster import Engines
from tests.support.files import content
from tests.support.processes import killed, together
from tests.support.stores import body

FOLDER = RelPath.parse("in")
EVER = 2.0**40


class Node:
    """What one process has of it."""

    def __init__(self, engines: Engines, bucket: Bucket) -> None:
        self.engines = engines
        self.bucket = bucket
        self.ground: ClusterGround = engines.ground(bucket)
        self.objects_noted = objects = Objects(self.ground)
        self.uploads = ClusterUploads(self.ground, objects, usual=SMALLEST_PART, longest=2**26)
        self.unlinked = ClusterUnlinkedFiles(self.ground, objects)
        signer = bucket.download_signer(None)
        self.inbox = ClusterInbox(self.ground, objects, Ways(signer, signer))
        self.bin = ClusterBin(self.ground, objects, self.inbox)

    def deliver(self, files: dict[str, bytes]) -> list[Delivery | UploadError]:
        """Files that came together."""
        made = [(RelPath.parse(path), self.unlinked.write(body(data), len(data), None)) for path, data in files.items()]
        try:
            return self.inbox.deliver_all(FOLDER, made)
        finally:
            for _, file in made:
                file.close()

    def delivered(self, files: dict[str, bytes]) -> list[Delivery]:
        found = [each for each in self.deliver(files) if isinstance(each, Delivery)]
        assert len(found) == len(files)
        return found

    def bytes_of(self, path: str) -> bytes:
        file = self.inbox.open(FOLDER, path, None)
        with file.content() as found:
            return found.read(Span(0, file.size)) if file.size else b""

    def remove(self, *deliveries: Delivery) -> None:
        for each in deliveries:
            assert self.inbox.remove(FOLDER, each.disk_path, each.file_identity)

    def objects(self) -> list[str]:
        return list(self.bucket.keys(""))

    def rows(self, table: str) -> int:
        row = self.ground.database.look(f"SELECT count(*) FROM store_{table}")
        assert row is not None
        return int(row[0])

    def is_empty(self) -> bool:
        return not self.objects() and not any(self.rows(each) for each in ("members", "objects", "bin", "readers"))


@pytest.fixture
def another(engines: Engines) -> Callable[[], Node]:
    """Makes a node on the database and the bucket of this test."""
    bucket = engines.emptied()
    return lambda: Node(engines, bucket)


def some(count: int, seed: int = 1, size: int = 3000) -> dict[str, bytes]:
    return {f"d{n % 3}/{n}.bin": content(size + n, seed * 1000 + n) for n in range(count)}


def test_small_files_of_a_pack_share_an_object_and_none_shows_anothers_bytes(another: Callable[[], Node]) -> None:
    node, chance = another(), random.Random(1)
    files = some(30) | {"empty": b"", "last": content(SHARED_BYTES, 7), "longer": content(SHARED_BYTES + 1, 8)}
    made = node.delivered(files)
    assert [each.path for each in made] == list(files)
    assert sorted(key.rpartition("/")[2] for key in node.objects()) == ["shared", "whole"]
    for delivery, data in zip(made, files.values(), strict=True):
        file = another().inbox.open(FOLDER, delivery.disk_path, delivery.file_identity)
        assert (file.size, file.version, file.file_identity) == (len(data), file.file_identity, delivery.file_identity)
        for address in (file.download_address("x"), file.proxied_address("x")):
            assert (address is None) == (len(data) <= SHARED_BYTES), "one address opens all of an object"
        with file.content() as found:
            for _ in range(12):
                start = chance.choice([0, 1, max(0, len(data) - 1), len(data), chance.randrange(2 * SHARED_BYTES)])
                stop = start + chance.choice([1, 2000, 2**20, 2**62])
                assert found.read(Span(start, stop)) == data[start:stop]
            buffer = memoryview(bytearray(2 * SHARED_BYTES))
            assert found.read_into(0, buffer) == len(data)
            assert bytes(buffer) == data + bytes(len(buffer) - len(data))
            assert found.version() == file.version
    assert len({each.file_identity for each in made}) == len(files)
    alone = node.delivered({"alone": b"x"})
    assert node.inbox.open(FOLDER, "alone", alone[0].file_identity).download_address("x"), "which shares with nobody"


def test_the_object_goes_with_the_last_name_of_its_last_file(another: Callable[[], Node]) -> None:
    node, other = another(), another()
    one, two, three = node.delivered({"a/1": b"one", "a/2": b"two", "a/3": b"three"})
    again = other.inbox.name(FOLDER, one.disk_path, one.file_identity, RelPath.parse("b/1"))
    assert again is not None
    assert other.bin.put(FOLDER, two.disk_path, two.file_identity, "upload-2")
    node.remove(one, three)
    assert node.bytes_of("b/1") == b"one"
    assert len(node.objects()) == 1
    source = node.bin.source("upload-2")
    assert source is not None
    assert node.inbox.deliver(FOLDER, RelPath.parse("a/2"), source) == two
    other.bin.remove("upload-2")
    assert other.bytes_of("a/2") == b"two"
    other.remove(again)
    with pytest.raises(FileNotFoundError):
        node.inbox.open(FOLDER, again.disk_path, again.file_identity)
    with node.inbox.open(FOLDER, two.disk_path, None).content() as found:
        other.remove(two)
        other.uploads.remove_remains(EVER)
        assert found.read(Span(0, 99)) == b"two", "as long as somebody reads it"
    assert node.is_empty()


def test_of_what_was_taken_back_the_store_keeps_no_more_than_of_what_is_left(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, other, files = another(), another(), some(32)
    made = node.delivered(files)
    (before,) = node.objects()
    file = other.inbox.open(FOLDER, made[-1].disk_path, None)
    with file.content() as found:
        node.remove(*made[:14])
        other.uploads.remove_remains(0.0)
        assert node.objects() == [before], "more than half of it is needed"
        node.remove(*made[14:-4])
        other.uploads.remove_remains(0.0)
        other.uploads.remove_remains(EVER)
        assert before in node.objects(), "which rows of a copy of the database may name"
        monkeypatch.setattr(sharing, "KEPT_SECONDS", 0.0)
        other.uploads.remove_remains(0.0)
        assert before in node.objects(), "it is read"
        assert found.read(Span(0, 10_000)) == files[made[-1].path]
    (after,) = node.objects()
    assert node.bucket.size(after) == sum(len(files[each.path]) for each in made[-4:])
    for each in made[-4:]:
        assert node.bytes_of(each.disk_path) == files[each.path]
    with file.content() as found:
        assert found.read(Span(0, 10_000)) == files[made[-1].path], "wherever it lies now"
    node.remove(*made[-4:])
    assert node.is_empty()


def test_what_cannot_be_moved_stays_until_it_can(another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch) -> None:
    node, files = another(), some(4)
    made = node.delivered(files)
    monkeypatch.setattr(sharing, "KEPT_SECONDS", 0.0)

    def away(*_: Any) -> None:
        raise Busy()

    node.remove(*made[1:])
    with monkeypatch.context() as broken:
        broken.setattr(Bucket, "copy_into", away)
        node.uploads.remove_remains(0.0)
    (before,) = node.objects()
    another().uploads.remove_remains(0.0)
    assert node.objects() != [before]
    assert node.bytes_of(made[0].disk_path) == files[made[0].path]
    node.remove(made[0])
    assert node.is_empty()


@pytest.mark.parametrize("where", ["is_there", "put"], ids=["before the names", "before the store"])
def test_a_pack_of_a_process_that_died_is_gone_with_the_sweep(another: Callable[[], Node], where: str) -> None:
    node = another()

    def write() -> None:
        mine = another()

        def dies(*_: Any) -> Any:
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(mine.bucket if where == "put" else mine.objects_noted, where, dies)
        mine.deliver(some(5))

    with killed(write):
        assert len(node.objects()) == (where != "put")
    node.engines.wait_for_the_dead()
    node.uploads.remove_remains(0.0)
    assert node.rows("objects") == 1, "whoever is at it now is left alone"
    assert node.rows("names") == node.rows("members") == 0
    node.uploads.remove_remains(EVER)
    assert node.is_empty()


def test_one_that_died_while_it_moved_files_leaves_them_where_they_were(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, files = another(), some(6)
    monkeypatch.setattr(sharing, "KEPT_SECONDS", 0.0)
    made = node.delivered(files)

    node.remove(*made[2:])

    def move() -> None:
        mine = another()
        forget = mine.objects_noted.is_there

        def dies(tx: Any, identity: str) -> bool:
            forget(tx, identity)
            os.kill(os.getpid(), signal.SIGKILL)
            return True

        mine.objects_noted.is_there = dies  # type: ignore[method-assign]
        mine.uploads.remove_remains(0.0)

    with killed(move):
        assert len(node.objects()) == 2
    for each in made[:2]:
        assert node.bytes_of(each.disk_path) == files[each.path]
    node.engines.wait_for_the_dead()
    node.uploads.remove_remains(EVER)
    assert len(node.objects()) == 1
    for each in made[:2]:
        assert node.bytes_of(each.disk_path) == files[each.path]
    node.remove(*made[:2])
    assert node.is_empty()


def test_what_was_given_up_meanwhile_is_named_by_nobody(another: Callable[[], Node]) -> None:
    node, other = another(), another()
    put = node.bucket.put

    def put_late(key: str, body: Any) -> str:
        etag = put(key, body)
        other.uploads.remove_remains(EVER)
        return etag

    node.bucket.put = put_late  # type: ignore[method-assign]
    outcomes = node.deliver(some(3))
    assert [type(each) for each in outcomes] == [Busy] * 3
    assert node.rows("names") == 0
    assert other.is_empty()


def test_files_that_come_and_go_at_once_are_right_and_leave_nothing(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "KEPT_SECONDS", 0.0)
    node, files = another(), some(48, size=600)
    made = node.delivered(files)

    def work(number: int) -> str:
        mine, mistakes = another(), []
        for at, each in enumerate(made):
            if number == 3:
                mine.delivered({f"more/{at}": b"a", f"more/{at}b": b"b"})
                mine.uploads.remove_remains(0.0)
            elif at % 3 == number:
                mine.remove(each)
            else:
                try:
                    with mine.inbox.open(FOLDER, each.disk_path, each.file_identity).content() as found:
                        if found.read(Span(0, 9999)) != files[each.path]:
                            mistakes.append(each.path)
                except FileNotFoundError:
                    continue
        return " ".join(mistakes)

    assert together(4, work) == [""] * 4
    for at in range(48):
        assert (node.bytes_of(f"more/{at}"), node.bytes_of(f"more/{at}b")) == (b"a", b"b")
    assert node.rows("members") == 2 * 48
    node.uploads.remove_remains(EVER)
    assert len(node.objects()) == node.rows("objects") == 48


def test_of_many_of_one_name_each_gets_its_own(another: Callable[[], Node]) -> None:
    def deliver(number: int) -> list[str]:
        mine = another()
        one = [(RelPath.parse("d/same"), mine.unlinked.write(body(b"%d" % number), 1, None)) for _ in range(20)]
        return [each.path for each in mine.inbox.deliver_all(FOLDER, one) if isinstance(each, Delivery)]

    found = [path for paths in together(3, deliver) for path in paths]
    assert len(found) == len(set(found)) == 60
    assert {"d/same", "d/same (1)", "d/same (16)"} <= set(found)
    assert {another().bytes_of(path) for path in found} == {b"0", b"1", b"2"}
