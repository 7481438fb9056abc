"""What every UploadStore promises, written against the port alone."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.digests import Digests
from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.uploads import Upload, UploadStore
from app.core.ranges import ByteRanges, Span
from app.core.session import State
from tests.support.files import content
from tests.support.stores import ID, KINDS, Stores, body, session, take

FOLDER = RelPath.parse("in/box")


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return KINDS[request.param](tmp_path)


@pytest.fixture
def store(stores: Stores) -> UploadStore:
    return stores.uploads()


def bytes_of(store: UploadStore, span: Span) -> bytes:
    with store.open(ID).content() as content:
        return content.read(span)


def need_readable(store: UploadStore) -> None:
    if not store.facts.readable:
        pytest.skip("this store cannot read what is not finished")


def test_what_has_no_gaps_can_be_read_before_it_has_a_name(stores: Stores, store: UploadStore) -> None:
    data = content(1000)
    store.create(session())
    take(store, Span(400, 1000), data[400:])
    take(store, Span(0, 400), data[:400])
    for each in (store, stores.uploads()):
        assert bytes_of(each, Span(0, 1000)) == data
        assert bytes_of(each, Span(399, 402)) == data[399:402]
    store.delete(ID)
    with pytest.raises(UploadNotFound):
        bytes_of(store, Span(0, 1000))


def test_what_was_created_is_told_whole(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    for each in (store, stores.uploads()):
        assert each.open(ID).status() == session()
        assert each.exists(ID)
        assert each.among(["nothing-here-0123", ID, "..", "a\x00b"]) == {ID}
        assert each.among([]) == each.among(["nothing-here-0123"]) == set()
        assert list(each.ids()) == [ID]


@pytest.mark.parametrize("upload_id", ["nothing-here-0123", "", "..", "a/b", "a\x00b", "x" * 200])
def test_what_does_not_exist_is_not_found(store: UploadStore, upload_id: str) -> None:
    assert not store.exists(upload_id)
    calls: list[Callable[[Upload], object]] = [
        lambda each: each.status(),
        lambda each: each.recent(0.0),
        lambda each: each.claim(Span(0, 1)).__enter__(),
        lambda each: each.set_aside(Span(0, 1)),
        lambda each: each.update(lambda session: session),
        lambda each: each.exclusive().__enter__(),
        lambda each: each.only_one("hash").__enter__(),
    ]
    for call in calls:
        with pytest.raises(UploadNotFound):
            call(store.open(upload_id))


def test_nobody_holds_what_does_not_exist(store: UploadStore) -> None:
    assert not store.open("nothing-here-0123").is_claimed()


def test_records_add_up_and_are_seen_by_everybody(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    assert take(store, Span(0, 10), at=2.0).session.ranges == ByteRanges([Span(0, 10)])
    told = take(store, Span(20, 30), at=3.0).session
    for seen in (told, store.open(ID).status(), stores.uploads().open(ID).status()):
        assert list(seen.ranges) == [Span(0, 10), Span(20, 30)]
        assert (seen.active_at, seen.received_bytes, seen.state) == (3.0, 20, State.OPEN)


def test_a_record_tells_what_others_have_brought_meanwhile(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    with store.open(ID).claim(Span(0, 10)) as claimed:
        take(stores.uploads(), Span(50, 60))
        claimed.receive(body(bytes(10)), None)
        assert list(claimed.record(4.0).session.ranges) == [Span(0, 10), Span(50, 60)]


def test_only_the_record_that_closes_the_last_gap_says_so(store: UploadStore) -> None:
    store.create(session(30))
    spans = (Span(0, 10), Span(20, 30), Span(0, 10), Span(5, 25), Span(0, 30))
    assert [take(store, span).closed for span in spans] == [False, False, False, True, False]


def test_chunks_land_where_they_belong_in_any_order(store: UploadStore) -> None:
    need_readable(store)
    data = os.urandom(3_000_000)
    store.create(session(len(data)))
    for span in (Span(2_000_000, 3_000_000), Span(0, 1), Span(1, 2_000_000)):
        take(store, span, data[span.start : span.stop])
    assert bytes_of(store, Span(0, len(data))) == data
    with store.open(ID).content() as content:
        buffer = bytearray(45)
        assert content.read_into(5, memoryview(buffer)) == 45
        assert bytes(buffer) == content.read(Span(5, 50)) == data[5:50]
        assert content.read_into(len(data) - 3, memoryview(buffer)) == 3
        assert content.read(Span(len(data), len(data) + 9)) == b""


def test_what_is_recorded_stays_as_it_is(store: UploadStore) -> None:
    store.create(session(30))
    take(store, Span(10, 20), b"A" * 10)
    with store.open(ID).claim(Span(0, 30)) as claimed:
        assert list(claimed.missing) == [Span(0, 10), Span(20, 30)]
        claimed.receive(body(b"B" * 30), None)
        assert claimed.record(3.0).closed
    if store.facts.readable:
        assert bytes_of(store, Span(0, 30)) == b"B" * 10 + b"A" * 10 + b"B" * 10


def test_a_claim_sees_what_was_recorded_until_then(stores: Stores, store: UploadStore) -> None:
    store.create(session(30))
    upload = store.open(ID)
    assert not upload.status().received_bytes
    take(stores.uploads(), Span(0, 10))
    with upload.claim(Span(0, 20)) as claimed:
        assert list(claimed.missing) == [Span(10, 20)]
        assert list(claimed.session.ranges) == [Span(0, 10)]


@pytest.mark.parametrize("data", [b"", b"x" * 9, b"x" * 11])
def test_a_body_of_another_length_than_its_span_is_refused(store: UploadStore, data: bytes) -> None:
    store.create(session(100))
    with pytest.raises(ChunkSizeMismatch):
        take(store, Span(0, 10), data)
    assert not store.open(ID).is_claimed()
    assert not store.open(ID).status().received_bytes
    take(store, Span(0, 10))


def test_a_wrong_digest_is_refused_and_a_right_one_is_not(store: UploadStore) -> None:
    store.create(session(10))
    with store.open(ID).claim(Span(0, 10)) as claimed:
        with pytest.raises(ChecksumMismatch):
            claimed.receive(body(b"x" * 10), Digests({"sha-256": hashlib.sha256(b"y").digest()}))
        claimed.receive(body(b"x" * 10), Digests({"sha-256": hashlib.sha256(b"x" * 10).digest()}))
        assert claimed.record(2.0).closed


def test_overlapping_spans_are_claimed_by_one_at_a_time(stores: Stores, store: UploadStore) -> None:
    store.create(session(100))
    mine, other = store.open(ID), stores.uploads().open(ID)
    with mine.claim(Span(0, 50)):
        for each in (mine, other):
            with pytest.raises(Busy), each.claim(Span(49, 60)):
                pass
        with other.claim(Span(50, 60)):
            assert mine.is_claimed()
    assert not mine.is_claimed()
    with other.claim(Span(49, 60)):
        pass


def test_an_update_is_seen_by_everybody_and_keeps_the_ranges(stores: Stores, store: UploadStore) -> None:
    other = stores.uploads()
    store.create(session())
    take(store, Span(0, 10))
    other.open(ID).status()
    assert list(store.open(ID).update(lambda each: each.hashed("0" * 64)).ranges) == [Span(0, 10)]
    assert other.open(ID).status().sha256 == "0" * 64
    store.open(ID).update(lambda each: each.refused("no", 4.0))
    assert other.open(ID).status().state is State.REFUSED
    assert other.open(ID).status().refusal == "no"


def test_nothing_is_missing_of_an_upload_that_is_over(stores: Stores, store: UploadStore) -> None:
    store.create(session(30))
    take(store, Span(0, 10))
    late = stores.uploads().open(ID)
    late.status()
    store.open(ID).end(lambda each: each.refused("no", 4.0))
    with late.claim(Span(10, 20)) as claimed:
        assert claimed.session.state is State.REFUSED
        assert not claimed.missing


def test_what_was_deleted_is_gone_for_everybody(stores: Stores, store: UploadStore) -> None:
    other = stores.uploads()
    store.create(session())
    other.open(ID).status()
    store.delete(ID)
    store.delete(ID)
    for each in (store, other):
        with pytest.raises(UploadNotFound):
            each.open(ID).status()
        with pytest.raises(UploadNotFound):
            take(each, Span(0, 1))
        with pytest.raises(UploadNotFound), each.open(ID).exclusive():
            pass
        assert not each.open(ID).is_claimed()
        assert list(each.ids()) == []


def test_one_that_is_begun_anew_under_its_name_has_nothing_of_the_old_one(stores: Stores, store: UploadStore) -> None:
    other = stores.uploads()
    for size in (20, 30):
        store.create(session(size))
        assert other.open(ID).status() == session(size)
        assert not take(other, Span(0, 10)).closed
        assert store.open(ID).status().received_bytes == 10
        store.delete(ID)


def test_a_record_of_what_was_deleted_meanwhile_is_none(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    with store.open(ID).claim(Span(0, 10)) as claimed:
        claimed.receive(body(bytes(10)), None)
        stores.uploads().delete(ID)
        with pytest.raises(UploadNotFound):
            claimed.record(2.0)
    assert not store.exists(ID)


def test_content_goes_on_being_read_when_the_upload_is_ended_or_deleted(store: UploadStore) -> None:
    need_readable(store)
    store.create(session(3))
    take(store, Span(0, 3), b"abc")
    with store.open(ID).content() as content:
        store.open(ID).end(lambda each: each.refused("no", 4.0))
        store.delete(ID)
        assert content.read(Span(1, 3)) == b"bc"
    with pytest.raises(UploadNotFound), store.open(ID).content():
        pass


def test_a_whole_upload_appears_once_however_often_it_is_finished(stores: Stores, store: UploadStore) -> None:
    data = os.urandom(100_000)
    store.create(session(len(data)))
    for start in (50_000, 0):
        take(store, Span(start, start + 50_000), data[start : start + 50_000])
    inbox = stores.inbox()
    first = store.open(ID).finish(inbox, FOLDER, 3.0)
    assert stores.uploads().open(ID).finish(stores.inbox(), FOLDER, 4.0) == first
    assert first.path == "dir/日本語 ü.bin"
    file = inbox.open(FOLDER, first.disk_path, first.file_identity)
    assert (file.size, file.file_identity) == (len(data), first.file_identity)
    with file.content() as content:
        assert content.read(Span(0, len(data))) == data
    assert store.open(ID).status().state is State.OPEN
    done = store.open(ID).end(lambda each: each.completed(first.path, None, 5.0))
    for each in (done, stores.uploads().open(ID).status()):
        assert (each.state, each.received_bytes) == (State.COMPLETE, len(data))
        assert (each.delivered_path, each.active_at) == (first.path, 5.0)
    with inbox.open(FOLDER, first.disk_path, first.file_identity).content() as content:
        assert content.read(Span(0, 9)) == data[:9]


def test_an_empty_upload_appears_too(stores: Stores, store: UploadStore) -> None:
    store.create(session(0))
    delivery = store.open(ID).finish(stores.inbox(), FOLDER, 3.0)
    assert stores.inbox().open(FOLDER, delivery.disk_path, None).size == 0


def test_only_one_is_exclusive(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    with store.open(ID).exclusive():
        with pytest.raises(Busy), stores.uploads().open(ID).exclusive(wait=False):
            pass
        store.open(ID).update(lambda each: each.refused("no", 2.0))
    with store.open(ID).exclusive(wait=False):
        pass


def test_an_upload_deleted_while_one_waits_for_it_is_not_found(store: UploadStore) -> None:
    store.create(session())

    def enter() -> bool:
        try:
            with store.open(ID).exclusive():
                return False
        except UploadNotFound:
            return True

    with ThreadPoolExecutor(1) as pool:
        with store.open(ID).exclusive():
            waiting = pool.submit(enter)
            store.delete(ID)
        assert waiting.result(110)


def test_only_one_does_a_thing_and_hinders_nobody_else(stores: Stores, store: UploadStore) -> None:
    store.create(session())
    mine, other = store.open(ID), stores.uploads().open(ID)
    with mine.only_one("hash"):
        with pytest.raises(Busy), other.only_one("hash"):
            pass
        with mine.only_one("other"), mine.exclusive(wait=False):
            mine.update(lambda each: each.refused("no", 2.0))
    with other.only_one("hash"):
        pass
    store.delete(ID)
    with pytest.raises(UploadNotFound), mine.only_one("hash"):
        pass


def test_an_update_beside_a_deletion_brings_nothing_back(store: UploadStore) -> None:
    for number in range(50):
        upload_id = f"{ID}-{number}"
        store.create(session(upload_id=upload_id))

        def change(upload_id: str = upload_id) -> None:
            with suppress(UploadNotFound):
                for _ in range(20):
                    store.open(upload_id).update(lambda each: each.hashed("0" * 64))

        changing = threading.Thread(target=change)
        changing.start()
        store.delete(upload_id)
        changing.join()
        assert not store.exists(upload_id)
    assert list(store.ids()) == []


def test_an_upload_changes_while_other_threads_record_its_chunks(store: UploadStore) -> None:
    """As when the head of a file is refused while more of it comes."""
    store.create(session(1000))

    def change() -> None:
        for _ in range(100):
            store.open(ID).update(lambda each: replace(each, client=f"{each.client}x"))

    def record() -> None:
        for at in range(0, 1000, 2):
            take(store, Span(at, at + 1))

    threads = [threading.Thread(target=each, daemon=True) for each in (change, record)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(110)
    assert not any(each.is_alive() for each in threads), "they wait for each other"
    told = store.open(ID).status()
    assert (told.client, told.received_bytes) == (session().client + 100 * "x", 500)


def test_eight_at_once_lose_no_record_and_one_closes_the_gap(stores: Stores) -> None:
    stores.uploads().create(session(400))
    spans = [Span(at, at + 1) for at in range(400)]
    random.Random(3).shuffle(spans)

    def record_some(number: int) -> int:
        mine = stores.uploads()
        return sum(take(mine, span).closed for span in spans[number::8])

    assert sum(stores.together(8, record_some)) == 1
    assert stores.uploads().open(ID).status().is_whole


def test_the_latest_records_tell_a_pace_whoever_wrote_them(stores: Stores, store: UploadStore) -> None:
    store.create(session(1000))
    assert store.open(ID).recent(0.0) == (0, None)
    other = stores.uploads()
    take(store, Span(0, 100), at=10.0)
    take(other, Span(100, 300), at=20.0)
    take(store, Span(300, 350), at=21.0)
    for each in (store, other, stores.uploads()):
        assert each.open(ID).recent(5.0) == (350, None)
        assert each.open(ID).recent(10.0) == (250, 10.0)
        assert each.open(ID).recent(20.5) == (50, 20.0)
        assert each.open(ID).recent(40.0) == (0, 21.0)


def test_of_very_many_records_the_last_few_tell_the_pace(store: UploadStore) -> None:
    store.create(session(4000))
    for at in range(1000):
        take(store, Span(at, at + 1), at=100.0 + at)
    count, since = store.open(ID).recent(0.0)
    assert 100 <= count <= 1000
    assert since is None or since == 1099.0 - count


def test_what_has_been_left_alone_is_due_and_stays_until_it_is_deleted(store: UploadStore) -> None:
    store.create(session())
    take(store, Span(0, 10), at=50.0)
    assert list(store.due(60.0)) == [ID]
    store.remove_remains(2.0**40)
    assert store.open(ID).status().received_bytes == 10
