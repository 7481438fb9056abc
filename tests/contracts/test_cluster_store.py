"""What the store on PostgreSQL and S3 promises beyond the ports: whoever dies or is cut off, what counts is right, and nothing stays."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psycopg
import pytest

from app.core.digests import Digests
from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch, UploadNotFound
from app.core.paths import RelPath
from app.core.ranges import ByteRanges, Span
from app.storage.cluster import wire
from app.storage.cluster.bin import ClusterBin
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.grid import MIB, SMALLEST_PART, Grid, GridFacts
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.probing import PROBE
from app.storage.cluster.rows import PIECES, looked, merge
from app.storage.cluster.rules import Lifecycle
from app.storage.cluster.shared import ClusterLeader, ClusterLocks, ClusterSecrets
from app.storage.cluster.spans import ClusterSpan
from app.storage.cluster.uploads import ClusterUploads
from app.storage.cluster.whole_files import ClusterUnlinkedFiles
from app.storage.cluster.wire import NoSuchObject, Piece
from app.storage.disk.bodies import SpooledBody
from tests.support.cluster import Engines
from tests.support.files import content
from tests.support.ports import free_port
from tests.support.processes import killed, together
from tests.support.stores import ID, body, session, take

FOLDER = RelPath.parse("in")
CELL = SMALLEST_PART
EVER = 2.0**40
_CUT_LEADER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = 1685221234 AND objid = mod(%(key)s + 4294967296, 4294967296)
"""


class Node:
    """What one process has of it."""

    def __init__(self, engines: Engines, bucket: Bucket) -> None:
        self.engines = engines
        self.bucket = bucket
        self.ground: ClusterGround = engines.ground(bucket)
        objects = Objects(self.ground)
        self.uploads = ClusterUploads(self.ground, objects, usual=CELL, longest=64 * MIB)
        self.unlinked = ClusterUnlinkedFiles(self.ground, objects)
        self.inbox = ClusterInbox(self.ground, objects)
        self.bin = ClusterBin(self.ground, objects, self.inbox)

    def left(self) -> tuple[list[str], int]:
        """What is in this test's part of the bucket: objects, and multipart uploads."""
        pages = self.engines.seaweed.uploads(self.engines.bucket)
        ours = [key for key in pages if key.startswith(self.bucket._key("")) and key != self.bucket._key(PROBE)]
        return list(self.bucket.keys("")), len(ours)

    def rows(self, table: str) -> int:
        row = self.ground.database.look(f"SELECT count(*) FROM {table}")
        assert row is not None
        return int(row[0])

    def bytes_of(self, path: str) -> bytes:
        file = self.inbox.open(FOLDER, path, None)
        with file.content() as found:
            return found.read(Span(0, file.size)) if file.size else b""


@pytest.fixture
def another(engines: Engines) -> Callable[[], Node]:
    """Makes a node on the database and the bucket of this test."""
    bucket = engines.emptied()
    return lambda: Node(engines, bucket)


@pytest.fixture
def node(another: Callable[[], Node]) -> Node:
    return another()


def test_each_cell_has_numbers_of_its_own_and_files_of_any_size_fit() -> None:
    facts = GridFacts(local=False, readable=False, most_parts=10_000, longest=64 * MIB)
    for size in (1, 8 * MIB, 8 * MIB + 1, 10**10, 156 * 2**30, 600 * 2**30, 5 * 2**40):
        grid = Grid(size, facts.part_size(8 * MIB, size))
        assert grid.cells * grid.tries <= 10_000 or grid.tries == 1000
        assert grid.number(grid.cells - 1, grid.tries - 1) <= 10_000 or grid.is_one
        assert grid.cell(grid.cells - 1).stop == size
        assert facts.chunk_size(8 * MIB, size) <= 64 * MIB
    small = Grid(30 * MIB, 8 * MIB)
    numbers = [small.number(cell, n) for cell in range(small.cells) for n in range(small.tries)]
    assert len(set(numbers)) == len(numbers)


