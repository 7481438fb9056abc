"""What races has one right outcome each (docs/architecture.md, "One outcome each"); here it is raced for, many times."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.wiring import build
from tests.support.catalogues import settings_of
from tests.support.client import Client, Link, Reply
from tests.support.clock import MovedClock
from tests.support.files import content, eventually, files_below
from tests.support.live import LiveServer
from tests.support.processes import together

SIZE = 60_000
STEP = 2000
AGE = 1.0
"""Seconds after which an upload is idle for long enough on the forgetful server."""
HOURS = 1.0
"""The same on the server whose clock is moved."""


@pytest.fixture
def forgetful(live: Callable[..., LiveServer]) -> LiveServer:
    return live(workers=2, DROPPR_SESSION_MAX_AGE_HOURS=AGE / 3600)


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def moved(live: Callable[..., LiveServer], clock: MovedClock) -> LiveServer:
    return live(workers=2, DROPPR_SESSION_MAX_AGE_HOURS=HOURS, **clock.environment)


def sweep(server: LiveServer, hours: float = AGE / 3600, ahead: float = 0) -> int:
    """The purge, in this process, of what is idle for so many hours at a time that is ``ahead`` by so many; returns how many
    uploads it removed."""
    options = settings_of(server, session_max_age_hours=hours)
    return build(options, clock=lambda: time.time() + ahead * 3600).receiving.uploads.sweep()


def is_claimed(server: LiveServer, upload_id: str) -> bool:
    """Whether somebody is writing to this upload. Only asks: a claim of our own could be in the other one's way."""
    with (server.data_dir / "uploads" / upload_id / "data").open("rb") as file:
        question = struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, question)
        return bool(struct.unpack("@hhqqi4x", answer)[0] != fcntl.F_UNLCK)


