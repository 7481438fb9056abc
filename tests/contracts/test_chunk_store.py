"""What every ChunkStore promises, in both layouts."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
from pathlib import Path

import pytest

from app.core.digests import Digests
from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch, StorageFull, UploadNotFound
from app.core.ranges import ByteRanges, Span
from app.storage.disk.bodies import StreamBody
from app.storage.disk.local_chunks import LocalChunks

ID = "upload-0123456789"


@pytest.fixture(params=[False, True], ids=["in-place", "indexed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LocalChunks:
    return LocalChunks(tmp_path, staged=request.param)


def receive(store, span: Span, data: bytes, wanted: ByteRanges | None = None, digests: Digests | None = None) -> None:
    with store.claim(ID, span) as slot:
        slot.receive(StreamBody(io.BytesIO(data)), ByteRanges([span]) if wanted is None else wanted, digests)


def test_chunks_land_where_they_belong_in_any_order(store):
    data = os.urandom(3_000_000)
    store.allocate(ID, len(data))
    for span in (Span(2_000_000, 3_000_000), Span(0, 1), Span(1, 2_000_000)):
        receive(store, span, data[span.start : span.stop])
    assert store.path(ID).read_bytes() == data
    with store.reader(ID) as read:
        assert read(Span(5, 50)) == data[5:50]


def test_bytes_that_are_not_wanted_stay_as_they_are(store):
    store.allocate(ID, 30)
    receive(store, Span(10, 20), b"A" * 10)
    receive(store, Span(0, 30), b"B" * 30, wanted=ByteRanges([Span(0, 10), Span(20, 30)]))
    assert store.path(ID).read_bytes() == b"B" * 10 + b"A" * 10 + b"B" * 10


@pytest.mark.parametrize("data", [b"", b"x" * 9, b"x" * 11])
def test_a_body_of_another_length_than_its_span_is_refused(store, data):
    store.allocate(ID, 100)
    with pytest.raises(ChunkSizeMismatch):
        receive(store, Span(0, 10), data)


def test_a_wrong_digest_is_refused_and_a_right_one_is_not(store):
    store.allocate(ID, 10)
    with pytest.raises(ChecksumMismatch):
        receive(store, Span(0, 10), b"x" * 10, digests=Digests({"sha-256": hashlib.sha256(b"y").digest()}))
    receive(store, Span(0, 10), b"x" * 10, digests=Digests({"sha-256": hashlib.sha256(b"x" * 10).digest()}))


def test_overlapping_spans_are_claimed_by_one_at_a_time(store):
    store.allocate(ID, 100)
    with store.claim(ID, Span(0, 50)):
        with pytest.raises(Busy), store.claim(ID, Span(49, 60)):
            pass
        with store.claim(ID, Span(50, 60)):
            assert not store.idle(ID)
    assert store.idle(ID)
    with store.claim(ID, Span(49, 60)):
        pass


def test_a_failed_chunk_leaves_no_file_and_no_claim_behind(store):
    store.allocate(ID, 100)
    with pytest.raises(ChunkSizeMismatch):
        receive(store, Span(0, 10), b"short")
    assert [path for path in store.path(ID).parent.rglob("*") if path.is_file()] == [store.path(ID)]
    assert store.idle(ID)


def test_more_than_the_disk_holds_is_refused_at_once(store):
    with pytest.raises(StorageFull):
        store.allocate(ID, 2**60)


def test_what_is_gone_is_not_found(store):
    with pytest.raises(UploadNotFound), store.claim(ID, Span(0, 1)):
        pass
    with pytest.raises(UploadNotFound), store.reader(ID):
        pass
    store.allocate(ID, 1)
    store.discard(ID)
    store.discard(ID)
    assert store.idle(ID)
    with pytest.raises(UploadNotFound):
        store.flush(ID)


def test_a_reader_goes_on_working_when_the_file_is_discarded(store):
    store.allocate(ID, 3)
    receive(store, Span(0, 3), b"abc")
    with store.reader(ID) as read:
        store.discard(ID)
        assert read(Span(1, 3)) == b"bc"


def test_bytes_are_on_the_disk_before_they_can_be_recorded(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    for staged in (False, True):
        careful = LocalChunks(tmp_path / str(staged), staged=staged, sync_chunks=True)
        careful.allocate(ID, 10)
        with careful.claim(ID, Span(0, 10)) as slot:
            assert synced == []
            slot.receive(StreamBody(io.BytesIO(b"x" * 10)), ByteRanges([Span(0, 10)]), None)
            assert len(synced) == 1
        synced.clear()


def _claim_and_die(base: Path, claimed) -> None:
    with LocalChunks(base).claim(ID, Span(0, 10)):
        claimed.set()
        os.kill(os.getpid(), 9)


def test_a_process_that_dies_gives_its_claim_back(store, tmp_path):
    store.allocate(ID, 10)
    context = multiprocessing.get_context("spawn")
    claimed = context.Event()
    process = context.Process(target=_claim_and_die, args=(tmp_path, claimed))
    process.start()
    assert claimed.wait(30)
    process.join(30)
    receive(store, Span(0, 10), b"x" * 10)
    assert store.path(ID).read_bytes() == b"x" * 10
