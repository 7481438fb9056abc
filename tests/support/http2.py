"""HTTP/2 over TLS in front of a server of the tests that speaks only HTTP/1.1, as Google's front does it: by nginx."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.nginx import START_SECONDS, STOP_SECONDS, make_certificate, nginx_program
from tests.support.ports import free_ports

CONFIG = """
daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  log_format what '$server_protocol $connection $request_method $uri $status';
  access_log access.log what;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate cert.pem; ssl_certificate_key key.pem;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off;
    }}
  }}
}}
"""


class Seen(NamedTuple):
    """One call as nginx saw it. Calls of one ``connection`` came over the same one."""

    protocol: str
    connection: str
    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Http2Front:
    """``port`` is where it listens; ``cafile`` is the certificate to trust, for localhost."""

    port: int
    cafile: Path
    log: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def seen(self) -> list[Seen]:
        """What it has answered so far. A line is written after its answer has been sent."""
        rows = (line.split() for line in self.log.read_text().splitlines())
        return [
            Seen(protocol, connection, method, path, int(status)) for protocol, connection, method, path, status in rows
        ]


@contextmanager
def http2_front(folder: Path, behind: int) -> Iterator[Http2Front]:
    """Runs in ``folder``, in front of port ``behind`` of 127.0.0.1."""
    folder.mkdir(parents=True)
    make_certificate(folder)
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(CONFIG.format(port=port, behind=behind))
    command = [nginx_program(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait_until_it_accepts(process, port)
        yield Http2Front(port, folder / "cert.pem", folder / "access.log")
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_it_accepts(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx did not start.")
