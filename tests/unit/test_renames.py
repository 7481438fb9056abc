"""Renaming where something goes wrong on the way: a file is on the list once, and can be read, at every moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import FileChanged, FileInUse, FileNotFound, NameTaken
from app.core.events import EventKind
from app.core.links import ReceivedFile
from app.core.paths import RelPath
from app.core.remotes import RemoteTarget, TargetKind
from app.storage.sql.events import SQLEvents
from tests.support.actors import OWNER
from tests.unit.test_bin import Shelf
from tests.unit.test_undo import DATA

STEPS = ("store.begin", "inbox.name", "inbox.flush", "store.moved", "inbox.remove")
"""All that renaming writes, in its order."""


class Died(BaseException):
    """The process ends here."""


class Drawer(Shelf):
    """A house in which files are renamed."""

    def rename(self, path: str, upload_id: str = "") -> ReceivedFile:
        renames = self.services.received.renames
        return renames.rename(self.link.hash, upload_id or self.id, RelPath.parse(path), OWNER)

    @property
    def file(self) -> ReceivedFile:
        file = self.services.ground.requests.file(self.link.hash, self.id)
        assert file is not None
        return file

    @property
    def bytes(self) -> bytes:
        """What the list's file holds."""
        _, stored = self.services.links.file_requests.stored(self.link.hash, self.file.path)
        assert stored.path is not None
        return stored.path.read_bytes()


@pytest.fixture
def drawer(tmp_path: Path) -> Drawer:
    return Drawer(tmp_path)


@pytest.mark.parametrize(
    "path", ["b.bin", "new/folder/b.bin", "日本 100%.bin", "a|b?.bin", "A.BIN", "a.bin.", "x" * 255]
)
def test_a_file_has_its_new_name_on_the_list_and_on_the_disk(drawer: Drawer, path: str) -> None:
    renamed = drawer.rename(path)
    assert (renamed.path, drawer.file.path) == (path, path)
    assert drawer.on_disk == [f"in/{renamed.disk_path}"]
    assert drawer.bytes == DATA
    assert drawer.told[-1] == (EventKind.FILE_RENAMED, "owner")
    drawer.services.readers.catch_up()
    assert drawer.on_disk == [f"in/{renamed.disk_path}"]
    assert drawer.rename(path).path == path
    assert drawer.rename("a.bin").path == "a.bin"
    assert drawer.on_disk == ["in/a.bin"]
    # What was told before, told again, changes nothing.
    drawer.services.received.renames.handle(SQLEvents(drawer.services.ground.catalogue).after(0, 100))
    assert (drawer.on_disk, drawer.bytes) == (["in/a.bin"], DATA)


def test_no_name_is_taken_from_anybody(drawer: Drawer) -> None:
    other = drawer.sent()
    folder = drawer.settings.data_dir / "files" / "in"
    (folder / "mine.txt").write_bytes(b"by its owner")
    (folder / "sub").mkdir()
    for taken in (other.delivered_path or "", "mine.txt", "sub", "mine.txt/below.bin"):
        with pytest.raises(NameTaken):
            drawer.rename(taken)
    assert (drawer.file.path, drawer.bytes) == ("a.bin", DATA)
    assert (folder / "mine.txt").read_bytes() == b"by its owner"


def test_only_the_file_that_arrived_is_renamed(drawer: Drawer) -> None:
    with pytest.raises(FileNotFound):
        drawer.rename("b.bin", "no-such-upload")
    (drawer.settings.data_dir / "files" / "in" / "a.bin").write_bytes(b"by its owner")
    with pytest.raises(FileChanged):
        drawer.rename("b.bin")
    assert drawer.on_disk == ["in/a.bin"]


