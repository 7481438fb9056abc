"""Proxies on the way to a server, as people have them: with a body limit, with pages of their own, and as a way out of a network."""

from __future__ import annotations

import http.client
import os
import pwd
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from tests.support.hostile import Answer, Asked, Hostile
from tests.support.nginx import START_SECONDS, STOP_SECONDS, make_certificate, nginx_program
from tests.support.ports import free_ports

SIGN_IN = Answer(b"<!doctype html><title>Sign in</title>", 200, {"Content-Type": "text/html"})
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host"}


class Between(Hostile):
    """Passes on what it is asked to ``port`` of 127.0.0.1, unless ``instead`` answers. Takes whole addresses, too, as a proxy
    that was named to a client does. With ``tls`` it speaks https."""

    def __init__(
        self,
        port: int,
        instead: Callable[[Asked], Answer | None] = lambda _: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(self._answer)
        self._port = port
        self.instead = instead
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self.host.rpartition(":")[2])

    def _answer(self, asked: Asked) -> Answer:
        if answer := self.instead(asked):
            return answer
        return self.pass_on(asked)

    def pass_on(self, asked: Asked) -> Answer:
        """What the server answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        parts = urlsplit(asked.path)
        path = quote(parts.path, safe="/%") + (f"?{parts.query}" if parts.query else "")
        headers = {name: value for name, value in asked.headers.items() if name not in HOP_BY_HOP}
        try:
            connection.request(asked.method, path, asked.body or None, headers)
            reply = connection.getresponse()
            told = {name: value for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP}
            return Answer(reply.read(), reply.status, told)
        finally:
            connection.close()


class Tunnels:
    """A proxy that only makes tunnels, all of them to ``port`` of 127.0.0.1 whatever they are asked to lead to; with ``refuse``
    it answers with that status line."""

    def __init__(self, port: int, refuse: str = "") -> None:
        self.asked: list[str] = []
        """The heads of requests."""
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = b""
                while not head.endswith(b"\r\n\r\n") and (line := self.rfile.readline()):
                    head += line
                outer.asked.append(head.decode())
                if refuse or not head.startswith(b"CONNECT "):
                    self.wfile.write(f"HTTP/1.1 {refuse or '405 No'}\r\nContent-Length: 0\r\n\r\n".encode())
                    return
                with socket.create_connection(("127.0.0.1", port)) as far:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=_carry, args=(far, self.connection), daemon=True)
                    back.start()
                    _carry(self.connection, far)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.place = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


class PlainNginx:
    """An nginx with the least that makes it a proxy to ``port``: its body limit is the one that nginx has by itself. ``site`` is
    what its ``server`` does instead, ``listen`` its own port where that has to be known before; with ``tls`` it speaks https."""

    def __init__(self, port: int, folder: Path, *, site: str = "", listen: int = 0, tls: bool = False) -> None:
        self._folder = folder
        self.port = listen or free_ports(1)[0]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        site = site or f"location / {{ proxy_pass http://127.0.0.1:{port}; }}"
        (folder / "temporary").mkdir(parents=True)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder}/temporary/{kind};\n" for kind in kinds)
        if tls:
            make_certificate(folder)
            site += f"\nssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
        (folder / "nginx.conf").write_text(
            f"user {pwd.getpwuid(os.getuid()).pw_name};\npid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log {folder}/access.log;\n{places}"
            f"server {{ listen 127.0.0.1:{self.port}{' ssl' if tls else ''};\n{site}\n}}\n}}\n"
        )

    def refused(self) -> int:
        """How many requests were too large for it."""
        return sum('" 413 ' in line for line in (self._folder / "access.log").read_text().splitlines())

    def __enter__(self) -> Self:
        command = [nginx_program(), "-e", "stderr", "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        self._process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.__exit__()
        raise AssertionError("nginx did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
