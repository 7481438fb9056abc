"""The app behind nginx, on a unix socket, as docker-compose.yml runs them."""

from __future__ import annotations

import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3
import yaml

from tests.support import raw
from tests.support.client import Client, Link, Reply
from tests.support.files import eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.watch import Created

ROOT = Path(__file__).resolve().parents[2]
SIZE = 8 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("app"), workers=2, unix_socket=True, **GENEROUS) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    assert server.socket_path is not None
    folder = tmp_path_factory.mktemp("live")
    with LiveNginx(server.socket_path, server.data_dir, folder, folder) as running:
        yield running


@pytest.mark.parametrize("path", ["plain.bin", "日本 100%/a b?#+.bin", "deep/" * 20 + "ü" * 100])
def test_a_file_goes_up_and_comes_down_again_through_nginx(server: LiveServer, nginx: LiveNginx, path: str) -> None:
    owner = {"Authorization": f"Bearer {server.token}"}
    http = urllib3.PoolManager()
    made = http.request("POST", f"{nginx.url}/api/droppr/requests", json={"folder": "inbox"}, headers=owner)
    link = f"{nginx.url}/api/droppr/requests/{made.json()['hash']}"
    content = path.encode() * 10_000

    headers = {"X-Upload-Path": quote(path), "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}"}
    sent = http.request("POST", f"{link}/upload-chunk", body=content, headers=headers)
    assert (sent.status, sent.json()["complete"]) == (200, True)

    files = f"{link}/files/{quote(sent.json()['path'])}"
    whole = http.request("GET", files, headers=owner)
    assert (whole.status, whole.data) == (200, content)
    assert whole.headers["Content-Disposition"].startswith("attachment")
    again = {"Range": "bytes=5-", "If-Range": whole.headers["ETag"], **owner}
    assert http.request("GET", files, headers=again).data == content[5:]
    assert http.request("GET", files, headers={"If-None-Match": whole.headers["ETag"], **owner}).status == 304
    assert http.request("GET", files).status == 401


def kinds(server: LiveServer, nginx: LiveNginx) -> dict[str, tuple[int, str, dict[str, str]]]:
    """For each way in which an honest sender is refused: the status, the path of the call and its headers."""
    client = Client.of(server, url=nginx.url)
    link, closed, spent = client.make_link(), client.make_link(), client.make_link(expires_hours=1e-7)
    stopped, upload_id = closed.opened("big.bin", 1 << 30), link.opened("big.bin", 1 << 30)
    closed.close().expect(204)
    begins = {"Content-Range": f"bytes 0-{SIZE - 1}/{1 << 30}", "X-Upload-Path": "a.bin"}
    goes_on = {"Content-Range": f"bytes 0-{SIZE - 1}/{1 << 30}", "X-Upload-Id": upload_id}
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    return {
        "closed": (410, f"{closed.hash}/upload-chunk", begins),
        "closed, going on": (410, f"{closed.hash}/upload-chunk", {**goes_on, "X-Upload-Id": stopped}),
        "closed, pack": (410, f"{closed.hash}/pack", {}),
        "closed, form": (410, f"{closed.hash}/upload", form),
        "expired": (410, f"{spent.hash}/upload-chunk", begins),
        "unknown upload": (404, f"{link.hash}/upload-chunk", {**goes_on, "X-Upload-Id": "u" * 32}),
        "another's upload": (404, f"{client.make_link().hash}/upload-chunk", goes_on),
        "compressed": (415, f"{link.hash}/upload-chunk", {**begins, "Content-Encoding": "gzip"}),
        "bad range": (400, f"{link.hash}/upload-chunk", {**goes_on, "Content-Range": "bytes 5-4/3"}),
        "made up": (404, "m" * 32 + "/upload-chunk", begins),
    }


