"""How gunicorn runs the app. Everything that varies comes from app.settings; `droppr serve` starts it."""

from __future__ import annotations

import gc
import hashlib
import importlib
import importlib.util
import json
import mmap
import os
import shutil
import signal
import socket
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.http import message
from gunicorn.workers.gthread import ThreadWorker

_HERE = Path(__file__).resolve().parent
# The package is beside this file in the repository, and around it where it is installed (setup.py).
_APP = _HERE / "app" if (_HERE / "app").is_dir() else _HERE.parents[1]
# Before the working folder, which gunicorn puts first and which may hold another `app`.
sys.path.insert(0, str(_APP.parent))


def _settings() -> Any:
    """The settings, read without leaving the package `app` imported.

    Workers are forked from this process: a module loaded here would be theirs too, so a reload (SIGHUP) would not
    bring new code, and prometheus_client would have chosen its kind of counter before it knew where to share them.
    """
    source = _APP / "settings.py"
    spec = importlib.util.spec_from_file_location("droppr_settings", source)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{source} is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    before = set(sys.modules)
    spec.loader.exec_module(module)
    settings = module.load_settings()
    # What it needed of the package is forgotten again.
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "app":
            del sys.modules[name]
    return settings


_s = _settings()


def _metrics_folder() -> Path:
    """Where each worker writes its numbers, so that /metrics can add them up.

    In memory where possible: the numbers are mapped files, and a mapped file on a disk that is full ends the
    process that touches it. The name follows the data folder, so that a restart empties what a crash left.
    """
    data = Path(_s.data_dir)
    shared = Path("/dev/shm") / f"droppr-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"
    try:
        shared.mkdir(mode=0o700, exist_ok=True)
        # Anyone may make folders there; only one of ours is used.
        if shared.stat().st_uid == os.geteuid() and not shared.is_symlink():
            return shared
    except OSError:
        pass
    return data / "metrics"


_metrics = _metrics_folder()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)

_host = f"[{_s.host}]" if ":" in _s.host else _s.host
bind = f"unix:{_s.unix_socket}" if _s.unix_socket else f"{_host}:{_s.port}"
if _s.tls_cert:
    certfile, keyfile = str(_s.tls_cert), str(_s.tls_key or _s.tls_cert)
# Only nginx, which runs as the same user, may reach the socket: what arrives there is believed.
umask = 0o077
os.umask(_s.umask)  # All else, in the workers too: who may see received files.


# One byte that the master shares with its workers: 1 once this server was told to end and still answers.
_leaving = mmap.mmap(-1, 1)


class Worker(ThreadWorker):
    """The front (app.web.server.front), which may be imported only once the worker has been forked."""

    def init_process(self) -> None:
        from app.web.server.front import Front

        self.__class__ = Front
        self.settings = _s
        self.leaving = _leaving
        self.init_process()


_REFUSALS = {
    400: ("invalid_request", "The server did not understand this request."),
    414: ("invalid_request", "This address is too long."),
    431: ("invalid_request", "The headers of this request are too long."),
    500: ("internal_error", "Something went wrong on the server."),
}


def _write_error(sock: socket.socket, status: int, reason: str, detail: str) -> None:
    """Answer what gunicorn refuses before the app has seen it in the shape of the app's errors (app.web.wire.errors)."""
    del detail  # In gunicorn's words, and with what the client sent; the log has it.
    code, sentence = _REFUSALS.get(status, _REFUSALS[400])
    body = json.dumps({"error": sentence, "code": code})
    head = (
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"X-Request-Id: {uuid.uuid4().hex}",
    )
    util.write_nonblock(sock, "\r\n".join((*head, "", body)).encode("latin-1"))


worker_class = Worker
workers = _s.workers
threads = _s.threads
# File locks do not survive a fork, so each worker builds the app for itself.
preload_app = False
# The heartbeat's file must not sit on a disk that an upload keeps busy.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# A heartbeat, not a limit on requests: gthread's main loop goes on while threads receive slowly.
timeout = 60
# A chunk under way may finish; one that takes longer is sent again by its client.
graceful_timeout = 30
# Longer than nginx keeps an idle connection (60 s), so that nginx never writes into one that is being closed.
keepalive = 75

# A path of 3072 bytes takes three times as much when every byte is percent-encoded, in X-Upload-Path as in the address
# of its download. gunicorn would cut any longer limit for the line down to 8190.
limit_request_field_size = limit_request_line = message.MAX_REQUEST_LINE = 16380
util.write_error = _write_error

# The app decides whom to believe about client addresses and schemes (DROPPR_TRUSTED_PROXIES).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
# Would be a file in the home folder, outside the data folder.
control_socket_disable = True

# The app writes one line per upload, without the capabilities that stand in URLs.
accesslog = None
errorlog = "-"
loglevel = "info"


# What each worker would otherwise load for itself: half of the time that it needs to be ready, and memory that all of
# them now have in common. None of it is ours (_settings says why), starts a thread, or opens a file.
_LIBRARIES = (
    "altcha",
    "apscheduler.schedulers.background",
    "apscheduler.triggers.cron",
    "argon2",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "flask",
    "google_crc32c",
    "limits",
    "psutil",
    "pythonjsonlogger",
    "sqlalchemy.dialects.sqlite",
    "urllib3",
    "wsproto",
)


def on_starting(server: Any) -> None:
    """Loads libraries for all workers, and empties the metrics folder. Once per start and not on a reload, when workers
    still write there."""
    for library in _LIBRARIES:
        importlib.import_module(library)
    _metrics.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in _metrics.glob("*.db"):
        left_over.unlink()
    if _s.drain_seconds:
        _end_late(server)


def _end_late(server: Any) -> None:
    """Told to end by SIGTERM, a server whose load balancer asks /readyz says there that it is about to, and answers on for
    as long as the balancer takes to see it. A second SIGTERM, or another signal, ends it at once."""
    end = server.handle_term

    def say_so_first() -> None:
        if _leaving[0]:
            end()
        _leaving[0] = 1
        server.log.info("Not ready any more; ends in %s seconds.", _s.drain_seconds)
        timer = threading.Timer(_s.drain_seconds, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    server.handle_term = say_so_first


def post_fork(server: Any, worker: Any) -> None:
    """A worker loads hundreds of thousands of objects that stay: looking for garbage among them again and again is a sixth of its
    start."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """And later each look at all of them would hold up every thread for tens of milliseconds: they are left out from now on."""
    gc.freeze()
    gc.enable()


def on_exit(server: Any) -> None:
    """Leaves nothing in memory behind."""
    shutil.rmtree(_metrics, ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """Drops the gauges of a worker that is gone."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
