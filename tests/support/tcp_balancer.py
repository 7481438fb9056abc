"""A balancer of TCP connections, without sticky sessions: each goes to the next node that takes it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from itertools import count
from types import TracebackType
from typing import Self

PIECE = 256 * 1024


class TcpBalancer:
    """Between clients and the ``ports`` of 127.0.0.1, which may change, from ``with`` to the end of the block. With ``tls`` clients speak
    https to it, and it plain http to them."""

    def __init__(self, ports: list[int], tls: ssl.SSLContext | None = None) -> None:
        self.ports = ports
        self._tls = tls
        self._next = count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Closing alone does not wake up a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._balance(self._tls.wrap_socket(client, server_side=True) if self._tls else client)

    def _balance(self, client: socket.socket) -> None:
        with client:
            ports, first = list(self.ports), next(self._next)
            for step in range(len(ports)):
                with contextlib.suppress(OSError):
                    node = socket.create_connection(("127.0.0.1", ports[(first + step) % len(ports)]), 5)
                    break
            else:
                return
            with node:
                back = threading.Thread(target=_carried, args=(node, client), daemon=True)
                back.start()
                _carried(client, node)
                back.join()


def _carried(source: socket.socket, target: socket.socket) -> None:
    """All that comes, to its end; whichever side breaks, the other one is told."""
    try:
        while data := source.recv(PIECE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
