"""Parts of files that go from senders straight into the store, past the nodes, and by the nodes where something bars the way."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from app.services.operations.notes import STORE_NOT_DIRECT
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.between import Between, PlainNginx
from tests.support.client import Client, Link
from tests.support.command import Sender
from tests.support.files import MIB, content, eventually, write
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.proxy import BadLine
from tests.support.s3_server import S3Server

CELL = 5 * MIB
SIZE = 4 * CELL + 7


@dataclass
class Cluster:
    node: LiveServer
    line: BadLine
    """On the way of senders to the store."""
    seaweed: S3Server
    bucket: str
    asked: list[tuple[str, int]] = field(default_factory=list)
    """What the node was asked, with the length of the body."""

    def watch(self, asked: Asked) -> Answer | None:
        self.asked.append((asked.path, len(asked.body)))
        return None

    def wait_until_direct(self) -> None:
        """Return once the node knows that senders can be let at the store, which it finds out after each start."""
        link = Client.of(self.node).make_link()
        eventually(
            lambda: link.client.call("GET", link.path).json["store"], seconds=90, what="senders let at the store"
        )

    def puts(self) -> int:
        """How many parts were put since the last call."""
        found = len(self.line.noticed)
        self.line.noticed.clear()
        return found


@pytest.fixture(scope="module")
def cluster(
    postgresql: PostgreSQLServer, seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    if not seaweed.compares:
        pytest.skip("no sender is let at this store")
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    with BadLine(seaweed.port, notice=re.compile(rb"PUT /[^ ]*partNumber=(\d+)")) as line:
        options: dict[str, Any] = {
            **GENEROUS,
            **seaweed.settings,
            "DROPPR_DATABASE_URL": url,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_STORE_PUBLIC_URL": line.url,
            "DROPPR_CHUNK_SIZE_MB": 5,
            "workers": 1,
        }
        with LiveServer(tmp_path_factory.mktemp("node"), **options) as node:
            known = Cluster(node, line, seaweed, bucket)
            known.wait_until_direct()
            yield known


def wanted(data: bytes, *cells: int) -> list[dict[str, Any]]:
    pieces = [(cell * CELL, data[cell * CELL : (cell + 1) * CELL]) for cell in cells]
    return [{"start": at, "length": len(each), "sha256": hashlib.sha256(each).hexdigest()} for at, each in pieces]


def put(part: dict[str, Any], data: bytes) -> int:
    body = data[part["start"] : part["start"] + part["length"]]
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return urllib3.request("PUT", part["url"], body=body, headers={"x-amz-checksum-sha256": digest}).status


def sign(link: Link, upload_id: str, parts: list[dict[str, Any]]) -> Any:
    return link.client.call("POST", f"{link.path}/uploads/{upload_id}/parts", json={"parts": parts})


def done(link: Link, upload_id: str, numbers: list[int]) -> Any:
    return link.client.call("POST", f"{link.path}/uploads/{upload_id}/parts/done", json={"parts": numbers})


def fetched(link: Link, path: str) -> bytes:
    reply = link.download(path).expect(302)
    return urllib3.request("GET", reply.headers["Location"], redirect=False).data


def test_a_sender_puts_parts_into_the_store_and_the_node_confirms_them(cluster: Cluster) -> None:
    link, data = Client.of(cluster.node).make_link(), content(SIZE, 3)
    left_by_others = set(cluster.seaweed.uploads(cluster.bucket))
    assert link.client.call("GET", link.path).json["store"] == cluster.line.url
    assert link.open("small.bin", CELL).expect(201).json["direct"] is None
    opened = link.open("film.mov", SIZE).expect(201).json
    upload_id = opened["upload_id"]
    assert opened["direct"] == {"part_size": CELL, "most_parts": 64, "seconds": 900}
    first = sign(link, upload_id, wanted(data, 0, 1, 2, 2)).expect(200).json["parts"]
    assert [each["start"] for each in first] == [0, CELL, 2 * CELL]
    assert [put(each, data) for each in first[:2]] == [200, 200]
    reply = done(link, upload_id, [each["number"] for each in first]).expect(200).json
    assert (reply["complete"], reply["received_bytes"], reply["offset"]) == (False, 2 * CELL, 2 * CELL)
    link.chunk(upload_id, 4 * CELL, data[4 * CELL :], SIZE).expect(200)

    # Nothing is sent again that the store has, whoever died meanwhile: neither the node, nor a sender who knows no numbers.
    assert put(first[2], data) == 200
    cluster.node.kill()
    cluster.node.start()
    cluster.wait_until_direct()
    told = sign(link, upload_id, wanted(data, 0, 2, 3)).expect(200).json
    assert [(each["there"], each["url"] is None) for each in told["parts"]] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    assert told["received_bytes"] == 3 * CELL + 7
    assert put(told["parts"][2], data) == 200
    assert done(link, upload_id, [told["parts"][2]["number"]]).expect(200).json["complete"] is True
    assert fetched(link, "film.mov") == data
    assert link.download("film.mov").headers["Location"].startswith(f"{cluster.line.url}/"), "as senders reach it"
    assert set(cluster.seaweed.uploads(cluster.bucket)) <= left_by_others
    assert done(link, upload_id, [1]).expect(200).json["complete"] is True
    assert sign(link, upload_id, wanted(data, 0)).expect(200).json["parts"][0]["there"] is True
    assert link.client.call("GET", f"{link.path}/uploads/{upload_id}").json["direct"] is None


def test_parts_are_under_the_rules_of_chunks(cluster: Cluster) -> None:
    link, other = Client.of(cluster.node).make_link(), Client.of(cluster.node).make_link()
    data = content(2 * CELL, 4)
    upload_id = link.opened("a.bin", len(data))
    part = wanted(data, 0)
    for asked, status, code in [
        (sign(link, upload_id, [part[0] | {"start": 1}]), 400, "invalid_range"),
        (sign(link, upload_id, part * 65), 400, "invalid_request"),
        (sign(link, upload_id, []), 400, "invalid_request"),
        (sign(link, upload_id, [part[0] | {"sha256": "no digest"}]), 400, "invalid_request"),
        (sign(other, upload_id, part), 404, "upload_not_found"),
        (done(other, upload_id, [1]), 404, "upload_not_found"),
        (sign(link, "u" * 32, part), 404, "upload_not_found"),
        (done(link, upload_id, [0]), 400, "invalid_request"),
    ]:
        assert (asked.status, asked.json["code"]) == (status, code), asked
    (signed,) = sign(link, upload_id, part).expect(200).json["parts"]
    assert put(signed, data) == 200
    link.close()
    assert (sign(link, upload_id, part).status, done(link, upload_id, [signed["number"]]).status) == (410, 410)
    taken_back = other.opened("b.bin", len(data))
    (signed,) = sign(other, taken_back, part).expect(200).json["parts"]
    assert put(signed, data) == 200
    assert other.cancel(taken_back).status == 204
    assert done(other, taken_back, [signed["number"]]).status == 404
    assert len(cluster.seaweed.uploads(cluster.bucket)) == 1, "that of the link that was closed, until the purge"


def test_droppr_upload_goes_past_the_node_and_through_it_where_the_store_is_barred(
    cluster: Cluster, tmp_path: Path
) -> None:
    link, data = Client.of(cluster.node).make_link(), content(SIZE, 5)
    write(tmp_path / "sender" / "a.bin", data)
    write(tmp_path / "sender" / "b.bin", data[::-1])
    write(tmp_path / "sender" / "c.bin", data[7:] + data[:7])
    cluster.puts()
    with Between(cluster.node.port, cluster.watch) as way:
        to = f"{way.url}/request/{link.hash}"
        sender = Sender(tmp_path / "sender")
        sender.run("a.bin", "--to", to)
        assert fetched(link, "a.bin") == data
        assert sum(length for _, length in cluster.asked) < SIZE / 1000, "bytes that came to the node"
        assert cluster.puts() == 5
        cluster.asked.clear()
        with cluster.line.down():
            sender.run("b.bin", "--to", to)
        assert fetched(link, "b.bin") == data[::-1]
        assert sum(length for path, length in cluster.asked if path.endswith("/upload-chunk")) >= SIZE
        cluster.asked.clear()
        cluster.puts()
        sender.run("c.bin", "--to", to)
        assert sum(length for _, length in cluster.asked) < SIZE / 1000, "tried again with the next"
        assert cluster.puts() == 5


def test_nothing_is_put_twice_when_a_node_is_killed_before_it_confirms(cluster: Cluster, tmp_path: Path) -> None:
    link, data = Client.of(cluster.node).make_link(), content(SIZE, 6)
    write(tmp_path / "sender" / "a.bin", data)
    killed = threading.Event()

    def kill(asked: Asked) -> Answer | None:
        if asked.path.endswith("/parts/done") and not killed.is_set():
            cluster.node.kill()
            killed.set()
            return Answer(b"", 502)
        return None

    cluster.puts()
    with Between(cluster.node.port, kill) as way:
        process = Sender(tmp_path / "sender").start("a.bin", "--to", f"{way.url}/request/{link.hash}")
        assert killed.wait(60)
        # By the thread that lives on: a server goes with the one that has started it.
        cluster.node.start()
        cluster.wait_until_direct()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert fetched(link, "a.bin") == data
    assert cluster.puts() == 5


PASSES_OVER_DIGESTS = """
    client_max_body_size 0;
    set $asked "$request_method $args";
    if ($asked ~ "^PUT .*X-Amz-Signature=") { return 200; }
    location / { proxy_pass http://127.0.0.1:%d; proxy_set_header Host $http_host; proxy_request_buffering off; }
"""
"""The site of a store that takes whatever comes at a URL which was signed."""


def test_no_sender_is_let_at_a_store_that_takes_other_bytes_than_were_signed_for(
    postgresql: PostgreSQLServer, seaweed: S3Server, tmp_path: Path
) -> None:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    with PlainNginx(seaweed.port, tmp_path / "store", site=PASSES_OVER_DIGESTS % seaweed.port) as store:
        options: dict[str, Any] = {
            **GENEROUS,
            **seaweed.settings,
            "AWS_ENDPOINT_URL_S3": store.url,
            "DROPPR_DATABASE_URL": url,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_STORE_PUBLIC_URL": store.url,
            "DROPPR_CHUNK_SIZE_MB": 5,
            "workers": 1,
        }
        with LiveServer(tmp_path, **options) as node:
            link, data = Client.of(node).make_link(), content(CELL + 7, 8)
            assert link.client.call("GET", link.path).json["store"] is None
            opened = link.open("film.mov", len(data)).expect(201).json
            assert opened["direct"] is None
            sign(link, opened["upload_id"], wanted(data, 0)).expect(400, "invalid_range")
            link.chunk(opened["upload_id"], 0, data, len(data)).expect(200)
            assert fetched(link, "film.mov") == data
            # Notes are found in the background, and whoever asks first does not wait for them for long.
            eventually(lambda: STORE_NOT_DIRECT.sentence in link.client.call("GET", "/readyz").json["notes"])
            eventually(lambda: STORE_NOT_DIRECT.sentence in node.log.read_text(), what="the log says it, too")
