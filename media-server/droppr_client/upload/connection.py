"""The data path: HTTP/1.1 over connections that stay open, each for one request at a time.

Chunks of files go from the file to the socket inside the kernel (``sendfile``) on plain http; on https they are read
and encrypted here. ``http.client`` underneath: with sendfile it moves about a third more than urllib3 does.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from droppr_client.upload import wire
from droppr_client.upload.overdue import within
from droppr_client.upload.problems import Cancelled, FileChanged, Refused, Retryable, Unreadable
from droppr_client.upload.proxies import proxy_for
from droppr_client.upload.sockets import SILENCE_SECONDS, is_open, readable, send_file, shut, spread_out
from droppr_client.upload.throttle import Chunk

CONNECT_SECONDS = 10.0
PIECE_BYTES = 256 * 1024
SLOWEST_BYTES_PER_SECOND = 1024
"""Bytes a second that a download carries at least; whoever sends less has gone, as far as we are concerned."""
NOBODY = 0
"""No thread has this number."""
PACED_FROM_SECONDS = 0.01
"""Seconds that connecting takes on lines where a burst fills a queue on its way."""
USER_AGENT = "droppr-client"
_AROUND = " \t\r\n\u00a0\u200b<>()[]{}\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_BEHIND = _AROUND + ".,;:!?\u2026*"

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, read to its end. ``document`` is empty where it was no JSON object; ``understood`` tells such a reply from
    one that had nothing to say. ``size`` is its body's in bytes."""

    status: int
    headers: http.client.HTTPMessage
    document: dict[str, Any]
    understood: bool = True
    size: int = 0

    @property
    def code(self) -> str | None:
        """Of a refusal."""
        return wire.sentence(self.document.get("code"))

    @property
    def retry_after(self) -> float | None:
        return wire.seconds(self.headers.get("Retry-After"))