def test_a_ragged_upload_is_gathered_into_one_object_and_nothing_else_stays(node: Node) -> None:
    data = content(2 * CELL + 12345, 1)
    node.uploads.create(session(len(data), path="a.bin"))
    edges = [0, 10, 20_000, CELL - 1, CELL + 300_000, 2 * CELL, len(data)]
    spans = [Span(a, b) for a, b in pairwise(edges)]
    for span in (spans[3], spans[0], spans[5], spans[2], spans[1], spans[4]):
        take(node.uploads, span, data[span.start : span.stop])
    assert node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0).path == "a.bin"
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    node.uploads.delete(ID)
    assert node.bytes_of("a.bin") == data
    objects, multiparts = node.left()
    assert (len(objects), multiparts) == (1, 0)
    assert [node.rows(each) for each in ("store_pieces", "store_tries", "store_claims")] == [0, 0, 0]


def test_of_two_who_bring_the_same_bytes_one_counts_whoever_was_taken_for_dead(
    another: Callable[[], Node],
) -> None:
    one, other = another(), another()
    right, wrong = content(CELL, 1), content(CELL, 2)
    one.uploads.create(session(2 * CELL, path="a.bin"))
    with one.uploads.open(ID).claim(Span(0, CELL)) as slow:
        slow.receive(body(wrong), None)
        with psycopg.connect(one.engines.url, autocommit=True) as connection:
            connection.execute("DELETE FROM store_claims")  # As when it was cut off.
        take(other.uploads, Span(0, CELL), right)
        with pytest.raises(Busy):
            slow.record(3.0)
    take(one.uploads, Span(CELL, 2 * CELL), right)
    delivery = other.uploads.open(ID).finish(other.inbox, FOLDER, 3.0)
    assert other.bytes_of(delivery.disk_path) == right + right


def test_a_body_that_lies_in_a_file_already_is_stored_from_there(node: Node) -> None:
    data = content(CELL + 5, 6)
    node.uploads.create(session(len(data), path="a.bin"))
    right = Digests({"sha-256": hashlib.sha256(data).digest()})
    for length, checksum, error in (
        (CELL, None, ChunkSizeMismatch),
        (CELL, right, ChunkSizeMismatch),
        (CELL + 5, Digests({"sha-256": bytes(32)}), ChecksumMismatch),
        (CELL + 5, Digests({"sha-256": hashlib.sha256(data).digest()}), None),
    ):
        with node.ground.spooled(length) as descriptor, node.uploads.open(ID).claim(Span(0, len(data))) as claimed:
            os.pwrite(descriptor, data[:length], 0)
            with pytest.raises(error) if error else nullcontext():
                claimed.receive(SpooledBody(descriptor, length), checksum)
                assert claimed.record(3.0).closed
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    assert node.bytes_of(delivery.disk_path) == data


def late(node: Node, claimed: ClusterSpan) -> None:
    """The first part comes once more, with other bytes."""
    with node.ground.spooled(CELL) as descriptor:
        os.pwrite(descriptor, content(CELL, 3), 0)
        claimed._gatherer.put_part(claimed._known, 0, Piece(descriptor, 0, CELL))


def test_a_part_that_comes_late_does_not_touch_one_that_counts(node: Node) -> None:
    right = content(CELL, 1)
    node.uploads.create(session(2 * CELL, path="a.bin"))
    with node.uploads.open(ID).claim(Span(0, CELL)) as first:
        first.receive(body(content(CELL, 2)), None)  # Given up: the sender is told that it failed.
    take(node.uploads, Span(0, CELL), right)
    late(node, first)
    assert take(node.uploads, Span(CELL, 2 * CELL), right).closed
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    with suppress(Busy):
        late(node, first)  # Some stores take it, and begin anew what was complete.
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    node.uploads.delete(ID)
    assert node.bytes_of(delivery.disk_path) == right + right
    assert (len(node.left()[0]), node.left()[1]) == (1, 0)


