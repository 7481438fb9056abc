"""What uploads cost where many nodes share a store: requests to the bucket, and waits for the database."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import create_app
from app.services.receiving.file_digests import FileDigests
from app.settings import Settings
from app.storage.cluster.sharing import SHARED_BYTES
from app.storage.sql.schema import metadata
from app.wiring import build
from tests.support.cluster import Engines
from tests.support.files import content
from tests.support.turns import Requests, Turns, requests

__all__ = ["requests"]

MIB = 1024 * 1024
CELL = 5 * MIB
OWNER = {"Authorization": f"Bearer {'t' * 32}"}


class Node:
    """A server in this process, without what it does in the background, and a link on it."""

    def __init__(self, engines: Engines, turns: Turns, folder: Path) -> None:
        self.turns = turns
        place = engines.emptied()._place
        self.settings = Settings(
            data_dir=folder / "data",
            admin_token="t" * 32,
            database_url=turns.url,
            store=str(place),
            chunk_size_mb=5,
            rate_limit_uploads="100000/hour",
            _env_file=None,
        )  # type: ignore[call-arg]
        services: Any = build(self.settings)
        # Found out once in a process, by some requests that are no upload's.
        assert services.ground.stores.uploads._ground.bucket.compares()
        self.client: Any = create_app(self.settings, services).test_client()
        self.make_link()
        # What the store compares is found out with the first bytes whose SHA-256 nobody knows, once for all.
        self.pack({"warm": b"x", "up": b"y"})

    def make_link(self, **terms: Any) -> None:
        made: Any = self.client.post("/api/droppr/requests", json={"folder": "in", **terms}, headers=OWNER)
        self.link = f"/api/droppr/requests/{made.json['hash']}"

    def opened(self, path: str, size: int, **said: Any) -> str:
        reply = self.client.post(f"{self.link}/uploads", json={"path": path, "size": size, **said})
        assert reply.status_code == 201, reply.json
        return str(reply.json["upload_id"])

    def chunk(self, upload_id: str, start: int, data: bytes, size: int) -> Any:
        headers = {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes {start}-{start + len(data) - 1}/{size}",
            "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:",
        }
        reply = self.client.post(f"{self.link}/upload-chunk", data=data, headers=headers)
        assert reply.status_code == 200, reply.json
        return reply.json

    def send(self, path: str, data: bytes) -> None:
        upload_id = self.opened(path, len(data))
        for start in range(0, len(data), CELL):
            done = self.chunk(upload_id, start, data[start : start + CELL], len(data))
        assert done["complete"]

    def pack(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        lines = b"".join(
            json.dumps({"path": path, "size": len(data), "key": secrets.token_urlsafe(32)}).encode() + b"\n" + data
            for path, data in files.items()
        )
        reply = self.client.post(
            f"{self.link}/pack", data=lines, headers={"Content-Type": "application/vnd.droppr.pack"}
        )
        assert reply.status_code == 200, reply.json
        return list(reply.json["files"])


@pytest.fixture
def node(engines: Engines, tmp_path: Path) -> Iterator[Node]:
    with Turns(engines.url) as turns:
        try:
            yield Node(engines, turns, tmp_path)
        finally:
            # Of others' links no node would find the files.
            with psycopg.connect(engines.url, autocommit=True) as connection:
                connection.execute("; ".join(f"DELETE FROM {each.name}" for each in reversed(metadata.sorted_tables)))


@pytest.fixture(autouse=True)
def nobody_reads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest of a large file is taken afterwards, in a thread that would be counted as well: a request for each MiB."""
    monkeypatch.setattr(FileDigests, "delivered", lambda *_: None)


@pytest.mark.parametrize("judged", [False, True], ids=["any type", "only some types"])
def test_a_file_in_parts_takes_as_many_requests_as_parts_and_four(node: Node, requests: Requests, judged: bool) -> None:
    if judged:
        node.make_link(allowed_extensions=["mov"])
    made = requests.during(lambda: node.send("a.mov", bytes(4 * CELL + 7)))
    expected = {"POST begin": 1, "PUT part": 5, "POST complete": 1, "HEAD object": 1}
    assert made == expected | ({"GET object": 1} if judged else {})


def test_what_fits_into_one_cell_is_one_request_and_so_is_a_small_file(node: Node, requests: Requests) -> None:
    assert requests.during(lambda: node.send("a.bin", bytes(CELL))) == {"PUT object": 1}
    assert requests.during(lambda: node.pack({"one": b"x"})) == {"PUT object": 1}
    taken = requests.during(lambda: node.pack({"large": bytes(SHARED_BYTES + 1), "b": b"b", "c": b"c"}))
    assert taken == {"PUT object": 2}, "one of those that share"


def test_a_pack_takes_a_request_for_each_sixty_four_files_and_a_few_waits_for_the_database(
    node: Node, requests: Requests
) -> None:
    small = {f"d{n % 5}/{n}": content(4096, n) for n in range(500)}
    done: list[dict[str, Any]] = []
    turns, commits = 0, 0

    def send() -> None:
        nonlocal turns, commits
        turns, commits = node.turns.during(lambda: done.extend(node.pack(small)))

    assert requests.during(send) == {"PUT object": 8}
    assert [each["sha256"] for each in done] == [hashlib.sha256(data).hexdigest() for data in small.values()]
    # For each object: announced, noted, named and received; and now and then a look whether so many may come.
    assert turns <= 8 * 22 + 20, turns
    assert commits <= 8 * 4 + 5, commits
    same = {f"d1/{n}": b"x" for n in range(64)}
    first, _ = node.turns.during(lambda: node.pack(same))
    again, _ = node.turns.during(lambda: node.pack(same))
    assert again <= first + 2, "where all names are taken, the numbers are looked for together"


def test_reading_a_small_file_is_one_request_and_few_waits(node: Node, requests: Requests) -> None:
    data = {f"{n}": content(4096, n) for n in range(8)}
    node.pack(data)

    def read() -> None:
        reply = node.client.get(f"{node.link}/files/3", headers=OWNER)
        assert (reply.status_code, reply.data) == (200, data["3"])

    read()
    found = [node.turns.during(read) for _ in range(6)]
    # Whose link it is, which file, where its bytes are; that somebody reads them, and does no more; and the audit.
    assert min(found)[0] <= 8, found
    assert requests.during(read) == {"GET object": 1}


def test_a_chunk_waits_for_the_database_four_times_and_commits_two(node: Node) -> None:
    data, upload_id = bytes(CELL), node.opened("a.bin", 8 * CELL)
    node.chunk(upload_id, 0, data, 8 * CELL)
    node.chunk(upload_id, CELL, data, 8 * CELL)
    # Who may send; how far it is; the claim, with the number of the part; the record, which tells how far it is now.
    found = [node.turns.during(partial(node.chunk, upload_id, n * CELL, data, 8 * CELL)) for n in range(2, 7)]
    assert min(found) == (4, 2), found