class Connections:
    """Connections to one server, for any number of threads: whoever asks takes one that is idle, or makes one. ``abort`` ends all
    of them at once."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        address = address_of(url)
        self.host = address.netloc.rpartition("@")[2]
        self._hostname, self._port = str(address.hostname), address.port
        self._tls = (tls or ssl.create_default_context()) if address.scheme == "https" else None
        self._proxy = proxy_for(address)
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()
        self._idle: dict[http.client.HTTPConnection, int] = {}
        """With the thread that used each last, as each thread knows what its own connection carries."""
        self._coming = 0
        """How many are being made ahead."""
        self._aborted = threading.Event()

    def call(self, method: str, path: str, body: object = None, headers: Headers | None = None) -> Answer:
        """A request with a JSON body or none. Raises Retryable, Cancelled."""
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self._exchange(method, path, sent, data, None)

    def send(self, method: str, path: str, headers: Headers, chunk: Chunk) -> Answer:
        """A request that carries a chunk of a file. Raises Retryable, FileChanged, Cancelled."""
        return self._exchange(method, path, headers, b"", chunk)

    def ahead(self, count: int) -> float | None:
        """Make one more connection for requests to come, unless there are ``count`` in all: how many seconds it is there and back, None
        where none was made. What goes wrong, a request will say."""
        with self._lock:
            if len(self._open) + self._coming >= count:
                return None
            self._coming += 1
        began = time.monotonic()
        try:
            self._give_back(self._connected(), unused=True)
        except (Retryable, Cancelled):
            return None
        finally:
            with self._lock:
                self._coming -= 1
        return (time.monotonic() - began) / (1 if self._tls is None else 2)

    @contextmanager
    def receive(self, path: str, headers: Headers) -> Iterator[Download]:
        """A file's bytes, as they come. Raises Retryable, Cancelled, also from inside the block."""
        connection, _ = self._connection()
        try:
            self._request(connection, "GET", path, headers, b"", None)
            sock = connection.sock
            with within(wire.ANSWER_SECONDS, lambda: shut(sock)):
                reply = connection.getresponse()
            yield Download(reply, lambda: shut(sock))
            if reply.length == 0:
                reply.close()
            if reply.will_close or not reply.isclosed():
                self._drop(connection)
            else:
                self._give_back(connection)
        except (OSError, http.client.HTTPException) as error:
            self._drop(connection)
            if self._aborted.is_set():
                raise Cancelled from None
            raise Retryable(_reason(error, self.host), broken=True) from error
        except BaseException:
            self._drop(connection)
            raise

    def abort(self) -> None:
        """End what is on its way, in all threads; nothing can be sent afterwards."""
        with self._lock:
            self._aborted.set()
            open_now = list(self._open)
        for connection in open_now:
            shut(connection.sock)

    def close(self) -> None:
        with self._lock:
            open_now, self._open, self._idle = list(self._open), set(), {}
        for connection in open_now:
            connection.close()

    def _exchange(self, method: str, path: str, headers: Headers, data: bytes, chunk: Chunk | None) -> Answer:
        """Once; and once more where a connection that had been idle turns out to be closed by the other side."""
        while True:
            connection, fresh = self._connection()
            try:
                answer = self._once(connection, method, path, headers, data, chunk)
                self._give_back(connection)
                return answer
            except (FileChanged, Unreadable, Cancelled):
                self._drop(connection)
                raise
            except (OSError, http.client.HTTPException) as error:
                self._drop(connection)
                if self._aborted.is_set():
                    raise Cancelled from None
                stale = isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError))
                if fresh or not stale or chunk is not None:
                    raise Retryable(_reason(error, self.host), broken=not fresh or chunk is not None) from error

    def _once(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Headers,
        data: bytes,
        chunk: Chunk | None,
    ) -> Answer:
        self._request(connection, method, path, headers, data, chunk)
        return self._answer(connection)

    def _request(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Headers,
        data: bytes,
        chunk: Chunk | None,
    ) -> None:
        plain = self._proxy if self._tls is None else None
        target = f"http://{self.host.encode('idna').decode()}{path}" if plain else path
        connection.putrequest(method, target, skip_accept_encoding=True)
        connection.putheader("User-Agent", USER_AGENT)
        for name, value in (plain.headers if plain else {}).items():
            connection.putheader(name, value)
        for name, value in headers.items():
            connection.putheader(name, value)
        if method != "GET" or chunk:
            connection.putheader("Content-Length", str(chunk.size if chunk else len(data)))
        if chunk is None:
            connection.endheaders(data or None)
        else:
            connection.endheaders()
            self._send_chunk(connection.sock, chunk)

    def _send_chunk(self, sock: socket.socket, chunk: Chunk) -> None:
        try:
            if chunk.data is None and self._tls is None:
                send_file(sock, chunk)
            else:
                for piece in chunk.pieces():
                    sock.sendall(piece)
        except OSError:
            # Whoever refuses in the middle of a body has said why before closing, and that is worth more.
            if not readable(sock, 1.0):
                raise

    def _answer(self, connection: http.client.HTTPConnection) -> Answer:
        sock = connection.sock
        with within(wire.ANSWER_SECONDS, lambda: shut(sock)):
            reply = connection.getresponse()
            body = reply.read(wire.MAX_ANSWER_BYTES + 1)
        if reply.length and len(body) <= wire.MAX_ANSWER_BYTES:
            raise http.client.IncompleteRead(body, reply.length)
        if reply.will_close or not reply.isclosed():
            self._drop(connection)
        document = wire.document(body) if body else {}
        return Answer(reply.status, reply.headers, document or {}, document is not None, len(body))

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        """One for a request, and whether it was made just now."""
        while True:
            with self._lock:
                connection = self._pick()
            if connection is None:
                return self._connected(), True
            if is_open(connection.sock):
                return connection, False
            self._drop(connection)

    def _pick(self) -> http.client.HTTPConnection | None:
        """Of those that are idle the one that this thread had last, or one that nobody had. Under the lock."""
        me, found = threading.get_ident(), None
        for connection, user in self._idle.items():
            if user in (me, NOBODY) or found is None:
                found = connection
            if user == me:
                break
        if found is not None:
            del self._idle[found]
        return found

    def _connected(self) -> http.client.HTTPConnection:
        """A new one. Raises Retryable, Cancelled."""
        if self._aborted.is_set():
            raise Cancelled
        connection, began = self._made(), time.monotonic()
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Retryable(self._why_not(error)) from error
        connection.sock.settimeout(SILENCE_SECONDS)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if time.monotonic() - began >= PACED_FROM_SECONDS:
            spread_out(connection.sock)
        with self._lock:
            self._open.add(connection)
        if self._aborted.is_set():
            self._drop(connection)
            raise Cancelled
        return connection

    def _made(self) -> http.client.HTTPConnection:
        proxy = self._proxy
        host, port = (proxy.hostname, proxy.port) if proxy else (self._hostname, self._port)
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=self._tls)
        if proxy:
            name = self._hostname.encode("idna").decode()
            connection.set_tunnel(name, self._port or http.client.HTTPS_PORT, proxy.headers)
        return connection

    def _why_not(self, error: Exception) -> str:
        """Why nothing could be connected to."""
        if self._proxy is None:
            return _reason(error, self.host)
        if str(error).startswith("Tunnel connection failed: "):
            said = str(error).partition(": ")[2]
            return f"The proxy {self._proxy.place} does not let us through to {self.host}: it answered {said}."
        return f"{_reason(error, self._proxy.place)} It is the proxy that this network's settings name."

    def _give_back(self, connection: http.client.HTTPConnection, *, unused: bool = False) -> None:
        """It may carry another request, unless it was dropped meanwhile."""
        with self._lock:
            if connection in self._open:
                self._idle[connection] = NOBODY if unused else threading.get_ident()

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()


