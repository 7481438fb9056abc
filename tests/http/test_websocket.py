"""Uploads over a WebSocket, straight and through nginx: the same rules as the calls, and no memory for the impatient."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from simple_websocket import Client as Socket
from simple_websocket import ConnectionClosed, ConnectionError

from app.core.remotes import OutgoingFile, RemoteTrouble
from app.storage.cloud.google_session import GoogleSession, is_public
from tests.support import raw
from tests.support.certificates import self_signed
from tests.support.client import Client, Link
from tests.support.contract import judge_message
from tests.support.drive import FakeDrive
from tests.support.files import content, eventually
from tests.support.live import MEDIA_SERVER, PROJECT, LiveServer

MIB = 1024 * 1024
GOOGLE = "www.googleapis.com"


class Line:
    """One socket as a test drives it."""

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    def say(self, **message: object) -> None:
        self.plain.send(json.dumps(message))

    def put(self, offset: int, data: bytes) -> None:
        self.plain.send(offset.to_bytes(8, "big") + data)

    def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message, when it is of one of these kinds."""
        text = self.plain.receive(timeout=60)
        assert text is not None, "nothing was said"
        message: dict[str, Any] = json.loads(text)
        judge_message(message)
        assert message["type"] in kinds, message
        return message

    def closed(self) -> int:
        """The code with which the other side has closed."""
        try:
            while self.plain.receive(timeout=60) is not None:
                pass
        except ConnectionClosed as closed:
            return int(closed.reason)
        raise AssertionError("it was not closed")


@contextmanager
def line(client: Client, file_id: str, *, query: str = "", **headers: str) -> Iterator[Line]:
    url = f"{client.url.replace('http', 'ws', 1)}/ws_api/upload_parallel/{file_id}{query}"
    plain = Socket.connect(url, headers=headers or None)
    try:
        yield Line(plain)
    finally:
        with suppress(ConnectionClosed, OSError):  # The other side may have been faster.
            plain.close()


def key() -> str:
    return secrets.token_urlsafe(24)


def started(open_line: Line, link: Link, path: str, data: bytes, **more: object) -> dict[str, Any]:
    open_line.say(type="start", request=link.hash, path=path, size=len(data), **more)
    return open_line.hear("ready")


@pytest.fixture
def link(way_in: Client) -> Link:
    return way_in.make_link()


def test_a_file_arrives_in_any_order(way_in, link):
    data = content(3 * MIB + 5)
    with line(way_in, key()) as talk:
        ready = started(talk, link, "a/ü.bin", data)
        assert ready["missing_ranges"] == [[0, len(data) - 1]]
        assert ready["message_size"] == 8 * MIB
        for start in (2 * MIB, 0, 3 * MIB, MIB):
            talk.put(start, data[start : start + MIB])
            told = talk.hear("progress")
            assert (told["offset"], told["size"]) == (start, len(data))
        done = talk.hear("complete")
        assert (done["path"], done["received_bytes"]) == ("a/ü.bin", len(data))
        assert talk.closed() == 1000
    assert (link.disk / "a/ü.bin").read_bytes() == data


def test_an_empty_file_is_complete_at_once(way_in, link):
    with line(way_in, key()) as talk:
        talk.say(type="start", request=link.hash, path="empty", size=0)
        assert talk.hear("ready")["complete"] is True
        talk.hear("complete")
    assert (link.disk / "empty").read_bytes() == b""


def test_who_comes_back_goes_on_where_it_was(way_in, link):
    data, name = content(2 * MIB), key()
    with line(way_in, name) as talk:
        started(talk, link, "x.bin", data)
        talk.put(0, data[:MIB])
        talk.hear("progress")
    with line(way_in, name) as talk:
        assert started(talk, link, "x.bin", data)["missing_ranges"] == [[MIB, 2 * MIB - 1]]
        talk.put(MIB, data[MIB:])
        talk.hear("progress")
        talk.hear("complete")
    with line(way_in, name) as talk:
        assert started(talk, link, "x.bin", data)["complete"] is True
        talk.hear("complete")
    assert [file["path"] for file in link.files()] == ["x.bin"]
    assert (link.disk / "x.bin").read_bytes() == data


