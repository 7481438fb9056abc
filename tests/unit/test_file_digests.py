"""A file's digest is right whichever way it was computed, and computed along the way where that is worth while."""

from __future__ import annotations

import errno
import hashlib
import os
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery
from app.core.ranges import ByteRanges, Span
from app.core.session import UploadSession
from app.core.sums import Sums
from app.services.receiving import file_digests
from app.services.receiving.file_digests import FileDigests, GrowingDigest, LetGo
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.span_log import Arrival, Kind
from app.storage.disk.uploads import DiskUploads
from app.storage.sql.files import SQLRequests
from tests.support.catalogues import catalogue
from tests.support.files import eventually
from tests.support.stores import take

ID = "upload-0123456789"
DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


class House:
    """The real stores in a folder of the test's."""

    def __init__(self, folder: Path, now: float) -> None:
        self.store = DiskUploads(folder / "uploads")
        self.requests = SQLRequests(catalogue(folder))
        self.inbox = LocalInbox(folder / "files")
        self.jobs: list[object] = []
        self.digests = FileDigests(
            store=self.store,
            requests=self.requests,
            inbox=self.inbox,
            clock=lambda: now,
            background=self.jobs.append,
        )

    def open(self) -> UploadSession:
        session = UploadSession(
            upload_id=ID,
            request_hash="request-0123456789",
            path=RelPath.parse("a.bin"),
            size=len(DATA),
            opened_at=0.0,
            active_at=0.0,
        )
        self.store.create(session)
        return session

    def take(self, span: Span) -> UploadSession:
        return take(self.store, span, DATA[span.start : span.stop], at=1.0).session


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(file_digests, "QUICK_FILE_BYTES", 0)
    monkeypatch.setattr(file_digests, "TICK_SECONDS", 0.01)
    return House(tmp_path, now=1000.0)


def sums(data: bytes) -> Sums:
    return Sums(hashlib.sha256(data).hexdigest(), zlib.crc32(data))


def test_a_growing_digest_is_that_of_the_whole(house):
    house.open()
    house.take(Span(0, len(DATA)))
    growing = GrowingDigest(house.store.open(ID))
    for stop in (0, 1, 1, 2_000_000, len(DATA)):
        assert growing.advanced_to(stop) == sums(DATA[:stop])
    growing.close()


def test_what_was_sent_again_after_it_was_hashed_is_hashed_again(house):
    house.open()
    house.take(Span(0, 1_000_000))
    growing = GrowingDigest(house.store.open(ID))
    growing.advanced_to(1_000_000)
    # The sync of those bytes fails, and their sender has changed the file meanwhile.
    log = house.store.open(ID)._log
    log.append(lambda arrived: Arrival(Kind.SYNC_FAILED, arrived.boot, 1.0))
    take(house.store, Span(0, len(DATA)), DATA[::-1], at=2.0)
    whole = house.store.open(ID).status()
    assert growing.whole(whole) == sums(DATA[::-1])
    growing.close()


def test_an_upload_that_is_opened_again_under_its_id_is_hashed_by_its_own_bytes(house, monkeypatch):
    monkeypatch.setattr(file_digests, "TICK_SECONDS", 1000)
    session = house.open()
    house.digests.chunk_recorded(house.take(Span(0, 2_000_000)), None)
    house.store.delete(ID)
    house.store.create(replace(session, opened_at=1.0))
    take(house.store, Span(0, len(DATA)), DATA[::-1], at=2.0)
    whole = house.store.open(ID).status()
    assert house.digests.of_whole(whole, house.store.open(ID)) == sums(DATA[::-1])
    assert house.digests.soon(whole) is None


def test_only_one_in_all_processes_hashes_along(house):
    house.open()
    growing = GrowingDigest(house.store.open(ID))
    with pytest.raises(Busy):
        GrowingDigest(house.store.open(ID))
    growing.close()
    GrowingDigest(house.store.open(ID)).close()


def test_a_slow_file_is_hashed_along_and_noted_without_a_job_afterwards(house):
    house.open()
    house.digests.chunk_recorded(house.take(Span(0, 1_000_000)), None)
    house.take(Span(1_000_000, len(DATA)))
    done = house.store.open(ID).update(lambda each: each.completed("a.bin", None, 2.0))
    # The ledger has no such link here, so the digest goes nowhere else; the session is what is looked at.
    house.requests.note_sums = lambda *_: None
    house.digests.delivered(done, None, Delivery("a.bin", "a.bin", "mark"))
    assert house.jobs == []
    eventually(lambda: house.store.open(ID).status().sha256 == DIGEST, what="the digest")