class Download:
    """A reply whose body is a file's, or a part of it."""

    def __init__(self, reply: http.client.HTTPResponse, shut: Callable[[], None]) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self._reply = reply
        self._shut = shut

    def answer(self) -> Answer:
        """The body of a refusal."""
        with within(wire.ANSWER_SECONDS, self._shut):
            document = wire.document(self._reply.read(wire.MAX_ANSWER_BYTES + 1))
        return Answer(self.status, self.headers, document or {}, document is not None)

    def pieces(self, size: int) -> Iterator[bytes]:
        """At most ``size`` bytes, whatever the server means to send; fewer where it ends early. Raises Retryable where
        they trickle."""
        since, got = time.monotonic(), 0
        while size and (piece := self._reply.read1(min(size, PIECE_BYTES))):
            size -= len(piece)
            got += len(piece)
            yield piece
            seconds = time.monotonic() - since
            if seconds > SILENCE_SECONDS:
                if got < seconds * SLOWEST_BYTES_PER_SECOND:
                    raise Retryable("The server sends too slowly.", broken=True)
                since, got = time.monotonic(), 0


def without_sentence(address: str) -> str:
    """An address, or a link's hash, without what letters and chats put around it when it is copied: blanks, brackets, full
    stops. Nothing of ours begins or ends with any of them."""
    return address.strip(_AROUND).rstrip(_BEHIND)


def below(address: SplitResult) -> str:
    """What the paths of all requests to the server at this address begin with: empty, or a path such as ``/drop``."""
    parts = [part for part in address.path.split("/") if part]
    return quote("".join(f"/{part}" for part in parts), safe="/%", errors="replace")


def address_of(url: str) -> SplitResult:
    """The parts of a server's address. Raises Refused where it is none."""
    try:
        address = urlsplit(url)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
        (address.hostname or "").encode("idna")
    except ValueError:  # UnicodeError among them
        usable = False
    if not usable:
        raise Refused(f"{url} is not an address of a server: it begins with http:// or https://.", "invalid_link")
    return address


def _reason(error: Exception, host: str) -> str:
    if isinstance(error, TimeoutError):
        return f"{host} does not answer."
    if isinstance(error, ConnectionRefusedError):
        return f"Nobody answers at {host}: is the server running?"
    if isinstance(error, socket.gaierror):
        return f"There is no {host}: is the address right, is this machine online?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {host} is not valid: {error.verify_message}."
    return f"The connection to {host} broke off."
