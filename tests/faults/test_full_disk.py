"""A full disk: what does not fit is refused, nothing of it is kept, and what had begun goes on once there is room."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, files_below
from tests.support.live import GENEROUS, LiveServer

SIZE = 32 * MIB
CHUNK = 256 * 1024


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 32 MiB. Without the right to mount one these tests fail: a promise that nobody checked is no promise."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.fail(f"This test mounts a small tmpfs and needs root for it: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module", params=["in-place", "indexed"])
def server(
    request: pytest.FixtureRequest, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """Room is set aside as bytes come; indexed, each chunk needs room of its own besides for a moment."""
    env = {"DROPPR_DATA_DIR": disk / request.param, "DROPPR_CHUNK_LAYOUT": request.param}
    with LiveServer(tmp_path_factory.mktemp("server"), workers=2, **env, **GENEROUS) as running:
        yield running
    shutil.rmtree(disk / request.param)  # the next server is to find the disk empty


@pytest.fixture
def link(server: LiveServer, disk: Path) -> Link:
    # The disk is small and every test wants it empty; a file that is being hashed keeps its room when it is removed.
    for folder in server.files_dir.iterdir():
        shutil.rmtree(folder)
    eventually(lambda: shutil.disk_usage(disk).used < 8 * MIB, what="an empty disk")
    return Client.of(server).make_link()


class Ballast:
    """A file that takes what is free on a disk."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all but about ``leave`` bytes."""
        with self._path.open("ab", buffering=0) as file:
            for step in (MIB, 4096):
                try:
                    while True:
                        file.write(b"\1" * step)
                except OSError:
                    continue
            file.truncate(max(0, file.tell() - leave))

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


@pytest.fixture
def ballast(disk: Path) -> Iterator[Ballast]:
    ballast = Ballast(disk)
    yield ballast
    ballast.drop()


def send_all(link: Link, upload_id: str, data: bytes) -> list[int]:
    """The status of every chunk that is still missing, sent once; only success and 507 are right."""
    statuses = []
    for first, last in link.status(upload_id).expect(200).json["missing_ranges"]:
        for start in range(first, last + 1, CHUNK):
            stop = min(start + CHUNK, last + 1)
            reply = link.chunk(upload_id, start, data[start:stop], len(data))
            if reply.status != 200:
                reply.expect(507, "storage_full")
            statuses.append(reply.status)
    return statuses


def finished(link: Link, upload_id: str, name: str, data: bytes) -> None:
    """With room again the same upload completes, and the file is there once with its bytes."""
    eventually(
        lambda: send_all(link, upload_id, data) is not None and link.status(upload_id).json["complete"],
        what="the upload's end",
    )
    assert (link.disk / name).read_bytes() == data
    assert [each["path"] for each in link.files()].count(name) == 1


def test_what_does_not_fit_is_refused_at_opening_and_leaves_nothing(link: Link, disk: Path, server: LiveServer) -> None:
    def large() -> list[Path]:
        found = []
        for path in files_below(disk).values():
            # The catalogue's log grows and shrinks by itself.
            if path.parent.name != "catalogue":
                with suppress(FileNotFoundError):  # It was there for a moment only.
                    found += [path] if path.stat().st_size > MIB else []
        return sorted(found)

    before = large()
    for _ in range(3):
        link.open("large.bin", SIZE + 1).expect(507, "storage_full")
        link.open("huge.bin", 2**50).expect(507, "storage_full")
    assert large() == before
    data = content(20 * MIB)
    link.send(link.opened("fits.bin", len(data)), data, step=MIB)
    assert (link.disk / "fits.bin").read_bytes() == data


def test_declared_sizes_are_set_aside_so_that_two_cannot_have_the_same_room(link: Link) -> None:
    first = link.opened("first.bin", 20 * MIB)
    link.open("second.bin", 20 * MIB).expect(507, "storage_full")
    link.cancel(first).expect(204)
    second = link.opened("second.bin", 20 * MIB)
    data = content(20 * MIB, 1)
    assert link.send(second, data, step=MIB).json["complete"] is True


