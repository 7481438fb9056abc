"""What reads the bytes of strangers, each as a function of bytes that must take anything: it raises only what it says.

``TARGETS`` makes each of them; ``SEEDS`` has for each what a fuzzer begins with. They run under atheris (``fuzz.py``) and without it.
"""

from __future__ import annotations

import atexit
import json
import shutil
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from app import create_app
from app.core.errors import UploadError
from app.core.pack import PackReader
from app.core.paths import RelPath
from app.settings import Settings
from app.web.server.proxies import caller
from app.web.wire.headers import chunk_headers, percent_decoded
from app.web.wire.upload_bodies import packed_files
from app.wiring import build
from tests.support.actors import OWNER

Target = Callable[[bytes], None]
PACK_BYTES = 64 * 1024
_NAMES = (
    "X-Upload-Id", "X-Upload-Offset", "X-Upload-End", "X-Upload-Length", "X-Chunk-Index", "X-Upload-Path", "X-Upload-Name",
    "X-Upload-Key", "Content-Range", "Content-Digest", "X-Request-Password", "X-Forwarded-For",
)  # fmt: skip


class Pieces:
    """A body that comes in pieces of ``size`` bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        self._left = memoryview(data)
        self._size = size

    def readinto(self, buffer: memoryview) -> int:
        piece = self._left[: min(self._size, len(buffer))]
        buffer[: len(piece)] = piece
        self._left = self._left[len(piece) :]
        return len(piece)

    def move(self, descriptor: int, offset: int, most: int) -> int:
        raise NotImplementedError


def header_target() -> Target:
    """Each line is a header: its first byte chooses the name, the rest is the value."""

    def read(data: bytes) -> None:
        headers = Headers()
        length = data[0] if data and data[0] < 250 else None
        for line in data[1:].split(b"\n"):
            if line and b"\r" not in line and b"\0" not in line:
                headers.add(_NAMES[line[0] % len(_NAMES)], line[1:].decode("latin-1"))
        caller("127.0.0.1", headers.get("X-Forwarded-For", ""), (), by_nginx=False)
        caller(None, headers.get("X-Forwarded-For", ""), (), by_nginx=True)
        with suppress(UploadError):
            percent_decoded(headers, "X-Request-Password")
        try:
            found = chunk_headers(headers, length)
        except UploadError:
            return
        if found.span is not None:
            assert 0 <= found.span.start < found.span.stop
            assert length in (None, found.span.length)
            assert found.total is None or found.span.stop <= found.total

    return read


def pack_target() -> Target:
    """What a pack says must not depend on the pieces it comes in."""

    def told(data: bytes, size: int) -> list[object]:
        files: list[object] = []
        try:
            for command, body in packed_files(PackReader(Pieces(data, size)), PACK_BYTES):
                content = b""
                buffer = memoryview(bytearray(777))
                while count := body.readinto(buffer):
                    content += buffer[:count]
                files.append((command.message if isinstance(command, UploadError) else command, content))
                assert isinstance(command, UploadError) or len(content) == command.size
        except UploadError as error:
            files.append((error.code, error.message))
        return files

    def read(data: bytes) -> None:
        whole = told(data[1:], 1 << 20)
        again = told(data[1:], 1 + (data[0] if data else 0))
        # Times that are no number equal nothing, themselves included.
        assert repr(whole) == repr(again)

    return read


_folders: list[Path] = []


@atexit.register
def remove_folders() -> None:
    """Also to be called where a process ends without what it was to do at its end, as pytest's workers do."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


