"""A real server: gunicorn with the project's own configuration, started and killed at will.

Every process of it is in one process group, which is killed as a whole; and the kernel ends the master when the
process that started it dies without a word, so that nothing is left behind whatever happens. (That signal is tied
to the starting *thread*: start servers from the main thread.)
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from tests.support.ports import free_port
from tests.support.template import MOVED_CLOCK, Server, Template

PROJECT = Path(__file__).resolve().parents[2]
MEDIA_SERVER = PROJECT / "media-server"
TOKEN = "owner-token-for-tests-0123456789"
START_SECONDS = 90.0
"""How long a start may take on a machine that has much else to do."""

# Tests that share a server open many uploads from one address within a minute.
GENEROUS: dict[str, Any] = {
    "PARALLEL_UPLOAD_MAX_CONCURRENT_USERS": "200",
    "PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER": "200",
    "DROPPR_RATE_LIMIT_UPLOADS": "1000000 per hour",
}

# The master asks the kernel for a SIGTERM at its parent's death, then becomes the server.
_LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGTERM); os.execv(sys.argv[1], sys.argv[1:])"
)


class LiveServer:
    """Gunicorn on a free port of 127.0.0.1, or on a unix socket, with its data in ``tmp_path/data``.

    Keywords are environment variables: ``LiveServer(tmp, DROPPR_BODY_TIMEOUT_SECONDS=2)``. Used as a context manager
    it starts on entry and stops on exit. ``project`` is the checkout whose server is meant; one that is named starts
    as an owner's does, so that it can be measured; so does one ``as_shipped``, for which nothing is made cheap (cheap.py).
    ``program`` is the command that starts a server of another kind; ``network`` is the file of the network namespace that it runs in (rooms.py).
    """

    running: ClassVar[list[LiveServer]] = []
    """Servers that are up now: their logs are shown when a test fails."""
    counters: ClassVar[set[Path]] = set()
    """Where the servers that were made here keep counters in memory (gunicorn.conf.py)."""
    new_database: ClassVar[Callable[[], str] | None] = None
    """Where set, makes the database that a server's catalogue is in; else that is in its data folder."""
    databases: ClassVar[dict[Path, str]] = {}
    """The databases of data folders, which a server that is started again on one finds again."""

    def __init__(
        self,
        tmp_path: Path,
        workers: int = 4,
        unix_socket: bool = False,
        project: Any = None,
        program: Any = None,
        as_shipped: Any = False,
        network: Any = None,
        **env: object,
    ) -> None:
        self.tmp_path = tmp_path
        self._code = (project or PROJECT) / "media-server"
        self._is_plain = not (project or program or as_shipped) and all(map(_is_plain_setting, env))
        self._program = program or [sys.executable, "-m", "gunicorn", *_gunicorn(self._code)]
        self._network = network
        self.token = TOKEN
        self.data_dir = Path(str(env.get("DROPPR_DATA_DIR", tmp_path / "data")))
        self.log = tmp_path / "server.log"
        self.host = str(env.get("DROPPR_HOST", "127.0.0.1"))
        self.port = free_port()
        self.url = f"http://{self.host}:{self.port}"
        # pytest's folders are deeper than the 107 bytes a socket's path may have.
        self._socket_dir = Path(tempfile.mkdtemp(prefix="droppr-")) if unix_socket else None
        self.socket_path = self._socket_dir / "app.sock" if self._socket_dir else None
        self.workers = workers
        self._env = {name: str(value) for name, value in env.items()}
        if LiveServer.new_database and project is None and program is None:
            if self.data_dir not in LiveServer.databases:
                LiveServer.databases[self.data_dir] = LiveServer.new_database()
            self._env.setdefault("DROPPR_DATABASE_URL", LiveServer.databases[self.data_dir])
        self._process: subprocess.Popen[bytes] | Server | None = None
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()
        self.metrics_dir = Path(f"/dev/shm/droppr-{digest[:16]}")
        LiveServer.counters.add(self.metrics_dir)

    @property
    def files_dir(self) -> Path:
        """Below it lie the links' folders with what has been received."""
        return self.data_dir / "files"

    @property
    def environment(self) -> dict[str, str]:
        """What the server runs with; enough for the command line to work on the same data."""
        inherited = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        own = {
            "PYTHONPATH": str(self._code),
            "DROPPR_HOST": self.host,
            "DROPPR_PORT": str(self.port),
            "DROPPR_DATA_DIR": str(self.data_dir),
            "DROPPR_ADMIN_TOKEN": self.token,
            "DROPPR_WORKERS": str(self.workers),
        }
        if self.socket_path:
            own["DROPPR_UNIX_SOCKET"] = str(self.socket_path)
        return inherited | own | self._env

    def start(self) -> Self:
        """Start and return once it is ready; on the same data when it ran before."""
        self.begin()
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def begin(self) -> None:
        """Start, and wait for nothing."""
        assert self._process is None, "it is running already"
        self._process = self._forked() if self._is_plain else self._executed()
        LiveServer.running.append(self)

    def _forked(self) -> Server:
        return Template.server(
            cwd=str(self.tmp_path),
            environment=self.environment,
            log=str(self.log),
            arguments=_gunicorn(MEDIA_SERVER),
            network=self._network,
        )

    def _executed(self) -> subprocess.Popen[bytes]:
        """As an owner does. Needed where the environment says more than the app's settings: to Python or to a library."""
        assert MOVED_CLOCK not in self.environment, "only the clock of a forked one is moved"
        assert not self._network, "only a forked one is in a network of its own"
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", _LAUNCH, *self._program],
                cwd=self.tmp_path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL the master and all workers at once, and return when none of them runs any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an init system would: SIGTERM, then SIGKILL for what is still there after ten seconds."""
        self._end(signal.SIGTERM)
        self._clear()

    def tell(self, how: signal.Signals) -> None:
        """Send the master a signal, and wait for nothing."""
        assert self._process is not None
        self._process.send_signal(how)

    @property
    def has_ended(self) -> bool:
        """Whether the master has, by itself or because it was told to."""
        return self._process is None or self._process.poll() is not None

    def forget(self) -> None:
        """Remove what one that has ended for good has left outside its folder."""
        self._clear()
        if self._socket_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def _clear(self) -> None:
        """Remove what a server that was killed could not take along: its counters in memory."""
        shutil.rmtree(self.metrics_dir, ignore_errors=True)

    def worker_pids(self) -> list[int]:
        """The workers, without the master."""
        master = self._process.pid if self._process else 0
        return [pid for pid in _group_members(master) if pid != master]

    def memory(self) -> int:
        """Bytes that are the workers' own."""
        total = 0
        for pid in self.worker_pids():
            with suppress(OSError):  # It may be ending.
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024
        return total

    def tail(self, lines: int = 25) -> str:
        """The end of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def log_lines(self, message: str) -> list[dict[str, Any]]:
        """Those of the log that say so; of one that is just being written, nothing."""
        whole, _, _ = self.log.read_text().rpartition("\n")
        said = json.dumps(message)
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{") and said in line]
        return [line for line in lines if line["message"] == message]

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        LiveServer.running.remove(self)
        if how is not signal.SIGKILL:
            process.send_signal(how)
            _wait_for(lambda: process.poll() is not None and not _left_of(process), 10)
        if _left_of(process):
            # It may be ending by itself at this moment.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert _wait_for(lambda: not _left_of(process), 60), "a killed process does not end"

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not become ready (exit code {code}). Its log:\n{self.tail()}")
            time.sleep(0.03)

    def is_ready(self) -> bool:
        """Whether it says that it can take uploads."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        if "DROPPR_TLS_CERT" in self._env:
            anyone = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=5, context=anyone)
        try:
            if self.socket_path:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.connect(str(self.socket_path))
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Nobody needs this data any more, so there is nothing to end politely and to wait for.
        self.kill()
        self.forget()