def test_a_file_is_for_an_item_and_its_party_and_stays_so(client):
    link = client.make_link(items=[{"title": "Film"}])
    [item] = client.call("GET", link.path).expect(200).json["items"]
    name, own = key(), "k" * 22
    with line(client, key()) as talk:
        talk.say(type="start", request=link.hash, path="x", size=4, item="gone0000")
        assert talk.hear("error")["code"] == "item_not_found"
    with line(client, key()) as talk:
        talk.say(type="start", request=link.hash, path="x", size=4, sender_key="short")
        assert talk.hear("error")["code"] == "invalid_request"
    with line(client, name) as talk:
        started(talk, link, "x.mov", b"film", item=item["id"], sender_key=own)
    with line(client, name) as talk:
        started(talk, link, "x.mov", b"film")
        talk.put(0, b"film")
        talk.hear("progress")
        talk.hear("complete")
    seen = client.call("GET", f"{link.path}/checklist", headers={"X-Sender-Key": own}).expect(200).json["items"][0]
    assert (seen["state"], [each["name"] for each in seen["files"]]) == ("sent", ["x.mov"])


def test_an_upload_that_was_opened_by_a_call_goes_on_here(client):
    link = client.make_link()
    data = content(1000)
    upload_id = link.opened("x.bin", len(data))
    with line(client, upload_id) as talk:
        talk.say(type="start", request=link.hash)
        talk.hear("ready")
        talk.say(type="status")
        assert talk.hear("progress")["missing_ranges"] == [[0, 999]]
        talk.put(0, data)
        talk.hear("progress")
        talk.hear("complete")
    assert (link.disk / "x.bin").read_bytes() == data


def test_cancelling_gives_the_upload_up(client):
    link = client.make_link()
    with line(client, key()) as talk:
        upload_id = started(talk, link, "x.bin", b"x" * 100)["upload_id"]
        talk.say(type="cancel")
        talk.hear("cancelled")
    link.status(upload_id).expect(404, "upload_not_found")


def test_what_the_owner_cancels_ends_the_conversation_and_its_key(client):
    link = client.make_link()
    data, name = content(100), key()
    with line(client, name) as talk:
        upload_id = started(talk, link, "x.bin", data)["upload_id"]
        link.stop(upload_id).expect(204)
        talk.put(0, data[:50])
        assert talk.hear("error")["code"] == "upload_cancelled"
        assert talk.closed() == 1008
    with line(client, name) as talk:
        talk.say(type="start", request=link.hash, path="x.bin", size=len(data))
        assert talk.hear("error")["code"] == "upload_cancelled"
        assert talk.closed() == 1008
    assert link.under_way() == []


def test_what_is_wrong_with_one_message_ends_nothing(client):
    link = client.make_link()
    data = content(100)
    with line(client, key()) as talk:
        started(talk, link, "x.bin", data)
        talk.put(90, data)
        assert talk.hear("error")["code"] == "invalid_request"
        talk.plain.send(b"short")
        assert talk.hear("error")["code"] == "invalid_request"
        talk.put(0, data[:50])
        talk.hear("progress")
        talk.put(0, b"y" * 50)
        told = talk.hear("error")
        assert (told["code"], told["offset"], told["length"]) == ("chunk_conflict", 0, 50)
        talk.put(50, data[50:])
        talk.hear("progress")
        talk.hear("complete")
    assert (link.disk / "x.bin").read_bytes() == data


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ({"type": "start", "request": "no-such-link-at-all", "path": "x", "size": 1}, "request_not_found"),
        ({"type": "start"}, "invalid_request"),
        ({"type": "hello"}, "invalid_request"),
        ({"type": "start", "path": "../x", "size": 1}, "invalid_path"),
        ({"type": "start", "path": "x", "size": -1}, "invalid_request"),
        ({"type": "start", "path": "x", "size": 10**6}, "file_too_large"),
        ({"type": "start", "path": "x.exe", "size": 1}, "type_not_allowed"),
    ],
)
def test_a_start_that_is_refused_says_why(client, start, code):
    link = client.make_link(max_file_size=1000, allowed_extensions=["bin"])
    if start != {"type": "start"}:
        start = {"request": link.hash, **start}
    with line(client, key()) as talk:
        talk.say(**start)
        assert talk.hear("error")["code"] == code
        assert talk.closed() == 1008


