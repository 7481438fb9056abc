"""An S3 store that throws away what it is sent and answers as if it had it, for what depends on a file's size and not on its bytes.

Parts can be put by saying how long they would be (``SAID``), without any bytes: so a file of gigabytes is there at once. It signs
nothing and asks for no signature. Each request is counted, by what it is for.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

SAID = "X-Bench-Length"
"""A header by which a part without bytes is one of so many."""
_PIECE = 1024 * 1024
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Sink:
    """The store from ``with`` to the end of the block, at ``host``; it has every bucket."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host

    def __enter__(self) -> Self:
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._objects: dict[str, int] = {}
        self._parts: dict[str, dict[int, int]] = {}
        sink: Sink = self

        class Handler(_Handler):
            store = sink

        self._server = _Server((self._host, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it."""
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
        return {"AWS_ENDPOINT_URL_S3": self.url, **keys}

    def did(self, what: str) -> None:
        with self._lock:
            self.asked[what] += 1

    def begin(self, key: str) -> str:
        self.did("create")
        with self._lock:
            multipart = f"{len(self._parts):032x}"
            self._parts[multipart] = {}
        return multipart

    def take(self, key: str, size: int) -> None:
        self.did("put")
        self._objects[key] = size

    def take_part(self, multipart: str, number: int, size: int) -> bool:
        """Whether there is such an upload."""
        self.did("part")
        found = self._parts.get(multipart)
        if found is not None:
            found[number] = size
        return found is not None

    def complete(self, key: str, multipart: str, numbers: list[int]) -> bool:
        self.did("complete")
        with self._lock:
            found = self._parts.pop(multipart, None)
        if found is None:
            return False
        self._objects[key] = sum(found[each] for each in numbers)
        return True

    def abort(self, multipart: str) -> bool:
        self.did("abort")
        return self._parts.pop(multipart, None) is not None

    def listed(self, multipart: str, after: int) -> list[tuple[int, int]] | None:
        """Numbers and sizes of parts."""
        self.did("list parts")
        found = self._parts.get(multipart)
        return None if found is None else [each for each in sorted(found.items()) if each[0] > after][:1000]

    def size(self, key: str) -> int | None:
        return self._objects.get(key)

    def delete(self, key: str) -> None:
        self.did("delete")
        self._objects.pop(key, None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever goes away without a word is nothing to tell of."""


class _Handler(BaseHTTPRequestHandler):
    store: Sink
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PUT(self) -> None:
        path, query = self._asked()
        size = self._thrown_away()
        if "partNumber" in query:
            size = int(self.headers.get(SAID, size))
            if not self.store.take_part(query["uploadId"], int(query["partNumber"]), size):
                self._missing("NoSuchUpload")
                return
        else:
            self.store.take(path, size)
        self._answer(headers={"ETag": f'"{hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()}"'})

    def do_POST(self) -> None:
        path, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "uploads" in query:
            key = f"<Key>{path}</Key><UploadId>{self.store.begin(path)}</UploadId>"
            self._answer(f"<InitiateMultipartUploadResult>{key}</InitiateMultipartUploadResult>")
        elif "uploadId" in query:
            numbers = [int(each) for each in re.findall(rb"<PartNumber>(\d+)<", body)]
            if self.store.complete(path, query["uploadId"], numbers):
                self._answer('<CompleteMultipartUploadResult><ETag>"x-1"</ETag></CompleteMultipartUploadResult>')
            else:
                self._missing("NoSuchUpload")
        else:
            self.store.did("delete")
            self._answer("<DeleteResult></DeleteResult>")

    def do_GET(self) -> None:
        path, query = self._asked()
        if "uploadId" in query:
            found = self.store.listed(query["uploadId"], int(query.get("part-number-marker", 0)))
            if found is None:
                self._missing("NoSuchUpload")
                return
            told = "".join(
                f'<Part><PartNumber>{n}</PartNumber><ETag>"x"</ETag><Size>{s}</Size></Part>' for n, s in found
            )
            more = "true" if len(found) == 1000 else "false"
            self._answer(f"<ListPartsResult><IsTruncated>{more}</IsTruncated>{told}</ListPartsResult>")
        elif "lifecycle" in query:
            self._missing("NoSuchLifecycleConfiguration")
        elif self.store.size(path) is None:
            self.store.did("list")
            self._answer("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        else:
            self._read(path)

    def do_HEAD(self) -> None:
        path, _ = self._asked()
        size = self.store.size(path)
        if path.strip("/").count("/") == 0:
            self._answer()
            return
        self.store.did("head")
        if size is None:
            self._answer(status=404)
        else:
            self._answer(headers={"Content-Length": str(size)})

    def do_DELETE(self) -> None:
        path, query = self._asked()
        if "uploadId" not in query:
            self.store.delete(path)
            self._answer(status=204)
        elif self.store.abort(query["uploadId"]):
            self._answer(status=204)
        else:
            self._missing("NoSuchUpload")

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _asked(self) -> tuple[str, dict[str, str]]:
        address = urlsplit(self.path)
        return address.path, {
            name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()
        }

    def _thrown_away(self) -> int:
        """How many bytes were sent."""
        left = size = int(self.headers.get("Content-Length", 0))
        buffer = memoryview(bytearray(min(_PIECE, size)))
        while left and (count := self.rfile.readinto(buffer[:left])):
            left -= count
        return size

    def _read(self, path: str) -> None:
        """Zeros, of which there is one for each byte."""
        self.store.did("get")
        size = self.store.size(path) or 0
        named = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(named[1]), min(int(named[2]), size - 1)) if named else (0, size - 1)
        self.send_response(206 if named else 200)
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        left, zeros = last - first + 1, bytes(_PIECE)
        while left > 0:
            left -= self.wfile.write(zeros[: min(left, _PIECE)])

    def _missing(self, code: str) -> None:
        self._answer(f"<Error><Code>{code}</Code></Error>", 404)

    def _answer(self, body: str = "", status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = (_HEAD + body).encode() if body else b""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