def test_of_what_came_twice_nothing_is_kept_beside_the_file(node: Node) -> None:
    data = content(3 * CELL, 1)
    node.uploads.create(session(3 * CELL, path="a.bin"))
    for span in (Span(0, CELL), Span(0, CELL), Span(2 * CELL, 3 * CELL)):
        with node.uploads.open(ID).claim(span) as claimed:
            claimed.receive(
                body(content(span.length, 2)), None
            )  # Given up: whoever brought it died before he recorded it.
    take(node.uploads, Span(0, 3 * CELL), data)
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    kept = [
        size for key, size in node.engines.seaweed.parts(node.engines.bucket).items() if node.bucket._key("") in key
    ]
    assert sum(kept) in (0, 3 * CELL), "a store that shows its parts has those of the file"
    assert len([size for size in kept if size]) in (0, 3)
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    node.uploads.delete(ID)
    assert node.bytes_of(delivery.disk_path) == data
    assert (len(node.left()[0]), node.left()[1]) == (1, 0)
    assert node.inbox.remove(FOLDER, delivery.disk_path, delivery.file_identity)
    assert node.left() == ([], 0)


def test_parts_on_their_way_when_their_upload_is_taken_back_go_with_the_last_of_them(
    another: Callable[[], Node],
) -> None:
    one, other = another(), another()
    one.uploads.create(session(2 * CELL))
    with one.uploads.open(ID).claim(Span(0, CELL)) as slow:
        with other.uploads.open(ID).claim(Span(CELL, 2 * CELL)) as broken_off:
            one.uploads.delete(ID)
            slow.receive(body(content(CELL, 1)), None)
            broken_off.receive(body(content(CELL, 2)), None)
        assert one.left() == ([], 1), "what the store would keep of a part that comes later, nobody could remove"
        with pytest.raises(UploadNotFound):
            slow.record(3.0)
    assert one.left() == ([], 0)
    assert not [key for key in one.engines.seaweed.parts(one.engines.bucket) if one.bucket._key("") in key]
    assert one.rows("store_claims") == 0


@pytest.mark.parametrize("known", ["crc32c", "sha-256, as it is known", "sha-256, as all are signed"])
def test_a_part_that_was_altered_on_its_way_is_refused(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    data, other = content(300_000, 1), content(300_000, 2)
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "other").write_bytes(other)
    bucket = Bucket(node.bucket._place, signs_bodies="all" in known)
    with (tmp_path / "data").open("rb") as right, (tmp_path / "other").open("rb") as wrong:
        sha256 = hashlib.sha256(data).hexdigest() if "as it is" in known else None
        piece = Piece(right.fileno(), 0, len(data), sha256)
        bucket.put("right", piece)
        send = wire._stream
        monkeypatch.setattr(wire, "_stream", lambda line, body: send(line, replace(body, descriptor=wrong.fileno())))
        with pytest.raises(Busy):
            bucket.put("altered", piece)
        multipart = bucket.begin("parts")
        with pytest.raises(Busy):
            bucket.put_part("parts", multipart, 1, piece)
        bucket.abort("parts", multipart)
    assert bucket.read("right", Span(0, len(data))) == data
    assert list(bucket.keys("")) == ["right"]


def test_a_killed_process_holds_nothing_and_leaves_nothing(another: Callable[[], Node]) -> None:
    node = another()
    node.uploads.create(session(2 * CELL, path="a.bin"))

    def begin() -> None:
        mine = another()
        claimed = mine.uploads.open(ID).claim(Span(0, CELL + 500_000))
        claimed.__enter__().receive(body(bytes(CELL + 500_000)), None)

    with killed(begin):
        assert node.uploads.open(ID).status().received_bytes == 0
        assert len(node.left()[0]) == 1, "the end of the chunk, which nobody has recorded"
    node.engines.wait_for_the_dead()
    assert not node.uploads.open(ID).is_claimed()
    take(node.uploads, Span(0, 2 * CELL))
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    node.uploads.delete(ID)
    node.uploads.remove_remains(EVER)
    objects, multiparts = node.left()
    assert (len(objects), multiparts) == (1, 0)
    assert node.rows("store_leftovers") == 0
    assert node.inbox.remove(FOLDER, delivery.disk_path, delivery.file_identity)
    assert node.left() == ([], 0)
    assert node.rows("store_objects") == 0