def test_what_does_not_fit_takes_no_room_from_others_while_it_is_refused(link: Link) -> None:
    first = link.opened("first.bin", 8 * MIB)
    with ThreadPoolExecutor(2) as pool:
        done = threading.Event()

        def insist() -> int:
            refused = 0
            while not done.is_set():
                link.open("large.bin", SIZE - 2 * MIB).expect(507, "storage_full")
                refused += 1
            return refused

        large = [pool.submit(insist) for _ in range(2)]
        try:
            for number in range(60):
                link.deliver(f"{number}.bin", content(30_000, number))
        finally:
            done.set()
        assert sum(each.result() for each in large) > 10
    link.cancel(first).expect(204)


def test_an_opening_on_a_full_disk_is_refused_and_works_once_there_is_room(link: Link, ballast: Ballast) -> None:
    ballast.fill()
    for _ in range(5):
        link.open("a.bin", MIB).expect(507, "storage_full")
        link.open("empty.bin", 0)
    ballast.drop()
    link.deliver("a.bin", content(MIB))
    assert (link.disk / "a.bin").read_bytes() == content(MIB)


@pytest.mark.parametrize("leave", [0, 4096, 8192, 12_288, 20_480, 40_960, 300_000])
def test_an_upload_that_ran_into_a_full_disk_completes_once_there_is_room(
    link: Link, ballast: Ballast, leave: int, request: pytest.FixtureRequest
) -> None:
    data = content(2 * MIB, leave)
    upload_id = link.opened("a.bin", len(data))
    link.chunk(upload_id, CHUNK, data[CHUNK : 2 * CHUNK], len(data)).expect(200)
    ballast.fill(leave)
    statuses = send_all(link, upload_id, data)
    if "indexed" in request.node.name and leave < CHUNK:
        assert 200 not in statuses, "the disk was not full"
    # What was acknowledged on the full disk counts, now and later.
    acknowledged = statuses.count(200)
    status = link.status(upload_id)
    if status.status == 200:
        assert status.json["complete"] or status.json["received_bytes"] == (acknowledged + 1) * CHUNK
    else:
        # All bytes are there and only the delivery does not fit: the status tried it again.
        status.expect(507, "storage_full")
    for path in files_below(link.disk).values():
        assert path.read_bytes() == data, "a half file is visible"
    ballast.drop()
    finished(link, upload_id, "a.bin", data)


def test_on_a_full_disk_the_owner_sees_what_is_open_and_makes_room_by_stopping_it(link: Link, ballast: Ballast) -> None:
    data = content(2 * MIB)
    ids = [link.opened(f"{number}.bin", len(data)) for number in range(4)]
    for upload_id in ids:
        link.chunk(upload_id, 0, data[:MIB], len(data)).expect(200)
    ballast.fill()
    assert [each["upload_id"] for each in link.under_way()] == ids
    link.stop(ids[0]).expect(204)
    link.chunk(ids[0], MIB, data[MIB:], len(data)).expect(404, "upload_cancelled")
    ballast.fill()
    assert link.stop_all().expect(200).json == {"cancelled": 3, "left": 0}
    assert link.under_way() == []
    link.deliver("small.bin", data[:CHUNK])


def test_many_uploads_on_a_full_disk_lose_nothing_that_was_acknowledged_even_if_killed(
    link: Link, ballast: Ballast, server: LiveServer
) -> None:
    files = {f"{n}.bin": content(3 * CHUNK, n) for n in range(6)}
    ids = {name: link.opened(name, len(data)) for name, data in files.items()}
    ballast.fill(leave=30_000)
    acknowledged = {name: send_all(link, ids[name], data).count(200) for name, data in files.items()}
    server.kill()
    ballast.drop()
    server.start()
    for name, data in files.items():
        status = link.status(ids[name]).expect(200).json
        assert status["received_bytes"] >= acknowledged[name] * CHUNK
        finished(link, ids[name], name, data)
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == files


def test_links_on_a_full_disk_are_refused_or_whole(link: Link, ballast: Ballast) -> None:
    ballast.fill()
    made = link.client.call("POST", "/api/droppr/requests", json={"folder": "new"}, owner=True)
    if made.status != 201:
        made.expect(507, "storage_full")
    changed = link.change(title="on a full disk")
    if changed.status != 200:
        changed.expect(507, "storage_full")
        assert link.info().expect(200).json["title"] == ""
    assert link.client.call("GET", "/healthz").status == 200
    ballast.drop()
    link.change(title="afterwards").expect(200)
    eventually(lambda: link.client.call("GET", "/readyz").status == 200, what="readiness")
