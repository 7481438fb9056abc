"""Taking a file back where something goes wrong on the way: nobody is shown the file again, and what is left of it goes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.actors import Credentials, sender
from app.core.errors import Busy, UploadComplete, UploadNotFound
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.session import UploadSession
from app.services.receiving.commands import OpenUpload
from app.settings import Settings
from app.storage.disk.bodies import StreamBody
from app.wiring import Services, build
from tests.support.actors import OWNER
from tests.support.clock import Now
from tests.support.files import files_below

DATA = b"oops"
WHO = Credentials(sender("192.0.2.1"))


class House:
    """The services of a server with one link and one file that arrived on it."""

    def __init__(self, folder: Path, undo_minutes: float = 60 * 48) -> None:
        self.now = Now()
        self.settings = Settings(data_dir=folder / "data", undo_minutes=undo_minutes)  # type: ignore[call-arg]
        self.services = self.started()
        self.link: RequestLink = self.services.links.file_requests.create(RelPath.parse("in"), {}, OWNER)
        self.upload = self.sent()

    def started(self) -> Services:
        """As after a restart."""
        return build(self.settings, self.now)

    def sent(self, last_modified: float | None = None) -> UploadSession:
        opening = OpenUpload(RelPath.parse("a.bin"), len(DATA), last_modified)
        return self.services.receiving.small_files.receive(self.link.hash, opening, StreamBody(io.BytesIO(DATA)), WHO)

    def cancel(self) -> None:
        self.services.receiving.uploads.cancel(self.link.hash, self.upload.upload_id)

    @property
    def on_disk(self) -> list[str]:
        return sorted(files_below(self.settings.data_dir / "files"))

    @property
    def listed(self) -> list[str]:
        return [file.upload_id for file in self.services.ground.requests.usage(self.link.hash).files]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def interrupt(house: House, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The removal from the ledger succeeds, that from the disk does not."""

    def fail(*_: object) -> bool:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(house.services.ground.stores.inbox, "remove", fail)
        with pytest.raises(type(error)):
            house.cancel()
    assert house.on_disk == ["in/a.bin"]
    assert house.listed == []


def cancelled_again(house: House) -> None:
    with pytest.raises(UploadNotFound):
        house.cancel()


def swept(house: House) -> None:
    house.started().sweep()


@pytest.mark.parametrize("goes_on", [cancelled_again, swept])
def test_what_died_between_ledger_and_disk_is_completed(
    house: House, monkeypatch: pytest.MonkeyPatch, goes_on: Callable[[House], None]
) -> None:
    interrupt(house, monkeypatch, KeyboardInterrupt())
    with pytest.raises(UploadNotFound):
        house.started().receiving.uploads.status(house.link.hash, house.upload.upload_id)
    goes_on(house)
    assert house.on_disk == []


def test_a_disk_that_does_not_let_go_is_busy_and_asking_again_helps(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(house, monkeypatch, Busy())
    cancelled_again(house)
    assert house.on_disk == []


def test_a_file_that_cannot_be_removed_keeps_nobody_waiting_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(house, monkeypatch, Busy())
    ground = house.services.ground
    gone = house.services.links.file_requests.create(RelPath.parse("gone"), {}, OWNER)
    ground.requests.delete(gone.hash, OWNER)
    freed: list[None] = []
    monkeypatch.setattr(ground.requests, "clear_deleted", lambda: freed.append(None))
    with monkeypatch.context() as patched:

        def busy(*_: object) -> None:
            raise Busy()

        patched.setattr(ground.stores.inbox, "remove", busy)
        house.services.readers.catch_up()
        assert freed == [None]
        house.services.readers.catch_up()
        assert freed == [None, None]
        house.now.pass_by(3601)
        house.services.readers.catch_up()
        house.services.readers.catch_up()
        assert freed == [None, None, None]
    assert house.on_disk == ["in/a.bin"]


def test_a_file_of_that_name_that_came_meanwhile_is_left_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(house, monkeypatch, Busy())
    (house.settings.data_dir / "files/in/a.bin").unlink()
    second = house.sent()
    cancelled_again(house)
    swept(house)
    assert house.on_disk == ["in/a.bin"]
    assert house.listed == [second.upload_id]


def test_the_same_file_that_is_sent_again_is_not_taken_for_the_one_that_was_taken_back(house: House) -> None:
    """The disk may give it the number of the old one, and its sender gives it the same size and time."""
    house.cancel()
    first = house.sent(last_modified=1_700_000_000.0)
    house.services.receiving.uploads.cancel(house.link.hash, first.upload_id)
    second = house.sent(last_modified=1_700_000_000.0)
    with pytest.raises(UploadNotFound):
        house.services.receiving.uploads.cancel(house.link.hash, first.upload_id)
    house.started().sweep()
    assert house.on_disk == ["in/a.bin"]
    assert house.listed == [second.upload_id]


def test_the_time_counts_from_the_arrival_and_outlives_the_session(house: House) -> None:
    house.now.pass_by(47.9 * 3600)
    house.services.sweep()
    assert house.services.receiving.undo.until(house.upload.active_at) is not None
    house.cancel()
    assert house.on_disk == []
    late = house.sent()
    house.now.pass_by(48.1 * 3600)
    with pytest.raises(UploadComplete):
        house.services.receiving.uploads.cancel(house.link.hash, late.upload_id)
    assert house.on_disk == ["in/a.bin"]


def test_0_minutes_is_never(tmp_path: Path) -> None:
    house = House(tmp_path, undo_minutes=0)
    assert house.services.receiving.undo.until(house.upload.active_at) is None
    with pytest.raises(UploadComplete):
        house.cancel()
    assert house.on_disk == ["in/a.bin"]


def test_a_file_from_before_files_were_marked_stays(house: House) -> None:
    with house.services.ground.catalogue.write() as tx:
        tx.run("UPDATE ledger SET file_identity = NULL")
    house.services = house.started()
    with pytest.raises(UploadComplete):
        house.cancel()
    assert house.on_disk == ["in/a.bin"]
