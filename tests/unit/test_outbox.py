"""Outbox: whoever passes files on is woken when there is something to pass on, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.links import ReceivedFile
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget, TargetKind
from app.services.forwarding.outbox import Outbox
from app.storage.sql.outbox import SQLOutbox
from tests.support.catalogues import catalogue

PLACE = RemoteTarget(TargetKind.S3, bucket="bucket")
NOW = 1000.0


@pytest.fixture
def store(tmp_path: Path) -> SQLOutbox:
    return SQLOutbox(catalogue(tmp_path))


@pytest.fixture
def outbox(store: SQLOutbox) -> Outbox:
    return Outbox(store, lambda: NOW)


def received(upload_id: str, **more: object) -> ReceivedFile:
    return replace(ReceivedFile(upload_id, "a", "a", 10, NOW), **more)  # type: ignore[arg-type]


def test_a_file_that_goes_nowhere_wakes_nobody(outbox, store):
    outbox.received("hash", [received(str(number)) for number in range(3)])
    outbox.received("hash", [received("done", destination=PLACE, passed_on_to="s3://bucket/a")])
    assert not outbox.wake.is_set()
    assert store.all() == []


def test_a_file_that_has_to_be_passed_on_is_noted_and_wakes(outbox, store):
    outbox.received("hash", [received("1"), received("2", destination=PLACE), received("3")])
    assert outbox.wake.is_set()
    assert store.all() == [OutboxEntry("2", "hash", PLACE, 10, NOW)]


@pytest.mark.parametrize("attempts", [0, 1])
def test_one_that_is_on_its_way_goes_on_at_once_unless_it_has_failed(outbox, store, attempts):
    store.add(OutboxEntry("1", "hash", PLACE, 10, NOW, attempts=attempts, next_at=NOW + 60))
    outbox.received("hash", [received("1", destination=PLACE)])
    assert outbox.wake.is_set()
    assert store.load("1").next_at == (NOW + 60 if attempts else 0.0)
    # While it arrives, it waits for its sender and for nothing else.
    store.add(OutboxEntry("2", "hash", PLACE, 10, NOW, OutboxState.ARRIVING, attempts=attempts, next_at=NOW + 3600))
    outbox.received("hash", [received("2", destination=PLACE)])
    assert store.load("2").next_at == 0.0