def test_a_password_is_asked_for_and_the_owner_is_not_asked(client):
    link = client.make_link(password="sesame")
    for more, code in (({}, "password_required"), ({"password": "wrong"}, "password_invalid")):
        with line(client, key()) as talk:
            talk.say(type="start", request=link.hash, path="x", size=1, **more)
            assert talk.hear("error")["code"] == code
    with line(client, key()) as talk:
        started(talk, link, "x", b"1", password="sesame")
    with line(client, key()) as talk:
        started(talk, link, "y", b"1", token=client.token)
    with line(client, key(), Authorization=f"Bearer {client.token}") as talk:
        started(talk, link, "z", b"1")


def test_what_the_owner_sends_is_not_counted_among_the_openings_of_strangers(live):
    client = Client.of(live(workers=2, DROPPR_RATE_LIMIT_UPLOADS="1 per hour"))
    link = client.make_link()
    for number in range(4):
        with line(client, key()) as talk:
            started(talk, link, f"{number}", b"1", token=client.token)
    with line(client, key()) as talk:
        started(talk, link, "theirs", b"1")
    with line(client, key()) as talk:
        talk.say(type="start", request=link.hash, path="one more", size=1)
        assert talk.hear("error")["code"] == "rate_limited"


def test_wrong_tokens_that_come_by_a_socket_are_counted_like_all_others(live):
    client = Client.of(live(workers=2, DROPPR_TRUSTED_PROXIES="127.0.0.1/32"))
    link = client.make_link(password="sesame")
    far = {"X-Forwarded-For": "192.0.2.7"}
    for number in range(10):
        with line(client, key(), **far) as talk:
            talk.say(type="start", request=link.hash, path="x", size=1, token=f"wrong-{number}")
            assert talk.hear("error")["code"] == "password_required"
    for token in ("wrong", client.token):
        with line(client, key(), **far) as talk:
            talk.say(type="start", request=link.hash, path="x", size=1, token=token)
            told = talk.hear("error")
            assert (told["code"], 0 < told["retry_after"] <= 900) == ("too_many_attempts", True)
            assert talk.closed() == 1008
    client.call("GET", "/metrics", headers={**far, "X-Auth": "wrong"}).expect(429, "too_many_attempts")


def test_other_sites_may_not_speak_for_a_visitor(way_in):
    with pytest.raises(ConnectionError) as caught, line(way_in, key(), Origin="https://evil.example"):
        pass
    assert caught.value.status_code == 400
    # This client leaves the port out of Host.
    with line(way_in, key(), Origin="http://127.0.0.1") as talk:
        talk.say(type="start", request="x")
        talk.hear("error")


def test_a_plain_request_is_told_so(way_in):
    way_in.call("GET", f"/ws_api/upload_parallel/{key()}").expect(400, "invalid_request")


def test_a_message_beyond_the_limit_ends_the_socket(client):
    link = client.make_link()
    with line(client, key()) as talk:
        started(talk, link, "x", b"x" * 9 * MIB)
        talk.put(0, b"x" * 9 * MIB)
        assert talk.closed() == 1009


def test_no_more_sockets_than_a_quarter_of_the_threads(live):
    server = live(workers=1, DROPPR_THREADS=8)
    client = Client.of(server)
    with line(client, key()), line(client, key()):
        with pytest.raises(ConnectionError) as caught, line(client, key()):
            pass
        assert caught.value.status_code == 503
        client.call("GET", "/healthz").expect(200)
    eventually(lambda: opens(client), what="a place to come free")


def test_no_more_sockets_of_one_address_than_it_may_have(live):
    client = Client.of(live(workers=1, DROPPR_MAX_SOCKETS_PER_ADDRESS=2))
    with line(client, key()), line(client, key()):
        assert not opens(client)


def test_a_socket_that_says_nothing_gives_way_to_another(live):
    client = Client.of(live(workers=1, DROPPR_THREADS=4))
    with line(client, key()) as silent:
        eventually(lambda: opens(client), seconds=60, what="the silent one to give way")
        with pytest.raises((ConnectionError, ConnectionClosed)):
            silent.hear("ready")


