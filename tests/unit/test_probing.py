"""What a store compares is found out on it, and what is not known counts as missing."""

from __future__ import annotations

import hashlib

import pytest

pytest.importorskip("boto3")

from app.core.errors import Busy
from app.storage.cluster.probing import AGAIN_SECONDS, HOLDS_SECONDS, PROBE, RIGHT, WRONG, Compares, Probing, find_out
from app.storage.cluster.wire import Piece
from tests.support.files import eventually


class Store:
    """One that takes at signed URLs what is in ``takes``, and with a digest beside it everything or nothing."""

    def __init__(self, *takes: bytes, passes_over: bool = False, away: bool = False) -> None:
        self._takes, self._passes_over, self._away = takes, passes_over, away
        self.under_way: list[str] = []

    def begin(self, key: str) -> str:
        assert key == PROBE
        self.under_way.append("multipart")
        return "multipart"

    def abort(self, key: str, multipart: str) -> None:
        assert key == PROBE
        self.under_way.remove(multipart)

    def takes_signed(self, key: str, multipart: str, number: int, sha256: str, data: bytes) -> bool:
        assert (key, multipart, sha256) == (PROBE, "multipart", hashlib.sha256(RIGHT).hexdigest())
        if self._away:
            raise Busy
        return data in self._takes

    def takes_told(self, key: str, multipart: str, number: int, told: dict[str, str], body: Piece) -> bool:
        assert body.read() == RIGHT
        return self._passes_over


@pytest.mark.parametrize(
    ("store", "found"),
    [
        (Store(RIGHT), Compares(signed_parts=True, crc32c=True)),
        (Store(RIGHT, WRONG, passes_over=True), Compares(signed_parts=False, crc32c=False)),
        (Store(RIGHT, WRONG), Compares(signed_parts=False, crc32c=True)),
        (Store(passes_over=True), Compares(signed_parts=False, crc32c=False)),
    ],
    ids=["compares all", "passes over all", "passes over what is signed", "refuses whatever has a digest"],
)
def test_senders_are_let_at_a_store_that_takes_the_right_bytes_and_no_others(store: Store, found: Compares) -> None:
    assert find_out(store) == found
    assert store.under_way == []


def test_a_store_that_is_away_in_the_middle_of_it_is_not_known_and_nothing_stays() -> None:
    store = Store(RIGHT, away=True)
    with pytest.raises(Busy):
        find_out(store)
    assert store.under_way == []


def test_it_is_found_out_once_a_day_and_soon_again_where_the_store_was_away() -> None:
    clock, asked, answers = [0.0], [0], [None, Compares(signed_parts=True, crc32c=True), None, None]

    def find() -> Compares:
        found = answers[asked[0]]
        asked[0] += 1
        if found is None:
            raise Busy
        return found

    probing = Probing(find, lambda: clock[0])
    assert probing.known() is None
    assert probing.known() is None
    assert asked[0] == 1
    clock[0] += AGAIN_SECONDS
    eventually(lambda: probing.known() == answers[1])
    clock[0] += HOLDS_SECONDS - 1
    assert probing.known() == answers[1]
    assert asked[0] == 2
    clock[0] += 1
    assert probing.known() == answers[1], "what was known counts until there is something better"
    eventually(lambda: asked[0] == 3)
