"""Disks in trouble: the server says so, still shows what it has, and goes on by itself when the disk is well again.

Disks that are merely full are in test_full_disk.py; here nothing at all can be written, or names can no longer be made, or
the journal does not get the few bytes it needs, or the rights are gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.client import Client, Link, Reply
from tests.support.disks import Ext4
from tests.support.files import MIB, content, eventually, files_below
from tests.support.live import GENEROUS, MEDIA_SERVER, LiveServer

SIZE = 200_000
DATA = content(SIZE)


@pytest.fixture(params=["in-place", "indexed"])
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Ext4]:
    """An ext4 disk of 48 MiB with 200 inodes."""
    with Ext4.made(tmp_path / "disk.img", tmp_path / "disk", 48 * MIB, "-N", "200", "-J", "size=4") as disk:
        yield disk
    (tmp_path / "disk.img").unlink()


@pytest.fixture
def server(disk: Ext4, layout: str, tmp_path: Path) -> Iterator[LiveServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    env = {"DROPPR_DATA_DIR": disk.folder / "data", "DROPPR_CHUNK_LAYOUT": layout, **GENEROUS}
    with LiveServer(folder, workers=2, **env) as server:
        yield server


class Patient:
    """A link with a delivered file and an upload that has begun: what the trouble must not touch."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.link: Link = Client.of(server).make_link()
        self.link.deliver("before.bin", DATA)
        eventually(lambda: self.link.files()[0]["sha256"], what="the first file's SHA-256")
        self.upload_id = self.link.opened("begun.bin", SIZE)
        self.link.chunk(self.upload_id, 50_000, DATA[50_000:100_000], SIZE).expect(200)

    def suffer(self, code: Callable[[Reply], bool]) -> None:
        """While the disk is in trouble: writing is refused as ``code`` says, reading works."""
        for _ in range(3):
            for reply in (
                self.link.open("new.bin", SIZE),
                self.link.chunk(self.upload_id, 0, DATA[:50_000], SIZE),
                self.link.chunk(self.upload_id, 100_000, DATA[100_000:], SIZE),
            ):
                assert code(reply), f"{reply.status} {reply.body[:200]!r}"
            self.read()

    def read(self) -> None:
        """What the server has can be seen."""
        assert self.link.download("before.bin").expect(200).body == DATA
        assert "before.bin" in [file["path"] for file in self.link.files()]
        self.link.info().expect(200)
        assert self.link.client.call("GET", "/healthz").status == 200
        status = self.link.status(self.upload_id).expect(200).json
        assert [50_000, 99_999] in status["received_ranges"] or status["received_bytes"] > 50_000
        visible = files_below(self.link.disk)
        assert {path.read_bytes() == DATA for path in visible.values()} == {True}, "a half file is visible"

    def recover(self) -> None:
        """The disk is well again: without a restart the upload that had begun ends, and a new one works."""
        eventually(lambda: self.link.client.call("GET", "/readyz").status == 200, what="readiness")
        for first, last in self.link.status(self.upload_id).expect(200).json["missing_ranges"]:
            self.link.chunk(self.upload_id, first, DATA[first : last + 1], SIZE).expect(200)
        assert self.link.status(self.upload_id).expect(200).json["complete"] is True
        self.link.deliver("new.bin", DATA)
        assert {name: path.read_bytes() == DATA for name, path in files_below(self.link.disk).items()} == {
            "before.bin": True,
            "begun.bin": True,
            "new.bin": True,
        }
        assert sorted(file["path"] for file in self.link.files()) == ["before.bin", "begun.bin", "new.bin"]


def busy(reply: Reply) -> bool:
    return (reply.status, reply.code) == (503, "busy")


def refused(reply: Reply) -> bool:
    return (reply.status, reply.code) in ((503, "busy"), (507, "storage_full"))


