"""What every HandoffStore promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.handoffs import ALPHABET, Handoff, meant, shown
from app.storage.sql.codes import SQLHandoffs
from tests.contracts.conftest import databases
from tests.support.processes import together

HASH = "link-0123456789abcdef"


def handoff(code: str = "ABCDEFGHJK", expires_at: float = 99.5, hash: str = HASH) -> Handoff:
    return Handoff(hash, code, ("u1", "u-_2"), expires_at)


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path: Path):
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLHandoffs(opened())


def test_a_handoff_comes_back_as_it_was_put_also_after_a_restart(make):
    make().put(handoff())
    assert make().get(HASH, "ABCDEFGHJK") == handoff()


@pytest.mark.parametrize("code", ["ABCDEFGHJ", "", "../../x", "\x00", "\ud800", "x" * 9999, "abcdefghjk"])
def test_what_was_never_put_is_not_there(make, code):
    store = make()
    store.put(handoff())
    assert store.get(HASH, code) is None
    assert store.get("another-link-0123456", "ABCDEFGHJK") is None


def test_what_has_expired_is_removed_and_nothing_else(make):
    store = make()
    for number, expires_at in enumerate((10.0, 20.0, 30.0)):
        store.put(handoff(f"CODE{number}", expires_at))
    assert make().remove_expired(20.0) == 2
    assert store.get(HASH, "CODE1") is None
    assert store.get(HASH, "CODE2") == handoff("CODE2", 30.0)
    assert store.remove_expired(20.0) == 0


def test_several_processes_put_and_purge_at_once(make):
    def work(number: int) -> bool:
        store = make()
        for each in range(20):
            store.put(handoff(f"KEEP{number}X{each}", 50.0))
            store.put(handoff(f"G0NE{number}X{each}", 5.0))
            store.remove_expired(10.0)
        return all(store.get(HASH, f"KEEP{number}X{each}") for each in range(20))

    assert together(4, work) == [True] * 4
    assert make().remove_expired(10.0) == 0


def test_neither_link_nor_code_can_be_read_from_the_disk(make, tmp_path):
    make().put(handoff())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    found = b"".join(str(path).encode() + path.read_bytes() for path in files)
    assert HASH.encode() not in found
    assert b"ABCDEFGHJK" not in found


def test_a_code_is_read_as_it_was_meant():
    assert shown("ABCDEFGHJK") == "ABCD-EFGH-JK"
    assert meant(" abcd-efgh jk") == "ABCDEFGHJK"
    assert meant("oil0-1") == "01101"
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
