"""Nodes in network namespaces of their own, each with a line that the kernel holds at a rate, both ways (``tc tbf``).

Namespaces have no names that outlive anybody: each ends with the process that keeps it, and that with whoever started it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.live import GENEROUS, MEDIA_SERVER, LiveServer

HERE = "10.78.1.1"
"""This machine, as every node sees it."""
_KEEP = "import ctypes, os; ctypes.CDLL(None).prctl(1, 9); os.execvp('unshare', ['unshare', '--net', 'sh', '-c', 'echo; exec sleep infinity'])"
_PIECE = 256 * 1024


class Rooms:
    """``count`` namespaces from ``with`` to the end of the block, each with a line of ``rate`` (as ``tc`` reads it) to this machine."""

    def __init__(self, count: int, rate: str) -> None:
        self._count = count
        self._rate = rate
        self._ends = ExitStack()
        self._pids: list[int] = []

    def __enter__(self) -> Self:
        try:
            for number in range(1, self._count + 1):
                self._make(number)
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ends.close()

    def address(self, number: int) -> str:
        return f"10.78.{number + 1}.2"

    def inside(self, number: int) -> list[str]:
        """Words before a command by which it runs in there."""
        return [str(shutil.which("nsenter")), f"--net=/proc/{self._pids[number]}/ns/net"]

    def _make(self, number: int) -> None:
        keeper = subprocess.Popen([sys.executable, "-c", _KEEP], stdout=subprocess.PIPE)
        self._ends.callback(_end, keeper)
        assert keeper.stdout is not None
        keeper.stdout.readline()
        self._pids.append(keeper.pid)
        enter, ours = self.inside(number - 1), f"held{number}"
        _run(f"ip link add {ours} type veth peer name line netns {keeper.pid}")
        held = f"root tbf rate {self._rate} burst 32kb latency 400ms"
        for before, name, end in (([], ours, 1), (enter, "line", 2)):
            _run(f"ip address add 10.78.{number}.{end}/24 dev {name}", before)
            _run(f"ip link set {name} up", before)
            _run(f"tc qdisc add dev {name} {held}", before)
        _run("ip link set lo up", enter)
        _run(f"ip route add default via 10.78.{number}.1", enter)


class HeldNode(LiveServer):
    """A node in a room."""

    def __init__(self, folder: Path, rooms: Rooms, number: int, **settings: Any) -> None:
        folder.mkdir()
        program = [
            *rooms.inside(number),
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            str(MEDIA_SERVER / "gunicorn.conf.py"),
        ]
        host = rooms.address(number)
        options: dict[str, Any] = {**GENEROUS, "DROPPR_LOG_LEVEL": "WARNING", "DROPPR_HOST": host, **settings}
        super().__init__(folder, workers=1, program=[*program, "app:create_app()"], **options)
        self.host = host
        self.url = f"http://{host}:{self.port}"

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 5) as probe:
                probe.sendall(b"GET /readyz HTTP/1.0\r\nHost: node\r\n\r\n")
                return b" 200 " in probe.recv(64)
        except OSError:
            return False


class Forwarder:
    """Lets nodes have at ``HERE`` what listens at a port of 127.0.0.1; from ``with`` to the end of the block."""

    def __init__(self, port: int) -> None:
        self._target = port

    def __enter__(self) -> Self:
        self._listener = socket.create_server((HERE, 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for source, sink in ((near, far), (far, near)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, sink):
            each.close()


def _run(command: str, before: list[str] | None = None) -> None:
    done = subprocess.run([*(before or ()), *command.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()
