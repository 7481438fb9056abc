"""Requests to an S3 store on the way of the bytes: signed here, sent by the kernel where the connection is plain.

The store's own library copies each part several times and digests it once more. Here a part goes from its file to the socket, and
its SHA-256, which is signed, lets the store refuse what was altered on the way. Every request may be sent twice without harm.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from app.core.errors import Busy, StorageFull
from app.storage.sql.database import PerProcess, Pool

log = logging.getLogger("droppr.store")

IDLE_CONNECTIONS = 16
SECONDS = 30.0
"""How long the store may be silent."""
PIECE_BYTES = 1024 * 1024
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
    sha256: str

    @classmethod
    def of(cls, descriptor: int, offset: int, length: int, sha256: str | None = None) -> Piece:
        """The stretch, digested where its SHA-256 is not known."""
        return cls(descriptor, offset, length, sha256 or _sha256_of(descriptor, offset, length))

    def read(self) -> bytes:
        """Its bytes, where they are few."""
        return os.pread(self.descriptor, self.length, self.offset)


NOTHING = Piece(-1, 0, 0, EMPTY_SHA256)


class Wire:
    """Connections to the store at ``endpoint``, those of each process its own. ``credentials`` are asked for with each request."""

    def __init__(self, endpoint: str, region: str, credentials: Callable[[], Any], authorities: str | None) -> None:
        self._endpoint = urlsplit(endpoint)
        self._region = region
        self._credentials = credentials
        self._context = ssl.create_default_context(cafile=authorities) if self._endpoint.scheme == "https" else None
        broken = (OSError, http.client.HTTPException)
        self._connections: PerProcess[Pool[http.client.HTTPConnection]] = PerProcess(
            lambda: Pool(self._connected, http.client.HTTPConnection.close, broken, IDLE_CONNECTIONS)  # type: ignore[arg-type]
        )

    @contextmanager
    def answer(
        self, method: str, path: str, query: dict[str, str] | None = None, body: Piece = NOTHING, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request; its reply, of which the block may read as much as it wants. Raises NoSuchUpload, NoSuchObject, Busy,
        StorageFull."""
        pool = self._connections.own()
        connection, reply = self._sent(pool, method, path, query or {}, body, headers)
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

    def _sent(
        self,
        pool: Pool[http.client.HTTPConnection],
        method: str,
        path: str,
        query: dict[str, str],
        body: Piece,
        headers: dict[str, str],
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        for tries_left in reversed(range(TRIES)):
            connection = pool.take()
            try:
                self._send(connection, method, path, query, body, headers)
                return connection, connection.getresponse()
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

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        query: dict[str, str],
        body: Piece,
        headers: dict[str, str],
    ) -> None:
        target = quote(f"{self._endpoint.path.rstrip('/')}/{path}", safe="/-_.~")
        if query:
            target += "?" + "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(query.items()))
        request = AWSRequest(method, f"{self._endpoint.scheme}://{self._endpoint.netloc}{target}")
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value
        _Signer(self._credentials(), self._region, body.sha256).add_auth(request)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() != "host":
                connection.putheader(name, value)
        if body.length or method == "PUT":
            connection.putheader("Content-Length", str(body.length))
        connection.endheaders()
        if body.length:
            _stream(connection.sock, body)

    def _connected(self) -> http.client.HTTPConnection:
        host, port = self._endpoint.hostname or "", self._endpoint.port
        if self._context is not None:
            return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=SECONDS)


def troubled(code: str, status: int) -> Exception:
    """What a reply that is none means to us."""
    if code in _GONE:
        return NoSuchUpload()
    if code in _MISSING or status == 404:
        return NoSuchObject()
    log.warning("the store refuses a request", extra={"code": code, "status": status})
    if code in _FULL or status == 507:
        return StorageFull()
    return Busy(retry_after=RETRY_AFTER_SECONDS)


def away(error: Exception) -> Busy:
    """The store cannot be spoken to."""
    log.warning("the store cannot be reached", extra={"kind": type(error).__name__})
    return Busy(retry_after=RETRY_AFTER_SECONDS)


class _Signer(S3SigV4Auth):  # type: ignore[misc]
    """Signs a body by a digest that is known already."""

    def __init__(self, credentials: Any, region: str, sha256: str) -> None:
        super().__init__(credentials, "s3", region)
        self._sha256 = sha256

    def payload(self, request: Any) -> str:
        del request
        return self._sha256


class _Sendable:
    """An open file as ``socket.sendfile`` wants it: nobody's position in it is moved."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


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


def _sha256_of(descriptor: int, offset: int, length: int) -> str:
    digest = hashlib.sha256()
    while length:
        data = os.pread(descriptor, min(PIECE_BYTES, length), offset)
        if not data:
            raise OSError("the file ended too early")
        digest.update(data)
        offset, length = offset + len(data), length - len(data)
    return digest.hexdigest()


def _code_of(reply: http.client.HTTPResponse) -> str:
    found = _CODE.search(reply.read(_MOST_TROUBLE))
    return found[1].decode() if found else ""
