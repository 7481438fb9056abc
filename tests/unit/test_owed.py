"""Owed: whoever passes files on is woken when there is something to pass on, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.links import ReceivedFile
from app.core.remotes import OutboxEntry, Place, PlaceKind
from app.services.forwarding.outbox import Owed
from app.storage.disk.local_outbox import LocalOutbox

PLACE = Place(PlaceKind.S3, bucket="bucket")
NOW = 1000.0


@pytest.fixture
def outbox(tmp_path: Path) -> LocalOutbox:
    return LocalOutbox(tmp_path / "outbox")


@pytest.fixture
def owed(outbox: LocalOutbox) -> Owed:
    return Owed(outbox, lambda: NOW)


def received(upload_id: str, **more: object) -> ReceivedFile:
    return replace(ReceivedFile(upload_id, "a", "a", 10, NOW), **more)  # type: ignore[arg-type]


def test_a_file_that_goes_nowhere_wakes_nobody(owed, outbox):
    owed.received("hash", [received(str(number)) for number in range(3)])
    owed.received("hash", [received("done", destination=PLACE, passed_on_to="s3://bucket/a")])
    assert not owed.wake.is_set()
    assert outbox.all() == []


def test_a_file_that_has_to_be_passed_on_is_noted_and_wakes(owed, outbox):
    owed.received("hash", [received("1"), received("2", destination=PLACE), received("3")])
    assert owed.wake.is_set()
    assert outbox.all() == [OutboxEntry("2", "hash", PLACE, 10, NOW)]


@pytest.mark.parametrize("attempts", [0, 1])
def test_one_that_is_on_its_way_goes_on_at_once_unless_it_has_failed(owed, outbox, attempts):
    outbox.add(OutboxEntry("1", "hash", PLACE, 10, NOW, attempts=attempts, next_at=NOW + 60))
    owed.received("hash", [received("1", destination=PLACE)])
    assert owed.wake.is_set()
    assert outbox.load("1").next_at == (NOW + 60 if attempts else 0.0)
