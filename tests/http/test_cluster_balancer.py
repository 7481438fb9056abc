"""Three nodes behind the balancer that is shipped: whichever of them is away, cut off or told to end, senders notice nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from app.core.errors import RequestNotFound
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support import raw
from tests.support.balancer import Balancer
from tests.support.client import Client
from tests.support.files import MIB, content, eventually, spans
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.proxy import BadLine
from tests.support.seaweed import SeaweedServer

CELL = 5 * MIB


@dataclass
class Cluster:
    nodes: list[LiveServer]
    line: BadLine
    """From the last node to the database."""
    balancer: Balancer
    client: Client

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.balancer.log.read_text().splitlines()]

    def spooled(self) -> list[Path]:
        return [path for path in (self.balancer.folder / "spool").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def cluster(
    postgresql: PostgreSQLServer, seaweed: SeaweedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    port = urlsplit(url).port
    assert port
    options: dict[str, Any] = {
        **GENEROUS,
        **seaweed.settings,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_STORE_SIGNED": "false",
        "DROPPR_CHUNK_SIZE_MB": 5,
        "DROPPR_TRUSTED_PROXIES": "127.0.0.1",
        "workers": 1,
    }
    with ExitStack() as stack:
        line = stack.enter_context(BadLine(port))
        cut = url.replace(f":{port}/", f":{urlsplit(line.url).port}/")
        assert cut != url
        nodes = [
            stack.enter_context(LiveServer(tmp_path_factory.mktemp("node"), **options, DROPPR_DATABASE_URL=each))
            for each in (url, url, cut)
        ]
        where = [f"127.0.0.1:{node.port}" for node in nodes]
        balancer = stack.enter_context(Balancer(where, tmp_path_factory.mktemp("balancer")))
        client = Client.of(nodes[0], url=balancer.url)
        yield Cluster(nodes, line, balancer, client)


def test_nothing_has_to_be_sent_again_while_a_node_is_killed_another_ends_and_a_third_is_cut_off(
    cluster: Cluster,
) -> None:
    link, data = cluster.client.make_link(), content(12 * CELL + 7)
    upload_id = link.opened("film.mov", len(data))
    pieces = spans(len(data), CELL)

    def send(piece: tuple[int, int]) -> int:
        """Once: who is answered anything else would have to send it again."""
        return link.chunk(upload_id, piece[0], data[piece[0] : piece[1]], len(data)).status

    first, second, third = cluster.nodes
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, pieces[:4]))
        first.kill()
        answers += pool.map(send, pieces[4:7])
        first.start()
        with cluster.line.down():
            eventually(lambda: Client.of(third).call("GET", "/readyz").status == 503, what="the third notices")
            answers += pool.map(send, pieces[7:10])
            # It is the one with least to do, and says 503 at once; an opening and a look come through all the same.
            for number in range(4):
                again = link.opened(f"other {number}.bin", CELL, key=f"key-of-the-other-file-{number}")
                assert link.status(again).status == 200
        second.tell(signal.SIGTERM)
        answers += pool.map(send, pieces[10:])
    assert set(answers) == {200}
    assert link.download("film.mov").expect(200).body == data
    (file,) = link.files()
    assert (file["path"], file["size"]) == ("film.mov", len(data))
    eventually(lambda: second.has_ended)
    second.kill()
    second.start()
    log = cluster.log()
    assert any("503, " in each["statuses"] for each in log), "another was asked"
    assert len({address for each in log for address in each["nodes"].split(", ")} - {""}) == 3
    assert link.hash not in cluster.balancer.log.read_text()
    assert cluster.spooled() == []


def test_for_a_link_that_there_is_not_nothing_is_taken(cluster: Cluster) -> None:
    link = cluster.client.make_link()
    path = f"/api/droppr/requests/{'x' * len(link.hash)}/upload-chunk"
    for headers in (
        {"X-Upload-Id": "u" * 22, "X-Upload-Offset": "0"},
        {"X-Upload-Path": "a.bin", "X-Upload-Length": "9"},
    ):
        # Often, as a node reads little of a body that it refuses, and whoever passes one on may find the line broken.
        for _ in range(30):
            with raw.connection(cluster.balancer.url) as sock:
                sock.sendall(raw.head("POST", path, {**headers, "Content-Length": str(60 * MIB)}) + bytes(2 * MIB))
                reply = raw.reply(sock)
            assert reply is not None
            assert (reply.status, reply.code) == (404, "request_not_found"), reply.body
            assert reply.json["error"] == RequestNotFound.default
    assert cluster.spooled() == []
    too_long = {"X-Upload-Id": "u" * 22, "X-Upload-Offset": "0", "Content-Length": str(100 * MIB)}
    with raw.connection(cluster.balancer.url) as sock:
        sock.sendall(raw.head("POST", f"{link.path}/upload-chunk", too_long))
        reply = raw.reply(sock)
    assert reply is not None
    assert (reply.status, reply.code) == (413, "chunk_too_large")
    # One chunk of a whole file that has no name of its own goes once, and arrives.
    small = link.deliver("small.txt", b"small")
    assert link.download(small["path"]).expect(200).body == b"small"


def test_what_a_node_refuses_of_a_link_that_there_is_it_says_itself(cluster: Cluster) -> None:
    link, body = cluster.client.make_link(password="later"), b"123456789"
    whole = {"X-Upload-Path": "a.bin", "X-Upload-Length": "9", "X-Upload-Offset": "0"}
    pack = b'{"path": "a.bin", "size": 9}\n' + body
    # Each of the balancer's ways.
    for way, sent, headers in (
        ("uploads", b'{"path": "a.bin", "size": 9}', {}),
        ("upload-chunk", body, whole),
        ("upload-chunk", body, {**whole, "X-Upload-Key": "k" * 22}),
        ("pack", pack, {}),
    ):
        reply = cluster.client.call("POST", f"{link.path}/{way}", body=sent, headers=headers)
        reply.expect(401, "password_required")
    right = {**whole, "X-Request-Password": "later"}
    cluster.client.call("POST", f"{link.path}/upload-chunk", body=body, headers=right).expect(200)
    assert link.download("a.bin").expect(200).body == body


def test_the_nodes_know_who_a_sender_is_and_believe_no_sender(cluster: Cluster) -> None:
    link = Client.of(cluster.nodes[0], source="127.9.8.7", url=cluster.balancer.url).make_link()
    forged = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https", "Forwarded": "for=10.1.2.3"}
    link.open("a.bin", CELL, headers=forged).expect(201)
    upload = link.client.call("GET", f"{link.path}/uploads", owner=True).expect(200).json["uploads"][0]
    assert "127.9.8.7" in json.dumps(upload), upload
    assert "10.1.2.3" not in json.dumps(upload)


def test_with_no_node_up_it_says_when_to_come_again(tmp_path: Path) -> None:
    with Balancer(["127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"], tmp_path) as balancer:
        client = Client(balancer.url, "", tmp_path)
        for method, path in (("GET", "/healthz"), ("POST", f"/api/droppr/requests/{'a' * 22}/upload-chunk")):
            reply = client.call(method, path, body=b"x" if method == "POST" else None)
            assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "busy", "2")
        assert client.call("GET", "/metrics").status == 404


def test_what_prepares_a_bucket_and_a_database_may_run_again(
    postgresql: PostgreSQLServer, seaweed: SeaweedServer, tmp_path: Path
) -> None:
    service = yaml.safe_load((PROJECT / "deploy" / "compose" / "compose.yml").read_text())["services"]["prepare"]
    settings: dict[str, Any] = {
        "DROPPR_DATABASE_URL": postgresql.new_database(),
        "DROPPR_STORE": "s3://droppr-prepared/files",
        "DROPPR_DATA_DIR": str(tmp_path),
        "DROPPR_ADMIN_TOKEN": "prepared-0123456789",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT / "media-server"),
        **seaweed.settings,
    }
    for _ in range(2):
        done = subprocess.run(
            service["command"], env=settings, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "droppr-prepared" in [each["Name"] for each in seaweed.client.list_buckets()["Buckets"]]
    with LiveServer(tmp_path, workers=1, **settings) as node:
        Client.of(node).call("GET", "/readyz").expect(200)
