"""A file's digest is right whichever way it was computed, and computed along the way where that is worth while."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery
from app.core.ranges import ByteRanges, Span
from app.core.session import UploadSession
from app.services.receiving import file_digests
from app.services.receiving.file_digests import FileDigests, GrowingDigest
from app.storage.disk.bodies import StreamBody
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.json_sessions import JSONSessions
from app.storage.disk.local_chunks import LocalChunks
from app.storage.disk.local_requests import LocalRequests
from tests.support.files import eventually

ID = "upload-0123456789"
DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


class House:
    """The real stores in a folder of the test's."""

    def __init__(self, folder: Path, now: float) -> None:
        self.sessions = JSONSessions(folder / "uploads")
        self.chunks = LocalChunks(folder / "uploads")
        self.requests = LocalRequests(folder / "requests")
        self.inbox = LocalInbox(folder / "files")
        self.jobs: list[object] = []
        self.digests = FileDigests(
            sessions=self.sessions,
            chunks=self.chunks,
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
        self.chunks.allocate(ID, len(DATA))
        self.sessions.create(session)
        return session

    def take(self, span: Span) -> UploadSession:
        with self.chunks.claim(ID, span) as slot:
            slot.receive(StreamBody(io.BytesIO(DATA[span.start : span.stop])), ByteRanges([span]), None)
        self.sessions.record(ID, span, 1.0)
        return self.sessions.load(ID)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(file_digests, "QUICK_FILE_BYTES", 0)
    monkeypatch.setattr(file_digests, "TICK_SECONDS", 0.01)
    return House(tmp_path, now=1000.0)


def test_a_growing_digest_is_that_of_the_whole(house):
    house.open()
    growing = GrowingDigest(house.take(Span(0, len(DATA))), house.sessions, house.chunks)
    for stop in (0, 1, 1, 2_000_000, len(DATA)):
        assert growing.advanced_to(stop) == hashlib.sha256(DATA[:stop]).hexdigest()
    growing.close()


def test_only_one_in_all_processes_hashes_along(house):
    session = house.open()
    growing = GrowingDigest(session, house.sessions, house.chunks)
    with pytest.raises(Busy):
        GrowingDigest(session, house.sessions, house.chunks)
    growing.close()
    GrowingDigest(session, house.sessions, house.chunks).close()


def test_a_slow_file_is_hashed_along_and_noted_without_a_job_afterwards(house):
    house.open()
    house.digests.chunk_recorded(house.take(Span(0, 1_000_000)), None, None)
    house.take(Span(1_000_000, len(DATA)))
    done = house.sessions.update(ID, lambda each: each.completed("a.bin", None, 2.0))
    house.digests.delivered(done, None, Delivery("a.bin", "a.bin", "mark"))
    assert house.jobs == []
    # The ledger has no such link here, so the digest goes nowhere else; the session is what is looked at.
    house.requests.note_sha256 = lambda *_: None
    eventually(lambda: house.sessions.load(ID).sha256 == DIGEST, what="the digest")


def test_a_fast_file_is_left_for_afterwards(house):
    session = house.open()
    fast = replace(session, opened_at=999.999, ranges=ByteRanges([Span(0, len(DATA))]))
    house.digests.chunk_recorded(fast, None, None)
    house.digests.delivered(fast, None, Delivery("a.bin", "a.bin", "mark"))
    assert len(house.jobs) == 1


def test_the_digest_of_a_whole_file_is_right_with_and_without_a_head_start(house):
    house.open()
    part = house.take(Span(0, 2_000_000))
    whole = house.take(Span(2_000_000, len(DATA)))
    assert house.digests.of_whole(whole) == DIGEST
    house.digests.chunk_recorded(part, None, None)
    assert house.digests.of_whole(whole) == DIGEST