def _is_setting(name: str) -> bool:
    return _is_plain_setting(name) or name.startswith(("GUNICORN_", "PROMETHEUS_")) or name == "PYTHONPATH"


def _is_plain_setting(name: str) -> bool:
    # Those of Amazon's library are read when a server asks for them first.
    return name.startswith(("DROPPR_", "PARALLEL_UPLOAD_", "AWS_")) or name in ("ENABLE_PARALLEL_UPLOADS", MOVED_CLOCK)


def _left_of(process: Server | subprocess.Popen[bytes]) -> list[int]:
    """What still runs of a server's group. Where the master has ended and its number is another's, there is nothing: a number
    is given away only when no group has it any more."""
    members = _group_members(process.pid)
    return [] if process.pid in members and process.poll() is not None else members


def _group_members(group: int) -> list[int]:
    """The processes of a process group that still run (a zombie nobody reaps yet does not)."""
    members = []
    for name in os.listdir("/proc"):
        try:
            # Asked first, as it takes a tenth of the time of reading a file, and is asked of all there are.
            if not name.isdigit() or os.getpgid(int(name)) != group:
                continue
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended while we looked
        if state not in "ZX":
            members.append(int(name))
    return members


def _wait_for(condition: object, seconds: float) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _gunicorn(code: Path) -> list[str]:
    return ["-c", str(code / "gunicorn.conf.py"), "app:create_app()"]
