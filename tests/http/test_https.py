"""A certificate that comes and renews itself: nginx and `keep-certificate` as they are shipped, and an authority that
speaks ACME on this machine."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support import raw
from tests.support.acme import Authority, keep_certificate
from tests.support.client import Client, Link
from tests.support.command import Sender
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import TEMPLATE, LiveNginx, render
from tests.support.ports import free_ports

CHALLENGE = "/.well-known/acme-challenge/"


@dataclass
class Site:
    """Droppr behind nginx with HTTPS, and who gives certificates for it."""

    server: LiveServer
    nginx: LiveNginx
    authority: Authority
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What `keep-certificate` runs with."""
        own = {"DROPPR_PUBLIC_URL": self.url, "DROPPR_TLS_DIR": str(self.folder)}
        return own | self.authority.environment

    def context(self) -> ssl.SSLContext:
        """A browser's, which trusts the authority and looks at the name. It would speak HTTP/2 if it could."""
        context = ssl.create_default_context(cafile=str(self.authority.root))
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def connection(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        return self.context().wrap_socket(plain, server_hostname="localhost")

    def serial(self) -> int:
        """Of the certificate that a new connection gets."""
        with closing(self.connection()) as line:
            shown = line.getpeercert(binary_form=True)
        assert shown
        return x509.load_der_x509_certificate(shown).serial_number

    def link(self) -> Link:
        """A fresh one, made by way of the socket that nginx uses: it asks for no certificate."""
        line = http.client.HTTPConnection("localhost")
        line.sock = socket.socket(socket.AF_UNIX)
        line.sock.connect(str(self.server.socket_path))
        with closing(line):
            owner = {"Authorization": f"Bearer {self.server.token}"}
            line.request("POST", "/api/droppr/requests", b'{"folder": "by-https"}', owner)
            made = json.load(line.getresponse())
        return Link(Client.of(self.server, url=self.nginx.url), made["hash"], made["folder"])

    def plain(self, method: str, path: str, body: bytes = b"") -> tuple[int, str | None]:
        """The status and where it leads to, by plain HTTP."""
        line = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=30)
        with closing(line):
            line.request(method, path, body)
            reply = line.getresponse()
            reply.read()
            return reply.status, reply.headers["Location"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its certificates are good for twenty days: each look renews them."""
    folder = tmp_path_factory.mktemp("https")
    (port,) = free_ports(1)
    url, tls = f"https://localhost:{port}", folder / "tls"
    with ExitStack() as stack:
        server = stack.enter_context(LiveServer(folder, workers=2, unix_socket=True, DROPPR_PUBLIC_URL=url, **GENEROUS))
        assert server.socket_path
        options: dict[str, Any] = {
            "DROPPR_NGINX_HTTPS": f"127.0.0.1:{port}",
            "DROPPR_PUBLIC_URL": url,
            "DROPPR_TLS_DIR": tls,
        }
        pages = PROJECT / "nginx" / "dist"
        nginx = stack.enter_context(LiveNginx(server.socket_path, server.data_dir, pages, folder, **options))
        authority = stack.enter_context(Authority(folder, nginx.port, days=20))
        running = Site(server, nginx, authority, tls, port)
        # nginx runs and says how it is before there is a certificate.
        assert running.plain("GET", "/healthz") == (200, None)
        with pytest.raises(ssl.SSLError):
            running.serial()
        assert "localhost has a new certificate" in keep_certificate(running.environment)
        yield running


def test_a_browser_trusts_it_and_has_a_connection_for_every_chunk(site: Site) -> None:
    with closing(site.connection()) as line:
        assert line.selected_alpn_protocol() == "http/1.1", "HTTP/2 would put all chunks into one"
        line.sendall(raw.head("GET", "/admin", {}))
        reply = raw.reply(line, "GET")
    assert reply is not None
    assert reply.status == 200
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_file_by_https_arrives_as_it_was_sent(site: Site, tmp_path: Path) -> None:
    link, data = site.link(), content(20 * MIB + 7)
    (tmp_path / "sends").mkdir()
    sender = Sender(tmp_path / "sends")
    sender.environment["SSL_CERT_FILE"] = str(site.authority.root)
    (sender.folder / "film.mov").write_bytes(data)
    sender.run("film.mov", "--to", f"{site.url}/request/{link.hash}")
    arrived = (link.disk / "film.mov").read_bytes()
    assert hashlib.sha256(arrived).hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_renewed_certificate_is_shown_and_an_upload_that_is_under_way_goes_on(site: Site) -> None:
    link, data = site.link(), content(4 * MIB)
    upload_id, half, before = link_opened(site, link, len(data)), len(data) // 2, site.serial()
    with closing(site.connection()) as line:
        line.sendall(chunk_head(link, upload_id, 0, half, len(data)) + data[:MIB])
        assert "localhost has a new certificate" in keep_certificate(site.environment)
        assert site.serial() != before
        line.sendall(data[MIB:half])
        reply = raw.reply(line)
        assert reply is not None
        assert reply.expect(200).json["complete"] is False
    with closing(site.connection()) as line:
        line.sendall(chunk_head(link, upload_id, half, len(data), len(data)) + data[half:])
        reply = raw.reply(line)
        assert reply is not None
        assert reply.expect(200).json["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == data


def link_opened(site: Site, link: Link, size: int) -> str:
    body = b'{"path": "a.bin", "size": %d}' % size
    with closing(site.connection()) as line:
        line.sendall(raw.head("POST", f"{link.path}/uploads", {"Content-Length": str(len(body))}) + body)
        reply = raw.reply(line)
    assert reply is not None
    upload_id: str = reply.expect(201).json["upload_id"]
    return upload_id


def chunk_head(link: Link, upload_id: str, start: int, end: int, total: int) -> bytes:
    headers = {
        "X-Upload-Id": upload_id,
        "Content-Range": f"bytes {start}-{end - 1}/{total}",
        "Content-Length": str(end - start),
    }
    return raw.head("POST", f"{link.path}/upload-chunk", headers)


def test_the_address_is_the_senders_whatever_it_says(site: Site) -> None:
    with closing(site.connection("127.5.6.7")) as line:
        line.sendall(raw.head("GET", "/api/droppr/requests/none-of-that", {"X-Forwarded-For": "192.0.2.1"}))
        assert raw.reply(line, "GET") is not None
    eventually(lambda: '"address":"127.5.6.7"' in site.nginx.log_lines(), what="its line in the log")
    assert "192.0.2.1" not in site.nginx.log_lines()


ELSEWHERE = [
    "/",
    "/request/abc?x=1",
    "/api/droppr/requests",
    "/healthz/x",
    f"{CHALLENGE}../../admin",
    f"{CHALLENGE}..%2f..%2fcertificate.pem",
    f"{CHALLENGE}x?y",
    "/_droppr_ask/owner",
]


def test_plain_http_leads_on_to_https_and_gives_nothing_away(site: Site) -> None:
    for path in ELSEWHERE:
        for method in ("GET", "HEAD", "POST", "PATCH", "OPTIONS"):
            sent = b"x" if method in ("POST", "PATCH") else b""
            assert site.plain(method, path, sent) == (308, site.url + path), (method, path)


def test_plain_http_answers_whoever_issues_the_certificate_and_whoever_watches(site: Site) -> None:
    proofs = site.folder / "challenges" / CHALLENGE[1:]
    proofs.mkdir(parents=True, exist_ok=True)
    (proofs / "to-ken_1").write_text("proof")
    line = http.client.HTTPConnection("127.0.0.1", site.nginx.port, timeout=30)
    with closing(line):
        line.request("GET", f"{CHALLENGE}to-ken_1")
        reply = line.getresponse()
        assert (reply.status, reply.read()) == (200, b"proof")
    assert site.plain("GET", f"{CHALLENGE}another") == (404, None)
    assert site.plain("GET", "/readyz") == (200, None)


def test_plain_http_on_the_port_of_https_leads_on_too(site: Site) -> None:
    with raw.connection(f"http://127.0.0.1:{site.port}") as line:
        line.sendall(raw.head("GET", "/request/abc", {}))
        reply = raw.reply(line, "GET")
    assert reply is not None
    assert (reply.status, reply.headers["Location"]) == (308, f"{site.url}/request/abc")


def test_the_key_is_for_its_user_alone(site: Site) -> None:
    keys = [path for path in site.folder.rglob("*.pem") if "PRIVATE KEY" in path.read_text()]
    assert site.folder / "certificate.pem" in keys
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(site.folder.stat().st_mode) == 0o700


def test_what_is_good_for_long_stays_and_another_name_or_authority_counts_at_once(tmp_path: Path) -> None:
    """Without nginx, too: certbot answers the authority by itself."""
    (port,) = free_ports(1)
    alone = ["--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", str(port)]
    certificate = tmp_path / "tls" / "certificate.pem"
    with Authority(tmp_path, port, days=90) as authority:
        own = {"DROPPR_PUBLIC_URL": "https://localhost:8443/", "DROPPR_TLS_DIR": str(tmp_path / "tls")}
        environment = own | authority.environment
        assert "new certificate" in keep_certificate(environment, *alone)
        first = certificate.read_bytes()
        assert keep_certificate(environment, *alone) == ""
        assert certificate.read_bytes() == first
    # As gunicorn does with DROPPR_TLS_CERT.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate)
    (tmp_path / "other").mkdir()
    with Authority(tmp_path / "other", port, days=90) as other:
        assert "new certificate" in keep_certificate(own | other.environment, *alone)
    assert certificate.read_bytes() != first


def test_an_authority_that_is_away_leaves_the_certificate_as_it_is(site: Site) -> None:
    before = (site.folder / "certificate.pem").read_bytes()
    (nobody,) = free_ports(1)
    away = site.environment | {"DROPPR_ACME_SERVER": f"https://localhost:{nobody}/dir"}
    assert "There is no new certificate for localhost" in keep_certificate(away, code=1)
    assert (site.folder / "certificate.pem").read_bytes() == before
    assert site.serial()


@pytest.mark.parametrize("url", ["", "http://files.example.org", "https://", "https://[::1]", "https://a b", "files"])
def test_a_public_url_without_a_name_is_told(url: str, tmp_path: Path) -> None:
    settings = {"DROPPR_PUBLIC_URL": url, "DROPPR_TLS_DIR": str(tmp_path)}
    assert "DROPPR_PUBLIC_URL must be the address senders use" in keep_certificate(settings, code=2)
    assert list(tmp_path.iterdir()) == []


SETTINGS = {"DROPPR_NGINX_HTTPS": "443", "DROPPR_PUBLIC_URL": "https://files.example.org:444", "DROPPR_TLS_DIR": "/tls"}
OTHERS = dict.fromkeys(re.findall(r"\$\{(DROPPR_\w+)\}", TEMPLATE.read_text()), "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DROPPR_NGINX_HTTPS", "https"),
        ("DROPPR_NGINX_HTTPS", "443; evil on"),
        ("DROPPR_PUBLIC_URL", ""),
        ("DROPPR_PUBLIC_URL", "http://files.example.org"),
        ("DROPPR_PUBLIC_URL", 'https://files.example.org"; evil on'),
    ],
)
def test_settings_of_nginx_that_make_no_sense_are_named(name: str, value: str, tmp_path: Path) -> None:
    own = {"DROPPR_UNIX_SOCKET": str(tmp_path / "app.sock")}
    with pytest.raises(AssertionError, match=f"{name} must be"):
        render({**OTHERS, **SETTINGS, **own, name: value})


def test_a_port_alone_is_that_of_every_address(tmp_path: Path) -> None:
    own = {"DROPPR_UNIX_SOCKET": str(tmp_path / "app.sock")}
    text = render({**OTHERS, **SETTINGS, **own, "DROPPR_NGINX_LISTEN": "80"})
    assert set(re.findall(r"listen (.*?);", text)) >= {"80 default_server", "443 ssl"}
    if Path("/proc/net/if_inet6").exists():
        assert set(re.findall(r"listen (.*?);", text)) >= {"[::]:80", "[::]:443 ssl"}
    assert 'return 308 "https://files.example.org:444$request_uri"' in text
    named = render({**OTHERS, **SETTINGS, **own, "DROPPR_NGINX_HTTPS": "[::1]:443"})
    assert "listen [::1]:443 ssl;" in named
    assert "[::]" not in named
    assert "ssl" not in render({**OTHERS, **own, "DROPPR_NGINX_HTTPS": ""})
