"""Spare files: what must be written is written on a disk that has neither a block nor an inode left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.errors import StorageFull
from app.storage.disk.atomic import replace_file
from app.storage.disk.spares import SPARE_BYTES, SPARE_FILES, Spares
from tests.support.disks import Ext4
from tests.support.processes import together

MIB = 1024**2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with Ext4.made(tmp_path / "image", tmp_path / "disk", 8 * MIB, "-N", "64") as made:
        yield made.folder


def filled(disk: Path) -> None:
    """Take the last block, and the last inode."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        for step in (MIB, 4096, 1):
            try:
                while True:
                    file.write(b"\1" * step)
            except OSError:
                continue
    with suppress(OSError):
        for number in range(1000):
            (disk / f"inode-{number}").touch()
    assert os.statvfs(disk).f_favail == 0


def test_on_a_full_disk_a_file_is_replaced_again_and_again(disk: Path) -> None:
    spares = Spares(disk / "spares")
    spares.make()
    target = disk / "document"
    replace_file(target, b"old")
    filled(disk)
    for number in range(3 * SPARE_FILES):
        content = b"%d" % number * 100
        with pytest.raises(StorageFull):
            replace_file(target, content)
        if not spares.replace(target, content):
            break
        assert target.read_bytes() == content
    assert number >= SPARE_FILES, "fewer spare files than were made"


def test_spares_are_made_anew_once_there_is_room(tmp_path: Path) -> None:
    spares = Spares(tmp_path / "spares")
    for number in range(3 * SPARE_FILES):
        assert spares.replace(tmp_path / "document", b"%d" % number) is (number > 0)
        spares.make()
    assert sorted(path.stat().st_size for path in (tmp_path / "spares").iterdir()) == [SPARE_BYTES] * SPARE_FILES


def test_what_is_larger_than_a_spare_file_has_to_wait(tmp_path: Path) -> None:
    spares = Spares(tmp_path / "spares")
    spares.make()
    assert not spares.replace(tmp_path / "document", bytes(SPARE_BYTES + 1))
    assert not (tmp_path / "document").exists()


def test_no_two_take_one_spare_file(tmp_path: Path) -> None:
    Spares(tmp_path / "spares").make()

    def replace(number: int) -> None:
        spares = Spares(tmp_path / "spares")
        for attempt in range(20):
            if not spares.replace(tmp_path / f"document-{number}", b"%d-%d" % (number, attempt)):
                spares.make()

    assert together(6, replace) == [None] * 6
    for path in tmp_path.glob("document-*"):
        assert path.read_bytes().startswith(path.name.rpartition("-")[2].encode())
