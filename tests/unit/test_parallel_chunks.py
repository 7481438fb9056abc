"""The six functions are right when called as their guide calls them, from several processes at once."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import threading
from pathlib import Path

import pytest

from app.core.errors import ChunkConflict, InvalidRange
from app.core.ranges import Span
from app.services.parallel_chunks import (
    assemble_chunks,
    cleanup_chunks,
    cleanup_expired_sessions,
    load_chunk_tracker,
    save_chunk_tracker,
    store_chunk,
)
from app.storage.disk.growing_file import claim

ID = "abc123"
CHUNK = 1000


def take(base: Path, target: Path, data: bytes, index: int) -> bool:
    """Receive one chunk exactly as the guide shows it; true when it completed the file."""
    tracker = load_chunk_tracker(base, ID, len(data))
    offset = index * CHUNK
    chunk = data[offset : offset + CHUNK]
    store_chunk(base, ID, chunk, offset, index)
    tracker.add_range(offset, offset + len(chunk) - 1)
    save_chunk_tracker(base, ID, tracker)
    if tracker.is_complete() and assemble_chunks(base, ID, target, len(data)):
        cleanup_chunks(base, ID)
        return True
    return False


def _take_some(base: Path, target: Path, data: bytes, indices: list[int], results) -> None:
    results.put(sum(take(base, target, data, index) for index in indices))


def test_eight_processes_make_one_whole_file(tmp_path):
    data = os.urandom(200 * CHUNK + 7)
    indices = list(range(201))
    random.Random(1).shuffle(indices)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = [(tmp_path / "base", tmp_path / "out/file.bin", data, indices[n::8], results) for n in range(8)]
    processes = [context.Process(target=_take_some, args=each) for each in arguments]
    for process in processes:
        process.start()
    assert sum(results.get(timeout=200) for _ in processes) >= 1
    for process in processes:
        process.join(200)
    made = tmp_path / "out/file.bin"
    assert hashlib.sha256(made.read_bytes()).digest() == hashlib.sha256(data).digest()
    assert list(made.parent.iterdir()) == [made]


def test_saving_brings_a_tracker_up_to_date_with_the_others(tmp_path):
    mine, other = load_chunk_tracker(tmp_path, ID, 20), load_chunk_tracker(tmp_path, ID, 20)
    mine.add_range(0, 9)
    other.add_range(10, 19)
    save_chunk_tracker(tmp_path, ID, mine)
    assert not mine.is_complete()
    save_chunk_tracker(tmp_path, ID, other)
    assert other.is_complete()


def test_saved_bytes_are_never_altered(tmp_path):
    tracker = load_chunk_tracker(tmp_path, ID, 20)
    store_chunk(tmp_path, ID, b"A" * 10, 0, 0)
    tracker.add_range(0, 9)
    save_chunk_tracker(tmp_path, ID, tracker)
    with pytest.raises(ChunkConflict):
        store_chunk(tmp_path, ID, b"B" * 10, 0, 0)
    store_chunk(tmp_path, ID, b"B" * 20, 0, 0)
    tracker.add_range(10, 19)
    save_chunk_tracker(tmp_path, ID, tracker)
    assert assemble_chunks(tmp_path, ID, tmp_path / "out", 20)
    assert (tmp_path / "out").read_bytes() == b"A" * 10 + b"B" * 10


def test_an_unfinished_file_is_not_assembled(tmp_path):
    load_chunk_tracker(tmp_path, ID, 20)
    store_chunk(tmp_path, ID, b"A" * 10, 0, 0)
    assert not assemble_chunks(tmp_path, ID, tmp_path / "out", 20)
    assert not (tmp_path / "out").exists()


def test_another_file_of_that_name_is_never_replaced(tmp_path):
    (tmp_path / "out").write_text("mine")
    tracker = load_chunk_tracker(tmp_path / "base", ID, 1)
    store_chunk(tmp_path / "base", ID, b"A", 0, 0)
    tracker.add_range(0, 0)
    save_chunk_tracker(tmp_path / "base", ID, tracker)
    assert not assemble_chunks(tmp_path / "base", ID, tmp_path / "out", 1)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_tracker_for_a_smaller_file_than_what_was_saved_is_refused(tmp_path):
    tracker = load_chunk_tracker(tmp_path, ID, 20)
    tracker.add_range(0, 19)
    save_chunk_tracker(tmp_path, ID, tracker)
    with pytest.raises(InvalidRange):
        load_chunk_tracker(tmp_path, ID, 10)


def test_assembling_after_somebody_else_cleaned_up_is_still_true(tmp_path):
    assert take(tmp_path / "base", tmp_path / "out", b"x", 0)
    assert assemble_chunks(tmp_path / "base", ID, tmp_path / "out", 1)


def test_only_idle_sessions_are_cleaned_up(tmp_path):
    for upload_id, age in (("old-one", 25), ("new-one", 1), ("busy-one", 25)):
        load_chunk_tracker(tmp_path, upload_id, 10)
        spans = tmp_path / upload_id / "spans"
        then = spans.stat().st_mtime - age * 3600
        os.utime(spans, (then, then))
    busy = claim(f"{tmp_path}/busy-one/data", Span(0, 1))
    assert cleanup_expired_sessions(tmp_path, max_age_hours=24) == 1
    os.close(busy)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["busy-one", "new-one"]


def test_the_same_chunk_from_many_threads_is_stored_once(tmp_path):
    load_chunk_tracker(tmp_path, ID, 10_000)
    failures: list[BaseException] = []

    def one() -> None:
        try:
            store_chunk(tmp_path, ID, b"A" * 10_000, 0, 0)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (tmp_path / ID / "data").read_bytes() == b"A" * 10_000
