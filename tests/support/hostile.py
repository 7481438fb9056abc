"""A server that means no good, and a terminal to see what programs print of it."""

from __future__ import annotations

import json
import os
import pty
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from tests.support.program import Droppr

MEDIA_SERVER = Path(__file__).resolve().parents[2] / "media-server"
NASTY = "a\tb\x1b[2J\x1b]0;pwned\x07\x1b]8;;http://evil.example\x07\x9b31m\u202e\u2066\u200f\ud800\x7f\u2028\x85\r\nFAKE LINE"
"""Clears the screen, sets the title, makes a link, turns the line around, begins one of its own, and is no Unicode."""


@dataclass
class Asked:
    """A request, and how to answer by hand: with ``write``, after which the connection is closed."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    write: Callable[[bytes], object]

    @property
    def span(self) -> tuple[int, int] | None:
        """What of a file is asked for, the end left out."""
        text = self.headers.get("range", "").removeprefix("bytes=")
        first, _, last = text.partition("-")
        return (int(first), int(last) + 1) if last else None


@dataclass
class Answer:
    """What goes back; JSON where ``body`` is not bytes."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Hostile:
    """Answers on loopback as ``answer`` says; None means that it has answered by hand."""

    def __init__(self, answer: Callable[[Asked], Answer | None]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, unquote(self.path), headers, body, self.wfile.write)
                # The one that it finds: whoever sees that it was asked may change the answer to what comes next.
                answer = outer.answer
                outer.asked.append(asked)
                reply = answer(asked)
                if reply is None:
                    self.close_connection = True
                    return
                self.send_response_only(reply.status)
                for name, value in {"Content-Length": str(len(reply.content)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.content)

            do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = handle_any

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    return  # the client has had enough

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self.link = f"{self.url}/request/0123456789abcdef"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def environment(**variables: str) -> dict[str, str]:
    """Of a program that is the one of this copy of the project, and knows no server."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
    return own | {"PYTHONPATH": str(MEDIA_SERVER)} | variables


def in_terminal(
    arguments: list[str], environment: dict[str, str], folder: Path, typed: bytes = b"", enough: bytes | None = None
) -> tuple[int, str]:
    """The exit code of ``droppr``, and every character that it wrote to its terminal, into which is ``typed`` what it
    asks for. Once it has written what is ``enough`` it is interrupted, as by Ctrl-C."""
    ours, theirs = pty.openpty()
    process = Droppr(
        arguments,
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    pieces: list[bytes] = []
    watch = threading.Timer(60, process.kill)
    watch.start()
    try:
        while piece := os.read(ours, 65536):
            pieces.append(piece)
            if typed and b"".join(pieces).endswith(b": "):
                os.write(ours, typed)
                typed = b""
            if enough and enough in b"".join(pieces):
                process.send_signal(signal.SIGINT)
                enough = None
    except OSError:
        pass  # Linux: nobody has the other end any more
    finally:
        code = process.wait()
        watch.cancel()
        os.close(ours)
    return code, b"".join(pieces).decode(errors="surrogateescape")
