"""The balancer of deploy/compose, the very file, in front of servers of the tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.live import PROJECT
from tests.support.nginx import START_SECONDS, STOP_SECONDS, nginx_program
from tests.support.ports import free_port

CONFIG = PROJECT / "deploy" / "compose" / "balancer.conf"
NODES = "172.31.94.11:8000", "172.31.94.12:8000", "172.31.94.13:8000"
"""Of the file."""


class Balancer:
    """nginx on a free port of 127.0.0.1 in front of three ``nodes`` (``host:port``), from ``with`` to the end of the block."""

    def __init__(self, nodes: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "balancer.log"
        self._said = folder / "said.log"
        (folder / "include").mkdir(parents=True)
        (folder / "spool").mkdir()
        text = CONFIG.read_text()
        given = {
            **dict(zip(NODES, nodes, strict=True)),
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "/run/nginx": str(folder),
            "/var/spool/balancer": str(folder / "spool"),
            "/etc/droppr/include": str(folder / "include"),
            "/dev/stdout": str(self.log),
            "worker_processes auto": "user root;\nworker_processes 2",
        }
        for old, new in given.items():
            assert old in text, f"balancer.conf has no {old!r}."
            text = text.replace(old, new)
        self._config = folder / "balancer.conf"
        self._config.write_text(text)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        command = [nginx_program(), "-e", "stderr", "-p", str(self.folder), "-c", str(self._config)]
        done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [*command, "-g", "daemon off;"], stdin=subprocess.DEVNULL, stderr=said, stdout=said
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The balancer did not start: {self._said.read_text()}")
            time.sleep(0.02)
        return self

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
