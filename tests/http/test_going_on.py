"""A half-sent file whose time of change is new: the same bytes go on where they were, and others are never mixed with them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from droppr_client.upload import DropprLink, Options, UploadManager, UploadResult
from droppr_client.upload.items import Item
from droppr_client.upload.problems import Retryable
from droppr_client.upload.targets import UploadStatus
from droppr_client.upload.throttle import Chunk
from tests.support.client import Link
from tests.support.command import Sender, address, arrived
from tests.support.files import MIB, content, eventually, file_sha256, sha256
from tests.support.live import LiveServer
from tests.support.proxy import BadLine

HALF = 4
"""Parts of 1 MiB that an interrupted run sends."""
HASHED_FIRST, HASHED_LATER = 9 * MIB, 33 * MIB
"""Files whose digest the server knows from the opening, and ones whose digest it tells in the end."""


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    folder = tmp_path / "sender"
    folder.mkdir()
    return Sender(folder)


class Breaking(DropprLink):
    """Loses its line after ``parts`` parts; keeps count of the bytes that were taken."""

    def __init__(self, url: str, parts: int) -> None:
        super().__init__(url)
        self.parts, self.bytes = parts, 0

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        if self.parts == 0:
            raise Retryable("The line is gone.")
        self.parts -= 1
        status = super().send(item, ticket, chunk)
        self.bytes += chunk.span[1] - chunk.span[0]
        return status


def run(link: Link, path: Path, parts: int = -1, **more: Any) -> tuple[UploadResult, int]:
    """What came of ``path`` with a line that carries so many parts, one after the other from the front; bytes sent."""
    more = {"retries": 0, "state": path.parent / "state.db", **more}
    target = Breaking(address(link), parts)
    [result] = UploadManager(target, Options(workers=1, adaptive=False, chunk_size=MIB, **more)).upload_files([path])
    return result, target.bytes


def half_sent(link: Link, path: Path, size: int) -> str:
    """The id of the upload of a new file at ``path``, of which the first parts have arrived."""
    path.write_bytes(content(size))
    result, sent = run(link, path, HALF)
    assert (result.success, sent) == (False, HALF * MIB)
    [begun] = link.under_way()
    return str(begun["upload_id"])


def later(path: Path) -> None:
    """Gives the file a time of change that it did not have."""
    os.utime(path, (path.stat().st_mtime + 60,) * 2)


def edited(path: Path, *places: int) -> bytes:
    """What the file holds now that something else stands at ``places``."""
    with path.open("r+b") as file:
        for at in places:
            file.seek(at)
            file.write(b"another content")
    later(path)
    return path.read_bytes()


def test_after_a_touch_the_command_sends_what_is_missing(sender: Sender, link: Link, server: LiveServer) -> None:
    file, size = sender.folder / "film.mov", 30 * MIB
    file.write_bytes(content(size))
    running = sender.start("film.mov", "--to", address(link), "--limit-rate", "2M", "--chunk-size", "256k")
    eventually(
        lambda: any(each["received_bytes"] > 4 * MIB for each in link.under_way()), seconds=30, what="some chunks"
    )
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[0]
    assert running.returncode == 130, told
    [begun] = link.under_way()
    # What had left when it was interrupted may still be taken.
    eventually(lambda: not link.is_claimed(begun["upload_id"]), what="the end of the last chunk")
    [begun] = link.under_way()
    later(file)
    with BadLine(server.port) as line:
        *_, end = sender.events("film.mov", "--to", f"{line.url}/request/{link.hash}")
        assert end["bytes_sent"] == size - begun["received_bytes"]
        assert line.carried < size - begun["received_bytes"] + MIB
    [there] = link.files()
    assert there["upload_id"] == begun["upload_id"]
    assert file_sha256(link.disk / "film.mov") == sha256(content(size)) == there["sha256"]
    assert "had been sent before" in sender.run("film.mov", "--to", address(link), code=3)


@pytest.mark.parametrize("size", [HASHED_FIRST, HASHED_LATER])
def test_the_library_goes_on_after_a_touch_too_and_compares_all_of_it(link: Link, tmp_path: Path, size: int) -> None:
    upload_id = half_sent(link, tmp_path / "file", size)
    for _ in range(2):
        later(tmp_path / "file")
        result, sent = run(link, tmp_path / "file", 2)
        assert (result.success, sent) == (False, 2 * MIB)
    result, sent = run(link, tmp_path / "file")
    assert (sent, result.upload_id, result.verified) == (size - (HALF + 4) * MIB, upload_id, True)
    assert result.sha256 == sha256(content(size))
    assert arrived(link) == {"file": content(size)}


@pytest.mark.parametrize("size", [HASHED_FIRST, HASHED_LATER])
@pytest.mark.parametrize("place", [lambda size: 0, lambda size: size // 2, lambda size: size - 20])
def test_an_edit_that_the_sample_shows_is_sent_afresh_at_once(
    link: Link, tmp_path: Path, size: int, place: Callable[[int], int]
) -> None:
    upload_id = half_sent(link, tmp_path / "file", size)
    now = edited(tmp_path / "file", place(size))
    result, sent = run(link, tmp_path / "file")
    assert (sent, result.verified, result.sha256) == (size, True, sha256(now))
    assert result.upload_id != upload_id
    assert arrived(link) == {"file": now}
    assert link.under_way() == []


@pytest.mark.parametrize("size", [HASHED_FIRST, HASHED_LATER])
@pytest.mark.parametrize("places", [(2 * MIB,), (2 * MIB, 7 * MIB)], ids=["in what has arrived", "in both halves"])
@pytest.mark.parametrize("runs", [1, 2])
def test_an_edit_beside_the_sample_is_shown_by_the_digest_and_no_mixture_stays(
    link: Link, tmp_path: Path, size: int, places: tuple[int, ...], runs: int
) -> None:
    upload_id = half_sent(link, tmp_path / "file", size)
    now = edited(tmp_path / "file", *places)
    for _ in range(1, runs):
        assert not run(link, tmp_path / "file", 1)[0].success
    # Asked again, a server says of a digest that was declared something else than the first time.
    result, sent = run(link, tmp_path / "file", retries=runs - 1)
    assert size < sent <= size - (HALF + runs - 1) * MIB + size, "the rest, and then all of it"
    assert (result.success, result.verified, result.sha256) == (True, True, sha256(now))
    assert result.upload_id != upload_id
    assert arrived(link) == {"file": now}
    assert [each["sha256"] for each in link.files()] == [sha256(now)]
    assert link.under_way() == []


@pytest.mark.parametrize(("size", "afresh"), [(HASHED_FIRST, True), (HASHED_LATER, False)])
def test_an_edit_of_what_is_missing_only_arrives_in_a_file_that_is_whole(
    link: Link, tmp_path: Path, size: int, afresh: bool
) -> None:
    upload_id = half_sent(link, tmp_path / "file", size)
    now = edited(tmp_path / "file", 7 * MIB)
    result, _ = run(link, tmp_path / "file")
    assert (result.upload_id != upload_id) is afresh, "only where another digest was declared it had to"
    assert (result.verified, result.sha256) == (True, sha256(now))
    assert arrived(link) == {"file": now}


def test_where_no_digest_is_compared_a_new_time_is_a_new_file(link: Link, tmp_path: Path) -> None:
    half_sent(link, tmp_path / "file", HASHED_LATER)
    later(tmp_path / "file")
    result, sent = run(link, tmp_path / "file", verify=False)
    assert (result.success, sent) == (True, HASHED_LATER)
    assert arrived(link) == {"file": content(HASHED_LATER)}
