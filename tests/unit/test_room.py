"""Room on the disk: which part of it is for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.errors import StorageFull
from app.core.room import NAME_BYTES, SESSION_INODES, Floors, Space
from app.services.receiving.room import Room

MIB = 1024**2
GIB = 1024**3
FLOORS = Floors(5, GIB, 10_000)
SMALL = Space(size=GIB, free=GIB, inodes=65_536, free_inodes=65_536)
LARGE = Space(size=1024 * GIB, free=1024 * GIB, inodes=10**8, free_inodes=10**8)


class Disk:
    """A disk that has whatever it is told to have."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def __call__(self) -> Space:
        return self.space

    def has(self, **values: int) -> None:
        self.space = replace(self.space, **values)


def test_the_floor_is_a_share_of_a_small_disk_and_a_fixed_size_of_a_large_one() -> None:
    assert FLOORS.for_openings(SMALL) == (GIB - int(GIB * 0.05), 65_536 - 3_276)
    assert FLOORS.for_openings(LARGE) == (1023 * GIB, 10**8 - 10_000)


def test_chunks_go_down_to_a_quarter_of_it() -> None:
    assert FLOORS.for_chunks(LARGE) == (1024 * GIB - GIB // 4, 10**8 - 2_500)


def test_file_systems_that_make_inodes_as_they_need_them_never_lack_them() -> None:
    space = replace(SMALL, inodes=0, free_inodes=0)
    assert FLOORS.for_openings(space)[1] > 10**9
    Room(Disk(space), FLOORS).room_for_opening(MIB, folders=60)


@pytest.mark.parametrize("floors", [Floors(0, GIB, 10_000), Floors(5, 0, 0)])
def test_without_a_floor_the_disk_can_be_filled(floors: Floors) -> None:
    room = Room(Disk(SMALL), floors)
    room.room_for_opening(GIB - NAME_BYTES)
    room.room_for_chunk(GIB)
    with pytest.raises(StorageFull):
        room.room_for_chunk(GIB + 1)


def test_between_the_floors_uploads_go_on_and_none_begins() -> None:
    disk = Disk(LARGE)
    room = Room(disk, FLOORS)
    disk.has(free=GIB + 10 * MIB)
    room.room_for_opening(9 * MIB)
    with pytest.raises(StorageFull):
        room.room_for_opening(10 * MIB)
    room.room_for_chunk(64 * MIB)
    disk.has(free=GIB // 4 + 63 * MIB)
    with pytest.raises(StorageFull):
        room.room_for_opening()
    with pytest.raises(StorageFull):
        room.room_for_chunk(64 * MIB)
    room.room_for_chunk(63 * MIB)


def test_inodes_are_kept_free_alike() -> None:
    disk = Disk(LARGE)
    room = Room(disk, FLOORS)
    disk.has(free_inodes=10_000 + SESSION_INODES + 61)
    room.room_for_opening(0, folders=61)
    with pytest.raises(StorageFull):
        room.room_for_opening(0, folders=62)
    disk.has(free_inodes=2_500)
    with pytest.raises(StorageFull):
        room.room_for_chunk(1)


def test_a_name_weighs_what_it_takes() -> None:
    disk = Disk(LARGE)
    room = Room(disk, FLOORS)
    disk.has(free=GIB + 3 * NAME_BYTES)
    room.room_for_opening(0, folders=2)
    with pytest.raises(StorageFull):
        room.room_for_opening(1, folders=2)


def test_what_is_told_of_the_disk_is_what_new_uploads_find() -> None:
    disk = Disk(replace(LARGE, free=11 * GIB))
    room = Room(disk, FLOORS, lambda: 4 * GIB)
    told = {"total_bytes": 1024 * GIB, "free_bytes": 11 * GIB, "promised_bytes": 4 * GIB}
    assert room.figures() == {**told, "available_bytes": 6 * GIB}
    room.room_for_opening(6 * GIB - NAME_BYTES)
    with pytest.raises(StorageFull):
        room.room_for_opening(6 * GIB)
    disk.has(free_inodes=10_000 + SESSION_INODES - 1)
    assert room.figures()["available_bytes"] == 0
    disk.has(free=GIB)
    assert room.figures() == {**told, "free_bytes": GIB, "available_bytes": 0}


def test_the_disk_is_told_of_while_nobody_can_say_what_is_promised() -> None:
    def away() -> int:
        raise StorageFull()

    room = Room(Disk(LARGE), FLOORS, away)
    assert (room.figures()["promised_bytes"], room.figures()["free_bytes"]) == (0, 1024 * GIB)