@pytest.mark.parametrize(
    "message",
    [
        "[" * 990,
        "[" * 60_000,
        "{",
        "1" * 5000,
        "null",
        '{"type": "start", "request": "\\ud800"}',
        "NaN",
        '"' + "\\" * 9999,
    ],
    ids=["deep", "deeper", "half", "long number", "null", "surrogate", "no number", "backslashes"],
)
def test_whatever_is_said_first_no_http_follows_on_a_socket(way_in, message):
    """What a WebSocket leaves open, gunicorn would read as the next request, past all that nginx sees to."""
    with raw.connection(way_in.url) as sock:
        sock.sendall(raw.head("GET", f"/ws_api/upload_parallel/{key()}", UPGRADE))
        assert read_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        sock.sendall(text_frame(message))
        time.sleep(0.2)
        with contextlib.suppress(OSError):
            sock.sendall(raw.head("GET", "/healthz", {"X-Forwarded-For": "9.9.9.9"}))
        assert b"HTTP/1.1" not in read_until(sock, b"HTTP/1.1")


def test_empty_frames_and_pings_buy_no_time(client):
    with raw.connection(client.url, timeout=60) as sock:
        sock.sendall(raw.head("GET", f"/ws_api/upload_parallel/{key()}", UPGRADE))
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"\x01\x80\0\0\0\0")

        def ended() -> bool:
            try:
                sock.sendall(b"\x00\x80\0\0\0\0\x89\x80\0\0\0\0")
            except OSError:
                return True
            return False

        eventually(ended, seconds=60, what="the socket to be closed")


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version": "13",
}


def text_frame(text: str) -> bytes:
    data = text.encode(errors="surrogatepass")
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + data


def read_until(sock: Any, end: bytes) -> bytes:
    """What comes until ``end`` does, or the connection is closed."""
    heard = b""
    with contextlib.suppress(OSError):
        while end not in heard:
            data = sock.recv(65536)
            if not data:
                break
            heard += data
    return heard


def opens(client: Client) -> bool:
    try:
        with line(client, key()):
            return True
    except ConnectionError:
        return False


def test_a_sender_who_is_faster_than_the_disk_fills_no_memory(live):
    """Messages wait in the sender's own socket while the server cannot store any: the place is held by somebody else."""
    server = live(workers=1)
    client = Client.of(server)
    link = client.make_link()
    size = 400 * MIB
    block = content(MIB - 8)
    with line(client, key()) as talk:
        talk.say(type="start", request=link.hash, path="big.bin", size=size)
        upload_id = talk.hear("ready")["upload_id"]
        worker = psutil.Process(server.worker_pids()[0])
        before = worker.memory_info().rss
        worker.suspend()
        sent = sent_until_held_back(talk, size, block)
        assert sent < 64 * MIB
        worker.resume()
        link.status(upload_id).expect(200)
        assert worker.memory_info().rss - before < 64 * MIB


def sent_until_held_back(talk: Line, size: int, block: bytes) -> int:
    """How many bytes of messages fit between the two before sending has to wait."""
    plain: socket.socket = talk.plain.sock
    plain.settimeout(0.5)
    sent = 0
    try:
        while sent < size:
            talk.plain.send(sent.to_bytes(8, "big") + block)
            sent += len(block)
    except TimeoutError:
        pass
    return sent


def test_a_worker_that_dies_loses_nothing_that_it_told_of(live):
    server = live(workers=2)
    client = Client.of(server)
    link = client.make_link()
    data, name = content(4 * MIB), key()
    with line(client, name) as talk:
        started(talk, link, "x.bin", data)
        for start in (0, 2 * MIB):
            talk.put(start, data[start : start + MIB])
            talk.hear("progress")
        server.kill()
    server.start()
    with line(client, name) as talk:
        assert started(talk, link, "x.bin", data)["missing_ranges"] == [
            [MIB, 2 * MIB - 1],
            [3 * MIB, 4 * MIB - 1],
        ]
        for start in (MIB, 3 * MIB):
            talk.put(start, data[start : start + MIB])
            talk.hear("progress")
        talk.hear("complete")
    assert (link.disk / "x.bin").read_bytes() == data