def test_what_has_still_to_be_passed_on_keeps_its_name_until_then(drawer: Drawer, monkeypatch: Any) -> None:
    waiting = replace(drawer.file, destination=RemoteTarget(TargetKind.S3, bucket="bucket"))
    requests = drawer.services.ground.requests
    monkeypatch.setattr(requests, "file", lambda *_: waiting)
    with pytest.raises(FileInUse, match="passed on"):
        drawer.rename("b.bin")
    monkeypatch.setattr(requests, "file", lambda *_: replace(waiting, passed_on_to="s3://bucket/a.bin"))
    drawer.rename("b.bin")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_it_dies_at_any_step_and_the_file_has_its_old_name_or_its_new_one(
    drawer: Drawer, monkeypatch: Any, step: str, after: bool
) -> None:
    part, _, name = step.partition(".")
    holder = getattr(drawer.services.received.renames, f"_{part}")
    whole = getattr(holder, name)

    def dies(*arguments: Any) -> None:
        if after:
            whole(*arguments)
        raise Died

    monkeypatch.setattr(holder, name, dies)
    with pytest.raises(Died):
        drawer.rename("folder/b.bin")
    monkeypatch.setattr(holder, name, whole)
    # Whatever was done: the list names it once, by one of the two names, and it can be read.
    begun = step != "store.begin" or after
    assert drawer.listed == [drawer.id]
    assert drawer.file.path == ("folder/b.bin" if begun else "a.bin")
    assert drawer.bytes == DATA
    drawer.restart()
    assert drawer.file.path == ("folder/b.bin" if begun else "a.bin")
    assert drawer.on_disk == [f"in/{drawer.file.path}"]
    assert drawer.bytes == DATA
    drawer.restart()
    assert drawer.on_disk == [f"in/{drawer.file.path}"]


def test_a_name_that_somebody_takes_meanwhile_is_numbered(drawer: Drawer, monkeypatch: Any) -> None:
    inbox = drawer.services.ground.stores.inbox
    whole = inbox.name

    def slow(*arguments: Any) -> Any:
        (drawer.settings.data_dir / "files" / "in" / "b.bin").write_bytes(b"by its owner")
        return whole(*arguments)

    monkeypatch.setattr(inbox, "name", slow)
    assert drawer.rename("b.bin").path == "b (1).bin"
    assert drawer.on_disk == ["in/b (1).bin", "in/b.bin"]
    assert (drawer.file.path, drawer.bytes) == ("b (1).bin", DATA)


def test_a_renamed_file_goes_to_the_bin_and_comes_back_under_its_new_name(drawer: Drawer) -> None:
    drawer.rename("b.bin")
    drawer.delete()
    assert (drawer.listed, drawer.on_disk, drawer.in_bin) == ([], [], [drawer.id])
    drawer.services.readers.catch_up()
    assert drawer.restore() == "b.bin"
    assert drawer.on_disk == ["in/b.bin"]


@pytest.mark.parametrize("step", STEPS[1:])
def test_what_follows_a_renaming_that_died_leaves_no_name_behind(drawer: Drawer, monkeypatch: Any, step: str) -> None:
    part, _, name = step.partition(".")
    folder = drawer.settings.data_dir / "files"
    for then in ("back", "on", "delete"):
        holder = getattr(drawer.services.received.renames, f"_{part}")
        whole = getattr(holder, name)

        def dies(*arguments: Any, whole: Any = whole) -> None:
            whole(*arguments)
            raise Died

        monkeypatch.setattr(holder, name, dies)
        with pytest.raises(Died):
            drawer.rename("b.bin")
        monkeypatch.setattr(holder, name, whole)
        # Before anybody has been told of it.
        drawer.services = drawer.started()
        if then == "delete":
            drawer.delete()
        else:
            drawer.rename("a.bin" if then == "back" else "c.bin")
        drawer.services.readers.catch_up()
        if then == "delete":
            assert [path.name for path in folder.rglob("*.bin")] == []
            assert drawer.restore() == "b.bin"
        assert drawer.on_disk == [f"in/{drawer.file.path}"]
        assert drawer.bytes == DATA
        drawer.rename("a.bin")
