"""Whole files after a crash at the worst moments, and on a file system that has no files without names."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from app.core.actors import Credentials, sender
from app.core.errors import Busy
from app.core.paths import RelPath
from app.services.receiving.commands import OpenUpload
from app.settings import Settings
from app.storage.disk.bodies import StreamBody
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from app.storage.sql.files import SQLRequests
from app.wiring import Services, build
from tests.support.actors import OWNER
from tests.support.files import files_below

SENDER = Credentials(sender("192.0.2.1"))
KEY = "k" * 22


class PowerCut(BaseException):
    """The process ends here; nothing catches it."""


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return again(tmp_path)


def again(tmp_path: Path) -> Services:
    """The same data, as a restart finds it."""
    return build(Settings(data_dir=tmp_path / "data", admin_token="t" * 32))  # type: ignore[call-arg]


def send(services: Services, hash: str, data: bytes = b"hello", key: str | None = KEY):
    opening = OpenUpload(RelPath.parse("a.txt"), len(data), key=key)
    return services.receiving.small_files.receive(hash, opening, StreamBody(io.BytesIO(data)), SENDER)


def linked(services: Services, **terms: object) -> str:
    return services.links.file_requests.create(RelPath.parse("in"), terms, OWNER).hash


def shown(tmp_path: Path) -> list[str]:
    return sorted(files_below(tmp_path / "data/files"))


def die(*args: object, **kwargs: object) -> None:
    raise PowerCut


@pytest.mark.parametrize("how", ["again", "purge"])
def test_a_crash_after_the_link_leaves_one_file_that_is_found(services, tmp_path, monkeypatch, how):
    hash = linked(services, max_files=1)
    with monkeypatch.context() as broken:
        broken.setattr(SQLRequests, "receive", die)
        with pytest.raises(PowerCut):
            send(services, hash)
    assert shown(tmp_path) == ["in/a.txt"]
    later = again(tmp_path)
    if how == "again":
        assert send(later, hash).delivered_path == "a.txt"
    else:
        later.receiving.uploads.sweep()
    assert shown(tmp_path) == ["in/a.txt"]
    usage = later.ground.requests.usage(hash)
    assert [(file.path, file.size) for file in usage.files] == [("a.txt", 5)]
    assert later.ground.requests.announced(hash) == ()


@pytest.mark.parametrize("how", ["again", "purge"])
def test_a_crash_before_the_link_leaves_nothing_and_its_place_is_free(services, tmp_path, monkeypatch, how):
    hash = linked(services, max_files=1)
    with monkeypatch.context() as broken:
        broken.setattr(LocalInbox, "deliver", die)
        with pytest.raises(PowerCut):
            send(services, hash)
    assert shown(tmp_path) == []
    later = again(tmp_path)
    if how == "purge":
        later.receiving.uploads.sweep()
        assert later.ground.requests.announced(hash) == ()
    assert send(later, hash).delivered_path == "a.txt"
    assert shown(tmp_path) == ["in/a.txt"]


def test_a_folder_that_cannot_be_read_keeps_the_purge_from_no_other_link(services, tmp_path, monkeypatch):
    older = linked(services)
    newer = services.links.file_requests.create(RelPath.parse("locked"), {}, OWNER).hash
    with monkeypatch.context() as broken:
        broken.setattr(LocalInbox, "deliver", die)
        for hash in (older, newer):
            with pytest.raises(PowerCut):
                send(services, hash)
    later = again(tmp_path)
    find = LocalInbox.find

    def found(inbox: LocalInbox, folder: RelPath, path: RelPath, file_identity: str):
        if str(folder) == "locked":
            raise Busy
        return find(inbox, folder, path, file_identity)

    with monkeypatch.context() as broken:
        broken.setattr(LocalInbox, "find", found)
        later.receiving.uploads.sweep()
    assert later.ground.requests.announced(older) == ()
    assert len(later.ground.requests.announced(newer)) == 1
    later.receiving.uploads.sweep()
    assert later.ground.requests.announced(newer) == ()


@pytest.mark.parametrize("key", [KEY, None], ids=["key", "no key"])
def test_the_purge_leaves_a_file_that_is_being_delivered_its_place(services, monkeypatch, key):
    hash = linked(services, max_files=1)
    deliver, sweep = LocalInbox.deliver, threading.Thread(target=services.receiving.uploads.sweep)
    announced = []

    def delivered(*args):
        sweep.start()
        sweep.join(0.5)  # It waits for this delivery.
        announced.extend(services.ground.requests.announced(hash))
        return deliver(*args)

    monkeypatch.setattr(LocalInbox, "deliver", delivered)
    assert send(services, hash, key=key).delivered_path == "a.txt"
    sweep.join()
    assert [each.path for each in announced] == ["a.txt"]
    assert len(services.ground.requests.usage(hash).files) == 1


def test_an_opening_that_died_is_opened_again_under_its_key(services, tmp_path, monkeypatch):
    hash = linked(services)
    command = OpenUpload(RelPath.parse("big.bin"), 5_000_000, key=KEY)
    with monkeypatch.context() as broken:
        broken.setattr("app.storage.disk.upload.DiskUpload.write", die)
        with pytest.raises(PowerCut):
            services.receiving.uploads.open(hash, command, SENDER)
    later = again(tmp_path)
    session = later.receiving.uploads.open(hash, command, SENDER)
    assert later.receiving.uploads.open(hash, command, SENDER).upload_id == session.upload_id
    assert len(later.ground.requests.usage(hash).open) == 1


def test_without_nameless_files_small_files_go_the_way_of_large_ones(services, tmp_path, monkeypatch):
    monkeypatch.setattr(LocalUnlinkedFiles, "supported", False)
    hash = linked(services)
    assert send(services, hash).delivered_path == "a.txt"
    assert send(services, hash).delivered_path == "a.txt"
    assert send(services, hash, b"", "e" * 22).delivered_path == "a (1).txt"
    files = services.receiving.small_files.receive_pack(
        hash, [(OpenUpload(RelPath.parse("b.txt"), 3), StreamBody(io.BytesIO(b"abc")))], SENDER
    )
    assert [each.delivered_path for each in files] == ["b.txt"]
    assert shown(tmp_path) == ["in/a (1).txt", "in/a.txt", "in/b.txt"]