def test_who_waits_for_the_digest_of_a_delivered_file_gets_it_where_little_is_left_of_it(house, monkeypatch):
    house.open()
    assert house.digests.soon(house.take(Span(0, 1_000_000))) is None, "nobody hashes it along yet"
    monkeypatch.setattr(file_digests, "TICK_SECONDS", 1000)
    house.digests.chunk_recorded(house.store.open(ID).status(), None)
    house.take(Span(1_000_000, len(DATA)))
    done = house.store.open(ID).update(lambda each: each.completed("a.bin", None, 2.0))
    monkeypatch.setattr(file_digests, "SOON_BYTES", 1_000_000)
    assert house.digests.soon(done) is None
    monkeypatch.setattr(file_digests, "SOON_BYTES", 3_000_000)
    assert house.digests.soon(done) == DIGEST
    assert house.digests.soon(done.hashed("f" * 64)) == "f" * 64


def test_a_fast_file_is_left_for_afterwards(house):
    session = house.open()
    fast = replace(session, opened_at=999.999, ranges=ByteRanges([Span(0, len(DATA))]))
    house.digests.chunk_recorded(fast, None)
    house.digests.delivered(fast, None, Delivery("a.bin", "a.bin", "mark"))
    assert len(house.jobs) == 1


def test_the_digest_of_a_whole_file_is_right_with_and_without_a_head_start(house):
    house.open()
    part = house.take(Span(0, 2_000_000))
    whole = house.take(Span(2_000_000, len(DATA)))
    assert house.digests.of_whole(whole, house.store.open(ID)) == sums(DATA)
    house.digests.chunk_recorded(part, None)
    assert house.digests.of_whole(whole, house.store.open(ID)) == sums(DATA)


def test_a_file_that_cannot_be_read_keeps_no_other_one_from_its_digest(house, tmp_path, monkeypatch):
    hash = "request-0123456789"
    house.requests.create(RequestLink(hash=hash, folder=RelPath.parse("in"), created_at=1.0))
    (tmp_path / "files/in").mkdir(parents=True)
    for name in ("locked.bin", "a.bin"):
        (tmp_path / "files/in" / name).write_bytes(DATA)
        house.requests.receive(hash, ReceivedFile(name, name, name, len(DATA), 1.0))
    opened = os.open

    def refusing(path, *args, **options):
        if str(path).endswith("locked.bin"):
            raise PermissionError(errno.EACCES, "Not yours", path)
        return opened(path, *args, **options)

    with monkeypatch.context() as locked:
        locked.setattr(os, "open", refusing)
        assert house.digests.hash_missing() == 1
    assert {each: house.requests.file(hash, each).sha256 for each in ("locked.bin", "a.bin")} == {
        "locked.bin": None,
        "a.bin": DIGEST,
    }
    assert house.digests.hash_missing() == 1


def test_a_file_that_was_left_gives_way_to_others_and_loses_no_digest(house, monkeypatch):
    monkeypatch.setattr(file_digests, "MAX_FILES_AT_ONCE", 1)
    link = RequestLink("request-0123456789", RelPath.parse("inbox"), 0.0)
    house.requests.create(link)
    house.open()
    house.digests.chunk_recorded(house.take(Span(0, 1_000_000)), link)
    # Of the file nothing has come for long, and it takes the last place.
    assert eventually(lambda: not house.digests._growing)
    growing = GrowingDigest(house.store.open(ID))
    growing.close()
    # Whoever comes back now and then has the file read from its beginning once, and not each time.
    house.digests.chunk_recorded(house.take(Span(1_000_000, 2_000_000)), link)
    assert not house.digests._growing
    house.take(Span(2_000_000, len(DATA)))
    whole = house.store.open(ID).status()
    with pytest.raises(LetGo):
        growing.whole(whole)
    # Those who have it in their hands in that moment do without it.
    monkeypatch.setattr(house.digests, "_along", lambda _: growing)
    assert house.digests.soon(whole) is None
    assert house.digests.of_whole(whole, house.store.open(ID)) == sums(DATA)
    # So does what was delivered then, by somebody who left the digest to it.
    delivery = house.store.open(ID).finish(house.inbox, link.folder, 5.0)
    known = (delivery.path, delivery.disk_path, len(DATA), 5.0)
    house.requests.receive(link.hash, ReceivedFile(ID, *known, file_identity=delivery.file_identity))
    house.store.open(ID).end(lambda each: each.completed(delivery.path, None, 5.0))
    house.digests._delivered_meanwhile(ID)
    [job] = house.jobs
    job()
    assert house.requests.file(link.hash, ID).sha256 == DIGEST
