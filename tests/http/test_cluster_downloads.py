"""Downloads that nginx fetches from the store, so that neither browsers reach it nor a process of the app carries bytes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.client import Client, Link, Reply
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx, make_certificate
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer
from tests.support.tcp_balancer import TcpBalancer

CELL = 5 * MIB
DATA = content(2 * CELL + 7, 3)
NAME = "Año 年 (1).bin"


@dataclass
class Door:
    nginx: LiveNginx
    server: LiveServer
    link: Link
    seaweed: SeaweedServer
    line: TcpBalancer
    """On the way to the store; without ports nothing gets through."""


@pytest.fixture(scope="module", params=["http", "https"])
def door(
    request: pytest.FixtureRequest,
    postgresql: PostgreSQLServer,
    seaweed: SeaweedServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    tls = None
    if request.param == "https":
        # nginx compares what a store is called with names only.
        make_certificate(folder, "DNS:127.0.0.1")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with TcpBalancer([seaweed.port], tls) as line:
        store: dict[str, Any] = {
            "DROPPR_STORE_BY_NGINX": "true",
            "AWS_ENDPOINT_URL_S3": line.url,
            "AWS_CA_BUNDLE": str(folder / "cert.pem"),
        }
        options: dict[str, Any] = {
            **GENEROUS,
            **seaweed.settings,
            **store,
            "DROPPR_DATABASE_URL": url,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_CHUNK_SIZE_MB": 5,
            "workers": 1,
        }
        with LiveServer(folder, unix_socket=True, **options) as server:
            assert server.socket_path
            pages = PROJECT / "nginx" / "dist"
            with LiveNginx(server.socket_path, server.data_dir, pages, folder, **store) as nginx:
                link = Client.of(server, url=nginx.url).make_link()
                link.send(link.opened(NAME, len(DATA)), DATA, CELL)
                yield Door(nginx, server, link, seaweed, line)


def test_nginx_sends_what_is_asked_for(door: Door) -> None:
    whole = door.link.download(NAME).expect(200)
    assert whole.body == DATA
    etag = whole.headers["ETag"]
    told = door.link.download(NAME, method="HEAD").expect(200)
    for reply in (whole, told):
        assert reply.headers["Content-Length"] == str(len(DATA))
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment")
        # Twice it would stand there with a comma.
        assert reply.headers["Content-Disposition"].count("attachment") == 1
        assert (reply.headers["ETag"], reply.headers["X-Content-Type-Options"]) == (etag, "nosniff")
        assert reply.headers["Accept-Ranges"] == "bytes"
    assert not [name for name in whole.headers if name.lower().startswith(("x-amz", "x-droppr", "x-accel"))]
    for asked, first, last in (
        ("bytes=3-9", 3, 9),
        ("bytes=-7", len(DATA) - 7, len(DATA) - 1),
        (f"bytes={CELL}-", CELL, len(DATA) - 1),
    ):
        for more in ({}, {"If-Range": etag}):
            part = door.link.download(NAME, headers={"Range": asked} | more).expect(206)
            assert part.body == DATA[first : last + 1]
            assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert door.link.download(NAME, headers={"Range": "bytes=3-9", "If-Range": '"another"'}).expect(200).body == DATA
    assert door.link.download(NAME, headers={"Range": "bytes=1-2,5-9"}).expect(200).body == DATA
    assert door.link.download(NAME, headers={"If-None-Match": etag}).status == 304
    assert door.link.download(NAME, headers={"If-Match": etag}).expect(200).body == DATA
    behind = door.link.download(NAME, headers={"Range": f"bytes={len(DATA)}-"})
    assert (behind.status, behind.json["code"], behind.headers["Content-Range"]) == (
        416,
        "invalid_range",
        f"bytes */{len(DATA)}",
    )
    door.link.deliver("empty", b"")
    assert door.link.download("empty").expect(200).body == b""


def test_the_bytes_pass_by_the_app_and_receivers_of_shares_get_them_so_as_well(door: Door) -> None:
    made = door.link.client.call("POST", "/api/droppr/shares", json={"link": door.link.hash}, owner=True).expect(201)
    path = f"/api/droppr/shares/{made.json['hash']}"
    ids = {each["path"]: each["id"] for each in door.link.client.call("GET", path).expect(200).json["files"]}
    reply = door.link.client.call("GET", f"{path}/files/{ids[NAME]}").expect(200)
    assert reply.body == DATA
    assert reply.headers["X-Robots-Tag"] == "noindex, nofollow"
    # It is asked once, and then the store is; where, nginx keeps to itself.
    eventually(lambda: '"upstream_status":"200 : 200"' in door.nginx.log_lines())
    assert "X-Amz" not in door.nginx.log_lines()


def test_nobody_comes_to_the_store_but_by_the_app(door: Door) -> None:
    for path in ("/_droppr_store", "/_droppr_store/", "//_droppr_store", "/%5fdroppr_store"):
        reply = door.link.client.call(
            "GET", path, headers={"X-Droppr-Store": "/ready/ready", "X-Accel-Redirect": "/_droppr_store"}
        )
        assert reply.status == 404, path
    sent: Reply = door.link.client.call(
        "GET",
        door.link.path,
        headers={
            "X-Droppr-Store": "/ready/ready",
            "X-Accel-Redirect": "/_droppr_store",
            "X-Droppr-Store-Range": "bytes=0-1",
        },
    )
    assert sent.json["chunk_size"] == CELL, "as without them"


def test_a_store_that_is_away_or_has_lost_the_file_is_trouble_that_passes(door: Door) -> None:
    ports, door.line.ports = door.line.ports, []
    try:
        reply = door.link.download(NAME)
        assert (reply.status, reply.json["code"]) == (503, "busy")
        assert reply.headers["Retry-After"]
        assert "Content-Disposition" not in reply.headers
    finally:
        door.line.ports = ports
    lost = door.link.deliver("lost.bin", bytes(MIB + 5))
    bucket = door.server.environment["DROPPR_STORE"].split("/")[2]
    (key,) = {
        each["Key"]
        for each in door.seaweed.client.list_objects_v2(Bucket=bucket)["Contents"]
        if each["Size"] == MIB + 5
    }
    door.seaweed.client.delete_object(Bucket=bucket, Key=key)
    reply = door.link.download(lost["path"])
    assert (reply.status, reply.json["code"]) == (503, "busy")
    assert b"NoSuchKey" not in reply.body
