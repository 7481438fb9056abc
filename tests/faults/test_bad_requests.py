"""Thousands of bad requests over every route, method and header: none is a fault of the program, every refusal has the one
shape, and each connection is afterwards what it says it is."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from tests.support import raw
from tests.support.bad_requests import Bad, Known, bad_requests, codes, field_names, header_names, socket_talks
from tests.support.client import Client
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.routes import routes

CODES = codes(PROJECT / "docs" / "api.md")
PAGES = PROJECT / "nginx" / "dist"
PATIENCE = 20.0
"""Above what the server waits for a body that stops."""
AT_LENGTH, QUICK = 10_000, 300
THROUGH_NGINX = 0.25
NGINX_SAYS = b"<center><h1>400 Bad Request</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
"""What nginx says whatever its configuration is, of a body that it cannot read at an address that it answers itself."""
SOCKETS = 0.1
UPLOADS = 40
MENDED = {
    "active": True,
    "password": None,
    "expires_hours": 0,
    "max_files": 0,
    "max_file_size": 0,
    "max_total_size": 0,
    "allowed_extensions": "",
    "captcha": "never",
    "ask_name": "no",
    "ask_email": "no",
    "destination": None,
}
"""What a link is set to again after a request that may have changed it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("server"), workers=1, DROPPR_BODY_TIMEOUT_SECONDS=2, **GENEROUS) as running:
        yield running


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, LiveNginx]]:
    folder = tmp_path_factory.mktemp("behind")
    options: dict[str, Any] = {"DROPPR_BODY_TIMEOUT_SECONDS": 2, **GENEROUS}
    with LiveServer(folder, workers=1, unix_socket=True, **options) as running:
        assert running.socket_path is not None
        with LiveNginx(running.socket_path, running.data_dir, PAGES, folder) as nginx:
            yield running, nginx


def known_of(client: Client) -> Known:
    link, closed, locked = client.make_link(), client.make_link(), client.make_link(password="good")
    closed.close().expect(204)
    link.deliver("there.txt", b"there")
    asset = next((PAGES / "assets").glob("*.js")).name
    opened = tuple(link.opened(f"open-{number}.bin", 1000) for number in range(UPLOADS))
    return Known(link.hash, closed.hash, locked.hash, opened, client.token, asset)


def strictly(text: bytes) -> Any:
    """JSON as every reader has it: without NaN and the like."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def check(status: int, kind: str, body: bytes, method: str) -> None:
    """What holds for every answer, whatever was asked."""
    assert status not in (500, 501, 502, 504), f"{status} {body[:300]!r}"
    value = strictly(body) if "json" in kind and method != "HEAD" and body else None
    # Whoever opens an address of nothing, or too many of them, is a person with a browser, and gets a page that says so.
    is_page = status in (404, 429) and kind.startswith("text/html")
    if status >= 400 and method != "HEAD" and not is_page:
        assert isinstance(value, dict), f"{status} {kind} {body[:300]!r}"
        assert isinstance(value.get("error"), str), value
        assert value.get("code") in CODES, value


def answered(sock: socket.socket, method: str) -> http.client.HTTPResponse | None:
    """The next answer, its head read; None where the connection ended without one."""
    response = raw.begun(sock, method)
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionError):
        return None
    return response


def run(url: str, bad: Bad, counts: Counter[str], behind_nginx: bool) -> None:
    with raw.connection(url, PATIENCE) as sock:
        # Whoever is refused early sees its own sending fail; the answer is there all the same.
        with suppress(ConnectionError):
            sock.sendall(bad.data)
        if not bad.ends:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
        if b" HTTP/" not in bad.data.partition(b"\r\n")[0] and behind_nginx:
            # HTTP/0.9, which nginx speaks: an answer without a head, and the end.
            counts["0.9"] += 1
            return
        response = answered(sock, bad.method)
        if response is None and not bad.ends and behind_nginx:
            # Who hangs up in the middle of a request wants no answer, says nginx.
            counts["hung up"] += 1
            return
        assert response is not None, "no answer at all"
        counts[str(response.status)] += 1
        if response.status == 101 or response.getheader("Content-Type", "").startswith("text/event-stream"):
            return
        closes = "close" in response.getheader("Connection", "").lower()
        body = response.read()
        if behind_nginx and closes and not bad.ends and body.endswith(NGINX_SAYS):
            counts["in nginx's words"] += 1
            return
        check(response.status, response.getheader("Content-Type", ""), body, bad.method)
        response.close()
        if closes and bad.method == "HEAD":
            return  # Who could not read the request does not know that its answer has no body.
        if closes or not bad.ends:
            the_rest(sock, closes)
            return
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        after = raw.reply(sock, "GET")
        if after is None and behind_nginx and response.status == 412:
            return  # nginx says so in the middle of another answer, and hangs up.
        assert after is not None, "the connection was closed without a word after an answer that keeps it"
        assert (after.status, after.json) == (200, {"status": "ok"}), f"afterwards: {after}"


def the_rest(sock: socket.socket, closes: bool) -> None:
    """What else comes on a connection that ends. Bytes past a body's end are another request, and answered as one."""
    while True:
        response = answered(sock, "GET")
        if response is None:
            return
        assert not closes, f"another answer after one that closes: {response.status}"
        closes = "close" in response.getheader("Connection", "").lower()
        check(response.status, response.getheader("Content-Type", ""), response.read(), "GET")
        response.close()


