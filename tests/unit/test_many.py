"""Many: what a call does not come to in its time is left, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.actors import Actor
from app.core.errors import Busy, FileInUse, RequestNotFound
from app.services.received.many import Many
from tests.support.actors import OWNER


class Requests:
    def load(self, hash: str) -> None:
        if hash != "known":
            raise RequestNotFound()


class Bin:
    def __init__(self) -> None:
        self.deleted: list[str] = []

    def delete(self, hash: str, upload_id: str, actor: Actor) -> float:
        if upload_id == "used":
            raise FileInUse()
        if upload_id == "busy":
            raise Busy()
        self.deleted.append(upload_id)
        return 7.0


def many(bin: Bin, seconds: float) -> Many:
    fakes: Any = {"requests": Requests(), "bin": bin}
    return Many(**fakes, seconds=seconds)


def test_what_fails_undoes_nothing_and_each_is_tried_once() -> None:
    bin = Bin()
    outcomes = many(bin, 60.0).delete("known", ["a", "used", "b", "busy", "a", "c"], OWNER)
    assert bin.deleted == ["a", "b", "c"]
    assert [each for each, _ in outcomes.done] == ["a", "used", "b", "busy", "c"]
    assert [type(found) for _, found in outcomes.done] == [float, FileInUse, float, Busy, float]
    assert outcomes.left == 0


def test_a_call_whose_time_is_over_has_done_one_and_counts_the_rest() -> None:
    bin = Bin()
    outcomes = many(bin, 0.0).delete("known", ["a", "b", "c"], OWNER)
    assert bin.deleted == ["a"]
    assert (len(outcomes.done), outcomes.left) == (1, 2)


def test_of_a_link_that_is_missing_nothing_is_tried() -> None:
    bin = Bin()
    with pytest.raises(RequestNotFound):
        many(bin, 60.0).delete("unknown", ["a"], OWNER)
    assert bin.deleted == []
