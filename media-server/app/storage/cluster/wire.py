"""Requests to an S3 store on the way of the bytes: signed here, sent by the kernel where the connection is plain.

The store's own library copies each part several times and digests it once more. Here a part goes from its file to the socket. What
lets the store refuse bytes that were altered on the way is their SHA-256, where that is known already; else the TLS of the line, and on
a plain one a CRC-32C, a fourth of the work, where the store compares it, else their SHA-256 all the same. Every request may be sent twice without harm.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import logging
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from app.core.digests import ALGORITHMS
from app.core.errors import Busy, StorageFull
from app.storage.cluster.signing import UNSIGNED, Signer, host_of, queried, quoted
from app.storage.sql.database import PerProcess, Pool

log = logging.getLogger("droppr.store")

IDLE_CONNECTIONS = 16
SECONDS, LONG_SECONDS = 30.0, 60.0
"""How long the store may be silent, and where it has to do more than to take or to give."""
PIECE_BYTES = 1024 * 1024
DIGESTED_BYTES = 256 * 1024
"""So much is read at once to be digested: it stays in the processor's own memory."""
RETRY_AFTER_SECONDS = 5
TRIES = 2
EMPTY_SHA256 = hashlib.sha256().hexdigest()
_MOST_TROUBLE = 64 * 1024
_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_GONE = {"NoSuchUpload", "InvalidPart"}
_MISSING = {"NoSuchKey", "404", "NotFound"}
_FULL = {"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull", "EntityTooLarge"}


class NoSuchUpload(Exception):
    """The store knows no such multipart upload (any more), or not the parts that it had."""


