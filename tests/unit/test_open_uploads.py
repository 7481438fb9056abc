"""What is on its way to a link: how its pace is told, and what stopping it leaves."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app import create_app
from app.core.actors import Actor, ActorKind, Credentials, sender
from app.core.errors import Busy, StorageFull, UploadCancelled, UploadComplete, UploadNotFound
from app.core.events import EventKind
from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.session import UploadSession
from app.services.receiving import open_uploads
from app.services.receiving.commands import OpenUpload, ReceiveChunk
from app.services.receiving.open_uploads import Stopped, UnderWay
from app.settings import Settings
from app.storage.disk.bodies import StreamBody
from app.storage.disk.upload import DiskUpload
from app.storage.sql.events import SQLEvents
from app.wiring import build
from tests.support.actors import OWNER
from tests.support.clock import Now
from tests.support.files import files_below

WHO = Credentials(sender("192.0.2.1"))
SIZE = 100_000


class House:
    """The services of a server with one link."""

    def __init__(self, folder: Path) -> None:
        self.now = Now()
        self.settings = Settings(data_dir=folder / "data")  # type: ignore[call-arg]
        self.services = build(self.settings, self.now)
        self.hash = self.services.links.file_requests.create(RelPath.parse("in"), {}, OWNER).hash

    def opened(self, name: str = "a.bin", key: str | None = None) -> str:
        return self.services.receiving.uploads.open(
            self.hash, OpenUpload(RelPath.parse(name), SIZE, key=key), WHO
        ).upload_id

    def chunk(self, upload_id: str, start: int, length: int) -> None:
        command = ReceiveChunk(upload_id, Span(start, start + length), SIZE, None)
        self.services.receiving.uploads.receive(self.hash, command, StreamBody(io.BytesIO(b"x" * length)))

    @property
    def seen(self) -> list[UnderWay]:
        here = self.services.receiving.open_uploads
        return here.look(here.of(self.hash))

    @property
    def pace(self) -> float:
        return self.seen[0].bytes_per_second


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_an_upload_is_seen_as_it_stands(house: House) -> None:
    upload_id = house.opened()
    house.now.pass_by(4)
    house.chunk(upload_id, 0, 40_000)
    (seen,) = house.seen
    session = seen.session
    assert (session.upload_id, session.client, session.received_bytes) == (upload_id, "192.0.2.1", 40_000)
    assert session.active_at - session.opened_at == 4


def test_the_pace_is_that_of_the_last_half_minute(house: House) -> None:
    upload_id = house.opened()
    assert house.pace == 0
    house.now.pass_by(10)
    house.chunk(upload_id, 0, 1000)
    assert house.pace == pytest.approx(100)  # From the opening on, as there is nothing before.
    house.now.pass_by(open_uploads.RATE_SECONDS + 1)
    assert house.pace == 0
    house.chunk(upload_id, 1000, 3100)
    assert house.pace == pytest.approx(100)  # They have been coming since the chunk before.
    house.now.pass_by(10)
    house.chunk(upload_id, 4100, 8000)
    assert house.pace == pytest.approx(11_100 / 41)
    house.now.pass_by(25)
    assert house.pace == pytest.approx(8000 / 35)


def test_what_was_stopped_takes_no_room_and_its_sender_is_told_also_under_its_key(house: House) -> None:
    key = "k" * 24
    upload_id = house.opened(key=key)
    house.chunk(upload_id, 0, 5)
    house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    assert house.seen == []
    assert files_below(house.settings.data_dir / "uploads") == {}
    for call in (
        lambda: house.chunk(upload_id, 5, 5),
        lambda: house.services.receiving.uploads.status(house.hash, upload_id),
        lambda: house.opened(key=key),
    ):
        with pytest.raises(UploadCancelled):
            call()
    with pytest.raises(UploadNotFound):
        house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    assert house.opened() != upload_id


def test_a_small_file_is_not_delivered_under_a_key_that_was_stopped(house: House) -> None:
    key = "k" * 24
    opening = OpenUpload(RelPath.parse("a.txt"), 4, key=key)
    upload_id = house.services.receiving.uploads.open(house.hash, opening, WHO).upload_id
    house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    with pytest.raises(UploadCancelled):
        house.services.receiving.small_files.receive(house.hash, opening, StreamBody(io.BytesIO(b"oops")), WHO)
    assert files_below(house.settings.data_dir / "files") == {}


def test_stopping_never_takes_a_file_back(house: House) -> None:
    upload_id = house.opened()
    house.chunk(upload_id, 0, SIZE)
    with pytest.raises(UploadComplete):
        house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    assert house.services.receiving.open_uploads.stop_all(house.hash, OWNER) == Stopped(0, 0)
    assert files_below(house.settings.data_dir / "files").keys() == {"in/a.bin"}


def test_a_file_that_was_delivered_by_a_process_that_died_right_then_is_not_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = house.opened()

    class Death(BaseException):
        pass

    def die(*_: object) -> None:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(DiskUpload, "update", die)
        with pytest.raises(Death):
            house.chunk(upload_id, 0, SIZE)
    assert house.services.ground.stores.uploads.open(upload_id).status().state == "open"
    with pytest.raises(UploadComplete):
        house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    house.services.receiving.uploads.cancel(house.hash, upload_id)  # Its sender takes it back instead.
    assert files_below(house.settings.data_dir / "files") == {}


def test_all_are_stopped_in_calls_that_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_uploads, "MAX_STOPPED", 3)
    for number in range(7):
        house.opened(f"{number}.bin")
    stop = house.services.receiving.open_uploads.stop_all
    assert stop(house.hash, OWNER) == Stopped(3, 4)
    monkeypatch.setattr(open_uploads, "MAX_STOP_SECONDS", -1)
    assert stop(house.hash, OWNER) == Stopped(0, 4)
    monkeypatch.setattr(open_uploads, "MAX_STOP_SECONDS", 60)
    assert [stop(house.hash, OWNER) for _ in range(3)] == [Stopped(3, 1), Stopped(1, 0), Stopped(0, 0)]
    assert len(told(house)) == 7


def told(house: House) -> list[tuple[str, str | None]]:
    """Who has stopped which uploads."""
    events = SQLEvents(house.services.ground.catalogue).after(0, 1000)
    return [(each.actor, each.upload_id) for each in events if each.kind is EventKind.UPLOAD_STOPPED]


def test_who_stopped_an_upload_stands_in_an_event(house: House) -> None:
    stopped, cancelled, lost = house.opened("a"), house.opened("b"), house.opened("c")
    ada = Actor(ActorKind.ACCOUNT, name="ada")
    house.services.receiving.uploads.cancel(house.hash, cancelled)
    house.services.receiving.open_uploads.stop(house.hash, stopped, ada)
    house.services.ground.stores.uploads.delete(lost)
    house.services.receiving.open_uploads.stop(house.hash, lost, ada)
    assert told(house) == [("account:ada", stopped), ("account:ada", lost)]


def test_a_page_reads_no_more_sessions_than_it_shows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = {house.opened(f"{number}.bin") for number in range(40)}
    read: list[str] = []
    status = DiskUpload.status

    def counted(upload: DiskUpload) -> UploadSession:
        # Threads of other tests may look at theirs.
        if upload.upload_id in opened:
            read.append(upload.upload_id)
        return status(upload)

    monkeypatch.setattr(DiskUpload, "status", counted)
    client = create_app(house.settings, house.services).test_client()
    headers = {"Authorization": f"Bearer {(house.settings.data_dir / 'admin_token').read_text().strip()}"}
    reply = client.get(f"/api/droppr/requests/{house.hash}/uploads?limit=5", headers=headers).json
    assert reply is not None
    assert [each["upload_id"] for each in reply["uploads"]] == read
    assert len(read) == 5


def test_one_that_is_being_delivered_is_not_waited_for(house: House) -> None:
    held, other = house.opened("held.bin"), house.opened("other.bin")
    with house.services.ground.stores.uploads.open(held).exclusive():
        assert house.services.receiving.open_uploads.stop_all(house.hash, OWNER) == Stopped(1, 1)
        with pytest.raises(Busy):
            house.services.receiving.open_uploads.end(held, "stopped", wait=False)
    assert [each.session.upload_id for each in house.seen] == [held]
    assert other not in list(house.services.ground.stores.uploads.ids())


def test_a_place_without_a_session_is_given_back(house: House) -> None:
    upload_id = house.opened()
    house.services.ground.stores.uploads.delete(upload_id)
    assert house.seen == []
    house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    assert house.services.receiving.open_uploads.of(house.hash) == ()


def test_on_a_full_disk_the_bytes_go_first_and_make_the_room(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    release = house.services.ground.requests.release

    def refuse(hash: str, upload_id: str, why: str, by: Actor) -> bool:
        if house.services.ground.stores.uploads.exists(upload_id):
            raise StorageFull
        return release(hash, upload_id, why, by)

    monkeypatch.setattr(house.services.ground.requests, "release", refuse)
    upload_id = house.opened()
    house.services.receiving.open_uploads.stop(house.hash, upload_id, OWNER)
    assert house.services.receiving.open_uploads.of(house.hash) == ()
    with pytest.raises(UploadCancelled):
        house.chunk(upload_id, 0, 5)


def test_a_count_that_takes_long_is_not_made_anew_each_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = house.services.operations.figures
    house.opened()
    assert figures.open_uploads() == 1
    house.opened()
    assert figures.open_uploads() == 2
    monkeypatch.setattr("app.services.operations.server_figures.LONG_COUNT_SECONDS", -1)
    monkeypatch.setattr("app.services.operations.server_figures.COUNT_PAUSE_FACTOR", 10**9)
    house.opened()
    assert figures.open_uploads() == 3
    house.opened()
    assert figures.open_uploads() == 3