def refused_or_done(reply: Reply) -> bool:
    return reply.status == 200 or refused(reply)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Nothing below ``folder`` can be made, changed or removed, by root neither.

    A disk that the kernel makes read-only by itself does the same to open files; by hand it is not to be had while
    the server holds files open for writing.
    """
    _chattr("+i", folder)
    try:
        yield
    finally:
        _chattr("-i", folder)


def _chattr(mode: str, folder: Path) -> None:
    # Without --f it complains about what is no regular file and no folder.
    subprocess.run(["chattr", "-R", mode, str(folder)], check=True, capture_output=True)


def test_on_a_disk_that_takes_nothing_any_more_the_server_reads_and_says_busy(server: LiveServer, disk: Ext4) -> None:
    patient = Patient(server)
    with contextlib.ExitStack() as stack:
        for name in ("uploads", "files", "requests"):
            stack.enter_context(frozen(server.data_dir / name))
        assert Client.of(server).call("GET", "/readyz").status == 503
        patient.suffer(busy)
    patient.recover()


def make_files(folder: Path) -> None:
    for number in range(1000):
        (folder / str(number)).touch()


def test_on_a_disk_without_inodes_openings_are_refused_and_what_has_begun_is_kept(
    server: LiveServer, disk: Ext4
) -> None:
    patient = Patient(server)
    ballast = disk.folder / "ballast"
    ballast.mkdir()
    with pytest.raises(OSError, match="No space left"):
        make_files(ballast)
    for _ in range(3):
        patient.link.open("new.bin", SIZE).expect(507, "storage_full")
        for start, stop in ((0, 50_000), (100_000, 150_000)):
            reply = patient.link.chunk(patient.upload_id, start, DATA[start:stop], SIZE)
            # In place a chunk needs no new name; what it does need it has.
            assert refused_or_done(reply), reply
        patient.read()
    shutil.rmtree(ballast)
    patient.recover()


def test_a_journal_that_finds_no_room_acknowledges_nothing_and_goes_on_later(server: LiveServer, disk: Ext4) -> None:
    """The growing file has its room set aside; the journal beside it has not, and needs a block for its first record."""
    patient = Patient(server)
    fresh = patient.link.opened("journal.bin", SIZE)
    with filled(disk.folder):
        statuses = [
            patient.link.chunk(fresh, start, DATA[start : start + 20_000], SIZE) for start in range(0, SIZE, 20_000)
        ]
        assert all(refused_or_done(reply) for reply in statuses), statuses
        received = patient.link.status(fresh)
        taken = sum(reply.status == 200 for reply in statuses)
        assert received.status == 507 or received.expect(200).json["received_bytes"] == taken * 20_000
        patient.read()
    for first, last in patient.link.status(fresh).expect(200).json["missing_ranges"]:
        patient.link.chunk(fresh, first, DATA[first : last + 1], SIZE).expect(200)
    assert (patient.link.disk / "journal.bin").read_bytes() == DATA
    (patient.link.disk / "journal.bin").unlink()
    left = [file for file in patient.link.files() if file["path"] == "journal.bin"]
    assert len(left) == 1


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a single block is free below ``folder``."""
    ballast = folder / "ballast"
    try:
        with ballast.open("ab", buffering=0) as file:
            for step in (MIB, 4096, 1):
                try:
                    while True:
                        file.write(b"\1" * step)
                except OSError:
                    continue
        yield
    finally:
        ballast.unlink()


def test_when_the_rights_to_its_folders_are_lost_the_server_reads_and_goes_on_when_they_are_back(
    live: Callable[..., LiveServer], layout: str
) -> None:
    python_path = f"{Path(__file__).parents[1] / 'support' / 'powerless'}{os.pathsep}{MEDIA_SERVER}"
    server = live(workers=2, DROPPR_CHUNK_LAYOUT=layout, PYTHONPATH=python_path)
    patient = Patient(server)
    paths = [path for name in ("uploads", "files", "requests") for path in (server.data_dir / name).rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        (server.data_dir / "uploads").chmod(0o500)
        patient.suffer(busy)
    finally:
        (server.data_dir / "uploads").chmod(0o700)
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
    patient.recover()
