"""What strangers cannot take on a server without nginx: threads, connections, memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import shutil
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from app.settings import Settings
from tests.support import raw
from tests.support.attackers import Attackers
from tests.support.certificates import self_signed
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually
from tests.support.live import LiveServer

THREADS = 8
NOBODY = f"/api/droppr/requests/{'A' * 32}"


@pytest.fixture
def small(live: Callable[..., LiveServer]) -> LiveServer:
    """One worker with eight threads."""
    return live(workers=1, DROPPR_THREADS=THREADS, DROPPR_BODY_TIMEOUT_SECONDS=20)


def answers_short_calls(server: LiveServer, link: Link) -> None:
    """All threads that must be free are: short calls, and the owner's."""
    client = Client.of(server)
    for _ in range(5):
        client.call("GET", "/healthz").expect(200)
        link.info().expect(200)
        client.call("GET", "/api/droppr/requests", owner=True).expect(200)
        client.call("POST", "/api/droppr/session", json={"token": server.token}).expect(204)


def head(method: str, path: str, length: int | None = 60 * MIB, /, **headers: str) -> bytes:
    coding = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    return raw.head(method, path, {**coding, **{name.replace("_", "-"): value for name, value in headers.items()}})


FORM = {"Content_Type": "multipart/form-data; boundary=x"}
SLOW_BODIES = {
    "form": head("POST", f"{NOBODY}/upload", **FORM),
    "chunk": head("POST", f"{NOBODY}/upload-chunk", X_Upload_Id="A" * 32),
    "chunked chunk": head("PUT", f"{NOBODY}/upload-chunk", None, X_Upload_Id="A" * 32) + b"400000\r\n",
    "pack": head("POST", f"{NOBODY}/pack"),
    "opening": head("POST", f"{NOBODY}/uploads", 1000),
    "folders": head("POST", f"{NOBODY}/folders", 1000),
    "receipts": head("POST", f"{NOBODY}/receipts", 1000),
    "handoffs": head("POST", f"{NOBODY}/handoffs", 1000),
    "arrived": head("POST", f"{NOBODY}/arrived", 1000),
    "login": head("POST", "/api/droppr/session", 1000),
    "link": head("POST", "/api/droppr/requests", 1000),
    "edit": head("PATCH", NOBODY, 1000),
    "close": head("DELETE", NOBODY, 1000),
    "a get with a body": head("GET", "/healthz", 1000),
    "no such address": head("POST", "/nowhere", 1000),
    "half a head": b"GET /healthz HTTP/1.1\r\nX-A: ",
}


@pytest.mark.parametrize("kind", SLOW_BODIES)
def test_slow_requests_without_a_link_hold_up_nobody(small: LiveServer, kind: str) -> None:
    link = Client.of(small).make_link()
    with Attackers(small.port, 4 * THREADS, SLOW_BODIES[kind] + b"x", b"x", 0.2):
        answers_short_calls(small, link)


@pytest.mark.parametrize("route", ["upload", "upload-chunk", "uploads", "pack"])
def test_slow_bodies_with_a_link_leave_half_of_the_threads(small: LiveServer, route: str) -> None:
    link = Client.of(small).make_link()
    size = 10 * MIB
    upload_id = link.opened("slow.bin", size)
    where = {"Content_Range": f"bytes 0-{MIB - 1}/{size}", "X_Upload_Id": upload_id}
    start = head("POST", f"{link.path}/{route}", 1000 if route == "uploads" else MIB, **FORM, **where)
    with Attackers(small.port, 4 * THREADS, start + b"x", b"x", 0.2):
        answers_short_calls(small, link)
        # From the very address of those who are slow: they give way.
        mine = link.opened("mine.bin", 4 * MIB)
        assert eventually(lambda: sent(link, mine, content(4 * MIB)), seconds=60, what="an honest sender's turn")


def sent(link: Link, upload_id: str, data: bytes) -> bool:
    reply = link.chunk(upload_id, 0, data, len(data))
    assert reply.status in (200, 503), reply
    return reply.status == 200


def test_readers_that_do_not_read_hold_up_nobody(small: LiveServer) -> None:
    client = Client.of(small)
    link = client.make_link()
    link.deliver("big.bin", content(8 * MIB))
    download = raw.head("GET", f"{link.path}/files/big.bin", {"Authorization": f"Bearer {small.token}"})
    page = raw.head("GET", f"/request/{link.hash}", {})
    with (
        Attackers(small.port, 2 * THREADS, download, reads=False),
        Attackers(small.port, 2 * THREADS, page * 500, reads=False),
    ):
        time.sleep(1)
        answers_short_calls(small, link)


