"""What holds on every route: one shape of errors, request ids, no caching; and the calls that tell how the server is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import raw
from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually
from tests.support.live import LiveServer

WRONG = [
    ("GET", "/nowhere", 404),
    ("POST", "/nowhere", 404),
    ("GET", "/api/droppr/nowhere", 404),
    ("GET", "/api/droppr/requests/", 404),
    ("GET", "/api/droppr/requests/{hash}/nowhere", 404),
    ("DELETE", "/api/droppr/requests", 405),
    ("PUT", "/api/droppr/requests/{hash}", 405),
    ("GET", "/api/droppr/requests/{hash}/upload-chunk", 405),
    ("DELETE", "/api/droppr/requests/{hash}/upload-chunk", 405),
    ("GET", "/api/droppr/requests/{hash}/upload", 405),
    ("POST", "/healthz", 405),
    ("POST", "/api/droppr/requests/{hash}/files/a.txt", 405),
    ("POST", "/api/droppr/requests", 401),
    ("POST", "/api/droppr/requests/{hash}/uploads", 400),
    ("POST", "/api/droppr/requests/{hash}/upload", 400),
]


def assert_one_shape(reply: Reply) -> None:
    assert reply.headers["Content-Type"] == "application/json"
    assert isinstance(reply.json, dict)
    sentence, code = reply.json["error"], reply.json["code"]
    assert sentence[0].isupper(), sentence
    assert sentence[-1] in ".!?", sentence
    assert "Traceback" not in reply.body.decode()
    assert code == code.lower()
    assert code.replace("_", "").isalnum()


@pytest.mark.parametrize(("method", "path", "status"), WRONG)
def test_an_error_has_one_shape(link: Link, method: str, path: str, status: int) -> None:
    body = b"some bytes" if method in ("POST", "PUT") else None
    reply = link.client.call(method, path.replace("{hash}", link.hash), body=body)
    assert reply.status == status, reply
    assert_one_shape(reply)
    assert reply.headers["X-Request-Id"]
    if status == 405:
        assert reply.code == "method_not_allowed"
        assert method not in reply.headers["Allow"]
    if status == 404:
        assert reply.code in ("not_found", "upload_not_found")


@pytest.mark.parametrize("path", ["/nowhere", "/api/droppr/requests/{hash}", "/healthz", "/readyz"])
def test_head_answers_as_get_without_a_body(link: Link, path: str) -> None:
    path = path.replace("{hash}", link.hash)
    got, head = link.client.call("GET", path), link.client.call("HEAD", path)
    assert (head.status, head.body) == (got.status, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_options_names_the_methods(link: Link) -> None:
    reply = link.client.call("OPTIONS", f"{link.path}/upload-chunk")
    assert reply.status in (200, 204)
    assert {"POST", "PUT", "PATCH"} <= {each.strip() for each in reply.headers["Allow"].split(",")}


def test_every_reply_has_a_request_id_of_its_own(link: Link) -> None:
    upload_id = link.opened("a.txt", 2)
    replies = [
        link.info(),
        link.info(),
        link.status(upload_id),
        link.chunk(upload_id, 0, b"x", 2),
        link.chunk(upload_id, 5, b"x", 2),
        link.cancel(upload_id),
        link.cancel(upload_id),
        link.download("none"),
        link.client.call("GET", "/healthz"),
        link.client.call("OPTIONS", "/healthz"),
        link.client.call("GET", "/metrics"),
        link.client.call("GET", "/api/droppr/captcha"),
    ]
    ids = [reply.headers.get("X-Request-Id") for reply in replies]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_a_forged_request_id_does_not_reach_the_reply_as_it_is(link: Link) -> None:
    forged = "x" * 4000
    assert link.client.call("GET", link.path, headers={"X-Request-Id": forged}).headers["X-Request-Id"] != forged


def test_replies_to_capabilities_are_not_stored(link: Link) -> None:
    upload_id = link.opened("a.txt", 2)
    for reply in (
        link.info(),
        link.open("b.txt", 1),
        link.status(upload_id),
        link.status("unknown"),
        link.chunk(upload_id, 0, b"x", 2),
        link.chunk(upload_id, 0, b"xxxxx", 2),
        link.form("c.txt", b"x"),
        link.client.call("GET", "/api/droppr/requests", owner=True),
        link.client.call("GET", f"{link.path}/files", owner=True),
        link.client.call("GET", "/api/droppr/captcha"),
        link.cancel(upload_id),
        link.close(),
        link.info(),
    ):
        assert "no-store" in reply.headers.get("Cache-Control", ""), reply


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_any_host(client: Client, path: str) -> None:
    for host in ("evil.example", "10.0.0.1:8000", "localhost", "[::1]", "xn--nxasmq6b"):
        reply = client.call("GET", path, headers={"Host": host})
        assert reply.status == 200, reply


def test_not_ready_is_told_in_the_one_shape_and_passes(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1)
    client = Client.of(server)
    link = client.make_link()
    upload_id = link.opened("a.bin", 10)
    away = server.data_dir.with_name("away")
    server.data_dir.rename(away)
    server.data_dir.write_text("a file where the data should be")
    try:
        unready = client.call("GET", "/readyz")
        assert unready.status == 503
        assert_one_shape(unready)
        assert client.call("GET", "/healthz").status == 200
        # The catalogue is open, so what asks nothing else is answered.
        for reply in (link.open("b.bin", 1), link.chunk(upload_id, 0, b"0123456789", 10)):
            assert reply.status >= 400, reply
            assert_one_shape(reply)
    finally:
        server.data_dir.unlink()
        away.rename(server.data_dir)
    eventually(lambda: client.call("GET", "/readyz").status == 200, what="readiness")
    assert link.chunk(upload_id, 0, b"0123456789", 10).expect(200).json["complete"] is True


def test_what_could_be_better_is_noted_and_leaves_the_server_ready(live: Callable[..., LiveServer]) -> None:
    link = Client.of(live(workers=2)).make_link()

    def notes() -> list[str]:
        return list(link.client.call("GET", "/readyz").expect(200).json["notes"])

    over_http2 = {"X-Next-Hop-Protocol": "h2"}
    opening = {"path": "a.bin", "size": 10}
    unknown = link.path[:-4] + "none"
    link.client.call("POST", f"{unknown}/uploads", json=opening, headers=over_http2).expect(404, "request_not_found")
    link.client.call("POST", f"{link.path}/uploads", json={**opening, "path": ""}, headers=over_http2).expect(
        400, "invalid_path"
    )
    assert notes() == []
    link.client.call("POST", f"{link.path}/uploads", json=opening, headers=over_http2).expect(201)
    assert len(notes()) == 1


def test_metrics_are_for_the_owner_and_for_loopback(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_TRUSTED_PROXIES="127.0.0.1")
    client = Client.of(server)
    link = client.make_link()
    link.deliver("a.bin", content(5000))
    link.open("big.bin", 2**60)
    far = {"X-Forwarded-For": "203.0.113.9"}
    client.call("GET", "/metrics", headers=far).expect(401, "unauthorized")
    assert client.call("GET", "/metrics", headers=far, owner=True).status == 200
    near = client.call("GET", "/metrics")
    assert near.status == 200
    assert near.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in near.body.decode().splitlines() if not line.startswith("#")]
    assert any("5000" in line and "byte" in line for line in lines), lines
    assert any("storage_full" in line for line in lines), lines


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_what_a_proxy_passes_on_is_not_the_machines_own_though_nobody_named_the_proxy(client: Client, header) -> None:
    client.call("GET", "/metrics", headers={header: "127.0.0.1"}).expect(401, "unauthorized")


def test_metrics_of_all_workers_are_one_sum(live: Callable[..., LiveServer]) -> None:
    server = live(workers=3)
    link = Client.of(server).make_link()
    for n in range(30):
        fresh = link.seen_by(Client.of(server))
        fresh.deliver(f"{n}.bin", content(10))

    def received() -> set[str]:
        text = link.client.call("GET", "/metrics").expect(200).body.decode()
        # Memory is of the moment; what was received is the same whoever is asked.
        return {line for line in text.splitlines() if line.startswith("droppr_received_bytes_total")}

    first = received()
    assert any(line.endswith((" 300.0", " 300")) for line in first), first
    assert all(received() == first for _ in range(6)), "it depends on which worker answers"


def test_metrics_and_figures_are_told_while_a_worker_is_starting(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2)
    # For a moment at its start a worker's files have no length yet.
    for kind in ("counter", "histogram", "gauge_livesum"):
        (server.metrics_dir / f"{kind}_999999.db").touch()
    client = Client.of(server)
    assert "droppr_upload_places" in client.call("GET", "/metrics").expect(200).body.decode()
    told = client.call("GET", "/api/v1/system/upload-events?once=true", owner=True).expect(200)
    assert b'"received":{"files":0,"bytes":0}' in told.body


def test_a_malformed_request_does_not_bring_a_worker_down(server: LiveServer, link: Link) -> None:
    for junk in (
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA" * 3 + b"\r\n\r\n",
    ):
        for _ in range(4):
            raw.send_and_cut(server.url, junk)
    both = raw.head("POST", f"{link.path}/upload-chunk", {"Content-Length": "4", "Transfer-Encoding": "chunked"})
    with raw.connection(server.url) as sock:
        sock.sendall(both + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")
        reply = raw.reply(sock)
        assert reply is None or reply.status >= 400
    link.deliver("still.txt", b"alive")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (raw.head("GET", "/healthz", {"Content-Length": "-1"}), 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
        (raw.head("GET", "/" + "x" * 20_000, {}), 414),
        (raw.head("GET", "/healthz", {f"X-{number}": "1" for number in range(200)}), 431),
        (raw.head("GET", "/healthz", {"X-Upload-Path": "x" * 40_000}), 431),
    ],
    ids=["length", "tls", "address", "headers", "header"],
)
def test_what_is_no_request_is_refused_in_the_one_shape(server: LiveServer, request_bytes: bytes, status: int) -> None:
    known = len(server.log.read_bytes())
    with raw.connection(server.url) as sock:
        sock.sendall(request_bytes)
        reply = raw.reply(sock)
    said = server.log.read_bytes()[known:].decode()
    assert "[WARNING] Invalid request from" in said
    assert "Traceback" not in said
    assert reply is not None
    assert (reply.status, reply.code) == (status, "invalid_request")
    assert_one_shape(reply)
    assert reply.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/", "/admin", "/request/{hash}"])
def test_the_pages_are_served_with_their_policy(link: Link, path: str) -> None:
    reply = link.client.call("GET", path.replace("{hash}", link.hash))
    assert reply.status == 200, "build the pages first: make setup"
    assert reply.headers["Content-Type"].startswith("text/html")
    assert (
        "default-src 'self'" in reply.headers["Content-Security-Policy"]
        or "'none'" in (reply.headers["Content-Security-Policy"])
    )
    assert "unsafe-inline" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    if "hash" in path:
        assert "no-store" in reply.headers["Cache-Control"]
    assert reply.headers["X-Request-Id"]
    assert reply.headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin"), "the address is secret"


def test_settings_that_make_no_sense_stop_the_start_and_all_are_named(live: Callable[..., LiveServer]) -> None:
    with pytest.raises(RuntimeError) as failed:
        live(
            workers=1,
            DROPPR_THREADS="many",
            DROPPR_CLEANUP_CRON="sometimes",
            DROPPR_CHUNK_LAYOUT="heap",
            DROPPR_SESSION_MAX_AGE_HOURS="inf",
        )
    for name in ("DROPPR_THREADS", "DROPPR_CLEANUP_CRON", "DROPPR_CHUNK_LAYOUT", "DROPPR_SESSION_MAX_AGE_HOURS"):
        assert f"{name}: " in str(failed.value)


def test_a_token_is_made_on_the_first_start_and_kept_for_the_owner_alone(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_ADMIN_TOKEN="")
    kept = [path for path in server.data_dir.iterdir() if path.is_file() and "token" in path.name]
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o777 == 0o600
    server.token = kept[0].read_text().strip()
    assert len(server.token) >= 32
    link = Client.of(server).make_link()
    server.kill()
    server.start()
    link.change(title="the same token still counts").expect(200)
    assert server.token not in server.log.read_text(), "a log is read by more people than the owner"
