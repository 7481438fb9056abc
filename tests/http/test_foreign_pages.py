"""What a browser lets pages of other addresses do: all that a sender may, nothing of the owner's, the same alone and behind nginx."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from simple_websocket import Client as Socket
from simple_websocket import ConnectionError as NoSocket

from app.settings import Settings
from app.web import install
from app.web.wire.foreign_pages import HEADERS, SENDERS
from tests.http.test_owner_session import cookie_of, log_in
from tests.support.client import Client, Link, Reply
from tests.support.live import PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.watch import Created

WWW = "https://www.example.org"
FOREIGN = {"Origin": WWW, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
MADE_UP = "m" * 32
CORS = "access-control-"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Call:
    """A method and an address, and whether it is a sender's."""

    def __init__(self, method: str, rule: str, senders: bool) -> None:
        self.method, self.senders = method, senders
        self._rule = rule

    def address(self, hash: str, upload_id: str) -> str:
        found = self._rule.replace("<hash>", hash).replace("<upload_id>", upload_id)
        return found.replace("<anypath:path>", "a/b.txt").replace("<code>", "ABCDEFGHJK").replace("<file_id>", "k" * 32)

    def __repr__(self) -> str:
        return f"{self.method} {self._rule}"


def every_call() -> list[Call]:
    app = Flask("droppr", static_folder=None)
    install(app, Settings(_env_file=None))  # type: ignore[call-arg]
    return [
        Call(method, rule.rule, rule.endpoint in SENDERS)
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if method in (rule.methods or ()) and not rule.rule.startswith("/assets/")
    ]


ALL = every_call()
OTHERS = [call for call in ALL if not call.senders]


def cors_of(reply: Reply) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers.items() if name.lower().startswith(CORS)}


