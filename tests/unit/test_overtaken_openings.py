"""Chunks that name their upload by its key, and are there a moment before it is open."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from app.core.errors import UploadNotOpened
from app.core.waiting_room import WaitingRoom
from app.services.receiving.commands import new_upload_id
from app.services.receiving.finding import LOOK_EVERY_SECONDS, OVERTAKEN_SECONDS, Finder

HASH, KEY = "h" * 32, "k" * 22


class Looks:
    """A store that has the upload from the ``after``-th look on, and the sleeps between looks."""

    def __init__(self, after: int, room: WaitingRoom | None = None) -> None:
        self.asked: list[str] = []
        self.slept: list[float] = []
        self.inside: list[int] = []
        self._after = after
        self.room = room or WaitingRoom(4, 4)
        parts: dict[str, Any] = dict.fromkeys(("requests", "whole_files", "deliveries", "purge"), Mock())
        self.finder = Finder(store=Mock(exists=self._exists), overtaking=self.room, sleep=self._sleep, **parts)

    def _exists(self, upload_id: str) -> bool:
        self.asked.append(upload_id)
        return len(self.asked) > self._after

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.inside.append(self.room.inside)


def test_an_upload_that_is_open_is_found_without_a_wait():
    looks = Looks(0)
    assert looks.finder.opened_under(HASH, KEY) == new_upload_id(HASH, KEY)
    assert (looks.slept, looks.room.inside) == ([], 0)


def test_one_that_is_opened_in_a_moment_is_waited_for():
    looks = Looks(3)
    assert looks.finder.opened_under(HASH, KEY) == new_upload_id(HASH, KEY)
    assert looks.slept == [LOOK_EVERY_SECONDS] * 3
    assert {*looks.asked} == {new_upload_id(HASH, KEY)}
    assert looks.inside == [1, 1, 1]
    assert looks.room.inside == 0


def test_one_that_is_not_opened_is_not_waited_for_long():
    looks = Looks(10**6)
    with pytest.raises(UploadNotOpened):
        looks.finder.opened_under(HASH, KEY)
    assert sum(looks.slept) == pytest.approx(OVERTAKEN_SECONDS)
    assert looks.room.inside == 0


def test_where_enough_wait_nobody_else_does():
    room = WaitingRoom(4, 1)
    looks = Looks(1, room)
    with room.place(HASH), pytest.raises(UploadNotOpened):
        looks.finder.opened_under(HASH, KEY)
    assert looks.slept == []
    with room.place("another link"):
        assert looks.finder.opened_under(HASH, KEY)
