"""The purge: uploads left alone go, and nothing else does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.clock import MovedClock
from tests.support.files import content, files_below
from tests.support.live import LiveServer
from tests.support.program import Droppr

HOURS = 1.0


def cleanup(server: LiveServer) -> str:
    """What ``droppr cleanup`` says, run beside the live server on the same data."""
    done = Droppr.run(
        ["cleanup"],
        cwd=server.tmp_path,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def forgetful(live: Callable[..., LiveServer], clock: MovedClock) -> LiveServer:
    """A server on which an upload may lie idle for an hour of its clock, which is that of ``cleanup``, too."""
    return live(workers=2, DROPPR_SESSION_MAX_AGE_HOURS=HOURS, **clock.environment)


@pytest.fixture
def link(forgetful: LiveServer) -> Link:
    return Client.of(forgetful).make_link(max_files=3)


def bytes_held(server: LiveServer, upload_id: str) -> int:
    return sum(path.stat().st_size for name, path in files_below(server.data_dir).items() if upload_id in name)


def test_an_upload_left_alone_is_expired_and_its_bytes_and_its_place_come_back(
    forgetful: LiveServer, link: Link, clock: MovedClock
) -> None:
    idle = link.opened("idle.bin", 300_000)
    link.chunk(idle, 0, content(200_000), 300_000).expect(200)
    finished = link.deliver("finished.bin", b"stays")
    assert bytes_held(forgetful, idle) >= 200_000, "the test looks at the wrong place"
    link.status(idle).expect(200)
    clock.forward(HOURS * 1.1)
    link.status(idle).expect(410, "upload_expired")
    cleanup(forgetful)
    link.status(idle).expect(410, "upload_expired")
    link.chunk(idle, 200_000, content(100_000), 300_000).expect(410, "upload_expired")
    assert bytes_held(forgetful, idle) == 0
    assert (link.disk / "finished.bin").read_bytes() == b"stays"
    assert link.download("finished.bin").expect(200).body == b"stays"
    assert list(files_below(link.disk)) == [finished["path"]]
    link.opened("a.bin", 1)
    link.opened("b.bin", 1)
    link.open("c.bin", 1).expect(413, "request_full")


def test_an_upload_that_still_gets_chunks_is_not_purged_however_old_it_is(
    forgetful: LiveServer, link: Link, clock: MovedClock
) -> None:
    data = content(60)
    upload_id = link.opened("slow.bin", len(data))
    for at in range(0, len(data), 10):
        link.chunk(upload_id, at, data[at : at + 10], len(data)).expect(200)
        clock.forward(HOURS * 0.9)
        cleanup(forgetful)
    assert (link.disk / "slow.bin").read_bytes() == data


def test_an_upload_ends_when_it_is_too_old_however_alive_it_is_kept(
    live: Callable[..., LiveServer], clock: MovedClock
) -> None:
    server = live(workers=2, DROPPR_UPLOAD_MAX_AGE_DAYS=1, **clock.environment)
    link = Client.of(server).make_link(max_files=1)
    opened = link.open("slow.bin", 100_000).expect(201).json
    upload_id, data = opened["upload_id"], content(100_000)
    assert opened["expires_at"] == pytest.approx(time.time() + 24 * 3600, abs=600)
    for sent in range(3):
        link.chunk(upload_id, sent, data[sent : sent + 1], len(data)).expect(200)
        clock.forward(7.5)
    link.chunk(upload_id, 3, data[3:4], len(data)).expect(200)
    clock.forward(7.5)
    link.chunk(upload_id, 4, data[4:5], len(data)).expect(410, "upload_expired")
    link.status(upload_id).expect(410, "upload_expired")
    cleanup(server)
    assert bytes_held(server, upload_id) == 0
    link.status(upload_id).expect(410, "upload_expired")
    link.deliver("next.bin", b"has its place")


def test_an_upload_is_not_purged_while_a_chunk_of_it_is_on_its_way(
    forgetful: LiveServer, link: Link, clock: MovedClock
) -> None:
    data = content(100_000)
    upload_id = link.opened("slow.bin", len(data))
    other = link.opened("idle.bin", 10)

    def dripping() -> Iterator[bytes]:
        yield data[:50_000]
        link.wait_until_claimed(upload_id)
        clock.forward(HOURS * 1.1)
        # Another upload as old as this one has become stale meanwhile, and so would this one be.
        link.status(other).expect(410, "upload_expired")
        cleanup(forgetful)
        yield data[50_000:]

    headers = {"Content-Range": "bytes 0-99999/100000", "X-Upload-Id": upload_id, "Content-Length": "100000"}
    assert link.raw_chunk(headers, dripping()).expect(200).json["complete"] is True
    assert (link.disk / "slow.bin").read_bytes() == data


def test_a_fresh_upload_survives_a_purge(server: LiveServer) -> None:
    link = Client.of(server).make_link()
    upload_id = link.opened("a.bin", 10)
    link.chunk(upload_id, 0, b"01234", 10).expect(200)
    assert re.search(r"Still on their way: [1-9]", cleanup(server))
    assert link.chunk(upload_id, 5, b"56789", 10).expect(200).json["complete"] is True
    cleanup(server)
    assert link.status(upload_id).expect(200).json["complete"] is True
