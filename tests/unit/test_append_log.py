"""The log keeps every record that was appended, drops every torn one, and is right with several processes."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from app.storage.disk.append_log import AppendLog, JSONLines


def log_at(path: Path) -> AppendLog[dict[str, Any], list[int]]:
    return AppendLog(path, JSONLines(), list, lambda state, records: [*state, *(record["n"] for record in records)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.touch()
    return path


def test_a_second_reader_sees_what_the_first_appended(path: Path) -> None:
    first, second = log_at(path), log_at(path)
    assert first.append(lambda _: {"n": 1}) == [1]
    assert second.read(list) == [1]
    assert second.append(lambda state: {"n": state[-1] + 1}) == [1, 2]
    assert first.read(list) == [1, 2]


def test_a_record_torn_at_any_byte_never_counts_and_harms_no_later_one(path: Path) -> None:
    log_at(path).append(lambda _: {"n": 1})
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        assert log_at(path).read(list) == [1]
        assert log_at(path).append(lambda _: {"n": 3}) == [1, 3]
        assert log_at(path).read(list) == [1, 3]


def test_a_record_with_a_flipped_bit_never_counts(path: Path) -> None:
    log = log_at(path)
    log.append(lambda _: {"n": 1})
    log.append(lambda _: {"n": 2})
    raw = bytearray(path.read_bytes())
    raw[12] ^= 1
    path.write_bytes(raw)
    assert log_at(path).read(list) == [2]


def test_deciding_against_it_appends_nothing(path: Path) -> None:
    log = log_at(path)
    assert log.append(lambda _: None) == []

    def refuse(_: list[int]) -> dict[str, Any]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        log.append(refuse)
    assert path.stat().st_size == 0


def test_a_removed_log_says_so(path: Path) -> None:
    log = log_at(path)
    os.unlink(path)
    with pytest.raises(FileNotFoundError):
        log.append(lambda _: {"n": 1})
    assert not path.exists()


def _append_many(path: Path, count: int) -> None:
    log = log_at(path)
    for _ in range(count):
        log.append(lambda state: {"n": (state[-1] if state else 0) + 1})


def test_eight_processes_lose_no_record_and_each_sees_the_one_before(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append_many, args=(path, 50)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert log_at(path).read(list) == list(range(1, 401))
