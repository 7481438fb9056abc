"""A process that has loaded what a server needs, and becomes one again and again by forking: a start without the second
of processor time that loading takes. Everything else is as ever: gunicorn reads its configuration and forks its workers.

Run as a program it is that process: for each line on its standard input, a JSON object, it starts one server and answers
with its pid; when its input ends, so does it, and with it all its servers (they ask the kernel for a SIGTERM then).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import Any, ClassVar

PR_SET_PDEATHSIG = 1


class Server:
    """A server that was forked, as subprocess.Popen would show it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # Its number is given to another process soon after its end, as nobody waits for it: this stays its own.
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = None

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def poll(self) -> int | None:
        """None while it runs, and something once it does not: nobody here knows its exit code."""
        return None if self._descriptor is not None and not _is_readable(self._descriptor) else -1

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing happens where it has ended."""
        if self._descriptor is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)


def _is_readable(descriptor: int) -> bool:
    looking = select.poll()
    looking.register(descriptor, select.POLLIN)
    return bool(looking.poll(0))


class Template:
    """Starts the one of this process when it is first needed; it ends with this process."""

    _process: ClassVar[subprocess.Popen[str] | None] = None
    _lock = threading.Lock()

    @classmethod
    def pid(cls) -> int | None:
        return cls._process.pid if cls._process else None

    @classmethod
    def server(cls, media_server: str, **how: Any) -> Server:
        """A server with these ``arguments``, in folder ``cwd``, with ``environment``, that writes to ``log``."""
        with cls._lock:
            if cls._process is None or cls._process.poll() is not None:
                cls._process = subprocess.Popen(
                    [sys.executable, __file__],
                    env={**os.environ, "PYTHONPATH": media_server},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            assert cls._process.stdin is not None
            assert cls._process.stdout is not None
            cls._process.stdin.write(json.dumps(how) + "\n")
            cls._process.stdin.flush()
            return Server(int(cls._process.stdout.readline()))


def _load() -> dict[str, str]:
    """Loads it all; what that added to the environment, as some libraries do."""
    before = set(os.environ)
    import gunicorn.arbiter
    import gunicorn.workers.gthread  # noqa: F401

    # Known when they are made, counters are of the kind that several processes share. Where they lie each asks anew.
    with tempfile.TemporaryDirectory() as os.environ["PROMETHEUS_MULTIPROC_DIR"]:
        import app.web.server.front
        import app.web.wire.errors
        import app.wiring  # noqa: F401

        _make_one(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    del os.environ["PROMETHEUS_MULTIPROC_DIR"]
    return {name: value for name, value in os.environ.items() if name not in before}


def _make_one(folder: str) -> None:
    """An app like those of the servers to come, which then know all that a process finds out once: statements, mostly."""
    from pathlib import Path

    from app import create_app
    from app.settings import Settings
    from app.wiring import build

    settings = Settings(data_dir=Path(folder, "data"), admin_token="t" * 32, _env_file=None)  # type: ignore[call-arg]
    create_app(settings, build(settings))
    gc.collect()  # Nothing of it stays open.


def _serve(cwd: str, environment: dict[str, str], log: str, arguments: list[str]) -> None:
    from gunicorn.app.wsgiapp import run

    from app.services.operations.observer import CHUNKS

    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, file in enumerate((nothing, out, out)):
        os.dup2(file, number)
    os.chdir(cwd)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
    sys.argv = ["gunicorn", *arguments]
    # Counters notice at their first use that they are in another process; a worker has its own from its beginning.
    os.register_at_fork(after_in_child=lambda: CHUNKS.inc(0))
    run(prog="gunicorn")


def _until_input_ends() -> None:
    added = _load()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for those that end.
    template = os.getpid()
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            os.setpgid(0, 0)
            _end_with_parent()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if os.getppid() == template:
                how = json.loads(line)
                _serve(**{**how, "environment": added | how["environment"]})
            os._exit(1)
        # Whoever comes first: the group is there when its name is told.
        with suppress(OSError):
            os.setpgid(pid, pid)
        print(pid, flush=True)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    _end_with_parent()
    _until_input_ends()
