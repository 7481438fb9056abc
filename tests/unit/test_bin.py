"""Deleting and restoring where something goes wrong on the way: a file is on the list or can be restored, at every moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.actors import Actor, ActorKind
from app.core.audit import ALL
from app.core.errors import Busy, FileChanged, FileInUse, FileNotFound, UploadNotFound
from app.core.events import EventKind
from app.settings import Settings
from app.storage.sql.events import SQLEvents
from tests.support.actors import OWNER
from tests.unit.test_undo import DATA, House

DAY = 86_400


class Shelf(House):
    """A house with what may be asked of its bin."""

    @property
    def id(self) -> str:
        return self.upload.upload_id

    def delete(self, **more: Any) -> float | None:
        return self.services.received.bin.delete(self.link.hash, self.id, OWNER, **more)

    def restore(self) -> str:
        return self.services.received.bin.restore(self.link.hash, self.id, OWNER).path

    @property
    def in_bin(self) -> list[str]:
        return [each.file.upload_id for each in self.services.received.bin.page(self.link.hash, 10)]

    @property
    def files_in_bin(self) -> list[str]:
        folder = self.settings.data_dir / "bin"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def restart(self) -> None:
        self.services = self.started()
        self.services.readers.catch_up()

    @property
    def told(self) -> list[tuple[EventKind, str]]:
        found = SQLEvents(self.services.ground.catalogue).after(0, 100)
        return [(each.kind, each.actor) for each in found if each.upload_id == self.id]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_deleted_file_frees_its_name_and_place_and_comes_back_whole(shelf: Shelf) -> None:
    counts = shelf.services.links.file_requests
    until = shelf.delete()
    assert until == shelf.now() + 7 * DAY
    assert (shelf.listed, shelf.on_disk, shelf.in_bin) == ([], [], [shelf.id])
    assert shelf.services.ground.requests.counts(shelf.link.hash).files == 0
    newer = shelf.sent()
    assert newer.delivered_path == "a.bin"
    assert shelf.restore() == "a (1).bin"
    assert sorted(shelf.on_disk) == ["in/a (1).bin", "in/a.bin"]
    assert set(shelf.listed) == {shelf.id, newer.upload_id}
    assert shelf.services.ground.requests.counts(shelf.link.hash).bytes == 2 * len(DATA)
    assert (shelf.in_bin, shelf.files_in_bin) == ([], [])
    file, stored = counts.stored(shelf.link.hash, "a (1).bin")
    with stored.content() as content:
        assert content.read_into(0, memoryview(bytearray(100))) == len(DATA)
    assert file.received_at == shelf.upload.active_at
    assert shelf.told == [
        (EventKind.FILE_RECEIVED, "sender"),
        (EventKind.FILE_DELETED, "owner"),
        (EventKind.FILE_RESTORED, "owner"),
    ]


def test_what_is_done_is_not_done_twice(shelf: Shelf) -> None:
    with pytest.raises(FileNotFound):
        shelf.restore()
    shelf.delete()
    with pytest.raises(FileNotFound):
        shelf.delete()
    shelf.restore()
    with pytest.raises(FileNotFound):
        shelf.restore()
    shelf.delete()
    assert (shelf.in_bin, shelf.files_in_bin) == ([shelf.id], [shelf.id])


def test_after_its_time_it_is_gone_for_good_and_its_bytes_count_until_then(shelf: Shelf) -> None:
    shelf.delete()
    assert shelf.services.received.deleted.total() == (1, len(DATA))
    shelf.now.at += 7 * DAY - 1
    assert shelf.services.received.bin.purge() == 0
    shelf.now.at += 1
    assert shelf.services.received.bin.purge() == 1
    assert (shelf.files_in_bin, shelf.in_bin, shelf.listed) == ([], [], [])
    assert shelf.services.received.deleted.total() == (0, 0)
    with pytest.raises(FileNotFound):
        shelf.restore()
    found = shelf.services.received.deleted.find(shelf.link.hash, shelf.id)
    assert found is not None
    assert (found.deleted_by, found.until) == ("owner", None), "what happened stays in the ledger"


def test_the_bin_can_be_emptied_by_hand_and_be_none_at_all(shelf: Shelf, tmp_path: Path) -> None:
    shelf.delete()
    shelf.services.received.bin.empty(shelf.link.hash, shelf.id, OWNER)
    assert (shelf.files_in_bin, shelf.in_bin) == ([], [])
    with pytest.raises(FileNotFound):
        shelf.services.received.bin.empty(shelf.link.hash, shelf.id, OWNER)
    other = Shelf(tmp_path / "other")
    assert other.delete(for_good=True) is None
    assert (other.on_disk, other.files_in_bin, other.listed) == ([], [], [])


def test_a_file_that_was_moved_away_by_hand_goes_off_the_list(shelf: Shelf) -> None:
    (shelf.settings.data_dir / "files/in/a.bin").rename(shelf.settings.data_dir / "mine")
    assert shelf.delete() is None
    assert (shelf.listed, shelf.in_bin) == ([], [])
    assert (shelf.settings.data_dir / "mine").read_bytes() == DATA


def test_a_file_that_its_owner_changed_stays(shelf: Shelf) -> None:
    (shelf.settings.data_dir / "files/in/a.bin").write_bytes(b"mine, and longer")
    with pytest.raises(FileChanged):
        shelf.delete()
    assert (shelf.listed, shelf.on_disk) == ([shelf.id], ["in/a.bin"])


def test_one_that_is_just_being_passed_on_stays_and_one_that_was_goes(shelf: Shelf) -> None:
    requests = shelf.services.ground.requests
    assert requests.note_leaving(shelf.link.hash, shelf.id)
    with pytest.raises(FileInUse):
        shelf.delete()
    assert (shelf.listed, shelf.on_disk) == ([shelf.id], ["in/a.bin"])
    requests.note_passed_on(shelf.link.hash, shelf.id, "s3://there")
    shelf.delete()
    assert shelf.listed == []
    shelf.restore()
    file = requests.file(shelf.link.hash, shelf.id)
    assert file is not None
    assert file.passed_on_to == "s3://there"


def test_a_sender_is_told_that_it_arrived_and_can_take_nothing_back(shelf: Shelf) -> None:
    shelf.delete()
    assert shelf.services.receiving.uploads.delivered(shelf.link.hash, [shelf.id]) == [shelf.id]
    with pytest.raises(UploadNotFound):
        shelf.cancel()
    assert shelf.in_bin == [shelf.id]


STEPS: list[tuple[str, Callable[[Shelf], Any], str]] = [
    ("delete", Shelf.delete, "stores.bin.put"),
    ("delete", Shelf.delete, "stores.inbox.move_out"),
    ("restore", Shelf.restore, "stores.inbox.deliver"),
    ("restore", Shelf.restore, "stores.inbox.flush"),
    ("restore", Shelf.restore, "deleted.take_out"),
    ("restore", Shelf.restore, "stores.bin.remove"),
]


@pytest.mark.parametrize(
    ("what", "act", "step", "after"), [(*each, after) for each in STEPS for after in (False, True)]
)
def test_whatever_step_it_dies_at_nothing_is_lost_and_it_can_be_done_again(
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    act: Callable[[Shelf], Any],
    step: str,
    after: bool,
) -> None:
    if what == "restore":
        shelf.delete()
    die_at(shelf, monkeypatch, step, after, act)
    is_whole(shelf)
    shelf.restart()
    is_whole(shelf)
    assert len(shelf.on_disk) + len([each for each in shelf.files_in_bin if shelf.in_bin]) == 1
    if shelf.in_bin:
        assert shelf.on_disk == [], "what was deleted is out of the folder once it was told"
        shelf.restore()
    shelf.delete()
    assert (shelf.on_disk, shelf.files_in_bin, shelf.in_bin) == ([], [shelf.id], [shelf.id])
    assert shelf.restore() == "a.bin"
    shelf.now.at += 8 * DAY
    shelf.services.received.bin.purge()
    assert (shelf.on_disk, shelf.files_in_bin, shelf.listed) == (["in/a.bin"], [], [shelf.id])


def die_at(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, step: str, after: bool, act: Callable[[Shelf], Any]) -> None:
    *way, name = step.split(".")
    owner: Any = shelf.services.received if way == ["deleted"] else shelf.services.ground
    for part in way:
        owner = getattr(owner, part)
    real = getattr(owner, name)

    def dying(*arguments: Any) -> Any:
        if after:
            real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(KeyboardInterrupt):
            act(shelf)


def is_whole(shelf: Shelf) -> None:
    """The file is on the list or in the bin, and not in both; and its bytes are in one of the places."""
    assert sorted([*shelf.listed, *shelf.in_bin]) == [shelf.id]
    places = [*(shelf.settings.data_dir / "files").rglob("a*.bin"), *(shelf.settings.data_dir / "bin").glob("*")]
    assert places
    assert {path.read_bytes() for path in places} == {DATA}
    if shelf.listed:
        assert shelf.on_disk == ["in/a.bin"]


def test_where_the_disk_is_busy_the_reader_ends_it_later(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> bool:
        raise Busy

    with monkeypatch.context() as patched:
        patched.setattr(shelf.services.ground.stores.bin, "put", busy)
        with pytest.raises(Busy):
            shelf.delete()
    assert (shelf.listed, shelf.in_bin, shelf.on_disk) == ([], [shelf.id], ["in/a.bin"])
    shelf.services.readers.catch_up()
    assert (shelf.on_disk, shelf.files_in_bin) == ([], [shelf.id])


def test_a_power_cut_that_undid_the_move_loses_nothing(shelf: Shelf) -> None:
    shelf.delete()
    (shelf.settings.data_dir / "bin" / shelf.id).rename(shelf.settings.data_dir / "files/in/a.bin")
    assert shelf.restore() == "a.bin"
    assert (shelf.listed, shelf.on_disk) == ([shelf.id], ["in/a.bin"])


def test_files_of_deleted_links_go_after_their_time_and_not_before(shelf: Shelf) -> None:
    shelf.delete()
    shelf.services.links.file_requests.close(shelf.link.hash, OWNER)
    shelf.services.receiving.forgetting.forget(shelf.link.hash, OWNER)
    shelf.restart()
    shelf.now.at = (shelf.settings.data_dir / "bin" / shelf.id).stat().st_ctime + 7 * DAY - 10
    shelf.services.received.bin.purge()
    assert shelf.files_in_bin == [shelf.id]
    shelf.now.at += 20
    assert shelf.services.received.bin.purge() == 1
    assert shelf.files_in_bin == []


@pytest.mark.parametrize(("of_link", "of_server", "kept"), [(0, 0, True), (0, 5, False), (5, 0, False), (9, 5, True)])
def test_files_go_after_the_days_of_their_link_or_else_of_the_server(
    tmp_path: Path, of_link: int, of_server: int, kept: bool
) -> None:
    shelf = Shelf(tmp_path)
    shelf.settings = Settings(data_dir=tmp_path / "data", keep_days=of_server)  # type: ignore[call-arg]
    shelf.restart()
    shelf.services.links.file_requests.edit(shelf.link.hash, {"keep_days": of_link}, OWNER)
    shelf.now.at += 5 * DAY - 1
    shelf.services.sweep()
    assert shelf.listed == [shelf.id]
    shelf.now.at += 2
    shelf.services.sweep()
    assert (shelf.listed == [shelf.id]) is kept
    assert (shelf.on_disk == ["in/a.bin"]) is kept
    assert shelf.files_in_bin == []
    if not kept:
        assert shelf.told[-1] == (EventKind.FILE_DELETED, str(Actor(ActorKind.SERVICE, name="retention")))


def test_more_files_than_are_looked_at_at_once_go_in_one_night(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.received.retention.FILES_AT_ONCE", 3)
    monkeypatch.setattr("app.services.received.bin.PURGED_AT_ONCE", 3)
    for _ in itertools.repeat(None, 10):
        shelf.sent()
    shelf.services.links.file_requests.edit(shelf.link.hash, {"keep_days": 1}, OWNER)
    shelf.now.at += 2 * DAY
    assert shelf.services.received.retention.sweep() == 11
    assert shelf.on_disk == []


def test_what_the_server_removes_by_itself_is_told_and_kept_for_a_year(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.settings = Settings(data_dir=tmp_path / "data", bin_hours=48, keep_days=30)  # type: ignore[call-arg]
    shelf.restart()

    def told() -> list[tuple[str, str, str | None]]:
        rows = shelf.services.audit.log.page(100, None, ALL)
        return [(str(each.actor), each.act, each.facts.get("path")) for each in reversed(rows)]

    shelf.delete()
    shelf.now.at += 2 * DAY
    later = shelf.sent()
    shelf.services.sweep()
    shelf.now.at += 31 * DAY
    shelf.services.sweep()
    assert told()[1:] == [
        ("owner", "file_deleted", "a.bin"),
        ("service:bin", "file_removed", "a.bin"),
        ("service:purge", "purge_ran", None),
        ("service:retention", "file_deleted", later.delivered_path),
        ("service:purge", "purge_ran", None),
    ]
    shelf.now.at += 333 * DAY
    shelf.services.sweep()
    assert [act for _, act, _ in told()] == ["file_removed", "purge_ran", "file_deleted", "purge_ran", "purge_ran"]
    shelf.now.at += 366 * DAY
    shelf.services.sweep()
    assert [act for _, act, _ in told()] == ["purge_ran"]