def at_once(chance: random.Random, *calls: Callable[[], Reply]) -> list[Reply]:
    """What these answer when they start together, in an order that chance decides."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Reply]) -> Reply:
        barrier.wait(100)
        return call()

    order = list(range(len(calls)))
    chance.shuffle(order)
    with ThreadPoolExecutor(len(calls)) as pool:
        pending = {number: pool.submit(run, calls[number]) for number in order}
        return [pending[number].result() for number in range(len(calls))]


def test_cancelling_races_the_last_chunk_and_no_file_is_left_whoever_is_first(
    client: Client, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    for number in range(400 if torture else 15):
        link = client.make_link(max_files=1)
        data = content(SIZE, number)
        upload_id = link.opened("a.bin", SIZE)
        link.chunk(upload_id, 0, data[: SIZE // 2], SIZE).expect(200)
        last, cancel = at_once(
            chance,
            lambda: link.chunk(upload_id, SIZE // 2, data[SIZE // 2 :], SIZE),  # noqa: B023
            lambda: link.cancel(upload_id),  # noqa: B023
        )
        cancel.expect(204)
        if last.status == 200:
            assert last.json["complete"] is True
            tally["delivered first and then taken back"] += 1
        else:
            last.expect(404, "upload_not_found")
        link.status(upload_id).expect(404, "upload_not_found")
        assert files_below(link.disk) == {}
        assert link.files() == []
        link.deliver("a.bin", data)
        assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"a.bin": data}
        tally["races of a cancel and a last chunk"] += 1


def test_the_owner_stopping_races_the_last_chunk_and_never_takes_a_file_away(
    client: Client, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    for number in range(400 if torture else 15):
        link = client.make_link(max_files=1)
        data = content(SIZE, number)
        upload_id = link.opened("a.bin", SIZE)
        link.chunk(upload_id, 0, data[: SIZE // 2], SIZE).expect(200)
        last, stop, stop_all = at_once(
            chance,
            lambda: link.chunk(upload_id, SIZE // 2, data[SIZE // 2 :], SIZE),  # noqa: B023
            lambda: link.stop(upload_id),  # noqa: B023
            lambda: link.stop_all(),  # noqa: B023
        )
        stopped = stop_all.expect(200).json["cancelled"]
        if last.status == 200:
            assert last.json["complete"] is True
            stop.expect(409, "upload_complete")
            assert stopped == 0
            assert (link.disk / "a.bin").read_bytes() == data
            tally["delivered before the owner stopped it"] += 1
        else:
            last.expect(404, "upload_cancelled")
            assert sorted([stop.status == 204, stopped == 1]) == [False, True], (stop, stop_all)
            assert files_below(link.disk) == {}
            link.deliver("a.bin", data)
        assert link.under_way() == []
        tally["races of the owner and a last chunk"] += 1


def test_an_upload_is_purged_by_one_of_two_purges_and_its_place_comes_back_once(
    moved: LiveServer, clock: MovedClock, torture: bool, tally: Counter[str]
) -> None:
    for _ in range(15 if torture else 2):
        link = Client.of(moved).make_link(max_files=40)
        idle = [link.opened(f"{n}.bin", SIZE) for n in range(40)]
        for upload_id in idle[::2]:
            link.chunk(upload_id, 0, b"x" * 1000, SIZE).expect(200)
        clock.forward(HOURS * 1.1)
        assert {link.status(each).status for each in idle} == {410}
        removed = together(4, lambda _: sweep(moved, HOURS, clock.hours))
        assert all(isinstance(each, int) for each in removed), removed
        assert sum(removed) == len(idle), removed
        assert files_below(moved.data_dir / "uploads") == {}
        for upload_id in idle:
            link.status(upload_id).expect(410, "upload_expired")
        fresh = [link.opened(f"{n}.bin", 1) for n in range(40)]
        link.open("one-more.bin", 1).expect(413, "request_full")
        for upload_id in fresh:
            link.cancel(upload_id).expect(204)
        tally["uploads purged by several at once"] += len(idle)


def test_a_chunk_that_is_on_its_way_when_its_upload_would_expire_counts(
    moved: LiveServer, clock: MovedClock, torture: bool, tally: Counter[str]
) -> None:
    link = Client.of(moved).make_link()
    data = content(SIZE)
    for number in range(8 if torture else 1):
        name = f"{number}.bin"
        upload_id, other = link.opened(name, SIZE), link.opened("idle.bin", 10)

        def dripping(upload_id: str = upload_id, other: str = other) -> Iterator[bytes]:
            yield data[:20_000]
            eventually(lambda: is_claimed(moved, upload_id), what="the claim")
            clock.forward(HOURS * 1.1)
            # As old as this one, and nobody sends to it.
            link.status(other).expect(410, "upload_expired")
            together(2, lambda _: sweep(moved, HOURS, clock.hours))
            yield data[20_000:]

        headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}", "X-Upload-Id": upload_id, "Content-Length": str(SIZE)}
        assert link.raw_chunk(headers, dripping()).expect(200).json["complete"] is True
        assert (link.disk / name).read_bytes() == data
        link.status(other).expect(410, "upload_expired")
        tally["chunks on their way at an expiry"] += 1


def test_a_chunk_races_the_purge_and_counts_or_hears_that_the_upload_is_over(
    forgetful: LiveServer, torture: bool, tally: Counter[str]
) -> None:
    """At the very end of its time: never a 200 for bytes that are gone, never a file without its last chunk."""
    data = content(SIZE)
    for _ in range(20 if torture else 1):
        link = Client.of(forgetful).make_link()
        ids = []
        for number in range(12):
            ids.append(link.opened(f"{number}.bin", SIZE))
            link.chunk(ids[-1], 0, data[:1000], SIZE).expect(200)
        purged = threading.Event()

        def keep_purging(purged: threading.Event = purged) -> None:
            while not purged.is_set():
                sweep(forgetful)

        purger = threading.Thread(target=keep_purging)
        purger.start()
        try:
            replies = race_to_the_end(link, ids, data)
        finally:
            purged.set()
            purger.join()
        for upload_id, acknowledged in replies.items():
            status = link.status(upload_id)
            if status.status == 200:
                assert status.json["received_bytes"] >= acknowledged
            else:
                status.expect(410, "upload_expired")
        assert files_below(link.disk) == {}
        tally["uploads that got chunks while being purged"] += len(ids)


def race_to_the_end(link: Link, ids: list[str], data: bytes) -> dict[str, int]:
    """Send single chunks at intervals around the age at which uploads end; bytes acknowledged by upload."""
    acknowledged = {}

    def run(entry: tuple[int, str]) -> None:
        number, upload_id = entry
        position = 1000
        while True:
            # Some wait just less than the age, some just more.
            threading.Event().wait(AGE * (0.9 + number * 0.02))
            reply = link.chunk(upload_id, position, data[position : position + 1000], SIZE)
            if reply.status != 200:
                reply.expect(410, "upload_expired")
                return
            position += 1000
            acknowledged[upload_id] = position
            if position >= 4000:
                return

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(run, enumerate(ids)))
    return acknowledged


def test_a_link_that_is_closed_takes_no_chunk_afterwards_and_goes_on_when_it_is_opened_again(
    client: Client, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    for number in range(60 if torture else 5):
        link = client.make_link()
        data = content(SIZE, number)
        upload_id = link.opened("a.bin", SIZE)
        places = list(range(0, SIZE, STEP))
        chance.shuffle(places)
        closed = threading.Event()
        before_closing = chance.randrange(len(places))
        taken: set[int] = set()

        def send(at: int, data: bytes = data, upload_id: str = upload_id, link: Link = link) -> tuple[bool, int, Reply]:
            late = closed.is_set()  # noqa: B023
            return late, at, link.chunk(upload_id, at, data[at : at + STEP], SIZE)

        def close(link: Link = link, closed: threading.Event = closed) -> None:
            link.close().expect(204)
            closed.set()

        with ThreadPoolExecutor(6) as pool:
            pending = [pool.submit(send, at) for at in places[:before_closing]]
            pending.append(pool.submit(close))  # type: ignore[arg-type]
            pending += [pool.submit(send, at) for at in places[before_closing:]]
            for result in (each.result() for each in pending):
                if result:
                    late, at, reply = result
                    if reply.status == 200:
                        assert not late, "a chunk was taken after the link was closed"
                        taken.add(at)
                    else:
                        reply.expect(410, "request_closed")
        whole = len(taken) == len(places)
        assert sorted(files_below(link.disk)) == (["a.bin"] if whole else [])
        link.change(active=True).expect(200)
        missing = link.status(upload_id).expect(200).json["missing_ranges"]
        assert not any(first <= at <= last for at in taken for first, last in missing)
        for first, last in missing:
            link.chunk(upload_id, first, data[first : last + 1], SIZE).expect(200)
        assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"a.bin": data}
        tally["links closed in the middle of an upload"] += 1


def test_what_was_opened_before_its_link_expired_may_finish(live: Callable[..., LiveServer], clock: MovedClock) -> None:
    link = Client.of(live(workers=2, **clock.environment)).make_link(expires_hours=HOURS)
    data = content(SIZE)
    upload_id = link.opened("a.bin", SIZE)
    link.chunk(upload_id, 0, data[:1000], SIZE).expect(200)
    link.open("c.bin", 1).expect(201)
    clock.forward(HOURS * 1.1)
    link.open("b.bin", 1).expect(410, "request_expired")
    assert link.chunk(upload_id, 1000, data[1000:], SIZE).expect(200).json["complete"] is True
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"a.bin": data}