def talk(url: str, known: Known, said: bytes, counts: Counter[str]) -> None:
    """A WebSocket: nothing in HTTP is ever said on it, and it ends."""
    key = base64.b64encode(b"k" * 16).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    with raw.connection(url, PATIENCE) as sock:
        sock.sendall(raw.head("GET", f"/ws_api/upload_parallel/{known.upload_ids[0]}", upgrade))
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(1)
            assert data, f"no handshake: {head!r}"
            head += data
        assert head.startswith(b"HTTP/1.1 101 "), head
        with suppress(ConnectionError):
            sock.sendall(said + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            sock.shutdown(socket.SHUT_WR)
        heard = b""
        with suppress(ConnectionError):
            while data := sock.recv(65536):
                heard += data
        assert b"HTTP/1." not in heard, heard[:500]
        counts["sockets"] += 1


def bombard(client: Client, server: LiveServer, folder: Path, chance: int, count: int, tally: Counter[str]) -> None:
    url, known = client.url, known_of(client)
    # From elsewhere: many a bad request has a wrong token, and whoever sends ten is not listened to for a while.
    owner = Client.of(server, url=url, source="127.0.0.2")
    counts: Counter[str] = Counter()
    table, names, fields = routes(folder), header_names(), field_names()
    talks = socket_talks(fields, known)
    requests = bad_requests(table, names, fields, known)

    def given_to(cases: st.SearchStrategy[Any], most: int) -> Callable[[Callable[[Any], None]], None]:
        def decorate(body: Callable[[Any], None]) -> None:
            given(cases)(
                settings(
                    max_examples=most,
                    database=None,
                    deadline=None,
                    derandomize=False,
                    suppress_health_check=list(HealthCheck),
                )(hypothesis_seed(chance)(body))
            )()

        return decorate

    @given_to(requests, max(1, int(count * (1 - SOCKETS))))
    def all_requests(bad: Bad) -> None:
        run(url, bad, counts, server.socket_path is not None)
        if bad.method in ("PATCH", "DELETE"):
            owner.call("PATCH", f"/api/droppr/requests/{known.link}", json=MENDED, owner=True).expect(200)

    @given_to(talks, max(1, int(count * SOCKETS)))
    def all_talks(said: bytes) -> None:
        talk(url, known, said, counts)

    assert server.worker_pids(), "the server has ended"
    tally["bad requests"] += sum(counts.values())
    print(url, dict(counts))


def test_every_refusal_has_the_one_shape(
    server: LiveServer, tmp_path: Path, seed: int, torture: bool, tally: Counter[str]
) -> None:
    count = int((AT_LENGTH if torture else QUICK) * (1 - THROUGH_NGINX))
    bombard(Client.of(server), server, tmp_path, seed, count, tally)
    assert "Traceback" not in server.log.read_text()


def test_so_it_is_behind_nginx(
    behind_nginx: tuple[LiveServer, LiveNginx], tmp_path: Path, seed: int, torture: bool, tally: Counter[str]
) -> None:
    server, nginx = behind_nginx
    count = int((AT_LENGTH if torture else QUICK) * THROUGH_NGINX)
    bombard(Client.of(server, url=nginx.url), server, tmp_path, seed, count, tally)
    assert "Traceback" not in server.log.read_text()


def test_what_is_generated_knows_the_program(tmp_path: Path) -> None:
    assert {"/healthz", "/api/droppr/requests/<hash>/pack"} <= {route.rule for route in routes(tmp_path)}
    assert {"X-Upload-Id", "Content-Digest", "Range", "X-Body-File", "X-Forwarded-For"} <= set(header_names())
    assert {"path", "size", "uploads", "folder", "expiresHours", "token"} <= set(field_names())
    assert {"invalid_request", "busy", "upload_expired"} <= CODES
