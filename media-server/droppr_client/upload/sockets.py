"""What is done with a socket directly: whole files, looking whether it is open, waking up whoever waits in it."""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import sys
from contextlib import suppress

from droppr_client.upload.problems import FileChanged, unreadable
from droppr_client.upload.throttle import Chunk

SILENCE_SECONDS = 90.0
"""How long nothing may come or go before a connection is given up."""

SO_MAX_PACING_RATE = 47
PACING_BYTES_PER_SECOND = 1 << 30
"""Bytes a second. Linux spreads a connection's packets over the round trip as soon as there is a limit to its rate, even one that
is hardly ever reached."""


def spread_out(sock: socket.socket) -> None:
    """Have what follows a pause, as between two chunks, not leave as one burst: where a queue on the way is shorter than the round
    trip it would drop the end of it, and of other connections' bytes too. Only Linux can."""
    if sys.platform == "linux":
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, PACING_BYTES_PER_SECOND)


def send_file(sock: socket.socket, chunk: Chunk) -> None:
    """From the file to the socket without passing through this program. Raises FileChanged, Cancelled, OSError."""
    assert chunk.fd is not None
    at, stop = chunk.span
    throttle = chunk.throttle
    allowed = at
    while at < stop:
        if at == allowed:
            size = min(throttle.step, stop - at)
            throttle.allow(size)
            allowed += size
        try:
            sent = os.sendfile(sock.fileno(), chunk.fd, at, allowed - at)
        except BlockingIOError:
            # Python's sockets with a timeout do not block.
            _wait_writable(sock)
            continue
        except OSError as error:
            if error.errno in (errno.EIO, errno.ESTALE):  # of the file, not of the socket
                raise unreadable(error) from error
            raise
        if sent == 0:
            raise FileChanged("The file became shorter while it was being sent.", "file_changed")
        chunk.passed(sent)
        at += sent


def _wait_writable(sock: socket.socket) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    if not poll.poll(SILENCE_SECONDS * 1000):
        raise TimeoutError("timed out")


def readable(sock: socket.socket, seconds: float) -> bool:
    """Whether something comes, or the end, within so many seconds."""
    poll = select.poll()
    try:
        poll.register(sock, select.POLLIN)
        return any(events & select.POLLIN for _, events in poll.poll(seconds * 1000))
    except (OSError, ValueError):
        return False


def is_open(sock: socket.socket | None) -> bool:
    """Whether a connection that is idle can carry a request: all that comes on one is its end, and what TLS has to say to itself."""
    if sock is None:
        return False
    try:
        sock.settimeout(0)
        try:
            sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            sock.settimeout(SILENCE_SECONDS)
            return True
    except OSError:
        pass
    return False


def shut(sock: socket.socket | None) -> None:
    """Wake up whoever waits in this socket; of a TLS socket, the one underneath."""
    if sock is not None:
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            return  # closed already