@pytest.mark.parametrize(
    "url",
    [
        "http://www.googleapis.com/upload",
        "https://evil.example/upload",
        "https://www.googleapis.com:8443/upload",
        "https://user@www.googleapis.com/upload",
        "https://www.googleapis.com.evil.example/upload",
        "https://127.0.0.1/upload",
        "https://[::1/upload",
        "ftp://www.googleapis.com/",
        "",
    ],
)
def test_a_gdrive_url_that_is_none_is_refused(client, url):
    link = client.make_link()
    with line(client, key(), query=f"?gdrive_url={quote(url, safe='')}") as talk:
        talk.say(type="start", request=link.hash, path="x", size=1)
        assert talk.hear("error")["code"] == "destination_not_ready"
    assert link.client.call("GET", "/api/droppr/requests", owner=True).status == 200


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"),
        *("192.0.0.192", "192.88.99.1", "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1"),
        *("ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::8.8.8.8", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "64:ff9b:1::7f00:1"),
        *("", "localhost", "[::1]", "127.1", "0x7f.0.0.1", "1.2.3.4.5"),
    ],
)
def test_a_name_that_leads_home_is_not_followed(address):
    """Judged at the moment of connecting: a name that was harmless when it was looked at before helps nobody."""
    assert not is_public(address)
    remote = GoogleSession((GOOGLE,), lambda _: MIB, resolve=lambda *_: ["8.8.8.8", address])
    with pytest.raises(RemoteTrouble, match="not public") as caught:
        remote.held(f"https://{GOOGLE}/upload?upload_id=secret", OutgoingFile("u", "x", 1))
    assert caught.value.lasting
    assert "secret" not in str(caught.value)


def test_public_addresses_are_public():
    assert all(map(is_public, ["8.8.8.8", "142.250.74.74", "2a00:1450:4001:82f::200a", "2606:4700::1"]))
    assert all(map(is_public, ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"])), "IPv4 in another form"


@pytest.fixture
def google(tmp_path: Path) -> Iterator[tuple[FakeDrive, dict[str, str]]]:
    """A strict Drive under Google's name with TLS, and what a server needs to find it there."""
    trusted, context = self_signed(tmp_path, GOOGLE)
    with FakeDrive(context).running() as drive:
        environment = {
            "DROPPR_TEST_ELSEWHERE": f"{GOOGLE}=8.8.8.8={drive.port}",
            "SSL_CERT_FILE": str(trusted),
            "PYTHONPATH": f"{PROJECT / 'tests/support/elsewhere'}:{MEDIA_SERVER}",
        }
        yield drive, environment
        assert drive.violations == []


def test_a_file_goes_on_to_a_session_that_its_sender_began(live, google):
    drive, environment = google
    server: LiveServer = live(workers=2, **environment)
    client = Client.of(server)
    link = client.make_link()
    data = content(9 * MIB + 3)
    session = drive.session_at({"name": "from-ws.bin"}, len(data)).replace(drive.url, f"https://{GOOGLE}")
    with line(client, key(), query=f"?gdrive_url={quote(session, safe='')}") as talk:
        started(talk, link, "x.bin", data)
        for start in range(0, len(data), 2 * MIB):
            talk.put(start, data[start : start + 2 * MIB])
            talk.hear("progress")
        talk.hear("complete")
        while talk.hear("passing_on")["state"] != "done":
            pass
        assert talk.closed() == 1000
    assert drive.stored() == {"from-ws.bin": data}
    assert (link.disk / "x.bin").read_bytes() == data
    assert link.files()[0]["passed_on"]["state"] == "done"
    assert "upload_id=" not in server.log.read_text()
    assert session not in json.dumps(link.files())


def test_a_session_that_google_forgot_leaves_the_local_copy(live, google):
    drive, environment = google
    client = Client.of(live(workers=1, **environment))
    link = client.make_link()
    session = drive.session_at({"name": "x"}, 10).replace(drive.url, f"https://{GOOGLE}")
    drive.sessions.clear()
    with line(client, key(), query=f"?gdrive_url={quote(session, safe='')}") as talk:
        started(talk, link, "x.bin", b"0123456789")
        talk.put(0, b"0123456789")
        talk.hear("progress")
        talk.hear("complete")
        told = talk.hear("passing_on")
        while told["state"] not in ("failed", "done"):
            told = talk.hear("passing_on")
        assert told["state"] == "failed"
        assert "no longer knows" in told["error"]
    assert (link.disk / "x.bin").read_bytes() == b"0123456789"
