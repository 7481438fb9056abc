"""A received file keeps the date of its sender's, and everything that the server promises goes by arrival."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.command import Sender, address
from tests.support.files import MIB, content
from tests.support.live import LiveServer
from tests.support.program import Droppr

TAKEN = 1_234_567_890.25


def packed(link: Link, path: str, data: bytes, **more: object) -> str:
    line = json.dumps({"path": path, "size": len(data), "key": "k" * 24, **more}).encode() + b"\n"
    reply = link.client.call("POST", f"{link.path}/pack", body=line + data).expect(200)
    upload: str = reply.json["files"][0]["upload_id"]
    return upload


def whole(link: Link, path: str, data: bytes, **more: object) -> str:
    upload: str = link.deliver(path, data, **more)["upload_id"]
    return upload


WAYS = {
    "small": (whole, 5),
    "large": (whole, 3 * MIB),
    "empty": (whole, 0),
    "packed": (packed, 7),
    "nothing packed": (packed, 0),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_dated_as_its_sender_said_and_can_be_taken_back(link: Link, way: str) -> None:
    send, size = WAYS[way]
    upload = send(link, "photo.bin", content(size), last_modified=TAKEN)
    assert (link.disk / "photo.bin").stat().st_mtime == TAKEN
    (listed,) = link.files()
    assert listed["last_modified"] == TAKEN
    assert listed["received_at"] > TAKEN + 86400
    assert link.status(upload).json["last_modified"] == TAKEN
    assert link.download("photo.bin").body == content(size)
    assert link.cancel(upload).status == 204
    assert not (link.disk / "photo.bin").exists()


@pytest.mark.parametrize("said", [-465_000_000.0, 0, 1e300, -1e300, 2.0**62, None])
def test_any_date_can_be_told(link: Link, said: float | None) -> None:
    upload = link.deliver("old.bin", b"bytes", last_modified=said)["upload_id"]
    assert link.files()[0]["last_modified"] == said
    there = (link.disk / "old.bin").stat().st_mtime
    if said is not None and abs(said) < 2**31:
        assert there == said
    elif said is None:
        assert there > TAKEN
    assert link.cancel(upload).status == 204


def test_lists_go_by_arrival(link: Link) -> None:
    for number, at in enumerate([3e8, 1e8, 2e8]):
        link.deliver(f"{number}", b"x", last_modified=at)
    newest = link.client.call("GET", f"{link.path}/files?limit=10", owner=True).expect(200).json["files"]
    assert [each["path"] for each in newest] == ["2", "1", "0"]


def test_files_may_be_dated_as_they_arrive(live: Callable[..., LiveServer]) -> None:
    link = Client.of(live(workers=1, DROPPR_KEEP_TIMES="false")).make_link()
    for path, size in {"small.bin": 5, "large.bin": 3 * MIB}.items():
        link.deliver(path, content(size), last_modified=TAKEN)
        assert (link.disk / path).stat().st_mtime > TAKEN + 86400
    assert {each["last_modified"] for each in link.files()} == {TAKEN}


def test_a_date_goes_all_the_way(tmp_path: Path, link: Link, client: Client) -> None:
    sender = Sender(tmp_path)
    for name, size in {"small.jpg": 100, "large.jpg": 2 * MIB}.items():
        (tmp_path / name).write_bytes(content(size))
        os.utime(tmp_path / name, (TAKEN, TAKEN))
    sender.run("small.jpg", "large.jpg", "--to", address(link))
    command = ["request", "fetch", link.hash, "there", "--server", client.url, "--token", client.token]
    Droppr.run(command, cwd=tmp_path, env=sender.environment, check=True, capture_output=True)
    assert [(tmp_path / "there" / name).stat().st_mtime for name in ("small.jpg", "large.jpg")] == [TAKEN, TAKEN]
