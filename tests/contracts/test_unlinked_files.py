"""What UnlinkedFiles promise, and what becomes of one by way of an Inbox."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from pathlib import Path

import pytest

from app.core.digests import Digests
from app.core.errors import ChecksumMismatch, ChunkSizeMismatch
from app.core.paths import RelPath
from app.storage.disk.bodies import StreamBody
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from tests.support.files import content, files_below, open_below

FOLDER = RelPath.parse("in")
PATH = RelPath.parse("a/b.bin")


@pytest.fixture
def files(tmp_path: Path) -> LocalUnlinkedFiles:
    (tmp_path / "uploads").mkdir()
    return LocalUnlinkedFiles(tmp_path / "uploads")


@pytest.fixture
def inbox(tmp_path: Path) -> LocalInbox:
    return LocalInbox(tmp_path / "files")


def body(data: bytes) -> StreamBody:
    return StreamBody(io.BytesIO(data))


@pytest.mark.parametrize("size", [0, 1, 5000, 1_000_000])
def test_a_file_is_whole_and_named_only_when_delivered(files, inbox, tmp_path, size):
    data = content(size)
    made = files.write(body(data), size, None)
    made.sync()
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    assert made.head == data[:8192]
    assert files_below(tmp_path) == {}
    delivery = inbox.deliver(FOLDER, PATH, made.descriptor)
    made.close()
    inbox.flush(FOLDER, delivery)
    assert (tmp_path / "files/in/a/b.bin").read_bytes() == data
    assert delivery.file_identity == made.file_identity


def test_one_that_is_closed_without_a_name_is_gone(files, tmp_path):
    files.write(body(b"x"), 1, None).close()
    assert files_below(tmp_path) == {}


@pytest.mark.parametrize(("data", "size"), [(b"abc", 4), (b"abcde", 4)])
def test_a_body_of_another_size_makes_no_file(files, tmp_path, data, size):
    kept = files.write(body(b"kept"), 4, None)
    assert len(open_below(tmp_path)) == 1
    kept.close()
    with pytest.raises(ChunkSizeMismatch):
        files.write(body(data), size, None)
    assert open_below(tmp_path) == []


def test_a_wrong_digest_makes_no_file(files):
    with pytest.raises(ChecksumMismatch):
        files.write(body(b"abc"), 3, Digests({"sha-256": b"\0" * 32}))


def test_a_delivered_file_is_found_by_its_mark_and_no_other_is(files, inbox):
    first, second = files.write(body(b"one"), 3, None), files.write(body(b"two"), 3, None)
    for each in (first, second):
        inbox.deliver(FOLDER, PATH, each.descriptor)
    found = inbox.find(FOLDER, PATH, second.file_identity)
    assert found is not None
    assert (found.path, found.disk_path) == ("a/b (1).bin", "a/b (1).bin")
    assert inbox.find(FOLDER, PATH, "0-3-0") is None
    for each in (first, second):
        each.close()


def test_a_file_system_without_nameless_files_says_so(files, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    assert files.supported
    monkeypatch.setattr(os, "open", refuse)
    assert not LocalUnlinkedFiles(Path("/nowhere")).supported
