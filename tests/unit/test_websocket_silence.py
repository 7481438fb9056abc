"""WebSockets of which nothing is heard: who has gone without a word is let go of, and who is quiet gives way to who can come in."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from app.core.errors import Busy
from app.core.waiting_room import WaitingThreads
from app.web.api import ws
from app.web.server import websocket
from app.web.server.websocket import Closed, WebSocket
from tests.support.clock import Now

PATIENCE = 20.0
PONG = bytes([0x8A, 0x80, 1, 2, 3, 4])


@contextmanager
def nothing() -> Iterator[memoryview]:
    yield memoryview(bytearray())


def test_who_gives_no_sign_of_life_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Now()
    monkeypatch.setattr(websocket, "time", SimpleNamespace(monotonic=now))
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        headers = {"UPGRADE": "websocket", "CONNECTION": "Upgrade", "SEC_WEBSOCKET_VERSION": "13", "HOST": "x"}
        headers["SEC_WEBSOCKET_KEY"] = base64.b64encode(bytes(16)).decode()
        environ = {
            "gunicorn.socket": ours,
            "PATH_INFO": "/",
            **{f"HTTP_{name}": each for name, each in headers.items()},
        }
        talk = WebSocket(environ, nothing, patience=PATIENCE)
        assert theirs.recv(1000).startswith(b"HTTP/1.1 101")
        # Whoever answers may go on for ever, and is asked no more often than that.
        for _ in range(3):
            now.pass_by(PATIENCE)
            for _ in range(3):
                talk.check()
            assert theirs.recv(1000) == b"\x89\x00"
            theirs.sendall(PONG)
            talk.check()
        now.pass_by(PATIENCE)
        talk.check()
        now.pass_by(PATIENCE)
        with pytest.raises(Closed):
            talk.check()


def test_nobody_gives_way_to_one_for_whom_there_is_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SimpleNamespace(threads=8, max_sockets_per_address=1)
    monkeypatch.setattr(ws, "services", lambda: SimpleNamespace(settings=settings))
    dropped: list[str] = []
    places, waiting = ws._Places(), WaitingThreads(2)
    with places.one("192.0.2.1", None) as quiet:
        there = SimpleNamespace(heard_at=-1e9, drop=lambda: dropped.append("quiet"))
        quiet.socket = there  # type: ignore[assignment]
        assert waiting.reserve(), "the last thread that may wait"
        with pytest.raises(Busy), places.one("192.0.2.1", waiting):
            pass
        assert dropped == []
        waiting.give_back()
        # Where nobody gives way either, the thread is free for others again.
        there.heard_at = 1e12
        with pytest.raises(Busy), places.one("192.0.2.1", waiting):
            pass
        there.heard_at = -1e9
        with places.one("192.0.2.1", waiting):
            assert dropped == ["quiet"]
    assert waiting.reserve()