@pytest.mark.parametrize("begun", [True, False], ids=["noted", "not even noted"])
def test_an_opening_that_died_leaves_no_multipart_upload(another: Callable[[], Node], begun: bool) -> None:
    node = another()

    def open_() -> None:
        mine = another()
        if not begun:
            noted = mine.ground.database.write

            def fails(**more: Any) -> Any:
                if mine.left()[1]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return noted(**more)

            mine.ground.database.write = fails  # type: ignore[method-assign]
        mine.uploads.create(session(2 * CELL))

    with killed(open_):
        assert node.left()[1] == 1
    node.engines.wait_for_the_dead()
    node.uploads.delete(ID)
    assert node.left() == ([], 0)


@pytest.mark.parametrize("begun", [True, False], ids=["after the store", "before the store"])
def test_an_upload_whose_opening_died_can_be_sent_all_the_same(another: Callable[[], Node], begun: bool) -> None:
    node, data = another(), content(2 * CELL, 7)

    def dies(key: str) -> str:
        if begun:
            begin(key)
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    def open_() -> None:
        mine = another()
        mine.bucket.begin = dies  # type: ignore[method-assign]
        mine.uploads.create(session(len(data), path="a.bin"))

    begin = node.bucket.begin
    with killed(open_):
        assert node.left()[1] == begun
    node.engines.wait_for_the_dead()
    take(node.uploads, Span(0, CELL), data[:CELL])
    assert take(node.uploads, Span(CELL, 2 * CELL), data[CELL:]).closed
    assert node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0).path == "a.bin"
    node.uploads.open(ID).end(lambda each: each.completed("a.bin", None, 4.0))
    node.uploads.delete(ID)
    assert node.bytes_of("a.bin") == data
    assert (len(node.left()[0]), node.left()[1]) == (1, 0)


