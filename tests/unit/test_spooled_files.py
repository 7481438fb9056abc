"""A whole file that nginx has received becomes the delivered one: it is read once and never written again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.digests import Digests
from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch
from app.core.paths import RelPath
from app.storage.disk import unlinked_files
from app.storage.disk.bodies import SpooledBody
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from tests.support.files import content, open_below
from tests.support.stores import body

FOLDER, PATH = RelPath.parse("in"), RelPath.parse("a/b.jpg")
DATA = content(600_000)


@pytest.fixture
def files(tmp_path: Path) -> LocalUnlinkedFiles:
    (tmp_path / "uploads").mkdir()
    return LocalUnlinkedFiles(tmp_path / "uploads")


@pytest.fixture
def inbox(tmp_path: Path) -> LocalInbox:
    return LocalInbox(tmp_path / "files")


@contextmanager
def spooled(tmp_path: Path, data: bytes = DATA) -> Iterator[tuple[SpooledBody, Path]]:
    """A body as nginx hands it over."""
    path = tmp_path / "0000000001"
    path.write_bytes(data)
    path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield SpooledBody(descriptor, len(data)), path
    finally:
        os.close(descriptor)


def test_the_file_that_nginx_received_is_the_one_that_is_delivered(
    tmp_path: Path, files: LocalUnlinkedFiles, inbox: LocalInbox
) -> None:
    copied = files.write(body(DATA), len(DATA), None)
    inbox.deliver(FOLDER, RelPath.parse("copied"), copied)
    copied.close()
    digest = Digests({"sha-256": hashlib.sha256(DATA).digest()})
    with spooled(tmp_path) as (came, path):
        made = files.write(came, len(DATA), digest, 1_000_000_000.5)
        made.flush()
        delivery = inbox.deliver(FOLDER, PATH, made)
        found = tmp_path / "files" / "in" / "a" / "b.jpg"
        assert found.samefile(path), "nothing was copied"
    path.unlink()
    made.close()
    assert found.read_bytes() == DATA
    assert (made.sums.sha256, made.head) == (hashlib.sha256(DATA).hexdigest(), DATA[:8192])
    assert delivery.file_identity == made.file_identity
    assert inbox.holds(FOLDER, delivery.disk_path, made.file_identity)
    assert found.stat().st_mtime == 1_000_000_000.5
    assert found.stat().st_mode == (tmp_path / "files" / "in" / "copied").stat().st_mode


@pytest.mark.parametrize("durable", [True, False])
def test_it_is_the_received_file_that_is_synced(
    tmp_path: Path, files: LocalUnlinkedFiles, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    synced: list[int] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        # Threads that earlier tests have left bring files of their own to the disk.
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(f"{tmp_path}/"):
            synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with spooled(tmp_path) as (came, path):
        made = (files if durable else LocalUnlinkedFiles(tmp_path, durable=False)).write(came, len(DATA), None)
        made.flush()
        made.close()
        assert synced == ([path.stat().st_ino] if durable else [])


def test_delivered_twice_it_has_one_name(tmp_path: Path, files: LocalUnlinkedFiles, inbox: LocalInbox) -> None:
    with spooled(tmp_path) as (came, _):
        made = files.write(came, len(DATA), None)
        assert inbox.deliver(FOLDER, PATH, made) == inbox.deliver(FOLDER, PATH, made)
        made.close()
    assert os.listdir(tmp_path / "files" / "in" / "a") == ["b.jpg"]


def test_what_nginx_has_taken_back_is_not_delivered(
    tmp_path: Path, files: LocalUnlinkedFiles, inbox: LocalInbox
) -> None:
    with spooled(tmp_path) as (came, path):
        made = files.write(came, len(DATA), None)
        path.unlink()
        with pytest.raises(Busy, match="Send it again"):
            inbox.deliver(FOLDER, PATH, made)
        made.close()
    assert os.listdir(tmp_path / "files" / "in" / "a") == []


@pytest.mark.parametrize(("size", "wrong"), [(len(DATA) + 1, False), (len(DATA) - 1, False), (len(DATA), True)])
def test_another_file_than_was_announced_is_left_to_nginx(
    tmp_path: Path, files: LocalUnlinkedFiles, size: int, wrong: bool
) -> None:
    assert files.supported
    files.write(body(b"x"), 1, None).close()
    digest = Digests({"sha-256": bytes(32)}) if wrong else None
    for _ in range(2):  # What is looked at once stays open.
        with spooled(tmp_path) as (came, path):
            before = open_below(tmp_path)
            assert before
            with pytest.raises(ChecksumMismatch if wrong else ChunkSizeMismatch):
                files.write(came, size, digest)
            after = open_below(tmp_path)
            assert path.stat().st_nlink == 1
    assert after == before


def test_on_another_mount_it_is_copied(
    tmp_path: Path, files: LocalUnlinkedFiles, inbox: LocalInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlinked_files, "mount_of", lambda descriptor: os.fstat(descriptor).st_nlink)
    with spooled(tmp_path) as (came, path):
        made = files.write(came, len(DATA), None)
        inbox.deliver(FOLDER, PATH, made)
        made.close()
        found = tmp_path / "files" / "in" / "a" / "b.jpg"
        assert not found.samefile(path)
        assert found.read_bytes() == DATA
        assert path.stat().st_mode & 0o777 == 0o600
    assert made.sums.sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(("user", "group"), [(1, -1), (-1, 1)])
def test_what_is_somebody_elses_is_copied(
    tmp_path: Path, files: LocalUnlinkedFiles, inbox: LocalInbox, user: int, group: int
) -> None:
    with spooled(tmp_path) as (came, path):
        os.chown(path, user, group)
        made = files.write(came, len(DATA), None)
        inbox.deliver(FOLDER, PATH, made)
        made.close()
        found = tmp_path / "files" / "in" / "a" / "b.jpg"
        assert not found.samefile(path)
        assert (found.stat().st_uid, found.stat().st_gid) == (os.geteuid(), os.getegid())
        assert found.read_bytes() == DATA


def test_a_checksum_tells_the_sha256_that_it_computes_and_no_other() -> None:
    running = Digests({"sha-512": bytes(64), "sha-256": bytes(32)})
    running.update(memoryview(b"ab"))
    running.update(memoryview(b"c"))
    assert running.sha256() == hashlib.sha256(b"abc").hexdigest()
    assert Digests({"crc32c": bytes(4)}).sha256() is None
