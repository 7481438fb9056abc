"""Lines as senders have them: with a rate for each connection and for all, a delay, others on them, and accidents."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

MIB = 1024 * 1024
_LARGEST_PIECE = 32 * 1024
_PIECES_A_SECOND = 256
"""Of all connections together at least: between them the line is shared out anew."""
_BUFFER = 128 * 1024
"""What a socket may hold: little, so that the line and not this machine's memory decides how much has left."""
_SLACK = 0.01
"""Seconds by which a line may make up for having been served late: this machine's load is not the line's."""
_QUEUE = 4
"""Pieces of one connection that may wait for the line."""


@dataclass(frozen=True)
class Shape:
    """Rates are bytes a second towards the server; the way back is as fast as this machine."""

    total: float
    each: float
    """What one connection gets at most, however free the line is: long ways and small windows are like that."""
    delay: float
    """Seconds from one end to the other, so half a round trip."""
    others: int = 0
    """Connections of other people that are busy all the time; the line is shared out evenly by connection."""
    cut_after: float = 0
    """Bytes after which a connection breaks, on average; 0 for never. Each break is independent of the last."""


class _Pace:
    """Lets bytes go at a rate."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free_at = 0.0

    async def spend(self, size: int) -> None:
        clock = asyncio.get_running_loop().time
        self._free_at = max(clock() - _SLACK, self._free_at) + size / self._rate
        await asyncio.sleep(max(0.0, self._free_at - clock()))


class _Lane:
    """What one connection has waiting for the line."""

    def __init__(self, sink: asyncio.StreamWriter) -> None:
        self.sink = sink
        self.pieces: deque[bytes] = deque()
        self.room = asyncio.Semaphore(_QUEUE)


class ShapedLine:
    """Between clients and ``port`` of 127.0.0.1, in a thread of its own, from ``with`` to the end of the block."""

    def __init__(self, port: int, shape: Shape, seed: int = 0) -> None:
        self._target = port
        self._shape = shape
        self._piece = int(min(_LARGEST_PIECE, shape.total / _PIECES_A_SECOND))
        self._random = random.Random(seed)
        self._turns: deque[_Lane | None] = deque([None] * shape.others)
        """Who has something to send, in the order in which they may; None for one of the others, who always have."""
        self._waiting = asyncio.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.cuts = 0
        self.carried = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._listener, limit=self._piece)
        self._carrier = asyncio.ensure_future(self._carry())

    async def _close(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_out: asyncio.StreamWriter | None = None
        try:
            # A handshake takes a round trip.
            await asyncio.sleep(2 * self._shape.delay)
            far, far_out = await asyncio.open_connection("127.0.0.1", self._target, limit=self._piece)
            ways = [self._up(near, far_out, near_out), self._later(far, near_out)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (near_out, far_out):
                if end is not None:
                    end.close()

    async def _up(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
        """Towards the server, as fast as this connection may at most, and then when it is its turn."""
        left = self._random.expovariate(1 / self._shape.cut_after) if self._shape.cut_after else float("inf")
        lane, pace = _Lane(sink), _Pace(self._shape.each)
        while piece := await source.read(self._piece):
            self.carried += len(piece)
            left -= len(piece)
            if left < 0:
                self.cuts += 1
                _reset(back)
                return
            await pace.spend(len(piece))
            await lane.room.acquire()
            if not lane.pieces:
                self._turns.append(lane)
                self._waiting.set()
            lane.pieces.append(piece)
            await sink.drain()

    async def _carry(self) -> None:
        """One piece after the other, of whoever's turn it is: what one leaves is there for all."""
        pace = _Pace(self._shape.total)
        while True:
            if not any(self._turns):
                self._waiting.clear()
                await self._waiting.wait()
            lane = self._turns.popleft()
            await pace.spend(len(lane.pieces[0]) if lane else self._piece)
            if lane is not None:
                piece = lane.pieces.popleft()
                lane.room.release()
                if not lane.sink.is_closing():
                    lane.sink.write(piece)
            if lane is None or lane.pieces:
                self._turns.append(lane)

    async def _later(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Back to the client; the delay of both directions is paid here, where it holds up nobody's rate."""
        while piece := await source.read(self._piece):
            await asyncio.sleep(2 * self._shape.delay)
            sink.write(piece)
            await sink.drain()


def _reset(end: asyncio.StreamWriter) -> None:
    """As a router that has forgotten the connection: no farewell, and what was on its way is lost."""
    sock = end.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()
