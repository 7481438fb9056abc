"""The front: gunicorn's threaded worker, of which strangers can take neither all threads nor all connections.

gunicorn's own gives a thread to every new connection, reads headers in it for as long as their sender likes, lets replies
wait in it for readers who do not read, and closes connections in its main loop, which waits meanwhile. Here

- a connection takes a thread only when a request's headers are there, TLS handshakes included;
- no more than half of the threads wait for bodies, a quarter for readers, a quarter for what WebSockets say, and an eighth for
  nobody (``slots.py``): those answer short calls at any time;
- an address has so many connections and no more; when it has them all, or the worker has, the one goes that has been
  idle for longest;
- who is told what happens takes no thread (``streams.py``);
- who was refused while still sending is read on for a while, so that the reason arrives, but never in a thread.

Everything but a thread's own request happens in the worker's main loop, so nothing here needs a lock but what says so.
"""

from __future__ import annotations

import contextlib
import math
import select
import selectors
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from gunicorn import http, util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from app.core.waiting_room import WaitingThreads
from app.web.server.body import SLOWEST_BYTES_PER_SECOND
from app.web.server.heads import MAX_HEAD_BYTES, is_complete, missing
from app.web.server.proxies import counted, is_trusted, parsed
from app.web.server.slots import Slots
from app.web.server.sockets import PARTING_BYTES, PARTING_SECONDS, Connection, Parting, Senders, Sockets
from app.web.server.streams import Streams

FIRST_BYTES = 8 * 1024
"""So much is read of a request at first: headers and a small file. More of a chunk would be copied several times."""
PIPELINE_SECONDS = 0.002
"""Seconds within which a next request, and all of its body, counts as being there."""
QUEUE_SECONDS = 10.0
"""How long a body waits for a slot before it is told to come again."""
TICK_SECONDS = 0.1


