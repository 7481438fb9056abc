"""A small client that says exactly what a test tells it to, and nothing by itself: no retry, no redirect."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from json import dumps
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote, urlsplit
from uuid import uuid4

import urllib3

from app.storage.disk.range_lock import ask
from tests.support.files import eventually, spans
from tests.support.live import LiveServer

_addresses = count()


@dataclass(frozen=True)
class Reply:
    """What came back, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error's stable code, None where it is no error."""
        value = json.loads(self.body or b"null") if "json" in self.headers.get("Content-Type", "") else None
        return value.get("code") if isinstance(value, dict) else None

    def expect(self, status: int, code: str | None = None) -> Self:
        """Itself, when status and code are these."""
        assert (self.status, self.code) == (status, code), f"{self.status} {self.body[:400]!r}, not {status} {code}"
        return self


def patiently(ask: Callable[[], Reply]) -> Reply:
    """What is answered in the end: to whom a server says that it is busy, as one may be whose machine has much else to do, clients
    come again."""

    def answered() -> Reply | None:
        reply = ask()
        return None if reply.code == "busy" else reply

    reply = eventually(answered, seconds=100, what="a server that is not busy")
    assert reply is not None
    return reply


Judge = Callable[[str, str, Reply], None]


@dataclass(frozen=True)
class Client:
    """One sender or owner. ``source`` is the loopback address it comes from: all of 127/8 are different clients."""

    url: str
    token: str
    files_dir: Path
    source: str | None = None
    seconds: float = 60
    """How long it waits for an answer."""
    pool: urllib3.HTTPConnectionPool = field(init=False, repr=False)
    below: str = field(init=False, repr=False)
    judge: ClassVar[Judge | None] = None
    """Told of every reply, with the method and the path that were asked; raises where it is not as it should be."""

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        options: dict[str, Any] = {"source_address": (self.source, 0)} if self.source else {}
        pool = urllib3.HTTPConnectionPool(
            address.hostname or "", address.port, maxsize=64, timeout=urllib3.Timeout(self.seconds), **options
        )
        object.__setattr__(self, "pool", pool)
        object.__setattr__(self, "below", address.path)

    @classmethod
    def of(cls, server: LiveServer, source: str | None = None, url: str | None = None) -> Client:
        """A client of ``server``, straight or by way of the proxy at ``url``."""
        return cls(url or server.url, server.token, server.files_dir, source)

    def elsewhere(self) -> Client:
        """The same from an address that no other test has: what is limited by address counts for this one alone."""
        number = next(_addresses)
        return Client(self.url, self.token, self.files_dir, source=f"127.77.{number // 250}.{1 + number % 250}")

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        owner: bool = False,
    ) -> Reply:
        """One request and its whole reply. ``path`` goes out as it stands, below the path of the server's address."""
        sent = dict(headers or {})
        if owner:
            sent["Authorization"] = f"Bearer {self.token}"
        if json is not None:
            # In ASCII, so that a test can send what is no Unicode text: a lone surrogate.
            body = dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        reply = self.pool.request(
            method, self.below + path, body=body, headers=sent, retries=False, redirect=False, decode_content=False
        )
        found = Reply(reply.status, reply.headers, reply.data)
        if Client.judge:
            Client.judge(method, path, found)
        return found

    def make_link(self, **body: object) -> Link:
        """A fresh link with its own folder."""
        reply = self.call("POST", "/api/droppr/requests", json={"folder": f"t-{uuid4().hex}", **body}, owner=True)
        made = reply.expect(201).json
        return Link(self, made["hash"], made["folder"])