@pytest.mark.parametrize("chunked", [False, True])
def test_whoever_is_refused_while_still_sending_reads_the_reason(
    server: LiveServer, nginx: LiveNginx, chunked: bool
) -> None:
    for kind, (status, path, headers) in kinds(server, nginx).items():
        for _ in range(5):
            with raw.connection(nginx.url) as sock:
                length = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(SIZE)}
                sock.sendall(raw.head("POST", f"/api/droppr/requests/{path}", {**headers, **length}))
                sock.sendall(raw.chunked(bytes(SIZE), 8) if chunked else bytes(SIZE))
                reply = raw.reply(sock)
            assert reply is not None, kind
            assert reply.status == status, kind
            assert {"error", "code"} <= reply.json.keys(), kind


def test_more_than_a_chunk_may_have_is_refused_before_it_is_received(server: LiveServer, nginx: LiveNginx) -> None:
    link = Client.of(server, url=nginx.url).make_link()
    headers = {"X-Upload-Id": link.opened("big.bin", 1 << 30), "Content-Range": f"bytes 0-{(64 << 20)}/{1 << 30}"}
    with Created(server.data_dir / "spool") as created, raw.connection(nginx.url) as sock:
        length = {"Content-Length": str((64 << 20) + 1)}
        sock.sendall(raw.head("PUT", f"/api/droppr/requests/{link.hash}/upload-chunk", {**headers, **length}))
        reply = raw.reply(sock)
    assert reply is not None
    assert (reply.status, reply.code, reply.json["limit"]) == (413, "chunk_too_large", 64 << 20)
    assert created.names() == []


def test_a_photo_is_delivered_as_the_file_that_nginx_received(server: LiveServer, nginx: LiveNginx) -> None:
    link = Client.of(server, url=nginx.url).make_link()
    data = bytes(range(256)) * 4096
    place = {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"}
    digest = {
        "Content-Digest": f"sha-256=:{b64encode(sha256(data).digest()).decode()}:",
        "Want-Repr-Digest": "sha-256=1",
    }
    wrong = {"Content-Digest": f"sha-256=:{b64encode(bytes(32)).decode()}:"}
    link.raw_chunk({"X-Upload-Path": "photo.jpg", **place, **wrong}, data).expect(400, "checksum_mismatch")
    assert not link.disk.exists() or not any(link.disk.iterdir())
    inodes = set()
    with Created(server.data_dir / "spool") as created:
        for number in range(3):
            sent = link.raw_chunk({"X-Upload-Path": f"{number}.jpg", **place, **digest}, data).expect(200).json
            assert (sent["complete"], sent["sha256"]) == (True, sha256(data).hexdigest())
            inodes.add((link.disk / f"{number}.jpg").stat().st_ino)
    assert len(inodes) == len(created.names()) == 3
    eventually(lambda: all((link.disk / f"{number}.jpg").stat().st_nlink == 1 for number in range(3)))
    assert all((link.disk / f"{number}.jpg").read_bytes() == data for number in range(3))
    link.form("form.jpg", data).expect(200)
    modes = {path.stat().st_mode for path in link.disk.iterdir()}
    assert len(modes) == 1, "the one that was copied, and those that were not"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "requests", 401),
        ("PATCH", "requests/{link}", 401),
        ("POST", "requests/{link}/files/a/pass-on", 401),
        ("POST", "requests/{made_up}/uploads", 404),
        ("POST", "requests/{made_up}/folders", 404),
        ("POST", "requests/{made_up}/receipts", 404),
        ("POST", "requests/{made_up}/handoffs", 404),
        ("POST", "requests/{made_up}/pack", 404),
        ("POST", "requests/{made_up}/upload", 404),
        ("PATCH", "requests/{made_up}/upload-chunk", 404),
        ("POST", "requests/short/upload-chunk", 404),
        ("GET", "requests/{link}/upload-chunk", 405),
        ("PUT", "requests/{link}/pack", 405),
        ("PUT", "nothing/here", 404),
        ("POST", "receipt-key", 405),
    ],
)
def test_without_rights_nothing_of_a_body_is_received(
    server: LiveServer, nginx: LiveNginx, method: str, path: str, status: int
) -> None:
    link = Client.of(server, url=nginx.url).make_link().hash
    address = "/api/droppr/" + path.format(link=link, made_up="m" * 32)
    with Created(server.data_dir / "spool", nginx.folder / "body") as created, raw.connection(nginx.url) as sock:
        sock.sendall(raw.head(method, address, {"Content-Length": "200000", "Authorization": "Bearer wrong"}))
        reply = raw.reply(sock, method)
    assert reply is not None
    assert reply.status == status
    assert {"error", "code"} <= reply.json.keys()
    assert created.names() == []