class Front(ThreadWorker):  # type: ignore[misc]
    """The threaded worker. ``settings`` are the server's; the byte in ``leaving`` is 1 once it was told to end."""

    settings: Any
    wsgi: Any
    leaving: Any

    def init_process(self) -> None:
        self._by_address: Counter[str] = Counter()
        self._partings: dict[Connection, Parting] = {}
        self._dropped = memoryview(bytearray(256 * 1024))
        self._serving = threading.local()
        self._sockets = Sockets(self.cfg)
        self.streams = Streams(lambda connection: self.method_queue.defer(self._close, connection))
        self._looked_at = self._swept_at = 0.0
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        app: Any = self.wsgi
        threads = self.settings.threads
        bodies = max(1, threads // 2)
        here = app.extensions["droppr"]
        here.readers.ring_for(self.streams.ring)
        self.waiting: WaitingThreads = here.ground.bounds.threads
        self.slots: Slots[Connection] = Slots(
            bodies, self.settings.most_bodies_each(bodies), self.waiting, time.monotonic
        )
        self.senders = Senders(max(1, threads // 4), self.waiting)

        def with_connection(environ: dict[str, Any], start_response: Any) -> Any:
            connection = environ["droppr.connection"] = self._serving.connection
            environ["droppr.leaving"] = bool(self.leaving[0])

            def start(*args: Any) -> Any:
                # A body that nobody read to its end has the connection's next request somewhere behind it.
                if not environ["wsgi.input"].drop_what_is_here():
                    connection.request.must_close = True
                return start_response(*args)

            return app(environ, start)

        self.wsgi = with_connection

    # Connections come.

    def accept(self, listener: Any) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            plain, address = listener.accept()
            self._welcome(plain, address, listener.getsockname())

    def _welcome(self, plain: socket.socket, client: Any, server: Any) -> None:
        address = self._address(client)
        most = self.settings.max_connections_per_address
        if address and most and self._by_address[address] >= most and not self._close_idlest(address):
            plain.close()
            return
        if self.nr_conns >= self.worker_connections - 1 and not self._close_idlest(None):
            plain.close()
            return
        try:
            ours = self._sockets.ours(plain)
        except OSError:
            plain.close()
            return
        connection = Connection(self, ours, client, server, address)
        self.nr_conns += 1
        self._by_address[address] += 1
        connection.timeout = time.monotonic() + self.settings.body_timeout_seconds
        self._listen(connection)

    def _address(self, client: Any) -> str:
        """Whom a connection counts for; nobody where the address is a proxy's."""
        peer = client[0] if isinstance(client, tuple) else ""
        address = parsed(peer)
        if address is None or is_trusted(peer, self.settings.trusted_proxies, by_nginx=False):
            return ""
        return counted(address)

    def _close_idlest(self, address: str | None) -> bool:
        """Close the connection, of this address or of any, that has said nothing for longest; never one at work."""
        for waiting in (self._partings, self.pending_conns, self.keepalived_conns):
            # Those that never said anything first; each of these is in the order of their coming.
            for connection in waiting:
                if address in (None, connection.address):
                    self._forget(connection)
                    self._close(connection)
                    return True
        return False

    # They say something.

    def _listen(self, connection: Connection) -> None:
        self.pending_conns.append(connection)
        self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._hear, connection))

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        self._hear(conn, client)

    def _hear(self, connection: Connection, _: Any) -> None:
        """Take what has come; give the connection a thread, or a place among those who wait for one, once it is enough."""
        try:
            heard = self._secure(connection) and self._read_head(connection)
        except (OSError, ValueError):
            self._forget(connection)
            self._close(connection)
            return
        if heard:
            self._forget(connection)
            self._dispatch(connection)
        elif connection in self.keepalived_conns:
            # It has begun to speak: now its time for the headers runs.
            self._forget(connection)
            connection.timeout = time.monotonic() + self.settings.body_timeout_seconds
            self._listen(connection)

    def _secure(self, connection: Connection) -> bool:
        """Get on with the handshake; true once there is none to be done."""
        if not connection.secured:
            try:
                connection.sock.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            connection.secured = True
        if connection.parser is None:
            connection.initialized = True
            connection.parser = http.get_parser(self.cfg, connection.sock, connection.client)
        return True

    def _read_head(self, connection: Connection) -> bool:
        """Read on without waiting; whether a request's headers are there, or what can become none."""
        buffer = connection.parser.unreader.buf
        while True:
            try:
                data = connection.sock.recv(FIRST_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            if not data:
                raise ConnectionError("closed")
            seen = buffer.seek(0, 2)
            buffer.write(data)
            head = buffer.getvalue()
            if is_complete(head, seen) or len(head) > MAX_HEAD_BYTES:
                return True

    def _dispatch(self, connection: Connection) -> None:
        connection.data_ready = True
        if not missing(connection.parser.unreader.buf.getvalue()):
            self.enqueue_req(connection)
            return
        self.slots.ask(connection, connection.asker)
        self._admit()

    def _admit(self) -> None:
        while (connection := self.slots.next()) is not None:
            self.enqueue_req(connection)

    # A thread has it.

    def handle(self, conn: Any) -> Any:
        head = conn.parser.unreader.buf.getvalue()[: MAX_HEAD_BYTES + 1]
        if len(head) > MAX_HEAD_BYTES and not is_complete(head):
            conn.sock.setblocking(True)
            line = LimitRequestLine(MAX_HEAD_BYTES, MAX_HEAD_BYTES)
            error = LimitRequestHeaders("the headers are too long") if b"\r\n" in head else line
            self.handle_error(None, conn.sock, conn.client, error)
            return False
        # A client with much to say sends its next request at once. Read on here and now, that saves two changes of
        # threads a request; but not while others wait for a thread, and not for more than is there.
        while True:
            goes_on = super().handle(conn)
            if goes_on is not True or not self.alive or self.tpool._work_queue.qsize() or not self._has_next(conn):
                return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.request = req
        # The next request on this connection should come to another machine.
        req.must_close = req.must_close or bool(self.leaving[0])
        conn.read_on = (PARTING_BYTES, PARTING_SECONDS, False)
        # The body is asked for when somebody reads it: who is refused need not send it.
        conn.expects_go_ahead, req._expected_100_continue = req._expected_100_continue, False
        self._serving.connection = conn
        try:
            with self.waiting.reserved() if conn.asker.entered_at else contextlib.nullcontext():
                return super().handle_request(req, conn)
        finally:
            self._serving.connection = None

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        # gunicorn would wait here for what is left of a body; whether anything is was found out before the reply.
        return bool(
            keepalive and conn.sock.speaks_http and not conn.request.must_close and not conn.request.body.failed
        )

    def _has_next(self, conn: Any) -> bool:
        """Whether the next request on a connection is there as a whole, or comes within a moment."""
        buffer = conn.parser.unreader.buf
        conn.sock.setblocking(False)
        until = time.monotonic() + PIPELINE_SECONDS
        try:
            while True:
                ahead = buffer.getvalue()
                has_head = b"\r\n\r\n" in ahead
                lacks = missing(ahead) if has_head else 1
                # Who has a slot keeps it for the next body as long as nobody waits for one.
                if not lacks or (has_head and conn.asker.entered_at and not self.slots.waiting):
                    return True
                left = until - time.monotonic()
                if lacks > MAX_HEAD_BYTES or left <= 0 or not _readable(conn.sock, left):
                    return False
                data = conn.sock.recv(max(FIRST_BYTES, lacks))
                if not data:
                    return False
                buffer.seek(0, 2)
                buffer.write(data)
        except (OSError, ValueError):
            return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        try:
            self._finish(conn, fs)
        except Exception:
            self.log.exception("A connection was lost.")
            self._forget(conn)
            self._close(conn)

    def _finish(self, conn: Any, fs: Any) -> None:
        had_slot = conn.asker.entered_at
        self.slots.leave(conn)
        conn.asker.entered_at = 0.0
        if had_slot:
            self._admit()
        if conn.stream is not None:
            self.streams.take(conn, conn.stream)
            return
        goes_on = fs.result() if not fs.cancelled() and fs.exception() is None else False
        if not goes_on or conn.asker.gives_way or conn.is_late:
            self._part(conn)
            return
        ahead = conn.parser.unreader.buf.getvalue()
        if is_complete(ahead):
            self._dispatch(conn)
            return
        conn.sock.setblocking(False)
        if ahead:
            conn.timeout = time.monotonic() + self.settings.body_timeout_seconds
            self._listen(conn)
            return
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + PARTING_SECONDS)
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))
        if self.cfg.is_ssl and conn.sock.pending():
            self._hear(conn, None)

    # They go.

    def _part(self, connection: Connection) -> None:
        """Say that nothing more comes, and read on for a while: bytes that nobody read would cut the last reply off."""
        try:
            connection.sock.setblocking(False)
            connection.sock.shutdown(socket.SHUT_WR)
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._drop, connection))
        except (OSError, ValueError):
            self._close(connection)
            return
        self._partings[connection] = Parting(connection)

    def _drop(self, connection: Connection, _: Any) -> None:
        parting = self._partings[connection]
        try:
            count = connection.sock.recv_into(self._dropped)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            count = 0
        parting.left -= count
        parting.moved += count
        if not count or parting.left <= 0:
            self._forget(connection)
            self._close(connection)

    def _forget(self, connection: Connection) -> None:
        """Take a connection out of all that waits for it."""
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(connection.sock)
        self._partings.pop(connection, None)
        for waiting in (self.pending_conns, self.keepalived_conns):
            with contextlib.suppress(ValueError):
                waiting.remove(connection)

    def _close(self, connection: Connection) -> None:
        self.nr_conns -= 1
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]
        util.close(connection.sock)

    # Time passes.

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, TICK_SECONDS) if self.slots.waiting else timeout)
        now = time.monotonic()
        if now - self._looked_at < TICK_SECONDS:
            return
        self._looked_at = now
        if not self.alive:
            self.streams.end()
        for connection in self.slots.give_way():
            # The thread that reads from it sees its end, and says why.
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RD)
        for connection in self.slots.late(QUEUE_SECONDS):
            self.slots.give_up(connection)
            connection.is_late = True
            self.enqueue_req(connection)
        for connection, parting in list(self._partings.items()):
            if parting.is_over(SLOWEST_BYTES_PER_SECOND if self.alive else math.inf):
                self._forget(connection)
                self._close(connection)
        if now - self._swept_at >= 1.0:
            self._swept_at = now
            # A worker that is to stop waits for nobody who has not said anything yet.
            self._close_late(self.pending_conns, force=not self.alive)
            self._close_late(self.keepalived_conns)

    def murder_keepalived(self, force: bool = False) -> None:
        if force:
            self._close_late([*self.keepalived_conns, *self.pending_conns, *self._partings], force=True)

    def murder_pending(self) -> None:
        """Nothing: who is late is looked for with the rest."""

    def _close_late(self, waiting: Iterable[Connection], *, force: bool = False) -> None:
        now = time.monotonic()
        for connection in [each for each in waiting if force or each.timeout <= now]:
            self._forget(connection)
            self._close(connection)


def _readable(plain: Any, seconds: float) -> bool:
    if isinstance(plain, ssl.SSLSocket) and plain.pending():
        return True
    waiting = select.poll()
    waiting.register(plain, select.POLLIN)
    return bool(waiting.poll(math.ceil(seconds * 1000)))