def test_who_is_refused_and_goes_on_sending_reads_the_reason(small: LiveServer) -> None:
    client = Client.of(small)
    link = client.make_link()
    body = b"x" * 16 * MIB
    with ThreadPoolExecutor(8) as pool:
        known = list(
            pool.map(lambda _: link.raw_chunk({"X-Upload-Id": "A" * 32, "X-Upload-Offset": "0"}, body), range(16))
        )
        unknown = list(pool.map(lambda _: client.call("POST", f"{NOBODY}/pack", body=body[:MIB]), range(16)))
    assert {reply.status for reply in known} == {404}
    assert {reply.code for reply in unknown} == {"request_not_found"}


@pytest.mark.parametrize("route", ["upload", "upload-chunk", "pack", "uploads"])
def test_no_body_is_asked_for_before_the_link_was_judged(small: LiveServer, route: str) -> None:
    """A sender that waits for 100 Continue is told the reason in its place, and sends nothing."""
    with raw.connection(small.url) as sock:
        sock.sendall(head("POST", f"{NOBODY}/{route}", Expect="100-continue", **FORM))
        reply = raw.reply(sock)
    assert reply is not None
    reply.expect(404, "request_not_found")


def test_what_a_form_claims_to_be_costs_no_memory(small: LiveServer) -> None:
    client = Client.of(small)
    link = client.make_link()
    link.form("warm.txt", b"x").expect(200)
    before = small.memory()
    bombs = [
        ("application/x-www-form-urlencoded", b"1&2&3&4&" * MIB),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"y" * 16 * MIB),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n" * 20_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * MIB),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"z" * 8 * MIB),
        ("multipart/form-data; boundary=" + "x" * 5000, b"x" * MIB),
        ("text/plain", b"x" * 8 * MIB),
    ]
    for kind, body in bombs:
        reply = client.call("POST", f"{link.path}/upload", body=body, headers={"Content-Type": kind})
        assert reply.status in (400, 413), (kind, reply)
        client.call("POST", f"{NOBODY}/upload", body=body[:MIB], headers={"Content-Type": kind}).expect(
            404, "request_not_found"
        )
    assert small.memory() - before < 48 * MIB
    assert len(link.files()) == 1


def test_an_address_has_no_more_connections_than_it_may_and_the_idle_ones_go(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1, DROPPR_MAX_CONNECTIONS_PER_ADDRESS=20)
    link = Client.of(server).make_link()
    with Attackers(server.port, 60) as silent:
        answers_short_calls(server, link)
        eventually(lambda: silent.left <= 20, what="the idle ones to go")
    with Attackers(server.port, 15, source="127.0.7.7") as others:
        answers_short_calls(server, link)
        assert others.left == 15, "another address has its own"


def test_more_silent_connections_than_there_may_be_hold_up_nobody(small: LiveServer) -> None:
    link = Client.of(small).make_link()
    with contextlib.ExitStack() as stack:
        for number in range(5):
            stack.enter_context(Attackers(small.port, 250, source=f"127.0.9.{number + 1}"))
        answers_short_calls(small, link)


def test_connections_that_are_closed_late_by_the_other_side_hold_up_nobody(small: LiveServer) -> None:
    """A reply that ends its connection is followed by the server's own end; who never answers that costs no waiting."""
    link = Client.of(small).make_link()
    with Attackers(small.port, 4 * THREADS, raw.head("GET", "/healthz", {"Connection": "close"}), reads=False):
        begun = time.monotonic()
        answers_short_calls(small, link)
        assert time.monotonic() - begun < 20


@pytest.fixture
def secure(live: Callable[..., LiveServer], tmp_path: Path) -> tuple[LiveServer, ssl.SSLContext]:
    """gunicorn with a certificate of its own."""
    certificate, _ = self_signed(tmp_path, "localhost")
    options = {"DROPPR_TLS_CERT": certificate, "DROPPR_TLS_KEY": tmp_path / "key.pem"}
    server = live(workers=1, DROPPR_THREADS=THREADS, **options)
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    return server, context


