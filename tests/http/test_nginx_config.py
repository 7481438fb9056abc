"""What nginx/nginx.conf promises by itself, with a small stand-in for gunicorn behind it."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from app.core import errors
from app.settings import Settings
from app.web.wire.security import security_headers
from tests.support import raw
from tests.support.files import eventually
from tests.support.nginx import ROOT, TEMPLATE, TLS_INCLUDE, LiveNginx, render

HASH = "q8Zr4Wc1Tn7Lx0Vb5Hs2Kd9M"
UPLOAD_ID = "Yh3Gf6Dp1Sa8Kj5Lm2Nb7Vc4"
CHUNK_URL = f"/api/droppr/requests/{HASH}/upload-chunk"
SECURITY_HEADERS = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "x-request-id",
]


class Upstream(BaseHTTPRequestHandler):
    """Answers with the request's headers and the body's length; sends files and other answers where the path says so."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self._body()
        path = self.path.split("?", maxsplit=1)[0]
        if self.headers.get("X-Droppr-Ask"):
            self._reply(204, b"")
        elif path.startswith("/send/"):
            self._reply(200, b"", [("X-Accel-Redirect", "/_droppr_files/" + path.removeprefix("/send/")), *DOWNLOAD])
        elif path.startswith("/status/"):
            self._reply(int(path.removeprefix("/status/")), b'{"error":"From the app.","code":"from_app"}')
        elif path == "/headers":
            self._reply(200, b"{}", [(name, "from-app") for name in SECURITY_HEADERS])
        else:
            self._reply(200, json.dumps({"headers": self.headers.items(), "received": body}).encode())

    def _body(self) -> int:
        handed_over = self.headers.get("X-Body-File")
        if handed_over:
            return Path(handed_over).stat().st_size
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        total = 0
        while size := int(self.rfile.readline() or b"0", 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return total

    def _reply(self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response(status)
        for name, value in headers or []:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


DOWNLOAD = [
    ("Content-Type", "text/html"),
    ("Content-Disposition", "attachment; filename=x"),
    ("Cache-Control", "private, no-store"),
    ("Content-Security-Policy", "sandbox"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Request-Id", "request-1"),
]


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pages = folder / "pages"
    (pages / "assets").mkdir(parents=True)
    for name in ("index", "request", "admin", "admin.link", "audit", "settings", "document"):
        (pages / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>" + "<p>text</p>" * 200)
    (pages / "assets" / "request-1a2b.js").write_text("export const text = 1;\n" * 200)
    (folder / "data" / "files" / "inbox").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def upstream(folder: Path) -> Iterator[Path]:
    path = folder / "app.sock"
    server = UnixServer(str(path), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield path
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(folder: Path, upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    tmp_path = tmp_path_factory.mktemp("live")
    with LiveNginx(upstream, folder / "data", folder / "pages", tmp_path, http2=True) as nginx:
        yield nginx


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read()

    def __getitem__(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def count(self, name: str) -> int:
        return Counter(key.lower() for key, _ in self.headers)[name.lower()]

    def json(self) -> dict[str, object]:
        return dict(json.loads(self.body))

    def received_headers(self) -> dict[str, str]:
        pairs = json.loads(self.body)["headers"]
        assert len(pairs) == len({key.lower() for key, _ in pairs}), pairs
        return {key.lower(): value for key, value in pairs}


def call(
    nginx: LiveNginx, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def test_nginx_accepts_the_rendered_file_without_a_complaint(folder: Path, tmp_path: Path) -> None:
    said = LiveNginx(folder / "app.sock", folder / "data", folder / "pages", tmp_path, tls=True).check()
    complaints = [
        line for line in said.splitlines() if "[" in line and 'the "user" directive makes sense only' not in line
    ]
    assert not complaints, said


def test_https_is_set_up_as_the_documents_have_it(folder: Path, tmp_path: Path) -> None:
    documented = (
        (ROOT / "docs" / "operations.md").read_text().partition("`tls.conf`:\n\n```nginx\n")[2].partition("```")[0]
    )
    assert "ssl_certificate" in documented
    lines = [line for line in documented.splitlines() if "[::]" not in line]
    here = TLS_INCLUDE.format(address="443", http2="", folder="/etc/letsencrypt/live/files.example.org")
    assert lines == here.strip().replace("cert.pem", "fullchain.pem").replace("key.pem", "privkey.pem").splitlines()


def test_browsers_get_several_connections_by_the_documented_set_up(
    upstream: Path, folder: Path, tmp_path: Path
) -> None:
    with LiveNginx(upstream, folder / "data", folder / "pages", tmp_path, tls=True) as nginx:
        status, _ = curl(f"{nginx.tls_url}/request/{HASH}", "--http2", "--cacert", str(nginx.cafile))
    assert status == "200 1.1"


def test_a_placeholder_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DROPPR_NGINX_USER", raising=False)
    with pytest.raises(AssertionError, match="DROPPR_NGINX_USER is not set"):
        render({})
    for where in (
        {},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example.org/a;"},
        {"AWS_ENDPOINT_URL_S3": "https://u:p@s3.example.org"},
    ):
        with pytest.raises(AssertionError, match="AWS_ENDPOINT_URL_S3 must say where the store is"):
            render({"DROPPR_STORE_BY_NGINX": "true", **where})
    with pytest.raises(AssertionError, match="DROPPR_STORE_BY_NGINX must be true or false"):
        render({"DROPPR_STORE_BY_NGINX": "perhaps"})
    resolved = {
        "DROPPR_STORE_BY_NGINX": "on",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.org",
        "DROPPR_NGINX_RESOLVER": "x;y",
    }
    with pytest.raises(AssertionError, match="DROPPR_NGINX_RESOLVER must be the address"):
        render(resolved)


@pytest.mark.parametrize(
    ("path", "page", "caching"),
    [
        ("/", "index", "no-cache"),
        ("/admin", "admin", "no-store"),
        ("/admin/document?entity=e&file=f", "document", "no-store"),
        ("/admin/audit?q=x", "audit", "no-store"),
        ("/admin/settings", "settings", "no-store"),
        (f"/admin/links/{HASH}", "admin.link", "no-store"),
        (f"/request/{HASH}", "request", "no-store"),
        (f"/request/{HASH}?x=1", "request", "no-store"),
        ("/assets/request-1a2b.js", "", "public, max-age=31536000, immutable"),
    ],
)
def test_pages_come_from_nginx_with_their_caching(site: LiveNginx, path: str, page: str, caching: str) -> None:
    answer = call(site, path)
    assert answer.status == 200
    assert page.encode() in answer.body
    assert answer["Cache-Control"] == caching
    assert answer.count("Cache-Control") == 1
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Content-Type"] == ("text/html; charset=utf-8" if page else "text/javascript; charset=utf-8")


@pytest.fixture(scope="module")
def below(folder: Path, upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    """Where the public address has a path."""
    paths = (upstream, folder / "data", folder / "pages", tmp_path_factory.mktemp("below"))
    with LiveNginx(*paths, DROPPR_PUBLIC_URL="https://example.org/drop.box/") as nginx:
        yield nginx


@pytest.mark.parametrize("path", ["", "/drop.box", "//drop.box"])
def test_below_a_path_all_is_as_without_it(below: LiveNginx, folder: Path, path: str) -> None:
    for page, caching in (
        ("/", "no-cache"),
        ("/admin", "no-store"),
        ("/admin/document", "no-store"),
        ("/admin/audit", "no-store"),
        ("/admin/settings", "no-store"),
        (f"/admin/links/{HASH}", "no-store"),
        (f"/request/{HASH}?x=1", "no-store"),
    ):
        answer = call(below, path + page)
        assert (answer.status, answer["Cache-Control"]) == (200, caching)
    asset = call(below, f"{path}/assets/request-1a2b.js")
    assert (asset.status, asset["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    (folder / "pages" / "robots.txt").write_text("User-agent: *")
    assert call(below, f"{path}/robots.txt").body == b"User-agent: *"
    assert call(below, path + CHUNK_URL, "POST", body=bytes(1 << 20)).json()["received"] == 1 << 20
    handed_over = call(below, path + CHUNK_URL, "POST", body=b"x").received_headers()["x-body-file"]
    assert Path(handed_over).parent.name == "spool"
    status, said = curl(f"{below.url}{path}/api/droppr/session", "-X", "POST", "--data-binary", "x" * 20_000)
    assert (status, json.loads(said)["code"]) == ("413 1.1", "chunk_too_large")
    wished = {"Connection": "Upgrade", "Upgrade": "websocket"}
    received = call(below, f"{path}/ws_api/upload_parallel/x", headers=wished).received_headers()
    assert received["upgrade"] == "websocket"


def test_a_path_that_only_looks_like_it_is_none(below: LiveNginx) -> None:
    for path in ("/dropxbox/admin", "/drop.boxes/admin", "/drop.box/drop.box/admin", "/x/drop.box/admin"):
        assert b"<title>" not in call(below, path).body


@pytest.mark.parametrize(
    "path", ["", "/drop.box", "/drop.box/drop.box", "//drop.box//", "/drop.box/./", "/drop.box/x/../"]
)
def test_what_only_nginx_itself_may_ask_for_is_not_to_be_had_below_a_path(
    below: LiveNginx, folder: Path, path: str
) -> None:
    (folder / "data" / "files" / "inbox" / "private.bin").write_bytes(b"private")
    for inside in (
        "/_droppr_files/inbox/private.bin",
        "/_droppr_ask/file",
        "/_droppr_errors/503",
        "/_droppr_refused/known/410",
    ):
        answer = call(below, path + inside)
        # It is asked of the app like any other address, or there is nothing.
        assert answer.status in (200, 404)
        assert answer.status == 404 or answer.received_headers()
        assert b"private" not in answer.body
        if answer.status == 200:
            assert "x-droppr-ask" not in answer.received_headers()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/admin/", "../admin"),
        ("/admin/document/", "../document"),
        ("/admin/audit/", "../audit"),
        ("/admin/settings/", "../settings"),
        (f"/admin/links/{HASH}/", f"../{HASH}"),
        (f"/request/{HASH}/", f"../{HASH}"),
        ("/drop.box", "/drop.box/"),
        ("/drop.box/admin/", "../admin"),
        (f"/drop.box/admin/links/{HASH}/", f"../{HASH}"),
        (f"/drop.box/request/{HASH}/", f"../{HASH}"),
    ],
)
def test_other_addresses_of_a_page_lead_to_it(below: LiveNginx, path: str, to: str) -> None:
    answer = call(below, path)
    assert (answer.status, answer["Location"]) == (301, to)
    assert answer["Cache-Control"] == "no-store"


def test_without_a_path_there_is_no_other_address(site: LiveNginx) -> None:
    assert call(site, "/admin/")["Location"] == "../admin"
    assert call(site, "/drop.box/admin").received_headers()


def test_below_a_path_the_log_names_no_capability_either(below: LiveNginx) -> None:
    before = len(logged_paths(below))
    asked = (
        f"/drop.box/request/{HASH}",
        f"/drop.box/api/droppr/requests/{HASH}/uploads/{UPLOAD_ID}?token={HASH}",
        f"//drop.box//request//{HASH}",
        f"/drop.box/admin/links/{HASH}",
        f"//drop.box//admin//links/{HASH}/",
        f"/%64rop.box/request/{HASH}/",
        f"/drop.box/api/droppr/requests/{HASH}/files/private-name.pdf",
    )
    for path in asked:
        call(below, path)
    # Each process of nginx writes the lines of its own requests, after their answers.
    wanted = {
        f"/request/{HASH[:6]}...",
        f"/admin/links/{HASH[:6]}...",
        f"/api/droppr/requests/{HASH[:6]}.../files",
    }
    logged_all(below, before + len(asked), wanted)
    log = below.log_lines()
    for secret in (HASH, UPLOAD_ID, "private-name", "token="):
        assert secret[:12] not in log


def test_text_is_compressed_and_replies_of_the_app_are_not(site: LiveNginx) -> None:
    assert call(site, "/assets/request-1a2b.js", headers={"Accept-Encoding": "gzip"})["Content-Encoding"] == "gzip"
    padding = {f"X-Padding-{n}": "x" * 200 for n in range(10)}
    assert call(site, "/api/x", headers={"Accept-Encoding": "gzip", **padding})["Content-Encoding"] is None


@pytest.mark.parametrize(
    "path",
    ["/", f"/request/{HASH}", "/assets/request-1a2b.js", "/assets/missing.js", "/api/x", "/headers", "/status/410"],
)
def test_every_answer_has_each_security_header_once(site: LiveNginx, path: str) -> None:
    answer = call(site, path)
    assert {name: answer.count(name) for name in SECURITY_HEADERS} == dict.fromkeys(SECURITY_HEADERS, 1)
    assert answer["Server"] == "nginx"
    assert answer["Strict-Transport-Security"] is None


@pytest.mark.parametrize("provider", ["altcha", "turnstile", "hcaptcha"])
def test_pages_have_the_same_security_headers_with_and_without_nginx(
    folder: Path, tmp_path: Path, provider: str
) -> None:
    keys = {"captcha_site_key": "site", "captcha_secret_key": "secret"}
    alone = security_headers(Settings.model_validate({"captcha_provider": provider, **keys}))
    paths = (tmp_path / "app.sock", folder / "data", folder / "pages", tmp_path)
    with LiveNginx(*paths, captcha_provider=provider) as nginx:
        answer = call(nginx, "/")
    assert {name: answer[name] for name in alone} == alone


def test_nginx_speaks_only_of_errors_that_the_app_has() -> None:
    known = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.UploadError)
    }
    spoken = set(re.findall(r'"code":"(\w+)"', TEMPLATE.read_text()))
    assert spoken
    assert spoken <= known


def test_the_request_id_that_the_app_sees_is_the_one_in_the_answer(site: LiveNginx) -> None:
    answer = call(site, "/api/x", headers={"X-Request-Id": "forged"})
    assert answer.received_headers()["x-request-id"] == answer["X-Request-Id"] != "forged"


def test_headers_that_mean_something_to_the_app_cannot_be_forged(site: LiveNginx) -> None:
    names = (
        "Forwarded X-Real-IP X-Body-File X-Accel-Redirect X-Accel-Mapping X-Sendfile-Type X-Original-URL X-Rewrite-URL"
    )
    names += " X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix Proxy Upgrade"
    names += " X_Forwarded_For X_Body_File X-Droppr-Door X_Droppr_Door X-Droppr-Ask X-Droppr-Bodies X-Remote-User X-Droppr-Login-Name X-Droppr-Login-Email"
    names += " X-Droppr-Login-Groups X_Droppr_Login_Name"
    forged = dict.fromkeys(names.split(), "8.8.8.8")
    for path in ("/api/x", CHUNK_URL, "/status-of-nothing"):
        received = call(site, path, "POST", forged, b"body").received_headers()
        assert "8.8.8.8" not in received.values()
        assert received["x-forwarded-for"] == "127.0.0.1"
        assert received["x-forwarded-proto"] == "http"
        assert received["host"] == f"127.0.0.1:{site.port}"
        assert "x-droppr-ask" not in received


def test_what_the_contract_sends_reaches_the_app(site: LiveNginx) -> None:
    sent = {
        "x-upload-id": UPLOAD_ID,
        "content-range": "bytes 0-3/4",
        "x-upload-path": quote("日本語/" + "语" * 1300),
        "content-digest": "sha-256=:abc=:",
        "x-captcha-token": "t",
        "x-request-password": "p",
        "authorization": "Bearer token",
        "x-auth": "token",
    }
    received = call(site, CHUNK_URL, "PATCH", sent, b"body").received_headers()
    assert {name: received[name] for name in sent} == sent


def test_a_trusted_proxy_in_front_names_the_client_and_its_scheme(folder: Path, upstream: Path, tmp_path: Path) -> None:
    extra = "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"
    with LiveNginx(upstream, folder / "data", folder / "pages", tmp_path, extra=extra) as nginx:
        for told, scheme in (
            ("https", "https"),
            ("https,http", "https"),
            ("HTTPS , http", "https"),
            ("http, https", "http"),
        ):
            headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": told}
            received = call(nginx, "/api/x", headers=headers).received_headers()
            assert (received["x-forwarded-for"], received["x-forwarded-proto"]) == ("192.0.2.7", scheme)


@pytest.mark.parametrize("size", [1, 64 << 20])
def test_a_chunk_goes_through_whole(site: LiveNginx, size: int) -> None:
    assert call(site, CHUNK_URL, "POST", body=bytes(size)).json()["received"] == size


def test_a_chunk_is_handed_over_as_a_file_that_is_gone_afterwards(site: LiveNginx) -> None:
    headers = call(site, CHUNK_URL, "POST", body=b"x" * 100, headers={"X-Body-File": "/etc/passwd"}).received_headers()
    handed_over = Path(headers["x-body-file"])
    assert handed_over.parent.name == "spool"
    assert headers["content-length"] == "0"
    eventually(lambda: not handed_over.exists(), what="the file to go")


def test_no_other_call_names_a_file(site: LiveNginx) -> None:
    forged = {"X-Body-File": "/etc/passwd"}
    for path in ("/api/droppr/requests", CHUNK_URL.removesuffix("-chunk") + "s", CHUNK_URL + "/more"):
        assert "x-body-file" not in call(site, path, "POST", body=b"x", headers=forged).received_headers()
    empty = call(site, CHUNK_URL, "POST", body=b"", headers=forged).received_headers()
    assert Path(empty.get("x-body-file", "spool/x")).parent.name == "spool"


def test_a_body_of_unknown_length_goes_through_whole(site: LiveNginx) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.request("POST", CHUNK_URL, body=iter([b"x" * 70_000] * 20), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["received"] == 1_400_000
    connection.close()


@pytest.mark.parametrize("path", ["/api/x", "/api/droppr/session", CHUNK_URL + "s", CHUNK_URL])
@pytest.mark.parametrize(
    "body", [b"2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"2;a=b\r\n{}\r\n0\r\nX-Body-File: x\r\n\r\n"]
)
def test_gunicorn_sees_no_chunked_body_and_so_no_second_request_in_one(site: LiveNginx, path: str, body: bytes) -> None:
    """nginx takes a line feed alone for the end of a line, gunicorn does not: each body gets there whole, with its length."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as sock:
        sock.sendall(f"{head}\r\n".encode() + body + f"{head}Connection: close\r\n\r\n".encode() + body)
        said = b"".join(iter(lambda: sock.recv(65536), b""))
    answers = [json.loads(each) for each in re.findall(rb'\{"headers.*?"received": \d+\}', said)]
    assert [answer["received"] for answer in answers] == [2, 2]
    for answer in answers:
        received = {name.lower(): value for name, value in answer["headers"]}
        assert "transfer-encoding" not in received
        assert received["content-length"] in ("2", "0")
        assert received.get("x-body-file", "/spool/") != "x"


@pytest.mark.parametrize(("path", "size"), [(CHUNK_URL, 81 << 20), ("/api/droppr/requests", 2 << 20)])
def test_too_large_a_body_is_refused_in_words(site: LiveNginx, tmp_path: Path, path: str, size: int) -> None:
    body = tmp_path / "body"
    with body.open("wb") as file:
        file.truncate(size)
    for chunked in ([], ["-H", "Transfer-Encoding: chunked"]):
        sent = ["-H", "Expect:", "-X", "POST", "-T", str(body), *chunked]
        status, said = curl(site.url + path, *sent)
        assert (status, json.loads(said)["code"]) == ("413 1.1", "chunk_too_large")


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/assets/missing.js", "GET", 404, "not_found"),
        ("/_droppr_files/inbox/a.bin", "GET", 404, "not_found"),
        ("/_droppr_ask/file", "GET", 404, "not_found"),
        ("/_droppr_refused/known/410", "GET", 404, "not_found"),
        ("/send/inbox/missing.bin", "GET", 404, "not_found"),
        ("/admin", "POST", 405, "method_not_allowed"),
        ("/%00", "GET", 400, "invalid_request"),
        ("/" + "x" * 40_000, "GET", 414, "invalid_request"),
        ("/status/410", "GET", 410, "from_app"),
        ("/status/500", "GET", 500, "from_app"),
        ("/status/503", "GET", 503, "from_app"),
    ],
)
def test_errors_are_json_and_the_apps_own_pass_unchanged(
    site: LiveNginx, path: str, method: str, status: int, code: str
) -> None:
    answer = call(site, path, method)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert "no-store" in str(answer["Cache-Control"])
    if code != "from_app":
        assert answer["Content-Type"] == "application/json"
    assert answer["Allow"] == ("GET, HEAD" if status == 405 else None)


def test_too_long_a_header_is_refused_in_words(site: LiveNginx) -> None:
    answer = call(site, "/api/x", headers={"X-Upload-Path": "x" * 40_000})
    assert (answer.status, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/admin", "/send/inbox/a.bin"])
def test_a_file_that_is_not_as_it_should_be_is_refused_in_words(site: LiveNginx, folder: Path, path: str) -> None:
    (folder / "data" / "files" / "inbox" / "a.bin").write_bytes(b"abc")
    answer = call(site, path, headers={"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"})
    assert (answer.status, answer.json()["code"]) == (412, "invalid_request")


@pytest.mark.parametrize("line", ["GET /healthz HTTP/9.9", "GET /healthz HTTP/1.1\r\nTransfer-Encoding: identity"])
def test_http_that_nginx_does_not_speak_is_refused_for_good(site: LiveNginx, line: str) -> None:
    with raw.connection(site.url) as sock:
        sock.sendall(f"{line}\r\nHost: a\r\n\r\n".encode())
        answer = raw.reply(sock, "GET")
    assert answer is not None
    answer.expect(400, "invalid_request")


def test_without_gunicorn_everybody_is_told_to_come_back(folder: Path, tmp_path: Path) -> None:
    with LiveNginx(tmp_path / "nobody.sock", folder / "data", folder / "pages", tmp_path) as nginx:
        for path, method, body in [("/healthz", "GET", None), (CHUNK_URL, "POST", b"x" * 2_000_000)]:
            answer = call(nginx, path, method, body=body)
            assert (answer.status, answer.json()["code"]) == (503, "busy")
            assert answer["Retry-After"] == "2"
            assert answer.count("Retry-After") == 1
        assert call(nginx, f"/request/{HASH}").status == 200


@pytest.mark.parametrize("name", ["a.bin", "日本語 100% + ?#.bin", "line\nbreak", 'quote"\\.html', "a|b c.txt"])
def test_a_download_keeps_the_headers_of_the_app(site: LiveNginx, folder: Path, name: str) -> None:
    content = os.urandom(100_000)
    file = folder / "data" / "files" / "inbox" / name
    file.write_bytes(content)
    path = "/send/inbox/" + quote(name)

    answer = call(site, path, headers={"Accept-Encoding": "gzip"})
    assert (answer.status, answer.body) == (200, content)
    for header, value in DOWNLOAD:
        assert (answer[header], answer.count(header)) == (value, 1)
    for header in SECURITY_HEADERS:
        assert answer.count(header) == 1
    assert call(site, path, "HEAD")["Content-Length"] == "100000"
    tag = str(answer["ETag"])
    assert tag == f'"{int(file.stat().st_mtime):x}-{len(content):x}"', "the app makes the same one when it is alone"
    assert call(site, path, headers={"If-None-Match": tag}).status == 304

    part = call(site, path, headers={"Range": "bytes=99990-", "If-Range": tag})
    assert (part.status, part.body, part["Content-Range"]) == (206, content[-10:], "bytes 99990-99999/100000")
    changed = call(site, path, headers={"Range": "bytes=99990-", "If-Range": '"another"'})
    assert (changed.status, changed.body) == (200, content)
    beyond = call(site, path, headers={"Range": "bytes=100000-"})
    assert (beyond.status, beyond.json()["code"]) == (416, "invalid_range")


def test_a_symlink_in_a_links_folder_is_not_followed(site: LiveNginx, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    inbox = folder / "data" / "files" / "inbox"
    (inbox / "planted").symlink_to(tmp_path / "secret")
    (inbox / "planted-folder").symlink_to(tmp_path)
    for path in ("planted", "planted-folder/secret", "%2e%2e/%2e%2e/app.sock"):
        answer = call(site, "/send/inbox/" + path)
        assert (answer.status, answer.json()["code"]) in [(404, "not_found"), (503, "busy")]
        assert b"secret" not in answer.body


def test_the_log_names_no_capability_no_query_and_no_file(site: LiveNginx) -> None:
    other = "zZ9yY8xX7wW6vV5uU4tT3sS2"
    before = len(logged_paths(site))
    asked = (
        f"/request/{HASH}",
        f"/api/droppr/requests/{HASH}/uploads/{UPLOAD_ID}?token={other}",
        f"/api/droppr/requests/{HASH}/files/private-name.pdf",
        f"/api/v1/system/upload-progress/{UPLOAD_ID}",
        f"/somewhere/else/{other}/more",
        f"//request//{HASH}",
        f"/%72equest/{HASH}",
        f"/send/{HASH}/private-name.pdf",
    )
    for path in asked:
        call(site, path, headers={"Referer": f"http://x/request/{HASH}", "User-Agent": other})
    call(site, CHUNK_URL, "POST", body=b"x")
    wanted = {
        f"/request/{HASH[:6]}...",
        f"/api/droppr/requests/{HASH[:6]}.../uploads/{UPLOAD_ID[:6]}...",
        f"/api/droppr/requests/{HASH[:6]}.../upload-chunk",
    }
    logged_all(site, before + len(asked) + 1, wanted)
    log = site.log_lines()
    for secret in (HASH, UPLOAD_ID, other, "private-name", "token="):
        assert secret[:12] not in log
        assert secret[:12] not in site.error_log.read_text()


def test_a_sender_who_stalls_is_let_go(folder: Path, upstream: Path, tmp_path: Path) -> None:
    faster = {"client_body_timeout 60s": "client_body_timeout 1s"}
    with (
        LiveNginx(upstream, folder / "data", folder / "pages", tmp_path, replace=faster) as nginx,
        socket.create_connection(("127.0.0.1", nginx.port), timeout=50) as stalled,
    ):
        stalled.sendall(f"POST {CHUNK_URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc".encode())
        began = time.monotonic()
        said = stalled.recv(4096)
        assert said == b"" or b" 408 " in said
        assert time.monotonic() - began < 40, "by itself it waits for a minute"
        assert call(nginx, "/api/x").status == 200


def test_who_never_ends_keeps_no_process_of_before_a_reload(folder: Path, upstream: Path, tmp_path: Path) -> None:
    replace = {"worker_shutdown_timeout 24h;": "worker_shutdown_timeout 100ms;"}
    with LiveNginx(upstream, folder / "data", folder / "pages", tmp_path, replace=replace) as site:
        before = set(site.worker_pids())
        with socket.create_connection(("127.0.0.1", site.port)) as slow:
            slow.settimeout(20)
            # An answer first, so that it is surely this process that has the connection.
            slow.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert slow.recv(4096).startswith(b"HTTP/1.1 200 ")
            slow.sendall(f"POST {CHUNK_URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx".encode())
            site.reload()
            while slow.recv(4096):
                pass
        assert eventually(lambda: before.isdisjoint(site.worker_pids()))


def test_http_2_carries_pages_chunks_and_refusals(site: LiveNginx, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(bytes(9 << 20))
    tls = ["--http2", "--cacert", str(site.cafile)]
    assert curl(f"{site.tls_url}/request/{HASH}", *tls)[0] == "200 2"

    status, said = curl(site.tls_url + CHUNK_URL, *tls, "-X", "PUT", "--data-binary", f"@{body}")
    answer = json.loads(said)
    received = {key.lower(): value for key, value in answer["headers"]}
    assert (status, answer["received"], received["x-forwarded-proto"]) == ("200 2", 9 << 20, "https")
    assert received["host"] == site.tls_url.removeprefix("https://")

    with body.open("wb") as file:
        file.truncate(81 << 20)
    status, said = curl(site.tls_url + CHUNK_URL, *tls, "-T", str(body))
    assert (status, json.loads(said)["code"]) == ("413 2", "chunk_too_large")


def test_https_is_remembered_and_plain_http_on_its_port_is_refused_in_words(site: LiveNginx) -> None:
    context = ssl.create_default_context(cafile=str(site.cafile))
    connection = http.client.HTTPSConnection(site.tls_url.removeprefix("https://"), context=context, timeout=60)
    connection.request("GET", "/")
    assert connection.getresponse().headers["Strict-Transport-Security"] == "max-age=31536000"
    connection.close()

    status, said = curl(site.tls_url.replace("https", "http") + "/")
    assert (status, json.loads(said)["code"]) == ("400 1.1", "invalid_request")


def logged_paths(nginx: LiveNginx) -> list[str]:
    """The paths in its log, but of a line that is just being written."""
    whole, _, _ = nginx.log_lines().rpartition("\n")
    return [json.loads(line)["path"] for line in whole.splitlines()]


def logged_all(nginx: LiveNginx, count: int, wanted: set[str]) -> None:
    """Return once there are so many lines, these among them."""

    def all_are_there() -> bool:
        found = logged_paths(nginx)
        return len(found) >= count and wanted <= {*found}

    eventually(all_are_there, what=f"{count} lines, with {wanted}")


def curl(url: str, *options: str) -> tuple[str, str]:
    """The status with the HTTP version, and the body."""
    command = ["curl", "-sS", "--max-time", "60", "-w", "\n%{http_code} %{http_version}", *options, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return status, body
