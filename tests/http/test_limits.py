"""Limits on uploads at once and on memory, on a running server with several workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import urllib3

from tests.support.client import Client, Link, Reply
from tests.support.files import MIB, content, eventually, files_below, spans
from tests.support.live import LiveServer

LIMITED = "Upload limit exceeded or insufficient resources"
DATA = content(3 * MIB)
SMALL_CHUNKS: dict[str, Any] = {"DROPPR_CHUNK_SIZE_MB": 1, "DROPPR_DURABILITY": "none"}


def figures(client: Client) -> Any:
    return client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json["concurrency"]


class Slow:
    """A chunk that is under way until ``finish``."""

    def __init__(self, link: Link, upload_id: str, pool: ThreadPoolExecutor) -> None:
        self._go = Event()
        self.reply = pool.submit(link.raw_chunk, self._headers(upload_id), self._body())
        eventually(lambda: upload_id in [each["upload_id"] for each in live_uploads(link.client)] or None)

    def _headers(self, upload_id: str) -> dict[str, str]:
        return {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes 0-{MIB - 1}/{len(DATA)}",
            "Content-Length": str(MIB),
        }

    def _body(self) -> Iterator[bytes]:
        yield DATA[:1000]
        assert self._go.wait(60)
        yield DATA[1000:MIB]

    def finish(self) -> Reply:
        self._go.set()
        return self.reply.result()


def live_uploads(client: Client) -> list[dict[str, Any]]:
    """What the first of the live events tells of running uploads."""
    reply = client.pool.request(
        "GET",
        "/api/v1/system/upload-events",
        headers={"Authorization": f"Bearer {client.token}"},
        preload_content=False,
        retries=False,
    )
    try:
        text = b""
        while not (b"data: " in text and text.endswith(b"\n\n")):
            text += reply.read1()
        event = json.loads(text.split(b"data: ")[1])
        found: list[dict[str, Any]] = event["uploads"]
        return found
    finally:
        reply.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as running:
        yield running


def test_over_the_limit_a_chunk_and_an_opening_are_told_to_come_back(
    live: Callable[..., LiveServer], pool: ThreadPoolExecutor
) -> None:
    server = live(workers=2, PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=1, **SMALL_CHUNKS)
    link = Client.of(server).make_link()
    first, second = link.opened("a.bin", len(DATA)), link.opened("b.bin", len(DATA))
    slow = Slow(link, first, pool)
    for reply in (link.chunk(second, 0, DATA[:MIB], len(DATA)), link.open("c.bin", len(DATA))):
        assert reply.expect(503, "busy").json["error"] == LIMITED
        assert reply.json["reason"] == "places"
        assert 1 <= int(reply.headers["Retry-After"]) <= 15
    link.deliver("small.bin", b"a small file needs no place")
    told = figures(link.client)
    assert (told["running_uploads"], told["waiting_uploads"], told["max_concurrent_uploads"]) == (1, 2, 1)
    slow.finish().expect(200)
    assert link.send(first, DATA, step=MIB).json["complete"] is True
    assert link.send(second, DATA, step=MIB).json["complete"] is True
    assert figures(link.client)["running_uploads"] == 0


def test_one_user_may_have_so_many_and_another_user_is_let_in(
    live: Callable[..., LiveServer], pool: ThreadPoolExecutor
) -> None:
    server = live(workers=2, PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER=1, **SMALL_CHUNKS)
    one, other = Client.of(server, source="127.0.0.2"), Client.of(server, source="127.0.0.3")
    link = one.make_link()
    ids = [link.opened(f"{n}.bin", len(DATA)) for n in range(3)]
    slow = Slow(link, ids[0], pool)
    assert link.chunk(ids[1], 0, DATA[:MIB], len(DATA)).expect(503, "busy").json["reason"] == "user"
    link.seen_by(other).chunk(ids[2], 0, DATA[:MIB], len(DATA)).expect(200)
    one.make_link().deliver("another-link.bin", DATA)
    slow.finish().expect(200)


def test_a_killed_worker_frees_its_places_at_once(live: Callable[..., LiveServer], pool: ThreadPoolExecutor) -> None:
    server = live(workers=1, PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=2, **SMALL_CHUNKS)
    link = Client.of(server).make_link()
    ids = [link.opened(f"{n}.bin", len(DATA)) for n in range(4)]
    slow = [Slow(link, each, pool) for each in ids[:2]]
    link.chunk(ids[2], 0, DATA[:MIB], len(DATA)).expect(503, "busy")
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGKILL)
    fresh = Client.of(server)
    eventually(lambda: (worker not in server.worker_pids() and server.worker_pids()) or None)
    assert figures(fresh)["running_uploads"] == 0
    again = link.seen_by(fresh)
    for each in ids[2:]:
        assert again.send(each, DATA, step=MIB).json["complete"] is True
    for broken in slow:
        with pytest.raises(urllib3.exceptions.HTTPError):
            broken.finish()
    for each in ids[:2]:
        assert again.send(each, DATA, step=MIB).json["complete"] is True
    assert {path.read_bytes() for path in files_below(link.disk).values()} == {DATA}


def test_memory_over_the_limit_refuses_new_uploads_until_it_falls_and_lets_others_finish(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    groups = tmp_path / "cgroup"
    groups.mkdir()

    def use(percent: float) -> None:
        (groups / "memory.current.new").write_text(f"{int(percent * 10 * MIB)}\n")
        (groups / "memory.current.new").rename(groups / "memory.current")
        time.sleep(0.3)  # Longer than a reading counts as fresh.

    (groups / "memory.max").write_text(f"{1000 * MIB}\n")
    use(10)
    server = live(workers=2, DROPPR_CGROUP_DIR=groups, **SMALL_CHUNKS)
    link = Client.of(server).make_link()
    upload_id = link.opened("a.bin", len(DATA))
    link.chunk(upload_id, 0, DATA[:MIB], len(DATA)).expect(200)
    use(85.2)
    for refused in (link.open("b.bin", len(DATA)), link.open("small.bin", 10)):
        assert refused.expect(503, "busy").json["error"] == "Memory usage too high: 85.2%"
        assert int(refused.headers["Retry-After"]) >= 1
    told = link.client.call("GET", "/api/v1/system/upload-status", owner=True).json["memory_monitor"]
    assert (told["current_usage"], told["limit_bytes"]) == (85.2, 1000 * MIB)
    assert link.send(upload_id, DATA, step=MIB).json["complete"] is True
    use(50)
    link.deliver("b.bin", DATA)


def test_two_hundred_users_on_twenty_places_are_all_served_once(live: Callable[..., LiveServer]) -> None:
    users, places = 200, 20
    server = live(
        workers=4,
        PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=places,
        PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER=3,
        **SMALL_CHUNKS,
    )
    owner = Client.of(server)
    link = owner.make_link()
    data = content(MIB + 200_000)
    start = Barrier(users + 1)
    busy: Counter[int] = Counter()

    def send(number: int) -> float:
        mine = link.seen_by(Client.of(server, source=f"127.0.{1 + number // 100}.{1 + number % 100}"))
        start.wait(60)
        begun = time.monotonic()

        def patiently(ask: Callable[[], Reply]) -> Reply:
            while (reply := ask()).status == 503:
                busy[number] += 1
                assert time.monotonic() - begun < 90, "this one waits for ever"
                time.sleep(int(reply.expect(503, "busy").headers["Retry-After"]))
            return reply

        upload_id = patiently(lambda: mine.open(f"{number}.bin", len(data))).expect(201).json["upload_id"]
        for first, stop in spans(len(data), MIB):
            patiently(lambda a=first, b=stop: mine.chunk(upload_id, a, data[a:b], len(data))).expect(200)  # type: ignore[misc]
        mine.client.pool.close()
        return time.monotonic() - begun

    with ThreadPoolExecutor(users) as threads:
        asked = [threads.submit(send, number) for number in range(users)]
        start.wait(60)
        most = 0
        while not all(each.done() for each in asked):
            most = max(most, figures(owner)["running_uploads"])
            time.sleep(0.1)
        for each in asked:
            each.result()
    assert 0 < most <= places
    received = files_below(link.disk)
    assert sorted(received) == sorted(f"{number}.bin" for number in range(users))
    assert all(path.read_bytes() == data for path in received.values())
    assert len(link.files()) == users
    told = figures(owner)
    assert (told["running_uploads"], told["waiting_uploads"], told["active_uploads"]) == (0, 0, 0)

    def reserved() -> int:
        told = owner.call("GET", "/api/v1/system/upload-status", owner=True).expect(200)
        return int(told.json["memory_monitor"]["reserved_bytes"])

    # A process gives back its own once it hears that another one ended the upload.
    eventually(lambda: reserved() == 0, what="all memory given back")


def test_decisions_about_limits_are_logged_where_that_is_wished(live: Callable[..., LiveServer]) -> None:
    wished, usual = (
        live(workers=1, PARALLEL_UPLOAD_DEBUG_LOGGING="True", **SMALL_CHUNKS),
        live(workers=1, **SMALL_CHUNKS),
    )
    for server in (wished, usual):
        Client.of(server).make_link().deliver("a.bin", DATA)
    assert '"PARALLEL upload let in"' in wished.log.read_text()
    assert "PARALLEL" not in usual.log.read_text()


def test_the_command_waits_for_its_turn_and_sends_everything(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    server = live(workers=2, PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=1, **SMALL_CHUNKS)
    link = Client.of(server).make_link()
    for number in range(4):
        (tmp_path / f"{number}.bin").write_bytes(DATA)
    files = [str(tmp_path / f"{number}.bin") for number in range(4)]
    command = [sys.executable, "-m", "droppr_client", "upload", *files, "--to", f"{server.url}/request/{link.hash}"]
    home = {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**server.environment, **home},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.read_bytes() for path in files_below(link.disk).values()} == {DATA}
    assert len(link.files()) == 4
    text = link.client.call("GET", "/metrics", owner=True).expect(200).body.decode()
    assert 'droppr_limit_refusals_total{reason="places"}' in text, "nobody had to wait"


def test_a_place_of_which_nothing_comes_lapses_and_is_asked_for_again(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_ANNOUNCED_MINUTES=6 / 60)
    link = Client.of(server).make_link(max_files=2)
    silent, begun = link.opened("silent.bin", 100), link.opened("begun.bin", 200_000)
    data = content(200_000)
    link.chunk(begun, 0, data[:100_000], len(data)).expect(200)
    link.open("next.bin", 1).expect(413, "request_full")
    opened = eventually(lambda: link.open("next.bin", 100).json.get("upload_id"), what="the place")
    refused = link.chunk(silent, 0, content(50), 100).expect(413, "request_full")
    assert int(refused.headers["Retry-After"]) > 0
    link.open("more.bin", 1).expect(413, "request_full")
    link.status(silent).expect(200)
    link.cancel(opened).expect(204)
    link.send(silent, content(100))
    link.send(begun, data)
    assert sorted(files_below(link.disk)) == ["begun.bin", "silent.bin"]
