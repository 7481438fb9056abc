"""Requests to a store: one that has closed the connection meanwhile, as one does that was started again, and what is read out of answers."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from xml.etree import ElementTree

import pytest
from botocore.credentials import Credentials

from app.core.errors import Busy, StorageFull
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.signing import Signer
from app.storage.cluster.wire import NoSuchUpload, Piece, Wire
from tests.support.files import content

DATA = content(300_000, 1)


class Store:
    """Takes one request a connection, says that all is well, and closes it."""

    def __init__(self, requests: int) -> None:
        self._left = requests
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bodies: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(60)

    def _run(self) -> None:
        with self._listener:
            while self._left:
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    return
                with connection, connection.makefile("rb") as request:
                    lines = iter(request.readline, b"\r\n")
                    length = sum(int(line.split()[1]) for line in lines if line.lower().startswith(b"content-length:"))
                    body = request.read(length)
                    if len(body) < length:
                        continue  # It never had it all.
                    self.bodies.append(body)
                    self._left -= 1
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def wire(store: Store) -> Wire:
    credentials = Credentials("a", "b")
    return Wire(store.url, Signer("us-east-1", lambda: credentials), None)


@pytest.fixture
def piece() -> Piece:
    descriptor = os.memfd_create("droppr")
    os.write(descriptor, DATA)
    return Piece(descriptor, 100, len(DATA) - 100)


def put(line: Wire, body: Piece) -> None:
    with line.answer("PUT", "bucket/key", body=body) as reply:
        assert (reply.status, reply.read()) == (200, b"")


def test_a_body_goes_over_another_connection_where_the_last_one_was_closed(piece: Piece) -> None:
    store = Store(requests=3)
    line = wire(store)
    for _ in range(3):
        put(line, piece)
    store.join()
    assert store.bodies == [DATA[100:]] * 3


def test_a_store_that_is_away_is_busy(piece: Piece) -> None:
    store = Store(requests=1)
    line = wire(store)
    put(line, piece)
    store.join()
    with pytest.raises(Busy):
        put(line, piece)


class Sayer:
    """Says the same to every request of one connection, and keeps what it was asked."""

    def __init__(self, said: bytes, status: str = "200 OK") -> None:
        self._reply = f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: list[tuple[str, bytes]] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self._listener:
            connection, _ = self._listener.accept()
            with connection, connection.makefile("rb") as request:
                while line := request.readline():
                    headers = {name.lower(): value for name, _, value in map(_header, iter(request.readline, b"\r\n"))}
                    body = request.read(int(headers["content-length"]))
                    assert headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
                    assert not [name for name in headers if "checksum" in name], "that would be the whole object's"
                    self.asked.append((line.decode().split()[1], body))
                    connection.sendall(self._reply)


def _header(line: bytes) -> tuple[str, str, str]:
    name, colon, value = line.decode().partition(":")
    return name, colon, value.strip()


def bucket_of(store: Sayer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in {"ENDPOINT_URL_S3": store.url, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return Bucket(Place.parse("s3://bucket/below"))


def test_a_multipart_upload_is_begun_and_completed_by_its_parts_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    said = b'<?xml version="1.0"?><R xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><UploadId>a/b</UploadId></R>'
    store = Sayer(said)
    bucket = bucket_of(store, monkeypatch)
    assert bucket.begin("x/whole") == "a/b"
    bucket.complete("x/whole", "a/b", [(3, "e3"), (7, "<e7>")])
    (begun, nothing), (completed, parts) = store.asked
    assert (begun, nothing) == ("/bucket/below/x/whole?uploads=", b"")
    assert completed == "/bucket/below/x/whole?uploadId=a%2Fb"
    page = ElementTree.fromstring(parts)
    assert page.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}CompleteMultipartUpload"
    assert [[each.text for each in part] for part in page] == [["3", '"e3"'], ["7", '"<e7>"']]


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        ("200 OK", b"<Error><Code>InternalError</Code></Error>", Busy),
        ("200 OK", b'  \r\n <Error xmlns="urn:any"><Code>NoSuchUpload</Code></Error>', NoSuchUpload),
        ("200 OK", b"<Error/>", Busy),
        ("200 OK", b"", Busy),
        ("200 OK", b"<Comple", Busy),
        ("404 Not Found", b"<Error><Code>NoSuchUpload</Code></Error>", NoSuchUpload),
        ("400 Bad Request", b"<Error><Code>InvalidPart</Code></Error>", NoSuchUpload),
        ("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>", Busy),
        ("507 Full", b"", StorageFull),
    ],
    ids=str,
)
def test_what_a_store_says_of_the_end_of_an_upload_is_read_even_where_all_seems_well(
    monkeypatch: pytest.MonkeyPatch, status: str, said: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bucket_of(Sayer(said, status), monkeypatch).complete("whole", "id", [(1, "e")])


def test_a_beginning_without_an_id_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Busy):
        bucket_of(Sayer(b"<R/>"), monkeypatch).begin("whole")
