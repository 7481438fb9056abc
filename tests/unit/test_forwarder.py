"""Passing a file on part by part: what is read again to finish it, and what is not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.actors import Credentials, sender
from app.core.backoff import Backoff
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.reasons import Reason
from app.core.remotes import (
    OutboxEntry,
    OutboxState,
    OutgoingFile,
    RemoteTarget,
    RemoteTrouble,
    TargetKind,
    TransferLost,
)
from app.services.forwarding.forwarder import Forwarder
from app.services.forwarding.remotes import Remotes
from app.services.forwarding.sources import LocalCopies
from app.services.parallel_chunk_processor import ParallelChunkProcessor
from app.services.receiving.commands import OpenUpload, ReceiveChunk
from app.settings import Settings
from app.wiring import build
from tests.support.actors import OWNER
from tests.support.clock import Now
from tests.support.files import content, spans
from tests.support.remotes import MIB, FolderRemote
from tests.support.stores import body

DATA = content(3 * MIB + 5)
PARTS = spans(len(DATA), MIB)
DIGESTS = {start: hashlib.md5(DATA[start:stop]).hexdigest() for start, stop in PARTS}
PLACE = RemoteTarget(TargetKind.S3, bucket="bucket")


class House:
    """The services of a server, one upload on it, and a folder that the upload is passed on to."""

    def __init__(self, folder: Path) -> None:
        self.now = Now()
        self.settings = Settings(data_dir=folder / "data", undo_minutes=0)  # type: ignore[call-arg]
        self.remote = FolderRemote(folder / "remote")
        self.services = build(self.settings, self.now)
        self.link: RequestLink = self.services.links.file_requests.create(RelPath.parse("in"), {}, OWNER)
        self.id = self.opened()
        self.outbox = self.services.ground.outbox.store
        self.outbox.add(OutboxEntry(self.id, self.link.hash, PLACE, len(DATA), self.now(), OutboxState.ARRIVING))

    def opened(self) -> str:
        opening = OpenUpload(RelPath.parse("a.bin"), len(DATA), None, key="k" * 22)
        who = Credentials(sender("192.0.2.1"))
        return self.services.receiving.uploads.open(self.link.hash, opening, who).upload_id

    def take(self, start: int, stop: int, data: bytes = DATA) -> None:
        chunk = ReceiveChunk(self.id, Span(start, stop), len(data), None)
        self.services.receiving.uploads.receive(self.link.hash, chunk, body(data[start:stop]))

    def pass_on(self) -> None:
        """As a process does that has just been started."""
        ground = self.services.ground
        forwarder = Forwarder(
            outbox=self.outbox,
            remotes=Remotes(dict.fromkeys(TargetKind, lambda _: self.remote), lambda _: None),
            copies=LocalCopies(store=ground.stores.uploads, requests=ground.requests, inbox=ground.stores.inbox),
            requests=ground.requests,
            processor=ParallelChunkProcessor(self.services.forwarding.buffers, Backoff(0.0, 0.0, lambda: 0.5)),
            observer=ground.observer,
            clock=self.now,
            random=lambda: 0.5,
        )
        forwarder.pass_on(self.id)

    @property
    def noted(self) -> dict[int, str]:
        entry = self.outbox.load(self.id)
        assert entry
        return {int(start): digest for start, digest in json.loads(entry.digests or '{"parts": {}}')["parts"].items()}

    def change(self, change: Callable[[OutboxEntry], OutboxEntry]) -> None:
        assert self.outbox.update(self.id, change)

    @property
    def arrived(self) -> bytes | None:
        found = self.remote.root / "a.bin"
        return found.read_bytes() if found.exists() else None


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_was_noted_of_parts_while_the_file_arrived_is_there_when_it_is_finished(house):
    house.take(0, 2 * MIB)
    house.pass_on()
    assert house.noted == {start: DIGESTS[start] for start in (0, MIB)}
    house.take(2 * MIB, len(DATA))
    house.pass_on()
    assert house.remote.finished == [DIGESTS]
    assert house.arrived == DATA
    assert house.outbox.load(house.id) is None


def test_of_parts_whose_sender_died_before_it_noted_them_nothing_is_believed(house):
    house.take(0, 2 * MIB)
    house.pass_on()

    def without_first(entry: OutboxEntry) -> OutboxEntry:
        known = json.loads(entry.digests or "")
        del known["parts"]["0"]
        return replace(entry, digests=json.dumps(known))

    house.change(without_first)
    house.take(2 * MIB, len(DATA))
    house.pass_on()
    assert house.remote.finished == [{start: digest for start, digest in DIGESTS.items() if start}]
    assert house.arrived == DATA


def test_a_transfer_that_is_begun_anew_begins_with_no_digests(house):
    house.take(0, 2 * MIB)
    house.pass_on()
    house.take(2 * MIB, len(DATA))
    begin: Callable[[OutgoingFile], str] = house.remote.begin
    seen: list[dict[int, str]] = []

    def forget_once(span: Span) -> None:
        house.remote.before_send = lambda _: None
        raise TransferLost("forgotten")

    def begun(file: OutgoingFile) -> str:
        seen.append(house.noted)
        return begin(file)

    house.remote.before_send = forget_once
    house.remote.begin = begun
    house.pass_on()
    assert seen == [{}]
    assert house.remote.finished == [DIGESTS]
    assert house.arrived == DATA


def test_an_upload_that_was_cancelled_and_opened_again_has_no_digests_of_before(house):
    house.take(0, 2 * MIB)
    house.pass_on()
    other = bytes(reversed(DATA))
    house.services.receiving.uploads.cancel(house.link.hash, house.id)
    house.now.pass_by(0.5)
    assert house.opened() == house.id
    house.take(0, len(other), other)
    house.pass_on()
    assert house.arrived == other
    assert not {digest for each in house.remote.finished for digest in each.values()} & set(DIGESTS.values())


def test_after_a_power_cut_what_was_noted_before_counts_no_more(house, tmp_path):
    house.take(0, 2 * MIB)
    house.pass_on()
    # Nothing of it had reached the disk, and its sender has another file now.
    other = bytes(reversed(DATA))
    house.settings = house.settings.model_copy(update={"boot_id": "the next one"})
    house.services = build(house.settings, house.now)
    house.take(0, len(other), other)
    house.pass_on()
    assert house.remote.finished[0] == {}
    assert house.arrived == other


def test_a_file_that_its_owner_changes_meanwhile_is_read_again(house):
    house.take(0, len(DATA))
    path = house.settings.data_dir / "files/in/a.bin"

    def changed(span: Span) -> None:
        if span.stop == len(DATA):
            with path.open("r+b") as file:
                file.write(b"edited")
            os.utime(path, (1.0, 1.0))

    house.remote.before_send = changed
    house.pass_on()
    assert house.remote.finished[0] == {}
    assert house.arrived == b"edited" + DATA[6:]


def test_of_whom_nothing_comes_it_is_asked_less_and_less_until_the_file_is_there(house):
    house.take(0, 2 * MIB)
    waits = []
    for quiet in (0, 16, 800, 10**6):
        house.now.pass_by(quiet)
        house.pass_on()
        waits.append(house.outbox.load(house.id).next_at - house.now())
    assert waits == pytest.approx([2.0, 2.0, 102.0, 3600.0])


def test_a_file_that_arrives_while_it_is_looked_for_is_looked_for_again_at_once(house):
    house.take(0, 2 * MIB)
    house.pass_on()
    held: Callable[[str, OutgoingFile], object] = house.remote.held

    def arrive(transfer: str, file: OutgoingFile) -> object:
        house.take(2 * MIB, len(DATA))
        return held(transfer, file)

    house.now.pass_by(3600)
    house.remote.held = arrive
    house.pass_on()
    assert house.outbox.load(house.id).next_at == 0.0
    house.remote.held = held
    house.pass_on()
    assert house.arrived == DATA


def test_one_that_cannot_be_read_before_it_is_there_is_not_asked_for_with_every_look(house):
    uploads = house.services.ground.stores.uploads
    uploads.facts = replace(uploads.facts, readable=False)
    house.take(0, 2 * MIB)
    house.pass_on()
    assert house.outbox.load(house.id).next_at == house.now() + 2
    assert house.outbox.due(house.now(), 4) == []


def test_of_a_session_that_is_gone_nobody_is_asked_again_but_for_its_owner(house):
    class Gone(FolderRemote):
        def begin(self, file: OutgoingFile) -> str:
            del file
            raise RemoteTrouble("gone", lasting=True, reason=Reason.GONE)

    house.remote = Gone(house.remote.root)
    house.take(0, len(DATA))
    years = 10 * 365 * 86400
    for kind, is_over in ((TargetKind.S3, False), (TargetKind.SESSION, True)):
        house.change(lambda each, kind=kind: replace(each, target=RemoteTarget(kind), attempts=0, next_at=0.0))
        house.pass_on()
        entry = house.outbox.load(house.id)
        assert (entry.state, entry.error, entry.attempts) == (OutboxState.FAILED, "gone", 1)
        assert (house.outbox.due(house.now() + years, 4) == []) is is_over
    file = house.services.links.file_requests.received_by(house.link.hash, house.id)
    outbox = house.services.forwarding.outbox
    assert outbox.states([file])[house.id].next_at is None
    outbox.again(house.link, file, OWNER)
    assert [each.upload_id for each in house.outbox.due(house.now(), 4)] == [house.id]
