"""Received files get their names by hard links, so `files` and `uploads` are one mount: told at the start, or before a
byte is taken."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.storage.disk.data_folder import UnusableDataFolder, make_data_folder
from app.storage.disk.readiness import check_start, problems
from tests.support.client import Client
from tests.support.files import files_below
from tests.support.live import LiveServer
from tests.support.program import DROPPR


@contextmanager
def mounted(*command: str, at: Path) -> Iterator[None]:
    at.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *command, str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@pytest.mark.parametrize("place", ["files", "uploads"])
@pytest.mark.parametrize("how", ["disk", "link", "bind"])
def test_a_data_folder_on_two_disks_is_refused_at_the_start(tmp_path, place, how):
    data, other = tmp_path / "data", tmp_path / "other"
    other.mkdir()
    data.mkdir()
    at = data / place
    if how == "link":
        at.symlink_to(other)
    command = ["--bind", str(other)] if how == "bind" else ["-t", "tmpfs", "tmpfs"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
    with mounted(*command, at=other if how == "link" else at):
        done = subprocess.run(
            [DROPPR, "serve"],
            cwd=tmp_path,
            env=environment | {"DROPPR_DATA_DIR": str(data), "DROPPR_PORT": "9"},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "lies on another file system" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_without_hard_links_is_told_as_what_it_is(tmp_path, monkeypatch):
    make_data_folder(tmp_path / "data", 0o077)
    check_start(tmp_path / "data")

    def fails(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fails)
    with pytest.raises(UnusableDataFolder, match="hard links"):
        check_start(tmp_path / "data")
    assert "hard links" in problems(tmp_path / "data")[0]


@pytest.mark.parametrize("place", ["all", "link", "above"])
def test_a_mount_that_comes_later_is_told_before_a_byte_is_taken(live: Callable[..., LiveServer], place: str) -> None:
    client = Client.of(live(workers=1))
    link = client.make_link(folder="photos/2026")
    begun = link.opened("begun.bin", 100)
    at = client.files_dir / {"all": "", "link": "photos/2026", "above": "photos"}[place]
    with mounted("-t", "tmpfs", "tmpfs", at=at):
        for refused in (link.open("a.bin", 100), link.form("b.txt", b"b")):
            refused.expect(503, "busy")
            assert "another file system" in refused.json["error"]
            assert refused.headers["Retry-After"] == "60"
        link.chunk(begun, 0, bytes(100), 100).expect(503, "busy")
        assert client.call("GET", "/readyz").status == (503 if place == "all" else 200)
        assert files_below(at) == {}
    # Nothing that was acknowledged is lost.
    assert link.status(begun).expect(200).json["complete"] is True
    assert (link.disk / "begun.bin").read_bytes() == bytes(100)
    link.deliver("a.bin", b"a")


def test_a_mount_below_the_links_folder_keeps_what_has_come(live: Callable[..., LiveServer]) -> None:
    client = Client.of(live(workers=1))
    link = client.make_link(folder="in")
    with mounted("-t", "tmpfs", "tmpfs", at=link.disk / "deep"):
        upload = link.opened("deep/a.bin", 3)
        link.chunk(upload, 0, b"abc", 3).expect(503, "busy")
    assert link.status(upload).json["complete"] is True
    assert (link.disk / "deep" / "a.bin").read_bytes() == b"abc"