class NoSuchObject(Exception):
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an open file, as the body of a request."""

    descriptor: int
    offset: int
    length: int
    sha256: str | None = None
    """Where it is known already."""

    def read(self) -> bytes:
        """Its bytes, where they are few."""
        return os.pread(self.descriptor, self.length, self.offset)


NOTHING = Piece(-1, 0, 0, EMPTY_SHA256)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, twice where it has to be."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Piece
    payload: str
    """What the signature says of the body."""
    seconds: float = SECONDS
    """How long the store may be silent."""


class Wire:
    """Connections to the store at ``endpoint``, those of each process its own. With ``signs_bodies`` each body's SHA-256 is in its
    signature; ``compares_crc32c`` says whether the store refuses bytes of another CRC-32C, and is asked where the line is plain."""

    def __init__(
        self,
        endpoint: str,
        signer: Signer,
        authorities: str | None,
        *,
        signs_bodies: bool = False,
        compares_crc32c: Callable[[], bool] = lambda: False,
    ) -> None:
        self._endpoint = urlsplit(endpoint)
        self._host, self._below = host_of(self._endpoint), self._endpoint.path.rstrip("/")
        self._signs_bodies = signs_bodies
        self._compares_crc32c = compares_crc32c
        self._heard: tuple[str, float] | None = None
        # It compares what was signed, and takes a digest of a part only where all were announced when the upload began.
        self._is_amazons = (self._endpoint.hostname or "").endswith(".amazonaws.com")
        self._signer = signer
        self._context = ssl.create_default_context(cafile=authorities) if self._endpoint.scheme == "https" else None
        broken = (OSError, http.client.HTTPException)
        self._connections: PerProcess[Pool[http.client.HTTPConnection]] = PerProcess(
            lambda: Pool(self._connected, http.client.HTTPConnection.close, broken, IDLE_CONNECTIONS)  # type: ignore[arg-type]
        )

    @property
    def ahead_seconds(self) -> float | None:
        """How much later it was here than by the store's clock at its last answer, which says whole seconds; None where it said nothing."""
        if self._heard is None:
            return None
        told, at = self._heard
        try:
            return at - parsedate_to_datetime(told).timestamp()
        except ValueError:
            return None

    @contextmanager
    def answer(
        self, method: str, path: str, query: dict[str, str] | None = None, body: Piece = NOTHING, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request; its reply, of which the block may read as much as it wants. Raises NoSuchUpload, NoSuchObject, Busy,
        StorageFull."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        payload, proof = self._proved(body)
        with self._answered(_Request(method, path, query or {}, named | proof, body, payload)) as reply:
            yield reply

    def told(self, path: str, query: dict[str, str], said: bytes = b"") -> Element:
        """What the store says to a document. Raises what ``answer`` raises."""
        with _held(said) as body:
            request = _Request("POST", path, query, {}, body, hashlib.sha256(said).hexdigest(), LONG_SECONDS)
            with self._answered(request) as reply:
                try:
                    # Some begin with spaces while they are at it.
                    page = ElementTree.fromstring(reply.read(_MOST_TROUBLE).strip())
                except ElementTree.ParseError as error:
                    raise away(error) from error
        # It has said that all is well before it knew.
        if page.tag.rpartition("}")[2] == "Error":
            raise troubled(page.findtext("{*}Code") or "", 500)
        return page

    @contextmanager
    def _answered(self, request: _Request) -> Iterator[http.client.HTTPResponse]:
        pool = self._connections.own()
        connection, reply = self._sent(pool, request)
        trouble: BaseException | None = None
        try:
            if reply.status >= 300:
                raise troubled(_code_of(reply), reply.status)
            yield reply
        except (OSError, http.client.HTTPException) as error:
            trouble = error
            raise away(error) from error
        except BaseException as error:
            trouble = error
            raise
        finally:
            # What nobody read would be taken for the next reply.
            rest = OSError() if not reply.isclosed() else None
            pool.give_back(connection, trouble if isinstance(trouble, OSError) else rest)

    def takes(self, path: str, query: dict[str, str], body: Piece, told: dict[str, str]) -> bool:
        """Whether the store takes a body that is not signed, of which ``told`` are the digests. Raises Busy where it does not say."""
        pool = self._connections.own()
        connection, reply = self._sent(pool, _Request("PUT", path, query, told, body, UNSIGNED))
        reply.read(_MOST_TROUBLE)
        pool.give_back(connection, None if reply.isclosed() else OSError())
        return _is_taken(reply.status)

    def takes_at(self, url: str, data: bytes, headers: dict[str, str]) -> bool:
        """Whether the store takes these bytes at a URL that is signed. Raises Busy where it cannot be asked, or does not say."""
        connection = self._connected()
        try:
            parts = urlsplit(url)
            connection.request("PUT", f"{parts.path}?{parts.query}", data, {**headers, "Host": self._host})
            return _is_taken(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            raise away(error) from error
        finally:
            connection.close()

    def _proved(self, body: Piece) -> tuple[str, dict[str, str]]:
        """What the signature says of a body, and the headers by which the store can tell whether it is the right one."""
        if not body.length:
            return EMPTY_SHA256, {}
        is_plain = self._context is None
        sha256 = body.sha256
        if sha256 is None and (self._signs_bodies or (is_plain and (self._is_amazons or not self._compares_crc32c()))):
            sha256 = _digested(body, "sha-256").hex()
        if not is_plain or self._is_amazons:
            return sha256 or UNSIGNED, {}
        # Some stores never compare what was signed, but all compare these, or pass over them.
        if sha256 is not None:
            return sha256, _told("sha256", bytes.fromhex(sha256))
        return UNSIGNED, _told("crc32c", _digested(body, "crc32c"))

    def _sent(
        self, pool: Pool[http.client.HTTPConnection], request: _Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        for tries_left in reversed(range(TRIES)):
            connection = pool.take()
            try:
                self._send(connection, request)
                reply = connection.getresponse()
                told = reply.headers.get("Date")
                self._heard = (told, time.time()) if told else None
                return connection, reply
            except (OSError, http.client.HTTPException) as error:
                # A connection that was idle may have been closed meanwhile; so may all others.
                pool.give_back(connection, OSError())
                pool.empty()
                if not tries_left:
                    raise away(error) from error
            except BaseException:
                pool.give_back(connection, OSError())
                raise
        raise AssertionError("unreachable")

    def _send(self, connection: http.client.HTTPConnection, request: _Request) -> None:
        body = request.body
        path, query = quoted(f"{self._below}/{request.path}"), queried(request.query)
        signed = self._signer.headers(request.method, self._host, path, query, request.headers, request.payload)
        connection.putrequest(request.method, f"{path}?{query}" if query else path, skip_accept_encoding=True)
        for name, value in signed.items():
            connection.putheader(name, value)
        if body.length or request.method in ("PUT", "POST"):
            connection.putheader("Content-Length", str(body.length))
        connection.endheaders()
        connection.sock.settimeout(request.seconds)
        if body.length:
            _stream(connection.sock, body)

    def _connected(self) -> http.client.HTTPConnection:
        host, port = self._endpoint.hostname or "", self._endpoint.port
        if self._context is not None:
            return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=SECONDS)


@contextmanager
def _held(said: bytes) -> Iterator[Piece]:
    """A document as a stretch of a file, which has no place but memory."""
    descriptor = os.memfd_create("droppr")
    try:
        os.pwrite(descriptor, said, 0)
        yield Piece(descriptor, 0, len(said))
    finally:
        os.close(descriptor)


def troubled(code: str, status: int) -> Exception:
    """What a reply that is none means to us."""
    if code in _GONE:
        return NoSuchUpload()
    # A bucket that is not there is trouble: some stores say so as long as they have not found it again. To HEAD they say no code.
    if code in _MISSING or (status == 404 and not code):
        return NoSuchObject()
    log.warning("the store refuses a request", extra={"code": code, "status": status})
    if code in _FULL or status == 507:
        return StorageFull()
    return Busy(retry_after=RETRY_AFTER_SECONDS)


def _is_taken(status: int) -> bool:
    """Raises Busy where the store could not say."""
    if status >= 500 or 300 <= status < 400:
        raise away(ValueError())
    return status < 300


def away(error: Exception) -> Busy:
    """The store cannot be spoken to."""
    log.warning("the store cannot be reached", extra={"kind": type(error).__name__})
    return Busy(retry_after=RETRY_AFTER_SECONDS)


class _Sendable:
    """An open file as ``socket.sendfile`` wants it: nobody's position in it is moved. It is read where the kernel does not send it by
    itself. One reason for that is a connection that the store has closed meanwhile, and sending what was read says so."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def fileno(self) -> int:
        return self._descriptor

    def seek(self, position: int) -> None:
        self._position = position

    def read(self, most: int) -> bytes:
        data = os.pread(self._descriptor, most, self._position)
        self._position += len(data)
        return data


def _stream(connection: Any, body: Piece) -> None:
    if not isinstance(connection, ssl.SSLSocket):
        sent = connection.sendfile(_Sendable(body.descriptor), body.offset, body.length)
        if sent != body.length:
            raise OSError("the file ended too early")
        return
    position, stop = body.offset, body.offset + body.length
    while position < stop:
        data = os.pread(body.descriptor, min(PIECE_BYTES, stop - position), position)
        if not data:
            raise OSError("the file ended too early")
        connection.sendall(data)
        position += len(data)


def _told(algorithm: str, digest: bytes) -> dict[str, str]:
    return {f"x-amz-checksum-{algorithm}": base64.b64encode(digest).decode()}


def _digested(body: Piece, algorithm: str) -> bytes:
    digest, position, stop = ALGORITHMS[algorithm](), body.offset, body.offset + body.length
    buffer = memoryview(bytearray(min(DIGESTED_BYTES, body.length)))
    while position < stop:
        count = os.preadv(body.descriptor, [buffer[: stop - position]], position)
        if not count:
            raise OSError("the file ended too early")
        digest.update(buffer[:count])
        position += count
    return digest.digest()


def _code_of(reply: http.client.HTTPResponse) -> str:
    found = _CODE.search(reply.read(_MOST_TROUBLE))
    return found[1].decode() if found else ""