def ask(client: Client, method: str, path: str) -> Reply:
    asked = {**FOREIGN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-range"}
    return client.call("OPTIONS", path, headers=asked)


def assert_readable(reply: Reply) -> None:
    assert cors_of(reply) == {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "Retry-After, X-Request-Id",
    }, reply
    assert "Origin" in reply.headers.getlist("Vary"), reply  # type: ignore[attr-defined]


@pytest.fixture
def www_only(live: Callable[..., LiveServer], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A server whose owner has named one address."""
    server = live(workers=2, unix_socket=request.param, DROPPR_ALLOWED_ORIGINS=f"{WWW}:443/")
    if not request.param:
        yield Client.of(server)
        return
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path / "front") as nginx:
        yield Client.of(server, url=nginx.url)


both_ways = pytest.mark.parametrize("www_only", [False, True], ids=["direct", "through nginx"], indirect=True)


def test_the_senders_calls_are_those_below_a_link_that_are_not_the_owners() -> None:
    app = Flask("droppr", static_folder=None)
    install(app, Settings(_env_file=None))  # type: ignore[call-arg]
    for rule in app.url_map.iter_rules():
        for_owner = getattr(app.view_functions[rule.endpoint], "for_owner", False)
        below_a_link = rule.rule.startswith("/api/droppr/requests/<hash>")
        assert not (for_owner and rule.endpoint in SENDERS), rule
        assert not below_a_link or for_owner or rule.endpoint in SENDERS, rule


def test_a_browser_may_send_what_senders_send_and_need_not_ask_again_soon(way_in: Client) -> None:
    link = way_in.make_link()
    for call in ALL:
        if call.senders:
            reply = ask(way_in, call.method, call.address(link.hash, "u" * 32))
            assert (reply.status, reply.body) == (204, b""), call
            assert cors_of(reply) == {
                "access-control-allow-origin": "*",
                "access-control-expose-headers": "Retry-After, X-Request-Id",
                "access-control-allow-methods": call.method,
                "access-control-allow-headers": HEADERS,
                "access-control-max-age": "7200",
            }, call
    assert "authorization" not in HEADERS.lower()
    assert "x-auth" not in HEADERS.lower()


def test_a_preflight_tells_nothing_of_a_link(way_in: Client) -> None:
    link = way_in.make_link(allowed_origins=["https://other.example"], password="sesame")
    for call in ALL:
        if call.senders:
            told = [ask(way_in, call.method, call.address(hash, "u" * 32)) for hash in (link.hash, MADE_UP)]
            plain = [
                {name: value for name, value in each.headers.items() if name.lower() not in ("date", "x-request-id")}
                for each in told
            ]
            assert plain[0] == plain[1], call
            assert told[0].status == told[1].status == 204


@pytest.mark.parametrize("call", OTHERS, ids=repr)
def test_nobody_elses_page_gets_at_what_is_not_the_senders(way_in: Client, call: Call) -> None:
    path = call.address(MADE_UP, "u" * 32)
    asked = ask(way_in, call.method, path)
    assert cors_of(asked) == {}, call
    cookie = {"Cookie": cookie_of(log_in(way_in, way_in.token))}
    for headers in (FOREIGN, {**FOREIGN, **cookie}):
        reply = way_in.call(call.method, path, headers=headers)
        assert cors_of(reply) == {}, (call, reply)


def test_all_that_a_sender_is_told_can_be_read(way_in: Client) -> None:
    link = way_in.make_link(max_file_size=1000)
    roomy, locked = way_in.make_link(), way_in.make_link(password="sesame")
    large = roomy.opened("large.bin", 21 << 20)
    data = b"0123456789"
    opened = link.open("a.txt", len(data), headers=FOREIGN)
    upload_id = opened.json["upload_id"]
    status, api = f"{link.path}/uploads/{upload_id}", "/api/droppr"
    part = {"start": 0, "length": 1, "sha256": "0" * 64}  # This server has no store that senders reach.
    for reply, expected in [
        (opened, 201),
        (link.client.call("GET", link.path, headers=FOREIGN), 200),
        (link.client.call("GET", link.path), 200),  # Whoever asks: caches may not mix them up.
        (link.client.call("GET", status, headers=FOREIGN), 200),
        (link.chunk(upload_id, 0, data[:5], len(data), headers=FOREIGN), 200),
        (link.chunk(upload_id, 90, data, 100, headers=FOREIGN), 400),
        (link.chunk("u" * 32, 0, data, len(data), headers=FOREIGN), 404),
        (link.open("big.txt", 2000, headers=FOREIGN), 413),
        (locked.open("a.txt", 1, headers=FOREIGN), 401),
        (Link(way_in, MADE_UP, "").open("a.txt", 1, headers=FOREIGN), 404),
        (way_in.call("POST", f"{link.path}/pack", body=b"no pack", headers=FOREIGN), 400),
        (way_in.call("POST", f"{link.path}/upload", body=b"no form", headers=FOREIGN), 400),
        (way_in.call("POST", f"{status}/parts", json={"parts": [part]}, headers=FOREIGN), 400),
        (way_in.call("POST", f"{status}/parts/done", json={"parts": [1]}, headers=FOREIGN), 400),
        (way_in.call("POST", f"{link.path}/folders", json={"paths": ["a"]}, headers=FOREIGN), 201),
        (way_in.call("POST", f"{link.path}/arrived", json={"uploads": [upload_id]}, headers=FOREIGN), 200),
        (way_in.call("POST", f"{link.path}/receipts", json={"uploads": [upload_id]}, headers=FOREIGN), 409),
        (way_in.call("POST", f"{link.path}/handoffs", json={"uploads": [upload_id]}, headers=FOREIGN), 201),
        (way_in.call("GET", f"{link.path}/handoffs/ABCDEFGHJK", headers=FOREIGN), 404),
        (way_in.call("GET", f"{api}/captcha", headers=FOREIGN), 200),
        (way_in.call("GET", f"{api}/receipt-key", headers=FOREIGN), 200),
        (way_in.call("DELETE", status, headers=FOREIGN), 204),
        (way_in.call("POST", f"{link.path}/uploads", body=b"x" * 3_000_000, headers=FOREIGN), 413),
        (roomy.chunk(large, 0, bytes(21 << 20), 21 << 20, headers=FOREIGN), 413),
    ]:
        assert reply.status == expected, reply
        assert_readable(reply)


@pytest.mark.parametrize("below", ["", "/drop"])
def test_what_nginx_says_in_the_apps_place_can_be_read_where_it_is_the_senders(tmp_path: Path, below: str) -> None:
    """And a preflight is answered by nginx alone: nobody listens behind it."""
    (tmp_path / "spool").mkdir()
    pages, public = PROJECT / "nginx" / "dist", f"https://files.example.org{below}"
    with LiveNginx(tmp_path / "nobody.sock", tmp_path, pages, tmp_path, DROPPR_PUBLIC_URL=public) as nginx:
        client = Client(nginx.url, "", tmp_path)
        api = f"{below}/api/droppr"
        link = f"{api}/requests/{MADE_UP}"
        with Created(tmp_path / "spool", nginx.folder / "body") as created:
            for name in ("upload-chunk", "pack", "upload", "uploads"):
                asked = {**FOREIGN, "Access-Control-Request-Method": "POST"}
                path = f"{link}/{name}"
                reply = client.call("OPTIONS", path, headers=asked, body=b"x" * 100_000)
                assert (reply.status, cors_of(reply)["access-control-allow-methods"]) == (204, "POST")
                busy = client.call("POST", path, body=b"x" * 100_000, headers=FOREIGN).expect(503, "busy")
                assert_readable(busy)
                assert busy.headers["Retry-After"] == "2"
        assert created.names() == []
        for path in (f"{api}/requests", f"{api}/session", f"{link}/files", f"{link}/uploads"):
            assert cors_of(client.call("GET", path, headers=FOREIGN).expect(503, "busy")) == {}
            assert cors_of(ask(client, "GET", path).expect(503, "busy")) == {}


@both_ways
def test_pages_that_the_owner_has_not_named_are_told_so(www_only: Client) -> None:
    link = www_only.make_link()
    upload_id = link.opened("a.txt", 2)
    refused = {**FOREIGN, "Origin": "https://evil.example"}
    for origin in (WWW, www_only.url, None):
        headers = {"Origin": origin} if origin else {}
        assert www_only.call("GET", link.path, headers=headers).status == 200
        assert link.open("b.txt", 1, headers=headers).status == 201
    for origin in ("https://evil.example", "null", f"{WWW}:8443", "http://www.example.org", ""):
        reply = www_only.call("GET", link.path, headers={**FOREIGN, "Origin": origin})
        assert_readable(reply.expect(403, "origin_not_allowed"))
    for call in ALL:
        if call.senders and "<hash>" in repr(call):
            reply = www_only.call(call.method, call.address(link.hash, upload_id), body=b"{}", headers=refused)
            assert_readable(reply.expect(403, "origin_not_allowed"))
            missing = www_only.call(call.method, call.address(MADE_UP, upload_id), body=b"{}", headers=refused)
            assert_readable(missing.expect(404, "request_not_found"))
    assert link.status(upload_id).expect(200).json["received_bytes"] == 0
    assert {each["path"] for each in link.under_way()} == {"a.txt", "b.txt"}


@both_ways
def test_a_page_that_is_refused_is_told_so_before_its_bytes_are_taken(www_only: Client) -> None:
    link = www_only.make_link()
    (www_only.files_dir.parent / "spool").mkdir(exist_ok=True)
    with Created(www_only.files_dir.parent / "spool") as created:
        reply = link.chunk(None, 0, bytes(8 << 20), 9 << 20, headers={"Origin": "https://evil.example"})
    assert_readable(reply.expect(403, "origin_not_allowed"))
    assert created.names() == []


@both_ways
def test_what_a_link_says_counts_in_place_of_what_the_server_says(www_only: Client) -> None:
    other = "https://other.example"
    link = www_only.make_link(allowed_origins=[f"{other}/"])

    def told(origin: str) -> int:
        return www_only.call("GET", link.path, headers={"Origin": origin}).status

    assert link.change().json["allowed_origins"] == [other]
    assert (told(other), told(WWW), told(www_only.url)) == (200, 403, 200)
    assert link.change(allowed_origins="*").json["allowed_origins"] == ["*"]
    assert (told(other), told(WWW)) == (200, 200)
    assert link.change(allowed_origins="none").json["allowed_origins"] == []
    assert (told(other), told(WWW), told(www_only.url)) == (403, 403, 200)
    assert link.change(allowed_origins=None).json["allowed_origins"] is None
    assert (told(other), told(WWW)) == (403, 200)
    assert "allowed_origins" not in www_only.call("GET", link.path).json
    link.change(allowed_origins=["example.org"]).expect(400, "invalid_request")


def greeted(client: Client, hash: str, **headers: str) -> str | None:
    """The code of the error with which a socket answers its start on a link, None where it is refused before."""
    url = f"{client.url.replace('http', 'ws')}/ws_api/upload_parallel/{secrets.token_urlsafe(24)}"
    try:
        socket = Socket(url, headers=headers)
    except NoSocket:
        return None
    try:
        socket.send(f'{{"type": "start", "request": "{hash}", "path": "a.txt", "size": 1}}')
        said = socket.receive(timeout=30) or ""
        return said if "ready" not in said else "ready"
    finally:
        with suppress(Exception):
            socket.close()


@both_ways
def test_a_socket_is_for_pages_that_were_named_and_never_the_owners(www_only: Client) -> None:
    link, narrow = www_only.make_link(), www_only.make_link(allowed_origins=["https://other.example"])
    locked = www_only.make_link(password="sesame")
    assert greeted(www_only, link.hash, Origin=WWW) == "ready"
    assert greeted(www_only, link.hash, Origin="https://other.example") is None
    assert greeted(www_only, narrow.hash, Origin="https://other.example") is None
    assert "origin_not_allowed" in str(greeted(www_only, narrow.hash, Origin=WWW))
    cookie = {"Cookie": cookie_of(log_in(www_only, www_only.token))}
    # As browsers send it for pages of the same site.
    same_site = {"Origin": WWW, "Sec-Fetch-Site": "same-site", **cookie}
    assert "password_required" in str(greeted(www_only, locked.hash, **same_site))
    assert greeted(www_only, locked.hash, **cookie) == "ready"


def test_wrong_passwords_count_for_the_link_whoever_lent_the_address(live: Callable[..., LiveServer]) -> None:
    """A page can have each of its visitors guess once."""
    server = live(workers=1, DROPPR_REQUEST_PASSWORD_FAILURE_MAX=1)
    client = Client.of(server)
    link = client.make_link(password="sesame")

    def guess(password: str) -> Reply:
        return link.seen_by(client.elsewhere()).open("a", 1, headers={**FOREIGN, "X-Request-Password": password})

    for number in range(4):
        assert_readable(guess(f"wrong-{number}").expect(401, "password_invalid"))
    assert_readable(guess("sesame").expect(403, "captcha_required"))


@pytest.mark.parametrize("call", [call for call in ALL if "<" in repr(call) and ".png" not in repr(call)], ids=repr)
def test_nothing_below_a_capability_lies_in_a_cache_be_it_that_there_is_nothing(way_in: Client, call: Call) -> None:
    path = call.address(MADE_UP, "u" * 32)
    for method in (*METHODS, "OPTIONS", "BREW"):
        reply = way_in.call(method, path)
        assert reply.headers["Cache-Control"] == "no-store", (method, reply)
    assert way_in.call("GET", f"{path}/nowhere").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_of_a_link_that_there_is_not_is_the_same_with_404(way_in: Client, method: str) -> None:
    link, closed = way_in.make_link(), way_in.make_link()
    closed.close()
    there = way_in.call(method, f"/request/{link.hash}")
    assert there.status == way_in.call(method, f"/request/{closed.hash}").status == 200, "closed: the page says so"
    for hash in (MADE_UP, "short", "m" * 65):
        for path in (f"/request/{hash}", f"/request/{hash}?x=1"):
            reply = way_in.call(method, path, headers={"If-None-Match": there.headers.get("ETag", "x")})
            assert (reply.status, reply.body) == (404, there.body)
            for name in ("Content-Type", "Content-Security-Policy", "X-Frame-Options", "Cache-Control"):
                assert reply.headers[name] == there.headers[name]
    assert way_in.call("POST", f"/request/{MADE_UP}").status == 405


def test_frames_are_for_the_senders_page_and_for_whom_the_owner_names(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    named: dict[str, Any] = {"DROPPR_FRAME_ANCESTORS": f"{WWW}/, http://nas.local:8080"}
    server = live(workers=1, unix_socket=True, **named)
    alone = Client.of(live(workers=1, **named))
    assert server.socket_path
    pages = PROJECT / "nginx" / "dist"
    with LiveNginx(server.socket_path, server.data_dir, pages, tmp_path / "front", **named) as nginx:
        for client in (alone, Client.of(server, url=nginx.url)):
            link = client.make_link()
            for path in (f"/request/{link.hash}", f"/request/{MADE_UP}", f"/request/{link.hash}?a=b"):
                reply = client.call("GET", path)
                policy = reply.headers["Content-Security-Policy"]
                assert policy.endswith(f"frame-ancestors {WWW} http://nas.local:8080")
                assert "X-Frame-Options" not in reply.headers
            for path in (
                "/",
                "/admin",
                "/admin/",
                link.path,
                "/healthz",
                "/nothing",
                "/request",
                f"/x/request/{link.hash}",
            ):
                reply = client.call("GET", path)
                assert reply.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'"), path
                assert reply.headers["X-Frame-Options"] == "DENY", path