def test_asking_for_an_upload_of_many_pieces_reads_about_as_many_rows_as_it_has_gaps(
    another: Callable[[], Node],
) -> None:
    node, data, step = another(), content(2 * CELL, 3), 100
    node.uploads.create(session(len(data)))
    # All but each fifth, in an order that leaves gaps all the time.
    spans = [Span(at, at + step) for at in range(CELL - 200 * step, CELL + 200 * step, step) if at // step % 5]
    random.Random(1).shuffle(spans)

    def send(number: int) -> None:
        mine = another()
        for span in spans[number::2]:
            take(mine.uploads, span, data[span.start : span.stop], at=5.0 + number)

    together(2, send)
    found = node.uploads.open(ID).status()
    assert found.ranges == ByteRanges(spans)
    assert (len(found.ranges), found.active_at, len(spans)) == (81, 6.0, 320)
    assert node.rows("store_pieces") == 320
    assert node.rows("store_spans") <= 64 + 2 * 81 + 2, "merged as they come"
    with node.ground.database.write() as tx:
        merge(tx, looked(tx, ID))
    assert node.rows("store_spans") == 81
    assert node.uploads.open(ID).status().ranges == found.ranges
    # Who gathers does not read the pieces of other cells.
    with node.ground.database.write() as tx:
        tx.run("SET LOCAL enable_seqscan = off")
        plan = str(tx.all(f"EXPLAIN {PIECES}", number=looked(tx, ID).number, start=0, stop=CELL))
    assert "store_pieces_int8range_span_excl" in plan, plan
    for gap in found.missing(1000):
        for start in range(gap.start, gap.stop, CELL):
            span = Span(start, min(gap.stop, start + CELL))
            take(node.uploads, span, data[span.start : span.stop])
    assert node.uploads.open(ID).status().is_whole
    node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    node.uploads.open(ID).end(lambda each: each.completed("dir/a", None, 4.0))
    assert node.rows("store_spans") == node.rows("store_pieces") == 0
    (key,) = node.bucket.keys("")
    assert node.bucket.read(key, Span(0, len(data))) == data


def test_what_the_store_has_ended_behind_our_back_comes_again(node: Node) -> None:
    data = content(2 * CELL, 4)
    node.uploads.create(session(len(data), path="a.bin"))
    take(node.uploads, Span(0, CELL), data[:CELL])
    row = node.ground.database.look("SELECT token FROM store_uploads")
    assert row is not None
    key = f"{row[0]}/whole"
    (multipart,) = node.bucket.begun(key)
    node.bucket.abort(key, multipart)
    with pytest.raises(Busy):
        take(node.uploads, Span(CELL, 2 * CELL), data[CELL:])
    assert node.uploads.open(ID).status().received_bytes == 0
    take(node.uploads, Span(CELL, 2 * CELL), data[CELL:])
    assert take(node.uploads, Span(0, CELL), data[:CELL]).closed
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    assert node.bytes_of(delivery.disk_path) == data


def test_a_file_is_delivered_once_however_many_finish_it(another: Callable[[], Node]) -> None:
    node, data = another(), content(2 * CELL, 5)
    node.uploads.create(session(len(data), path="a.bin"))
    take(node.uploads, Span(0, 2 * CELL), data)

    def finish(_: int) -> Any:
        mine = another()
        delivery = mine.uploads.open(ID).finish(mine.inbox, FOLDER, 3.0)
        return delivery.path, delivery.file_identity

    assert len(set(together(6, finish))) == 1
    assert node.rows("store_names") == 1
    assert node.bytes_of("a.bin") == data


def test_an_upload_that_was_deleted_is_delivered_by_nobody(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = another(), another()
    one.uploads.create(session(3, path="a.bin"))
    take(one.uploads, Span(0, 3), b"abc")
    deliver = one.inbox.deliver

    def late(*what: Any) -> Any:
        other.uploads.delete(ID)
        return deliver(*what)

    monkeypatch.setattr(one.inbox, "deliver", late)
    with pytest.raises(UploadNotFound):
        one.uploads.open(ID).finish(one.inbox, FOLDER, 3.0)
    assert other.left() == ([], 0)
    assert other.rows("store_names") == 0


def test_a_whole_file_of_a_process_that_died_is_gone_with_the_sweep(another: Callable[[], Node]) -> None:
    node = another()

    def write() -> None:
        mine = another()
        mine.unlinked.write(body(b"abc"), 3, None).prepare()

    with killed(write):
        assert len(node.left()[0]) == 1
    node.engines.wait_for_the_dead()
    node.uploads.remove_remains(0.0)
    assert len(node.left()[0]) == 1, "whoever is at it now is left alone"
    node.uploads.remove_remains(EVER)
    assert node.left() == ([], 0)
    assert node.rows("store_objects") == 0


def test_an_object_stays_as_long_as_it_is_read_named_or_in_the_bin(another: Callable[[], Node]) -> None:
    one, other = another(), another()
    made = one.unlinked.write(body(b"abc"), 3, None)
    first = one.inbox.deliver(FOLDER, RelPath.parse("a.txt"), made)
    made.close()
    second = one.inbox.name(FOLDER, first.disk_path, first.file_identity, RelPath.parse("b/c.txt"))
    assert second is not None
    assert other.inbox.remove(FOLDER, first.disk_path, first.file_identity)
    assert one.bytes_of("b/c.txt") == b"abc"
    assert one.bin.put(FOLDER, second.disk_path, second.file_identity, ID)
    assert not other.bin.put(FOLDER, second.disk_path, second.file_identity, ID)
    assert list(other.bin.ids(EVER)) == [ID]
    assert list(other.bin.ids(0.0)) == []
    source = other.bin.source(ID)
    assert source is not None
    back = other.inbox.deliver(FOLDER, RelPath.parse("b/c.txt"), source)
    assert back == second
    one.bin.remove(ID)
    assert one.bin.source(ID) is None
    with one.inbox.open(FOLDER, back.disk_path, None).content() as found:
        assert other.inbox.remove(FOLDER, back.disk_path, back.file_identity)
        assert found.read(Span(0, 3)) == b"abc"
        other.uploads.remove_remains(EVER)
        assert len(other.left()[0]) == 1
    assert other.left() == ([], 0)


def test_who_died_while_he_read_is_forgotten_though_the_file_stays(another: Callable[[], Node]) -> None:
    node = another()
    made = node.unlinked.write(body(b"abc"), 3, None)
    delivery = node.inbox.deliver(FOLDER, RelPath.parse("a.txt"), made)
    made.close()
    reading = ExitStack()

    def read() -> None:
        reading.enter_context(another().inbox.open(FOLDER, delivery.disk_path, None).content())

    with node.inbox.open(FOLDER, delivery.disk_path, None).content(), killed(read):
        node.engines.wait_for_the_dead()
        assert node.rows("store_readers") == 2
        node.uploads.remove_remains(0.0)
        assert node.rows("store_readers") == 1, "whoever lives reads on"
    assert node.rows("store_readers") == 0
    assert node.bytes_of("a.txt") == b"abc"


@pytest.mark.parametrize("how", ["with the next file", "by the sweep"])
def test_who_ends_reading_while_the_database_is_away_is_forgotten_later(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    node, other = another(), another()
    for name in ("a.txt", "b.txt"):
        made = node.unlinked.write(body(b"abc"), 3, None)
        node.inbox.deliver(FOLDER, RelPath.parse(name), made)
        made.close()
    read = node.inbox.open(FOLDER, "a.txt", None)

    asked = []

    def away() -> None:
        asked.append(1)
        raise Busy

    with monkeypatch.context() as patch, read.content() as found, read.content():
        assert other.inbox.remove(FOLDER, "a.txt", read.file_identity)
        assert found.read(Span(0, 3)) == b"abc"
        patch.setattr(node.ground.database, "pipelined", away)
    assert (node.rows("store_readers"), len(node.left()[0])) == (2, 2)
    another_file = node.inbox.open(FOLDER, "b.txt", None)
    asked.clear()
    with monkeypatch.context() as patch, ExitStack() as stack:
        patch.setattr(node.ground.database, "pipelined", away)
        with pytest.raises(Busy):
            stack.enter_context(another_file.content())
    assert len(asked) <= 2, "once for those who have read, and once for who reads now"
    if how == "by the sweep":
        node.uploads.remove_remains(EVER)
    else:
        assert node.bytes_of("b.txt") == b"abc"
    assert (node.rows("store_readers"), len(node.left()[0])) == (0, 1)


def test_what_is_deleted_from_the_bin_is_gone(node: Node) -> None:
    made = node.unlinked.write(body(b"abc"), 3, None)
    delivery = node.inbox.deliver(FOLDER, RelPath.parse("a.txt"), made)
    made.close()
    assert node.bin.put(FOLDER, delivery.disk_path, delivery.file_identity, ID)
    node.bin.remove(ID)
    node.bin.remove(ID)
    assert node.left() == ([], 0)


def test_secrets_are_the_same_for_all_who_make_them_at_once(another: Callable[[], Node]) -> None:
    def secret(_: int) -> str:
        return ClusterSecrets(another().ground.database).get("key")

    found = together(4, secret)
    assert len(set(found)) == 1
    assert len(found[0]) >= 40
    assert ClusterSecrets(another().ground.database).get("other") not in found


def test_one_leads_until_its_line_is_cut(another: Callable[[], Node]) -> None:
    database = another().ground.database
    one, other, third = (ClusterLeader(another().ground.database, name) for name in ("purge", "purge", "messages"))
    one.wait()
    third.wait()
    assert not other._takes()
    assert [leader.leads() for leader in (one, other, third)] == [True, False, True]
    told: SimpleQueue[bool] = SimpleQueue()
    threading.Thread(target=lambda: told.put(one.leads(600.0)), daemon=True).start()
    with database.write() as tx:
        assert tx.all(_CUT_LEADER, key=one._key[1]) == [(True,)]
    other.wait()
    assert told.get(timeout=60) is False, "whoever was cut off does not go on for ten minutes"
    assert [leader.leads(0.1) for leader in (one, other, third)] == [False, True, True]
    assert not one._takes()


def test_locks_of_a_name_exclude_each_other_and_those_of_other_purposes_do_not(another: Callable[[], Node]) -> None:
    database, elsewhere = another().ground.database, another().ground.database
    locks, others = ClusterLocks(database, "uploads"), ClusterLocks(elsewhere, "uploads")
    with locks.hold(["b", "a", "b"]):
        for name in ("a", "b"):
            with pytest.raises(Busy), others.hold_at_once(name):
                pass
        with others.hold_at_once("c"), ClusterLocks(elsewhere, "remotes").hold(["a"]):
            pass
    with others.hold(["a", "b"]), locks.hold([]):
        pass


def test_a_store_that_is_away_is_busy_and_goes_on_afterwards(
    another: Callable[[], Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = another()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    cut_off = Node(node.engines, Bucket(node.bucket._place))
    cut_off.uploads.create(session(3, path="a.bin"))
    with pytest.raises(Busy):
        cut_off.uploads.create(session(2 * CELL, "upload-of-parts-1"))
    node.uploads.delete("upload-of-parts-1")
    with pytest.raises(Busy):
        take(cut_off.uploads, Span(0, 3), b"abc")
    assert node.uploads.open(ID).status().received_bytes == 0
    assert not node.uploads.open(ID).is_claimed()
    take(node.uploads, Span(0, 3), b"abc")
    delivery = node.uploads.open(ID).finish(node.inbox, FOLDER, 3.0)
    assert node.bytes_of(delivery.disk_path) == b"abc"
    cut_off.uploads.delete(ID)
    with pytest.raises(Busy):
        cut_off.bytes_of(delivery.disk_path)
    assert cut_off.inbox.remove(FOLDER, delivery.disk_path, delivery.file_identity), "it is gone for everybody"
    assert len(node.left()[0]) == 1
    node.uploads.remove_remains(EVER)
    assert node.left() == ([], 0), "once the store is there again"


def test_what_a_bucket_does_by_itself_is_known_and_how_late_it_is_there(node: Node) -> None:
    seaweed = node.engines.seaweed
    bucket = Bucket(Place(seaweed.new_bucket(), "droppr/"))
    assert bucket.lifecycle() == Lifecycle(None, deletes=False)
    bucket.check()
    ahead = bucket.ahead_seconds
    assert ahead is not None
    assert abs(ahead) < 60, "the same machine"
    if not seaweed.has_rules:
        return
    seaweed.client.put_bucket_lifecycle_configuration(
        Bucket=bucket._place.bucket,
        LifecycleConfiguration={
            "Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "drop"}, "Expiration": {"Days": 9}}]
        },
    )
    assert bucket.lifecycle() == Lifecycle(None, deletes=True)


def test_a_bucket_that_is_not_there_is_trouble_and_nothing_in_it_counts_as_gone(
    engines: Engines, tmp_path: Path
) -> None:
    engines.emptied()
    bucket = Bucket(Place("nobody-has-made-this", "x/"))
    with pytest.raises(NoSuchObject):
        bucket.check()
    upload = "Q" * 48
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: bucket.read("a", Span(0, 1)),
        "delete": lambda: bucket.delete(["a"]),
        "delete two": lambda: bucket.delete(["a", "b"]),
        "list": lambda: list(bucket.keys("")),
        "parts": lambda: bucket.parts("a", upload, 1, 2),
        "complete": lambda: bucket.complete("a", upload, [(1, "0" * 32)]),
        "abort": lambda: bucket.abort("a", upload),
        "begun": lambda: bucket.begun("a"),
    }
    for name, call in calls.items():
        with pytest.raises(Busy):
            assert call() is NotImplemented, name
    (tmp_path / "five").write_bytes(b"bytes")
    with (tmp_path / "five").open("rb") as file, suppress(Busy):
        bucket.put("a", Piece(file.fileno(), 0, 5))  # Some stores make the bucket then.


def test_what_is_not_there_is_told_from_a_store_that_is_away(node: Node) -> None:
    with pytest.raises(NoSuchObject):
        node.bucket.read("nothing", Span(0, 1))
    assert node.bucket.size("nothing") is None
    node.bucket.delete(["nothing"])
    node.bucket.delete(["nothing", "either"])