def secure_call(
    server: LiveServer, context: ssl.SSLContext, method: str, path: str, body: bytes = b"", **headers: str
) -> int:
    line = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
    try:
        line.request(
            method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        reply = line.getresponse()
        reply.read()
        return reply.status
    finally:
        line.close()


def test_handshakes_that_are_never_finished_hold_up_nobody(secure: tuple[LiveServer, ssl.SSLContext]) -> None:
    server, context = secure
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    with Attackers(server.port, 4 * THREADS, hello, b"\0", 0.2):
        for _ in range(5):
            assert secure_call(server, context, "GET", "/healthz") == 200


class SecureLine:
    """One kept connection by TLS."""

    def __init__(self, server: LiveServer, context: ssl.SSLContext) -> None:
        self._line = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
        self._owner = {"Authorization": f"Bearer {server.token}"}
        self.link = self.call("POST", "/api/droppr/requests", b'{"folder": "tls"}', self._owner)["hash"]

    def call(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        self._line.request(method, path, body, headers)  # type: ignore[arg-type]
        reply = self._line.getresponse()
        assert reply.status < 300, reply.read()
        return json.load(reply)

    def send(self, route: str, body: object, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", f"/api/droppr/requests/{self.link}/{route}", body, named)


def in_chunks(line: SecureLine, data: bytes, *, digest: bool = False, coded: bool = False) -> str:
    upload_id = line.send("uploads", b'{"path": "a.bin", "size": %d}' % len(data))["upload_id"]
    for start in (MIB, 0):
        part = data[start:] if start else data[:MIB]
        headers = {"X_Upload_Id": upload_id, "Content_Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}
        if digest:
            headers["Content_Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(part).digest()).decode()}:"
        last = line.send("upload-chunk", iter([part[:1000], part[1000:]]) if coded else part, **headers)
    assert last["complete"] is True
    return "a.bin"


def in_one_request(line: SecureLine, data: bytes) -> str:
    line.send("upload-chunk", data, X_Upload_Name="a.bin", X_Upload_Offset="0", X_Upload_Length=str(len(data)))
    return "a.bin"


def in_a_pack(line: SecureLine, data: bytes) -> str:
    line.send("pack", b'{"path": "a.bin", "size": %d}\n' % len(data) + data)
    return "a.bin"


def in_a_form(line: SecureLine, data: bytes) -> str:
    body, kind = urllib3.encode_multipart_formdata({"file": ("a.bin", data)})
    line.send("upload", body, Content_Type=kind)
    return "a.bin"


WAYS: dict[str, Callable[[SecureLine, bytes], str]] = {
    "chunks": in_chunks,
    "chunks with a digest": partial(in_chunks, digest=True),
    "chunks of unknown length": partial(in_chunks, coded=True),
    "a whole file in one request": in_one_request,
    "a pack": in_a_pack,
    "a form": in_a_form,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_by_tls_arrives_as_it_was_sent(secure: tuple[LiveServer, ssl.SSLContext], way: str) -> None:
    server, context = secure
    data = content(3 * MIB + 5)
    name = WAYS[way](SecureLine(server, context), data)
    assert (server.files_dir / "tls" / name).read_bytes() == data


def test_a_renewed_certificate_counts_from_the_next_connection_on(
    secure: tuple[LiveServer, ssl.SSLContext], tmp_path: Path
) -> None:
    server, before = secure
    (tmp_path / "new").mkdir()
    renewed, _ = self_signed(tmp_path / "new", "localhost")
    after = ssl.create_default_context(cafile=str(renewed))
    after.check_hostname = False
    with pytest.raises(ssl.SSLError):
        secure_call(server, after, "GET", "/healthz")
    # The key comes a moment after its certificate: until both fit, the old pair goes on.
    shutil.copy(renewed, tmp_path / "certificate.pem")
    assert secure_call(server, before, "GET", "/healthz") == 200
    shutil.copy(tmp_path / "new" / "key.pem", tmp_path / "key.pem")
    assert secure_call(server, after, "GET", "/healthz") == 200


def test_a_certificate_that_does_not_fit_is_told_at_the_start(tmp_path: Path) -> None:
    self_signed(tmp_path, "localhost")
    for cert, key in ((tmp_path / "key.pem", tmp_path / "key.pem"), (tmp_path / "none.pem", tmp_path / "key.pem")):
        with pytest.raises(ValueError, match="DROPPR_TLS_CERT and DROPPR_TLS_KEY cannot be used together"):
            Settings(tls_cert=cert, tls_key=key)  # type: ignore[call-arg]


def test_nothing_is_left_over_once_they_are_gone(small: LiveServer) -> None:
    link = Client.of(small).make_link()
    upload_id = link.opened("slow.bin", MIB)
    where = {"Content_Range": f"bytes 0-{MIB - 1}/{MIB}", "X_Upload_Id": upload_id}
    open_before = len(open_sockets(small))
    with Attackers(small.port, 4 * THREADS, head("POST", f"{link.path}/upload-chunk", MIB, **where), b"x", 0.2):
        time.sleep(1)
    eventually(lambda: len(open_sockets(small)) <= open_before + 1, seconds=15, what="their connections to be closed")
    assert eventually(lambda: sent(link, upload_id, content(MIB)), what="their places to be free")


def open_sockets(server: LiveServer) -> list[str]:
    found = []
    for pid in server.worker_pids():
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(each.readlink()).startswith("socket:"):
                    found.append(str(each.readlink()))
    return found


def test_a_pack_whose_sender_has_gone_is_not_worked_on(small: LiveServer) -> None:
    link = Client.of(small).make_link()
    pack = b"".join(b'{"path": "%d.txt", "size": 0}\n' % number for number in range(1000))
    before = len(open_sockets(small))
    with raw.connection(small.url) as sock:
        sock.sendall(head("POST", f"{link.path}/pack", len(pack)) + pack)
        eventually(lambda: len(open_sockets(small)) > before, what="the server to be at it")
    eventually(lambda: len(open_sockets(small)) <= before, what="the server to be done with it")
    assert len(link.files()) < 1000