class _Server:
    """The app on a data folder in memory, with one link."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="droppr-fuzz-", dir="/dev/shm"))
        _folders.append(folder)
        facts: dict[str, Any] = {
            "data_dir": folder,
            "admin_token": "of-no-use-to-anybody",
            "rate_limit_uploads": "1000000000 per hour",
            "log_level": "ERROR",
        }
        settings = Settings(_env_file=None, **facts)  # type: ignore[call-arg]
        services = build(settings)
        self.hash = services.links.file_requests.create(RelPath.parse("inbox"), {}, OWNER).hash
        self.app: Flask = create_app(settings, services)
        self.folder = folder
        self._calls = 0

    def call(self, name: str, data: bytes, content_type: str) -> None:
        """POST to a call on the link; whatever comes back is no fault, and in the one shape."""
        client = self.app.test_client()
        reply = client.post(
            f"/api/droppr/requests/{self.hash}/{name}",
            input_stream=BytesIO(data),
            content_length=len(data),
            content_type=content_type,
        )
        assert reply.status_code < 500 or reply.status_code in (503, 507), reply.data
        value = json.loads(reply.data, parse_constant=_refuse)
        assert reply.status_code < 400 or {"error", "code"} <= value.keys(), value
        self._tidy()

    def talk(self, said: bytes) -> None:
        """A WebSocket on which all this is said; nothing in HTTP comes back after the handshake."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            with suppress(BlockingIOError):
                ours.send(said)
            ours.shutdown(socket.SHUT_WR)
            headers = [
                ("Connection", "Upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "a2tra2tra2tra2tra2tra2s="),
            ]
            environ = EnvironBuilder(f"/ws_api/upload_parallel/{'k' * 32}", headers=headers).get_environ()
            environ["gunicorn.socket"] = theirs
            started: list[str] = []
            with suppress(StopIteration):  # It says that the connection is taken.
                self.app(environ, lambda status, *_: started.append(status))  # type: ignore[arg-type]
            assert not started, f"an answer in HTTP on a WebSocket: {started}"
            heard = b""
            with suppress(BlockingIOError):
                while piece := ours.recv(65536):
                    heard += piece
            assert heard.startswith(b"HTTP/1.1 101 "), heard[:100]
            assert b"HTTP/1." not in heard[4:].partition(b"\r\n\r\n")[2], heard
        self._tidy()

    def _tidy(self) -> None:
        self._calls += 1
        if self._calls % 500 == 0:
            for folder in (self.folder / "files" / "inbox", self.folder / "uploads"):
                for entry in folder.iterdir() if folder.exists() else ():
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def json_target() -> Target:
    """The first byte chooses the call."""
    server = _Server()
    calls = ("uploads", "folders", "handoffs", "receipts", "arrived")

    def read(data: bytes) -> None:
        server.call(calls[data[0] % len(calls)] if data else "uploads", data[1:], "application/json")

    return read


def form_target() -> Target:
    server = _Server()
    kinds = ("multipart/form-data; boundary=x", "multipart/form-data; boundary=xy", "application/x-www-form-urlencoded")

    def read(data: bytes) -> None:
        server.call("upload", data[1:], kinds[data[0] % len(kinds)] if data else kinds[0])

    return read


def socket_target() -> Target:
    """The bytes are cut into frames: first byte, size, then so many bytes; a size of 255 leaves the rest as it is."""
    server = _Server()

    def frames(data: bytes) -> bytes:
        said = b""
        while len(data) > 1:
            first, size, data = data[0], data[1], data[2:]
            if size == 255:
                return said + data
            # Sixteen times as long: what is deep or long is worth a try.
            text, data = data[:size] * (16 if size > 200 else 1), data[size:]
            length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
            said += bytes([first]) + length + b"\0\0\0\0" + text
        return said

    def read(data: bytes) -> None:
        server.talk(frames(data))

    return read


TARGETS: dict[str, Callable[[], Target]] = {
    "headers": header_target,
    "pack": pack_target,
    "socket": socket_target,
    "json": json_target,
    "form": form_target,
}
_START = json.dumps({"type": "start", "request": "A" * 32, "path": "a", "size": 3}).encode()
SEEDS: dict[str, list[bytes]] = {
    "headers": [
        b"\x03\x08bytes 0-2/9\n\x05a%20b.txt\n\x09sha-256=:AAAA:",
        b"\xff\x01" + b"0\n\x025\n\x0399\n\x041\n\x07" + b"k" * 22 + b"\n\x00" + b"u" * 32,
        b"\x03\x010\n\x04\x1f1",
        b"\x00\x0a%ff\n\x0b1.2.3.4, [::1]:80, fe80::1%eth0",
    ],
    "pack": [
        b"\x01" + b'{"path":"a.txt","size":3}\nabc{"path":"b/c","size":0,"key":"' + b"k" * 22 + b'"}\n',
        b'\x07{"path":"../x","size":2,"last_modified":1e999}\nab{"path":"b","size":-1}\n',
        b'\x40{"path":"a","size":9}\nab',
    ],
    "socket": [
        b"\x81" + bytes([len(_START)]) + _START + b"\x82\x0a" + b"\0" * 8 + b"ab" + b"\x88\x02\x03\xe8",
        b"\x81\xc9" + b"[" * 201,
        b"\x01\x03{\"a\x00\x00\x80\x01}\x89\x01p\x8a\x00",
        b"\x81\xff\x81\xfe\xff\xff",
    ],
    "json": [
        b'\0{"path":"a.txt","size":3,"key":"' + b"k" * 22 + b'","last_modified":1.5}',
        b'\1{"paths":["a/b","c"]}',
        b'\2{"uploads":["' + b"u" * 32 + b'"]}',
        b'\3{"uploads":[1,"\\ud800"]}',
        b"\0" + b"[" * 3000,
    ],
    "form": [
        b'\0--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc\r\n--x--\r\n',
        b'\0--x\r\nContent-Disposition: form-data; name="relative_path"\r\n\r\nb/c\r\n'
        b"--x\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''%e4\r\nContent-Type: a/b\r\n\r\n\r\n--x--",
        b"\1--xy\r\n\r\n\r\n--xy--",
        b"\2a=1&b=2&file=c",
    ],
}  # fmt: skip
