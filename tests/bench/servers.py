"""The servers that are measured: Droppr alone and behind nginx, and nginx's own WebDAV."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.core.ports.uploads import UploadStore
from app.settings import Settings
from app.wiring import build
from tests.bench import machine
from tests.support.client import Client, Link
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx, nginx_program
from tests.support.ports import free_ports

PAGES = Path(__file__).resolve().parents[2] / "nginx" / "dist"

# Straight into place: what nginx writes first lies on the same file system, so it only has to rename it. One stream
# does best with 256 KiB; several with 1 MiB.
_DAV = """
user {user};
worker_processes {workers};
pid "{folder}/nginx.pid";
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_max_body_size 0;
    keepalive_requests 1000000;
    proxy_temp_path "{folder}/proxy"; fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi"; scgi_temp_path "{folder}/scgi";
    server {{
        listen 127.0.0.1:{port};
        root "{folder}/root";
        client_body_temp_path "{folder}/body";
        create_full_put_path on;
        dav_methods PUT DELETE;
        location /one/ {{ client_body_buffer_size 256k; }}
        location /best/ {{ client_body_buffer_size 1m; }}
    }}
}}
"""


class Droppr:
    """Droppr as it ships: gunicorn alone, or with nginx in front of a unix socket."""

    def __init__(
        self,
        folder: Path,
        *,
        behind_nginx: bool = False,
        workers: int = 1,
        project: Any = PROJECT,
        nginx: Any = None,
        **env: object,
    ) -> None:
        """``project`` is another checkout, whose server and nginx.conf are meant; ``nginx`` holds more keywords for `LiveNginx`."""
        folder.mkdir(parents=True)
        settings: dict[str, Any] = {**GENEROUS, "DROPPR_LOG_LEVEL": "WARNING", **env}
        self._server = LiveServer(folder, workers=workers, unix_socket=behind_nginx, project=project, **settings)
        self._nginx: LiveNginx | None = None
        if behind_nginx:
            assert self._server.socket_path is not None
            script = project / "scripts" / "render-nginx-conf"
            taken_over: dict[str, Any] = {
                name: value for name, value in env.items() if name.startswith(("DROPPR_MAX_", "DROPPR_NGINX_"))
            } | (nginx or {})
            paths = (self._server.socket_path, self._server.data_dir, PAGES, folder)
            self._nginx = LiveNginx(*paths, script=script, **taken_over)

    def __enter__(self) -> Self:
        self._server.__enter__()
        if self._nginx:
            self._nginx.__enter__()
        self.client = Client.of(self._server, url=self._nginx.url if self._nginx else None)
        self.link: Link = self.client.make_link()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._nginx:
            self._nginx.stop()
        self._server.__exit__(kind, error, at)
        shutil.rmtree(self._server.tmp_path, ignore_errors=True)

    @property
    def port(self) -> int:
        return self._nginx.port if self._nginx else self._server.port

    @property
    def roots(self) -> list[int]:
        """The processes that all others of this server descend from."""
        master = machine.processes()[self._server.worker_pids()[0]].parent
        if self._nginx is None:
            return [master]
        return [master, int((self._nginx.folder / "nginx.pid").read_text())]

    def clean(self) -> None:
        """Remove what was received and the link it came by; the next run gets a new link."""
        self.link.close()
        shutil.rmtree(self.link.disk, ignore_errors=True)
        shutil.rmtree(self._server.data_dir / "uploads", ignore_errors=True)
        (self._server.data_dir / "uploads").mkdir(mode=0o700)
        self.link = self.client.make_link()


class DavNginx:
    """nginx that takes files by ``PUT`` and does nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.root = folder / "root"
        (self.port,) = free_ports(1)

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True)
        config = self._folder / "nginx.conf"
        user = pwd.getpwuid(os.getuid()).pw_name
        config.write_text(_DAV.format(user=user, folder=self._folder, port=self.port, workers=os.cpu_count() or 1))
        command = [nginx_program(), "-e", "stderr", "-p", str(self._folder), "-c", str(config), "-g", "daemon off;"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_for_port(self.port, self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def roots(self) -> list[int]:
        return [self._process.pid] if self._process else []

    def clean(self) -> None:
        for entry in self.root.iterdir():
            shutil.rmtree(entry)


def upload_store(data_dir: Path, durability: str = "complete") -> UploadStore:
    """The store of uploads as a worker of the server makes it for itself."""
    facts: dict[str, Any] = {"data_dir": data_dir, "durability": durability, "admin_token": "of-no-use-to-anybody"}
    return build(Settings(**facts)).ground.stores.uploads


def wait_for_port(port: int, process: subprocess.Popen[Any], seconds: float = 20) -> None:
    """Return when somebody listens there. Raises RuntimeError when ``process`` ends before or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.03)
    end(process)
    raise RuntimeError(f"{process.args!r} did not start to listen")


def end(process: subprocess.Popen[Any] | None) -> None:
    """Ask a process to end, and make it."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def completed(answer: str) -> bool:
    """Whether a raw HTTP answer says in JSON that the upload is complete."""
    try:
        value = json.loads(answer.partition("\r\n\r\n")[2])
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("complete") is True