def test_on_the_socket_nothing_is_believed_without_the_secret(server: LiveServer, nginx: LiveNginx) -> None:
    link = Client.of(server, url=nginx.url).make_link()
    (server.data_dir / "spool" / "0000000001").write_bytes(b"of somebody else")
    for name, door in (("a", ""), ("b", "x" * 43)):
        forged = {"X-Body-File": "0000000001", "X-Droppr-Door": door, "Content-Range": "bytes 0-3/4"}
        chunk = {**forged, "X-Upload-Path": name}
        assert by_socket(server, "POST", f"{link.path}/upload-chunk", chunk, b"mine").status == 200
        assert (link.disk / name).read_bytes() == b"mine"
        owner = {"Authorization": f"Bearer {server.token}", "X-Droppr-Door": door, "X-Droppr-Ask": "1"}
        made = by_socket(server, "POST", "/api/droppr/requests", owner, b'{"folder": "x"}')
        assert made.status == 201, "a question only nginx can ask"
    statuses = [
        by_socket(
            server, "POST", "/api/droppr/session", {"X-Forwarded-For": f"198.51.100.{n}"}, b'{"token": "x"}'
        ).status
        for n in range(12)
    ]
    assert 429 in statuses, "all of them count as one"


def test_either_side_starts_again_alone(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with LiveServer(tmp_path / "app", workers=1, unix_socket=True, **GENEROUS) as server:
        assert server.socket_path
        nginx = LiveNginx(server.socket_path, server.data_dir, tmp_path, tmp_path)
        with nginx:
            link = Client.of(server, url=nginx.url).make_link()
            whole(link, "first", b"1").expect(200)
            server.kill()
            server.start()
            whole(link, "second", b"2").expect(200)
        with nginx:
            whole(link, "third", b"3").expect(200)
            # Gone, as where a socket's folder does not outlive the server: gunicorn makes one, nginx has to be told.
            server.socket_path.with_name("door.key").unlink()
            server.kill()
            server.start()
            nginx.reload()
            eventually(lambda: whole(link, "fourth", b"4").status == 200)
    assert {file.name for file in link.disk.iterdir()} >= {"first", "second", "third", "fourth"}


def whole(link: Link, path: str, data: bytes) -> Reply:
    # On a connection of its own, as nginx drops idle ones when it reads its configuration again.
    return link.chunk(None, 0, data, len(data), headers={"X-Upload-Path": path, "Connection": "close"})


def by_socket(server: LiveServer, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    """A call past nginx, by somebody who got at the socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(server.socket_path))
        sock.sendall(raw.head(method, path, {**headers, "Content-Length": str(len(body))}) + body)
        reply = raw.reply(sock, method)
    assert reply is not None
    return reply


def test_metrics_are_the_owners_alone_behind_a_proxy(server: LiveServer, nginx: LiveNginx) -> None:
    http = urllib3.PoolManager()
    assert http.request("GET", f"{nginx.url}/metrics").status == 401
    forged = {"X-Forwarded-For": "", "X-Real-IP": "127.0.0.1"}
    assert http.request("GET", f"{nginx.url}/metrics", headers=forged).status == 401
    owner = {"Authorization": f"Bearer {server.token}"}
    assert b"droppr_" in http.request("GET", f"{nginx.url}/metrics", headers=owner).data


def test_the_health_check_of_compose_tells_up_from_down(server: LiveServer, tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    program = compose["services"]["media-server"]["healthcheck"]["test"][-1]

    def check(path: object) -> int:
        run = [sys.executable, "-c", program.replace("/run/droppr/app.sock", str(path))]
        return subprocess.run(run, capture_output=True, check=False).returncode

    assert check(server.socket_path) == 0
    assert check(tmp_path / "nobody.sock") != 0