@dataclass(frozen=True)
class Link:
    """One request link as its holder sees it; the owner's views of it where the name says so."""

    client: Client
    hash: str
    folder: str

    @property
    def path(self) -> str:
        return f"/api/droppr/requests/{self.hash}"

    @property
    def disk(self) -> Path:
        """Where its files land."""
        return self.client.files_dir / self.folder

    def seen_by(self, client: Client) -> Link:
        return Link(client, self.hash, self.folder)

    def info(self) -> Reply:
        return self.client.call("GET", self.path)

    def change(self, **body: object) -> Reply:
        return self.client.call("PATCH", self.path, json=body, owner=True)

    def close(self) -> Reply:
        return self.client.call("DELETE", self.path, owner=True)

    def open(self, path: str, size: int, *, headers: Mapping[str, str] | None = None, **more: object) -> Reply:
        body = {"path": path, "size": size, **more}
        return self.client.call("POST", f"{self.path}/uploads", json=body, headers=headers)

    def opened(self, path: str, size: int, **more: Any) -> str:
        """The id of an upload that was opened without trouble."""
        upload_id: str = self.open(path, size, **more).expect(201).json["upload_id"]
        return upload_id

    def chunk(
        self,
        upload_id: str | None,
        start: int,
        data: bytes | memoryview,
        total: int,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One chunk in the preferred spelling; ``headers`` come on top."""
        sent = {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{total}"}
        if upload_id:
            sent["X-Upload-Id"] = upload_id
        return self.raw_chunk({**sent, **(headers or {})}, data, method=method)

    def raw_chunk(self, headers: Mapping[str, str], data: Any, *, method: str = "POST") -> Reply:
        """A chunk with these headers and no others."""
        return self.client.call(
            method,
            f"{self.path}/upload-chunk",
            body=data,
            headers={"Content-Type": "application/octet-stream", **headers},
        )

    def send(self, upload_id: str, data: bytes, step: int = 64 * 1024) -> Reply:
        """All of ``data`` in order; the last chunk's reply."""
        view = memoryview(data)
        replies = [self.chunk(upload_id, a, view[a:b], len(data)).expect(200) for a, b in spans(len(data), step)]
        return replies[-1]

    def deliver(self, path: str, data: bytes, **more: Any) -> Any:
        """Open and send a whole file; the JSON of the reply that says it is complete."""
        opened = self.open(path, len(data), **more).expect(201).json
        last = self.send(opened["upload_id"], data).json if data else opened
        assert last["complete"] is True
        return last

    def wait_until_claimed(self, upload_id: str) -> None:
        """Return once a request holds a place in the growing file. The kernel is asked: a chunk sent to find out would
        hold a place itself, and be in the way of the one that is waited for."""

        eventually(lambda: self.is_claimed(upload_id), what="a claim")

    def is_claimed(self, upload_id: str) -> bool:
        """Whether a request holds a place in the growing file."""
        with (self.client.files_dir.parent / "uploads" / upload_id / "data").open("rb+") as file:
            return ask(file.fileno(), fcntl.F_OFD_GETLK, fcntl.F_WRLCK, 0, 0) != fcntl.F_UNLCK

    def status(self, upload_id: str) -> Reply:
        return self.client.call("GET", f"{self.path}/uploads/{upload_id}")

    def cancel(self, upload_id: str) -> Reply:
        return self.client.call("DELETE", f"{self.path}/uploads/{upload_id}")

    def under_way(self) -> list[dict[str, Any]]:
        """What the owner sees as open."""
        listed: list[dict[str, Any]] = (
            self.client.call("GET", f"{self.path}/uploads", owner=True).expect(200).json["uploads"]
        )
        return listed

    def stop(self, upload_id: str) -> Reply:
        """Cancelled by the owner."""
        return self.client.call("DELETE", f"{self.path}/uploads/{upload_id}", owner=True)

    def stop_all(self) -> Reply:
        return self.client.call("DELETE", f"{self.path}/uploads", owner=True)

    def files(self) -> list[dict[str, Any]]:
        """What the owner sees as arrived."""
        listed: list[dict[str, Any]] = (
            self.client.call("GET", f"{self.path}/files", owner=True).expect(200).json["files"]
        )
        return listed

    def download(self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        return self.client.call(method, f"{self.path}/files/{quote(path)}", headers=headers, owner=True)

    def form(self, name: str, data: bytes, headers: Mapping[str, str] | None = None, **fields: str) -> Reply:
        """One small file as multipart/form-data."""
        parts: dict[str, Any] = {**fields, "file": (name, data)}
        body, kind = urllib3.encode_multipart_formdata(parts)
        return self.client.call(
            "POST", f"{self.path}/upload", body=body, headers={"Content-Type": kind, **(headers or {})}
        )
