"""A process that has loaded what a server and `droppr` need, and becomes one again and again by forking: a start without the
second of processor time that loading takes. Everything else is as ever: gunicorn reads its configuration and forks its workers.

Run as a program it is that process: for each line on its standard input, a JSON object, it starts one of them and answers with
its pid; when its input ends, so does it, and with it all its servers (they ask the kernel for a SIGTERM then).
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

_real_time = time.time
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNET = 0x40000000
SECONDS = 60.0
MOVED_CLOCK = "MOVED_CLOCK"
MEDIA_SERVER = str(Path(__file__).resolve().parents[2] / "media-server")


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

    _process: ClassVar[subprocess.Popen[bytes] | None] = None
    _line: ClassVar[socket.socket]
    _lock = threading.Lock()

    @classmethod
    def pid(cls) -> int | None:
        return cls._process.pid if cls._process else None

    @classmethod
    def server(cls, **how: Any) -> Server:
        """A server with these ``arguments``, in folder ``cwd``, with ``environment``, that writes to ``log``, in the namespace ``network``
        where that is one's file."""
        with cls._lock:
            return Server(cls._asked({"what": "server", **how}, []))

    @classmethod
    def program(cls, files: Sequence[int], **how: Any) -> int:
        """The pid of a ``droppr`` with these ``arguments``, in folder ``cwd``, with ``environment``, and with ``files`` for its
        standard input, output and errors. It is a child of this process, which has to wait for it."""
        with cls._lock, _adopting():
            return cls._asked({"what": "program", **how}, files)

    @classmethod
    def _asked(cls, what: dict[str, Any], files: Sequence[int]) -> int:
        if cls._process is None or cls._process.poll() is not None:
            cls._line, theirs = socket.socketpair()
            cls._line.settimeout(SECONDS)
            with theirs:
                cls._process = subprocess.Popen(
                    [sys.executable, __file__],
                    env={**os.environ, "PYTHONPATH": MEDIA_SERVER},
                    stdin=theirs.fileno(),
                    start_new_session=True,
                )
        text = json.dumps(what).encode() + b"\n"
        sent = socket.send_fds(cls._line, [text], files)
        cls._line.sendall(text[sent:])
        return int(_read_line(cls._line)[0])


@contextmanager
def _adopting() -> Iterator[None]:
    """Meanwhile those whose parents end are children of this process, though these are not."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _read_line(line: socket.socket) -> tuple[bytes, list[int]]:
    """One line, and the files that came with it; nothing where the other end is closed."""
    text, files, _, _ = socket.recv_fds(line, 65536, 3)
    while text and not text.endswith(b"\n"):
        text += line.recv(65536)
    return text, files


def _load() -> dict[str, str]:
    """Loads it all; what that added to the environment, as some libraries do."""
    before = set(os.environ)
    # Before anybody takes it for a default, or by its own name.
    time.time = Moved.time
    import gunicorn.app.wsgiapp
    import gunicorn.workers.gthread  # noqa: F401

    # Known when they are made, counters are of the kind that several processes share. Where they lie each asks anew.
    with tempfile.TemporaryDirectory() as os.environ["PROMETHEUS_MULTIPROC_DIR"]:
        import app.web.server.front
        import app.web.wire.errors
        import app.wiring  # noqa: F401

        # As a program this file has only its own folder to import from.
        runpy.run_path(str(Path(__file__).with_name("cheap.py")))["have_it_cheap"]()
        _make_one(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    import droppr_client

    for module in pkgutil.walk_packages(droppr_client.__path__, "droppr_client."):
        import_module(module.name)
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


def _serve(cwd: str, environment: dict[str, str], log: str, arguments: list[str], network: str | None) -> None:
    if network:
        _enter(network)
    from gunicorn.app.wsgiapp import run

    from app.services.operations.observer import CHUNKS

    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, file in enumerate((nothing, out, out)):
        os.dup2(file, number)
    os.chdir(cwd)
    _have(environment)
    sys.argv = ["gunicorn", *arguments]
    # Counters notice at their first use that they are in another process; a worker has its own from its beginning.
    os.register_at_fork(after_in_child=lambda: CHUNKS.inc(0))
    run(prog="gunicorn")


def _run(arguments: list[str], cwd: str, environment: dict[str, str], files: list[int]) -> None:
    """Become the program, whose last step is to end as Python does: its files are told where it is."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    _have(environment)
    _close_others()
    os.chdir(cwd)
    time.tzset()
    tempfile.tempdir = None
    sys.stdin = _opened(0, sys.stdin)
    sys.stdout, sys.stderr = _opened(1, sys.stdout), _opened(2, sys.stderr)
    sys.argv = arguments
    code = _outcome()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120
    os._exit(code)


