"""A line between senders and a server, with what makes real lines slow: distance, and a cap on each connection.

    python -m tests.bench.line TARGET_PORT LATENCY PER_CONNECTION IN_ALL

prints the port it listens on and runs until it is ended. LATENCY is seconds one way, for both ways; PER_CONNECTION and
IN_ALL are bytes a second from senders to the server. A connection's cap stands for what TCP gets through in practice: a
window of bytes for every round trip. Answers are small and are only delayed. Lost packets and slow starts are not played.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

PIECE = 128 * 1024


class Line:
    """All connections of one line. The shared cap is given out piece by piece in the order of asking."""

    def __init__(self, target: int, latency: float, per_connection: float, in_all: float) -> None:
        self._target = target
        self._latency = latency
        self._per_connection = per_connection
        self._in_all = in_all
        self._free_at = 0.0
        self._loop = asyncio.get_running_loop()

    async def serve(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listener.setblocking(False)
        print(listener.getsockname()[1], flush=True)
        running: set[asyncio.Task[None]] = set()
        while True:
            near, _ = await self._loop.sock_accept(listener)
            task = asyncio.create_task(self._connect(near))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _connect(self, near: socket.socket) -> None:
        far = socket.socket()
        for each in (near, far):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What the kernel would take ahead is not on the line yet.
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        try:
            await self._loop.sock_connect(far, ("127.0.0.1", self._target))
            await asyncio.gather(self._carry(near, far, paced=True), self._carry(far, near, paced=False))
        except OSError:
            pass
        finally:
            near.close()
            far.close()

    async def _carry(self, source: socket.socket, sink: socket.socket, *, paced: bool) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)
        arriving = asyncio.create_task(self._arrive(under_way, sink))
        free_at = self._loop.time()
        try:
            while piece := await self._loop.sock_recv(source, PIECE):
                now = self._loop.time()
                if paced:
                    free_at = max(free_at, now) + len(piece) / self._per_connection
                    self._free_at = max(self._free_at, now) + len(piece) / self._in_all
                    await asyncio.sleep(max(free_at, self._free_at) - now)
                await under_way.put((self._loop.time() + self._latency, piece))
        finally:
            await under_way.put((self._loop.time() + self._latency, b""))
            await arriving

    async def _arrive(self, under_way: asyncio.Queue[tuple[float, bytes]], sink: socket.socket) -> None:
        while True:
            at, piece = await under_way.get()
            await asyncio.sleep(max(0.0, at - self._loop.time()))
            if not piece:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            with contextlib.suppress(OSError):
                await self._loop.sock_sendall(sink, piece)


async def _main() -> None:
    target, latency, per_connection, in_all = sys.argv[1:]
    await Line(int(target), float(latency), float(per_connection), float(in_all)).serve()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
