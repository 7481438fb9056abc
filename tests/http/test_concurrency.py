"""Many at once over four worker processes: nothing is lost, nothing doubled, nothing mixed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest

from tests.support.client import Client, Reply
from tests.support.files import content, files_below, sha256, spans

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """``work(0) … work(count - 1)``, each in a thread of its own, let go at the same moment."""
    start = Barrier(count)

    def run(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def patiently(send: Callable[[], Reply]) -> tuple[Reply, int]:
    """The first reply that is not ``busy``, as any client would wait for it; and how often it was."""
    deadline = time.monotonic() + 60
    refused = 0
    while (reply := send()).status == 503:
        reply.expect(503, "busy")
        assert int(reply.headers["Retry-After"]) >= 1
        assert time.monotonic() < deadline
        refused += 1
        time.sleep(0.05)
    return reply, refused


@pytest.mark.parametrize("seed", range(3))
def test_sixty_four_chunks_at_once_lose_no_range(client: Client, seed: int) -> None:
    link = client.make_link()
    data = content(64 * 32_000 - 77, seed)
    pieces = spans(len(data), 32_000)
    random.Random(seed).shuffle(pieces)
    upload_id = link.opened("many.bin", len(data))

    def send(number: int) -> Reply:
        start, stop = pieces[number]
        return patiently(lambda: link.chunk(upload_id, start, data[start:stop], len(data)))[0]

    replies = at_once(64, send)
    assert {reply.status for reply in replies} == {200}
    assert any(reply.json["complete"] for reply in replies)
    status = link.status(upload_id).expect(200).json
    assert (status["complete"], status["missing_ranges"], status["received_bytes"]) == (True, [], len(data))
    assert sha256((link.disk / "many.bin").read_bytes()) == sha256(data)
    assert list(files_below(link.disk)) == ["many.bin"]


def test_many_small_chunks_of_several_files_at_once_all_arrive(client: Client) -> None:
    link = client.make_link()
    files = {f"{n}.bin": content(40 * 500, n) for n in range(8)}
    ids = {name: link.opened(name, len(data)) for name, data in files.items()}
    work = [(name, start, stop) for name, data in files.items() for start, stop in spans(len(data), 500)]
    random.Random(1).shuffle(work)

    def send(item: tuple[str, int, int]) -> None:
        name, start, stop = item
        data = files[name]
        patiently(lambda: link.chunk(ids[name], start, data[start:stop], len(data)))[0].expect(200)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, work))
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == files
    assert len(link.files()) == 8


@pytest.mark.parametrize("seed", range(3))
def test_twenty_racing_last_chunks_make_one_file(client: Client, seed: int) -> None:
    link = client.make_link()
    data = content(50_000, seed)
    upload_id = link.opened("last.bin", len(data))
    link.chunk(upload_id, 0, data[:49_000], len(data)).expect(200)
    replies = at_once(20, lambda _: patiently(lambda: link.chunk(upload_id, 49_000, data[49_000:], len(data)))[0])
    assert {(reply.status, reply.json.get("path"), reply.json.get("complete")) for reply in replies} == {
        (200, "last.bin", True)
    }
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"last.bin": data}
    assert len(link.files()) == 1


def test_last_chunks_of_twenty_gaps_race_and_make_one_file(client: Client) -> None:
    link = client.make_link()
    data = content(20_000, 9)
    upload_id = link.opened("gaps.bin", len(data))
    replies = at_once(
        20,
        lambda n: patiently(lambda: link.chunk(upload_id, n * 1000, data[n * 1000 : (n + 1) * 1000], len(data)))[0],
    )
    assert {reply.status for reply in replies} == {200}
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"gaps.bin": data}
    assert len(link.files()) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["the only chunk", "one of two"])
def test_the_same_chunk_from_eight_clients_counts_once(client: Client, whole: bool) -> None:
    link = client.make_link()
    data = content(400_000, 3)
    stop = len(data) if whole else 300_000
    upload_id = link.opened("same.bin", len(data))
    clients = [link.seen_by(Client(client.url, client.token, client.files_dir)) for _ in range(8)]
    replies = at_once(8, lambda n: patiently(lambda: clients[n].chunk(upload_id, 0, data[:stop], len(data)))[0])
    assert {reply.status for reply in replies} == {200}
    assert link.status(upload_id).json["received_bytes"] == stop
    if not whole:
        link.chunk(upload_id, stop, data[stop:], len(data)).expect(200)
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"same.bin": data}
    assert len(link.files()) == 1


@pytest.mark.parametrize("seed", range(6))
def test_of_two_contents_for_one_place_one_wins_wholly(client: Client, seed: int) -> None:
    link = client.make_link()
    rest = content(1000, seed)
    contents = [bytes([n + 1]) * 500_000 for n in range(4)]
    upload_id = link.opened("race.bin", 501_000)

    def send(number: int) -> tuple[Reply, int]:
        return patiently(lambda: link.chunk(upload_id, 0, contents[number], 501_000))

    replies = [reply for reply, _ in at_once(4, send)]
    winners = [n for n, reply in enumerate(replies) if reply.status == 200]
    assert len(winners) == 1, [reply.status for reply in replies]
    assert all(reply.code == "chunk_conflict" for reply in replies if reply.status != 200)
    link.chunk(upload_id, 500_000, rest, 501_000).expect(200)
    assert (link.disk / "race.bin").read_bytes() == contents[winners[0]] + rest


@pytest.mark.parametrize("seed", range(3))
def test_overlapping_chunks_at_once_never_alter_what_was_acknowledged(client: Client, seed: int) -> None:
    link = client.make_link()
    size = 200_000
    chance = random.Random(seed)
    # Every sender sends its own letter over its own stretch, some of them overlapping.
    places = [(start := chance.randrange(0, size - 40_000), start + chance.randrange(1, 40_000)) for _ in range(16)]
    upload_id = link.opened("quilt.bin", size)

    def send(number: int) -> Any:
        start, stop = places[number]
        reply, _ = patiently(lambda: link.chunk(upload_id, start, bytes([65 + number]) * (stop - start), size))
        return reply.status

    assert set(at_once(16, send)) <= {200, 409}
    for first, last in link.status(upload_id).json["missing_ranges"]:
        link.chunk(upload_id, first, b"." * (last - first + 1), size).expect(200)
    result = (link.disk / "quilt.bin").read_bytes()
    assert len(result) == size
    for at, byte in enumerate(result):
        covering = {65 + n for n, (start, stop) in enumerate(places) if start <= at < stop} or {ord(".")}
        assert byte in covering, f"byte {at} came from nowhere"


def test_a_slow_chunk_holds_up_no_other_place_and_no_other_upload(client: Client) -> None:
    link = client.make_link()
    data = content(100_000)
    upload_id = link.opened("slow.bin", len(data))
    served: list[int] = []

    def dripping() -> Any:
        yield data[:10_000]
        link.wait_until_claimed(upload_id)
        # Held up by the slow one, they would wait for each other until it is let go.
        link.chunk(upload_id, 50_000, data[50_000:], len(data)).expect(200)
        link.deliver("other.bin", data)
        served.append(link.status(upload_id).expect(200).json["received_bytes"])
        yield data[10_000:50_000]

    headers = {"X-Upload-Id": upload_id, "Content-Range": "bytes 0-49999/100000", "Content-Length": "50000"}
    assert link.raw_chunk(headers, dripping()).expect(200).json["complete"] is True
    assert served == [50_000]
    assert (link.disk / "slow.bin").read_bytes() == data


def test_cancelling_while_chunks_arrive_leaves_nothing(client: Client) -> None:
    link = client.make_link(max_files=1)
    data = content(40 * 2000)
    upload_id = link.opened("gone.bin", len(data))

    def work(number: int) -> int:
        if number == 7:
            return link.cancel(upload_id).status
        start = number * 2000
        return link.chunk(upload_id, start, data[start : start + 2000], len(data)).status

    statuses = at_once(30, work)
    assert statuses[7] in (204, 503)
    assert set(statuses) <= {200, 204, 404, 503}
    if statuses[7] == 503:
        link.cancel(upload_id).expect(204)
    link.status(upload_id).expect(404, "upload_not_found")
    assert files_below(link.disk) == {}
    link.deliver("next.bin", b"the place is free again")


def test_no_more_chunks_at_once_than_the_server_takes_are_busy_and_pass_in_time(
    live: Callable[..., Any],
) -> None:
    server = live(workers=1, DROPPR_THREADS=8, PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS=4)
    link = Client.of(server).make_link()
    data = content(32 * 20_000)
    upload_id = link.opened("few.bin", len(data))

    def send(number: int) -> int:
        start = number * 20_000
        return patiently(lambda: link.chunk(upload_id, start, data[start : start + 20_000], len(data)))[0].status

    assert set(at_once(32, send)) == {200}
    assert (link.disk / "few.bin").read_bytes() == data