def _close_others() -> None:
    """Close what the template had open. The files of its counters first, by those who know of them: whoever else closed them would
    have the counters close what has their numbers by then, of a database for instance."""
    from app.services.operations.observer import CHUNKS

    CHUNKS.inc(0)
    own = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            where = os.readlink(f"/proc/self/fd/{name}")
            if where.startswith(own):
                os.unlink(where)  # Mapped, it is there as long as this process.
            elif int(name) > 2:
                os.close(int(name))


def _outcome() -> int:
    from droppr_client.__main__ import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int | None):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    except BaseException as error:  # noqa: BLE001  as Python itself does
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _opened(number: int, like: Any) -> Any:
    """A standard stream as Python opens it when it starts."""
    mode = like.mode + "b"
    binary = open(number, mode, closefd=False)  # noqa: SIM115  it is open as long as the program runs
    return io.TextIOWrapper(
        binary,
        encoding=like.encoding,
        errors=like.errors,
        newline=None if mode == "rb" else "\n",
        line_buffering=like is sys.stderr or binary.isatty(),
    )


class Moved:
    """The clock of a program, which is as far ahead as the file says that $MOVED_CLOCK names (clock.py), read anew each time."""

    by: ClassVar[str | None] = None

    @staticmethod
    def time() -> float:
        if Moved.by is None:
            return _real_time()
        with open(Moved.by) as file:
            return _real_time() + float(file.read() or 0)


def _have(environment: dict[str, str]) -> None:
    Moved.by = environment.get(MOVED_CLOCK)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


def _until_input_ends() -> None:
    """Answer each line with a pid: that of a child of this process, or that of a grandchild whose parent has ended."""
    counters = tempfile.mkdtemp()
    added = _load()
    line = socket.socket(fileno=os.dup(0))
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for those that end.
    template = os.getpid()
    while (asked := _read_line(line))[0]:
        how, files = json.loads(asked[0]), asked[1]
        if "DROPPR_STORE" in how["environment"]:
            _load_cluster()
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if how.pop("what") == "program":
                _become_a_program(line, how, files, counters)
            else:
                os.setpgid(0, 0)
                _end_with_parent()
                if os.getppid() == template:
                    _serve(**{**how, "environment": added | how["environment"]})
            os._exit(1)
        for file in files:
            os.close(file)
        if how["what"] == "server":
            # Whoever comes first: the group is there when its name is told.
            with suppress(OSError):
                os.setpgid(pid, pid)
            line.sendall(b"%d\n" % pid)
    shutil.rmtree(counters, ignore_errors=True)


def _become_a_program(line: socket.socket, how: dict[str, Any], files: list[int], counters: str) -> None:
    """In a child of one's own, which tells its number once it is somebody else's."""
    parent = os.getpid()
    if os.fork():
        return
    os.setsid()
    while os.getppid() == parent:
        time.sleep(0.0005)
    line.sendall(b"%d\n" % os.getpid())
    line.close()
    # Its counters, which nobody asks for, are of the kind that is shared (_load).
    how["environment"]["PROMETHEUS_MULTIPROC_DIR"] = counters
    try:
        _run(**how, files=files)
    finally:
        os._exit(1)


def _enter(network: str) -> None:
    with open(network) as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {network}")


def _load_cluster() -> None:
    """What nodes need besides, which other tests do without."""
    import boto3  # noqa: F401

    import app.wiring.cluster
    import app.wiring.cluster_shared  # noqa: F401


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    _until_input_ends()
