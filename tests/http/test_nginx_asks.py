"""Rights before bytes in nginx: it asks before it receives a body, and what one address may take up is bounded.

A small stand-in for gunicorn answers; test_behind_nginx.py has the app itself.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from app.web.wire.errors import STATUS
from tests.http.test_nginx_config import UnixServer, call, curl
from tests.support.files import eventually
from tests.support.nginx import TEMPLATE, LiveNginx, render
from tests.support.watch import Created

LINK = "/api/droppr/requests/" + "q8Zr4Wc1Tn7Lx0Vb5Hs2Kd9M"
MADE_UP = "/api/droppr/requests/" + "m" * 32
MIB = 1 << 20
SENTENCE = '{"error":"There is \\"no\\" such $link.","code":"request_not_found"}'
FILES = ["upload-chunk", "pack", "upload"]
LISTS = ["uploads", "folders", "receipts", "handoffs", "arrived"]
CAPS: dict[str, Any] = {
    "DROPPR_MAX_CONNECTIONS_PER_ADDRESS": 6,
    "DROPPR_MAX_BODIES_PER_ADDRESS": 3,
    "DROPPR_MAX_SOCKETS_PER_ADDRESS": 2,
}


numbers = itertools.count()


class Upstream(BaseHTTPRequestHandler):
    """Answers nginx's questions by the link: yes, no, or not at all; and tells what it was asked and sent."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str, str, str]]] = []
    """Each question: method, address, and the length it speaks of."""
    served: ClassVar[list[str]] = []
    over: ClassVar[threading.Event] = threading.Event()
    refusal: ClassVar[list[tuple[str, str]]] = [
        ("X-Droppr-Refusal", SENTENCE),
        ("X-Droppr-Refusal-Place", "unknown/404"),
    ]

    def answer(self) -> None:
        said = self.headers.get("X-Droppr-Ask")
        left = int(self.headers.get("Content-Length", 0))
        self.rfile.read(left)
        if said is None:
            self.served.append(self.path)
            if self.path.startswith(("/ws_api/", "/held")):
                self.over.wait(20)
            self.reply(200)
            return
        self.asked.append((self.command, self.path, said))
        if MADE_UP in self.path:
            self.reply(403, self.refusal)
        elif "/broken" in self.path:
            self.reply(500)
        elif "counted" in self.path:
            if "dies" in self.path:
                self.close_connection = True
                return
            self.reply(204, [("X-Droppr-Let-In", "1")])
        else:
            self.reply(204, [("X-Accel-Expires", "1")] if "/requests/" in self.path else [])

    def reply(self, status: int, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response(status)
        for name, value in headers or []:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site")
    server = UnixServer(str(folder / "app.sock"), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder / "app.sock"
    Upstream.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    folder = tmp_path_factory.mktemp("live")
    with LiveNginx(upstream, folder / "data", folder, folder, http2=True) as nginx:
        yield nginx


@pytest.fixture
def capped(upstream: Path, tmp_path: Path) -> Iterator[LiveNginx]:
    """Whoever connects says where from, as a proxy in front would."""
    extra = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"
    with LiveNginx(upstream, tmp_path / "data", tmp_path, tmp_path, extra=extra, **CAPS) as nginx:
        yield nginx


@contextlib.contextmanager
def sending(nginx: LiveNginx, path: str, client: str = "192.0.2.1", length: int = 200_000) -> Iterator[socket.socket]:
    """A sender in the middle of its body."""
    address = f"{path}{'' if '?' in path else '?'}{next(numbers)}"
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as sock:
        head = f"POST {address} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nX-Upload-Id: {next(numbers)}\r\n"
        sock.sendall(f"{head}Content-Length: {length}\r\n\r\nx".encode())
        eventually(lambda: ("POST", address, str(length)) in Upstream.asked)
        yield sock


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("call_name", FILES + LISTS)
def test_a_body_for_a_link_that_was_made_up_is_refused_before_it_is_received(
    site: LiveNginx, call_name: str, chunked: bool
) -> None:
    size = 8 * MIB if call_name in FILES else 200_000
    spool = site.folder.parent / "data" / "spool"
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    with (
        Created(spool, site.folder / "body") as created,
        socket.create_connection(("127.0.0.1", site.port), timeout=20) as sock,
    ):
        sock.sendall(f"POST {MADE_UP}/{call_name} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        reply = http.client.HTTPResponse(sock)
        reply.begin()  # Not a byte of the body has been sent.
        assert (reply.status, reply.read().decode()) == (404, SENTENCE)
    assert created.names() == []
    assert not [path for path in Upstream.served if MADE_UP in path]


@pytest.mark.parametrize("call_name", FILES)
def test_a_body_that_comes_all_the_same_becomes_no_file_either(site: LiveNginx, call_name: str) -> None:
    with Created(site.folder.parent / "data" / "spool", site.folder / "body") as created:
        answer = call(site, f"{MADE_UP}/{call_name}", "POST", body=bytes(8 * MIB))
    assert (answer.status, answer.body.decode()) == (404, SENTENCE)
    assert created.names() == []


def test_a_body_that_may_be_sent_becomes_a_file(site: LiveNginx) -> None:
    """Or the tests above would see no file whatever happens."""
    with Created(site.folder.parent / "data" / "spool") as created:
        assert call(site, f"{LINK}/upload-chunk", "POST", body=bytes(2 * MIB)).status == 200
    assert len(created.names()) == 1


def test_methods_without_a_body_make_no_file_over_http_2_either(site: LiveNginx, tmp_path: Path) -> None:
    """There a body needs no length, so nothing in the headers tells that one comes."""
    body = tmp_path / "body"
    body.write_bytes(bytes(2 * MIB))
    tls = ["--http2", "--cacert", str(site.cafile), "-H", "Content-Length:"]
    with Created(site.folder.parent / "data" / "spool", site.folder / "body") as created:
        for path in (f"{MADE_UP}/upload-chunk", f"{MADE_UP}/uploads", "/api/x"):
            assert curl(site.tls_url + path, *tls, "-X", "GET", "-T", str(body))[0][:3] in ("404", "413")
    assert created.names() == []


@pytest.mark.parametrize(
    ("path", "method", "headers", "body", "said"),
    [
        ("/api/droppr/requests", "POST", {}, b"12345", "5"),
        (f"{LINK}/upload-chunk?x=%20", "PATCH", {"X-Upload-Id": "u" * 24}, b"123", "3"),
        (f"{LINK}/uploads", "POST", {}, b"1", "1"),
        ("/somewhere/else", "PUT", {}, b"1", "1"),
        (f"{LINK}/upload-chunk", "PUT", {"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n0\r\n\r\n", "unknown"),
        (f"{LINK}/upload-chunk", "GET", {}, None, "unknown"),
    ],
)
def test_the_question_is_the_request_without_its_body(
    site: LiveNginx, path: str, method: str, headers: dict[str, str], body: bytes | None, said: str
) -> None:
    Upstream.asked.clear()
    assert call(site, path, method, headers={**headers, "X-Droppr-Ask": "1"}, body=body).status == 200
    assert Upstream.asked == [(method, path, said)]


@pytest.mark.parametrize("path", ["/api/droppr/requests", f"{LINK}/uploads", f"{LINK}/files/a.bin", "/healthz"])
def test_without_a_body_nothing_is_asked(site: LiveNginx, path: str) -> None:
    Upstream.asked.clear()
    assert call(site, path).status == 200
    assert call(site, path, "DELETE").status == 200
    assert Upstream.asked == []


def test_yes_is_remembered_for_a_moment_and_for_the_same_call_only(site: LiveNginx) -> None:
    Upstream.asked.clear()
    for _ in range(30):
        assert call(site, f"{LINK}/pack", "POST", body=b"x").status == 200
    assert len(Upstream.asked) < 15, "two or three, however long the machine took"
    before = len(Upstream.asked)
    for path, method, upload_id in (
        (f"{LINK}x/pack", "POST", ""),
        (f"{LINK}/upload", "POST", ""),
        (f"{LINK}/pack", "PUT", ""),
        (f"{LINK}/pack", "POST", "u" * 24),
        (f"{LINK}/pack", "POST", "?/" * 24),
    ):
        call(site, path, method, headers={"X-Upload-Id": upload_id} if upload_id else {}, body=b"x")
        before += 1
        assert Upstream.asked[-1][:2] == (method, path)
        assert len(Upstream.asked) == before


def test_no_and_what_gunicorn_does_not_let_be_kept_are_asked_again(site: LiveNginx) -> None:
    Upstream.asked.clear()
    for _ in range(5):
        assert call(site, f"{MADE_UP}/pack", "POST", body=b"x").status == 404
        assert call(site, "/api/droppr/requests", "POST", body=b"x").status == 200
    assert len(Upstream.asked) == 10
    kept = [file for file in (site.folder / "answers").rglob("*") if file.is_file()]
    assert not any(b"m" * 32 in file.read_bytes() for file in kept)


def test_where_gunicorn_gives_no_answer_nothing_is_received(site: LiveNginx) -> None:
    with Created(site.folder.parent / "data" / "spool") as created:
        answer = call(site, "/broken", "POST", body=b"x" * 1000)
        assert (answer.status, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "2")
    assert created.names() == []
    assert "/broken" not in Upstream.served


def test_the_end_of_a_body_that_was_counted_is_noted_and_of_no_other(site: LiveNginx, upstream: Path) -> None:
    log = upstream.parent / "spool.log"
    before = log.read_text()
    assert call(site, f"{LINK}/pack", "POST", body=b"x").status == 200
    assert call(site, f"{MADE_UP}/pack", "POST", body=b"x").status == 404
    ended = [str(call(site, f"{LINK}/pack?counted", "POST", {"X-Upload-Id": "c"}, b"x")["X-Request-Id"])]
    with sending(site, f"{LINK}/pack?counted&"):
        assert eventually(lambda: log.read_text()[len(before) :] == f"-{ended[0]}\n")
    # A sender who goes away ends it, too.
    assert eventually(lambda: log.read_text()[len(before) :].count("\n") == 2, seconds=30, what="its end in the log")


def test_the_end_is_noted_also_where_gunicorn_counted_a_body_and_nginx_saw_no_answer(
    site: LiveNginx, upstream: Path
) -> None:
    """A worker that is killed then, or a sender who goes away at that very moment, which shows but once in a thousand times."""
    log = upstream.parent / "spool.log"
    before = log.read_text()
    assert call(site, f"{LINK}/pack?counted&dies", "POST", {"X-Upload-Id": "dies"}, b"x").status == 503
    assert eventually(lambda: re.fullmatch(r"-[0-9a-f]{32}\n", log.read_text()[len(before) :]))
    assert call(site, f"{LINK}/pack", "POST", {"X-Upload-Id": "lives"}, b"x").status == 200
    assert call(site, "/request/q8Zr4Wc1Tn7Lx0Vb5Hs2Kd9M").status in (200, 404)
    assert log.read_text()[len(before) :].count("\n") == 1, "of no other"


@pytest.mark.parametrize(
    ("place", "headers", "shown"),
    [
        ("known/410", [], {}),
        ("known/507", [], {}),
        ("unknown/401", [], {"WWW-Authenticate": "Bearer"}),
        ("unknown/405", [("Allow", "PATCH, POST")], {"Allow": "PATCH, POST"}),
        ("known/429", [("Retry-After", "77")], {"Retry-After": "77"}),
        ("known/503", [("Retry-After", "9")], {"Retry-After": "9"}),
        ("unknown/503", [], {"Retry-After": "2"}),
    ],
)
def test_a_refusal_reaches_the_sender_as_gunicorn_told_it(
    site: LiveNginx, monkeypatch: pytest.MonkeyPatch, place: str, headers: list[tuple[str, str]], shown: dict[str, str]
) -> None:
    told = [("X-Droppr-Refusal", SENTENCE), ("X-Droppr-Refusal-Place", place), *headers]
    monkeypatch.setattr(Upstream, "refusal", told)
    answer = call(site, f"{MADE_UP}/pack", "POST", body=b"x")
    assert (answer.status, answer.body.decode()) == (int(place[-3:]), SENTENCE)
    assert answer["Content-Type"] == "application/json"
    assert {name: answer[name] for name in shown} == shown
    assert answer["X-Droppr-Refusal"] is None


def test_every_status_that_the_app_can_refuse_with_has_its_place() -> None:
    places = set(re.findall(r"location = /_droppr_refused/known/(\d+) \{ return \1 ", TEMPLATE.read_text()))
    places &= set(re.findall(r"location = /_droppr_refused/unknown/(\d+) \{ return \1 ", TEMPLATE.read_text()))
    assert set(map(str, STATUS.values())) <= places


def test_the_secret_reaches_gunicorn_and_stands_in_no_rendered_file(site: LiveNginx, upstream: Path) -> None:
    key = (upstream.parent / "door.key").read_text()
    secret = re.fullmatch(r"default ([\w-]{32,128});\n", key)
    assert secret
    assert (upstream.parent / "door.key").stat().st_mode & 0o777 == 0o600
    assert secret[1] not in site.config.read_text()
    assert secret[1] not in site.log_lines() + site.error_log.read_text()


def test_the_secret_is_made_once_and_outlives_an_empty_file(tmp_path: Path) -> None:
    values = dict.fromkeys(re.findall(r"\$\{(DROPPR_\w+)\}", TEMPLATE.read_text()), "x")
    values["DROPPR_UNIX_SOCKET"] = str(tmp_path / "app.sock")
    key = tmp_path / "door.key"
    key.touch()
    render(values)
    made = key.read_text()
    assert re.fullmatch(r"default [0-9a-f]{64};\n", made)
    render(values)
    assert key.read_text() == made
    assert [file.name for file in tmp_path.iterdir()] == ["door.key"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DROPPR_MAX_CONNECTIONS_PER_ADDRESS", "many"),
        ("DROPPR_MAX_BODIES_PER_ADDRESS", "-1"),
        ("DROPPR_MAX_CHUNK_SIZE_MB", "0"),
        ("DROPPR_NGINX_MAX_BODIES", "70000"),
        ("DROPPR_TRUSTED_PROXIES", "10.0.0.0/8; evil on"),
    ],
)
def test_a_limit_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(AssertionError, match=name):
        render({name: value})


def test_bodies_of_one_address_are_capped_and_everything_else_goes_on(capped: LiveNginx) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(sending(capped, f"{LINK}/{name}")) for name in ("pack", "uploads", "upload")]
        assert eventually(lambda: refused(capped, f"{LINK}/pack", b"x"))
        answer = call(capped, "/api/droppr/session", "POST", {"X-Forwarded-For": "192.0.2.1"}, b"x")
        assert (answer.status, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "2")
        assert call(capped, "/healthz", headers={"X-Forwarded-For": "192.0.2.1"}).status == 200
        assert call(capped, f"{LINK}/pack", "POST", {"X-Forwarded-For": "192.0.2.2"}, b"x").status == 200
        held[0].close()
        assert eventually(lambda: not refused(capped, f"{LINK}/pack", b"x"))


def test_requests_of_one_address_are_capped(capped: LiveNginx) -> None:
    Upstream.over.clear()
    Upstream.served.clear()
    asks = {"X-Forwarded-For": "192.0.2.1"}
    threads = [threading.Thread(target=call, args=(capped, "/held"), kwargs={"headers": asks}) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: Upstream.served == ["/held"] * 6)
    assert refused(capped, "/healthz")
    assert call(capped, "/", headers={"X-Forwarded-For": "192.0.2.2"}).status in (200, 404)
    Upstream.over.set()
    for thread in threads:
        thread.join()
    assert eventually(lambda: not refused(capped, "/healthz"))


def test_sockets_of_one_address_are_capped(capped: LiveNginx) -> None:
    Upstream.over.clear()
    asks = {"X-Forwarded-For": "192.0.2.1", "Upgrade": "websocket", "Connection": "Upgrade"}
    threads = [threading.Thread(target=call, args=(capped, "/ws_api/x"), kwargs={"headers": asks}) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: Upstream.served[-2:] == ["/ws_api/x", "/ws_api/x"])
    assert call(capped, "/ws_api/x", headers=asks).status == 503
    assert call(capped, "/healthz", headers=asks).status == 200
    Upstream.over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8::1", "2001:db8:0:0:1::1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_who_has_one_ipv6_address_has_all_of_its_network(capped: LiveNginx, first: str, second: str, one: bool) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(sending(capped, f"{LINK}/pack", first))
        assert eventually(lambda: refused(capped, f"{LINK}/pack", b"x", first))
        assert refused(capped, f"{LINK}/pack", b"x", second) is one


def test_a_trusted_proxy_that_does_not_say_for_whom_is_not_capped(upstream: Path, tmp_path: Path) -> None:
    proxies: dict[str, Any] = {"DROPPR_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1"}
    with (
        LiveNginx(upstream, tmp_path / "data", tmp_path, tmp_path, **CAPS, **proxies) as nginx,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(8):
            stack.enter_context(sending(nginx, f"{LINK}/pack"))
        assert call(nginx, f"{LINK}/pack", "POST", body=b"x").status == 200


def test_all_bodies_together_are_capped_too(upstream: Path, tmp_path: Path) -> None:
    limits: dict[str, Any] = {"DROPPR_NGINX_MAX_BODIES": 4, "DROPPR_TRUSTED_PROXIES": "127.0.0.0/8"}
    with LiveNginx(upstream, tmp_path / "data", tmp_path, tmp_path, **limits) as nginx, contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(sending(nginx, f"{LINK}/pack"))
        assert eventually(lambda: call(nginx, f"{LINK}/pack", "POST", body=b"x").status == 503)
        assert call(nginx, "/healthz").status == 200


def refused(nginx: LiveNginx, path: str, body: bytes | None = None, client: str = "192.0.2.1") -> bool:
    answer = call(nginx, path, "POST" if body else "GET", {"X-Forwarded-For": client}, body)
    assert answer.status in (200, 503)
    return answer.status == 503
