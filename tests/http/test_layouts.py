"""However chunks lie on disk until the file is whole, senders and readers cannot tell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import raw
from tests.support.client import Client, Link
from tests.support.files import content, eventually, files_below, spans
from tests.support.live import GENEROUS, LiveServer

LAYOUTS = [("indexed", "chunk"), ("in-place", "chunk"), ("indexed", "none")]


@pytest.fixture(scope="module", params=LAYOUTS, ids=str)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    layout, durability = request.param
    env = {"DROPPR_CHUNK_LAYOUT": layout, "DROPPR_DURABILITY": durability}
    with LiveServer(tmp_path_factory.mktemp(layout), workers=2, **env, **GENEROUS) as server:
        yield Client.of(server)


@pytest.fixture
def link(other: Client) -> Link:
    return other.make_link()


def test_shuffled_overlapping_and_repeated_chunks_at_once_make_the_file(link: Link) -> None:
    data = content(400_000, 4)
    pieces = spans(len(data), 16_000) + [(start, min(start + 30_000, len(data))) for start in range(0, 400_000, 50_000)]
    random.Random(4).shuffle(pieces)
    upload_id = link.opened("many.bin", len(data))

    def send(piece: tuple[int, int]) -> None:
        start, stop = piece
        eventually(lambda: link.chunk(upload_id, start, data[start:stop], len(data)).status == 200)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, pieces))
    assert link.status(upload_id).json["complete"] is True
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"many.bin": data}


def test_what_is_acknowledged_stays_and_what_is_wrong_is_not_kept(link: Link) -> None:
    data = content(1000, 1)
    upload_id = link.opened("a.bin", 1000)
    link.chunk(upload_id, 300, data[300:600], 1000).expect(200)
    link.chunk(upload_id, 350, b"x" * 100, 1000).expect(409, "chunk_conflict")
    wrong = {"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}
    link.chunk(upload_id, 0, b"x" * 800, 1000, headers=wrong).expect(400, "checksum_mismatch")
    head = raw.head(
        "POST",
        f"{link.path}/upload-chunk",
        {"X-Upload-Id": upload_id, "Content-Range": "bytes 0-999/1000", "Content-Length": "1000"},
    )
    raw.send_and_cut(link.client.url, head + b"x" * 900)
    assert link.status(upload_id).json["received_ranges"] == [[300, 599]]
    eventually(lambda: link.chunk(upload_id, 0, data[:500], 1000).status == 200, what="the place to be free again")
    assert link.status(upload_id).json["received_bytes"] == 600
    assert link.chunk(upload_id, 600, data[600:], 1000).expect(200).json["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == data


def test_two_contents_for_one_place_never_mix(link: Link) -> None:
    for number in range(4):
        upload_id = link.opened(f"{number}.bin", 300_000)
        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(lambda b: link.chunk(upload_id, 0, b * 300_000, 300_000).status, (b"a", b"b")))  # noqa: B023
        assert 200 in codes
        stored = (link.disk / f"{number}.bin").read_bytes()
        assert stored in (b"a" * 300_000, b"b" * 300_000)
