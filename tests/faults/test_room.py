"""Room on a real disk: whatever strangers announce or send, part of it stays free, and the owner can do everything."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.client import Client, Link, Reply
from tests.support.disks import Ext4
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.program import Droppr

SIZE = 512 * MIB
INODES = 16_384
UPPER = SIZE // 20
UPPER_INODES = INODES // 20
PATIENCE = 6.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Ext4]:
    with Ext4.made(tmp_path / "image", tmp_path / "disk", SIZE, "-N", str(INODES)) as made:
        yield made


@pytest.fixture(params=["in-place", "indexed"])
def server(request: pytest.FixtureRequest, disk: Ext4, tmp_path: Path) -> Iterator[LiveServer]:
    env = {
        "DROPPR_DATA_DIR": disk.folder / "data",
        "DROPPR_CHUNK_LAYOUT": request.param,
        "DROPPR_ANNOUNCED_MINUTES": PATIENCE / 60,
    }
    (tmp_path / "server").mkdir()
    with LiveServer(tmp_path / "server", workers=2, **env, **GENEROUS) as running:
        yield running


@pytest.fixture
def link(server: LiveServer) -> Link:
    return Client.of(server).make_link()


def free(disk: Ext4) -> tuple[int, int]:
    found = os.statvfs(disk.folder)
    return found.f_bavail * found.f_frsize, found.f_favail


def the_owner_can_do_everything(link: Link) -> None:
    owner = link.client
    owner.call("POST", "/api/droppr/session", json={"token": owner.token}).expect(204)
    made = owner.make_link(title="while it is full")
    made.change(title="still full").expect(200)
    link.stop_all().expect(200)
    link.close().expect(204)
    made.close().expect(204)
    owner.call("DELETE", f"{made.path}?forget=true", owner=True).expect(204)
    link.change(active=True).expect(200)


def test_announcing_the_whole_disk_takes_nothing_and_lapses(link: Link, disk: Ext4, server: LiveServer) -> None:
    other = link.client.make_link()
    begun = other.opened("begun.bin", 4 * MIB)
    data = content(4 * MIB)
    other.chunk(begun, 0, data[:MIB], len(data)).expect(200)
    before = free(disk)
    size = before[0] - UPPER - 8 * MIB
    stranger = link.seen_by(link.client.elsewhere())
    stranger.opened("big.bin", size)
    stranger.open("again.bin", size).expect(507, "storage_full")
    assert free(disk)[0] > before[0] - MIB, "something was taken"
    for start in range(MIB, 4 * MIB, MIB):
        other.chunk(begun, start, data[start : start + MIB], len(data)).expect(200)
    the_owner_can_do_everything(other)
    eventually(lambda: stranger.open("next.bin", size // 3).status == 201, seconds=10 * PATIENCE, what="the room")
    server.kill()
    server.start()
    other.deliver("small.bin", b"small")


def test_files_with_deep_folders_stop_at_the_limit_of_folders_and_at_the_floor_of_inodes(
    link: Link, disk: Ext4
) -> None:
    def bomb(to: Link, number: int) -> Reply:
        names = [f"p{number}_{each}/" + "d/" * 60 + "f" for each in range(600)]
        lines = [json.dumps({"path": name, "size": 0, "key": secrets.token_urlsafe(24)}) for name in names]
        body = "".join(f"{line}\n" for line in lines).encode()
        headers = {"Content-Type": "application/vnd.droppr.pack"}
        return to.client.call("POST", f"{to.path}/pack", body=body, headers=headers)

    codes = [each.get("code") for each in bomb(link, 0).expect(200).json["files"]]
    assert codes.count(None) == 10_000 // 61
    assert codes.count("request_full") == 600 - 10_000 // 61
    links = [link.client.make_link(folder=f"other{number}") for number in range(8)]
    refusals: set[str | None] = set()
    for number, other in enumerate(links):
        reply = bomb(other, number)
        refusals |= {reply.code} if reply.status != 200 else {each.get("code") for each in reply.json["files"]}
    assert "storage_full" in refusals
    assert free(disk)[1] > UPPER_INODES - 300
    the_owner_can_do_everything(link)


def test_bytes_stop_at_the_lower_floor_whoever_sends_how_many(link: Link, disk: Ext4) -> None:
    """Sixteen at once in an empty disk, with chunks larger than what is left in the end."""
    data = content(16 * MIB)
    links = [link, *(link.client.make_link(folder=f"other{number}") for number in range(3))]

    def send(number: int) -> set[str | None]:
        mine, codes = links[number % len(links)], set()
        for attempt in range(6):
            opened = mine.open(f"{number}-{attempt}.bin", 64 * MIB)
            codes.add(opened.code)
            if opened.status != 201:
                continue
            for start in range(0, 64 * MIB, 16 * MIB):
                reply = mine.chunk(opened.json["upload_id"], start, data, 64 * MIB)
                codes.add(reply.code)
                if reply.status != 200:
                    break
        return codes

    with ThreadPoolExecutor(16) as pool:
        codes = set().union(*pool.map(send, range(16)))
    assert "storage_full" in codes
    assert codes <= {None, "storage_full", "busy"}
    assert free(disk)[0] >= UPPER // 4 - 2 * MIB
    the_owner_can_do_everything(link)
    link.deliver("after.bin", content(MIB))


def test_links_are_closed_and_uploads_stopped_when_others_have_filled_the_disk(
    link: Link, disk: Ext4, server: LiveServer
) -> None:
    begun = link.opened("begun.bin", 4 * MIB)
    link.chunk(begun, 0, content(MIB), 4 * MIB).expect(200)
    links = [link.client.make_link(folder=f"other{number}") for number in range(3)]
    with (disk.folder / "ballast").open("ab", buffering=0) as ballast:
        for step in (16 * MIB, 4096, 1):
            try:
                while True:
                    ballast.write(b"\1" * step)
            except OSError:
                continue
    try:
        for number in range(INODES):
            (disk.folder / f"inode-{number}").touch()
    except OSError:
        pass
    done = Droppr.run(["cleanup"], env=server.environment, cwd=server.tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    link.open("more.bin", 1).expect(507, "storage_full")
    link.chunk(begun, MIB, content(MIB), 4 * MIB).expect(507, "storage_full")
    for each in links:
        each.close().expect(204)
        each.open("more.bin", 1).expect(410, "request_closed")
    link.stop_all().expect(200)
    link.close().expect(204)
