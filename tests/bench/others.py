"""Other servers for the same job, installed on demand from PyPI and npm into .cache/bench, never into the project."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from tests.bench.load import LoadFailed, Request, Source
from tests.bench.servers import end, wait_for_port
from tests.support.files import MIB, spans
from tests.support.live import PROJECT
from tests.support.ports import free_ports

CACHE = PROJECT / ".cache" / "bench"
HERE = Path(__file__).parent
_TUS_PACKAGES = ("@tus/server", "@tus/file-store", "tus-js-client")
TUS_HEADERS = {"Tus-Resumable": "1.0.0"}


class Copyparty:
    """copyparty with one writable volume. Started anew for each run, as it remembers what it has received."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._folder = folder
        self._venv = CACHE / "copyparty"
        self._process: subprocess.Popen[bytes] | None = None
        (self.port,) = free_ports(1)
        self.version = ""

    def install(self) -> Self:
        """From PyPI, where it is not there yet."""
        python = self._venv / "bin" / "python"
        if not (self._venv / "bin" / "copyparty").exists():
            subprocess.run([sys.executable, "-m", "venv", self._venv], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "copyparty"], check=True)
        return self

    def __enter__(self) -> Self:
        self.install()
        (metadata,) = self._venv.glob("lib/python*/site-packages/copyparty-*.dist-info")
        self.version = metadata.name.removeprefix("copyparty-").removesuffix(".dist-info")
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def roots(self) -> list[int]:
        return [self._process.pid] if self._process else []

    def clean(self) -> None:
        end(self._process)
        shutil.rmtree(self.root, ignore_errors=True)
        self._start()

    def own_client(self, path: Path, connections: int, url: str = "", *more: str) -> list[str]:
        """The command that sends a file or folder with u2c, the client that comes with copyparty; ``url`` is another way to it."""
        (script,) = self._venv.glob("lib/python*/site-packages/copyparty/web/a/u2c.py")
        python = self._venv / "bin" / "python"
        return [
            str(python),
            str(script),
            "-j",
            str(connections),
            "-ns",
            *more,
            url or f"http://127.0.0.1:{self.port}/",
            str(path),
        ]

    def _start(self) -> None:
        self.root.mkdir(parents=True)
        command = [
            str(self._venv / "bin" / "copyparty"),
            "-q",
            "-i",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-v",
            f"{self.root}::rw",
        ]
        # It keeps its own state in the home folder.
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)}
        self._process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self._process)


class Up2k:
    """One file over up2k, copyparty's protocol: a handshake, chunks in any order, a handshake.

    The names of the chunks are hashes of their content, which a client has to know before it may send the first
    byte. They are computed here once and outside of what is timed.
    """

    def __init__(self, server: Copyparty, source: Source, name: str, most: int) -> None:
        self._server = server
        self._size = source.size
        chunk = _chunk_size(source.size)
        with source.path.open("rb") as file:
            self._hashes = [_hash(file.read(chunk)) for _ in spans(source.size, chunk)]
        self._handshake = {"name": name, "size": source.size, "lmod": 0, "hash": self._hashes}
        # Several chunks go into one request, as its own client does it, so that all servers get requests of one size.
        self._step = max(1, most // chunk)
        self._chunk = chunk

    def begin(self) -> list[Request]:
        """Announce the file; the requests that carry it."""
        answer = self._shake()
        missing = set(answer["hash"])
        if missing != set(self._hashes):
            raise LoadFailed("copyparty believes to have parts of the file already")
        requests = []
        for first in range(0, len(self._hashes), self._step):
            start = first * self._chunk
            stop = min(start + self._step * self._chunk, self._size)
            headers = {"X-Up2k-Hash": self._named(first), "X-Up2k-Wark": answer["wark"]}
            headers["Content-Type"] = "application/octet-stream"
            requests.append(Request("POST", answer["purl"], start, stop - start, headers))
        return requests

    def end(self) -> None:
        if self._shake()["hash"]:
            raise LoadFailed("copyparty misses chunks at the end")

    def _named(self, first: int) -> str:
        """The first chunk's hash; of those that follow it in the same request, a few characters each."""
        one, *rest = self._hashes[first : first + self._step]
        if not rest:
            return one
        count = max(2, min(9, 192 // (len(rest) + 1)))
        return f"{one},{count},{''.join(each[:count] for each in rest)}"

    def _shake(self) -> Any:
        reply = urllib3.request(
            "POST", f"http://127.0.0.1:{self._server.port}/", json=self._handshake, retries=False, timeout=60
        )
        if reply.status != 200:
            raise LoadFailed(f"copyparty refused a handshake: {reply.status} {reply.data[:200]!r}")
        return reply.json()


def _chunk_size(size: int) -> int:
    """How up2k cuts a file: at most 256 chunks below 32 MiB each, sizes growing ever faster by half MiBs."""
    chunk, step, factor = MIB, MIB // 2, 1
    while -(-size // chunk) > 256 and not (chunk >= 32 * MIB and -(-size // chunk) <= 4096):
        chunk += step
        step *= factor
        factor = 3 - factor
    return chunk


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha512(data).digest()[:33]).decode()


class Tus:
    """@tus/server on Node with its own file store."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._folder = folder
        self._modules = CACHE / "tus"
        self._process: subprocess.Popen[bytes] | None = None
        (self.port,) = free_ports(1)
        self.versions = ""

    def install(self) -> Self:
        """From npm, where it is not there yet."""
        self._modules.mkdir(parents=True, exist_ok=True)
        if not all((self._modules / "node_modules" / name).exists() for name in _TUS_PACKAGES):
            (self._modules / "package.json").write_text('{"private": true}')
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", *_TUS_PACKAGES], cwd=self._modules, check=True)
        return self

    def __enter__(self) -> Self:
        self.install()
        # Node looks for packages beside the script.
        for script in ("tus-server.mjs", "tus-client.mjs"):
            shutil.copyfile(HERE / script, self._modules / script)
        self.versions = ", ".join(f"{name} {self._version(name)}" for name in ("@tus/server", "tus-js-client"))
        self.root.mkdir(parents=True)
        command = ["node", str(self._modules / "tus-server.mjs"), str(self.port), str(self.root)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for_port(self.port, self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def roots(self) -> list[int]:
        return [self._process.pid] if self._process else []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/files"

    def clean(self) -> None:
        for entry in self.root.iterdir():
            entry.unlink()

    def own_client(self, path: Path, count: int, endpoint: str = "") -> list[str]:
        """The command that sends a file with tus-js-client, ``count`` times at once; ``endpoint`` is another way to it."""
        return ["node", str(self._modules / "tus-client.mjs"), endpoint or self.endpoint, str(path), str(count)]

    def begin(self, size: int) -> str:
        """Make an upload; its id."""
        headers = {**TUS_HEADERS, "Upload-Length": str(size)}
        reply = urllib3.request("POST", self.endpoint, headers=headers, retries=False, timeout=60)
        if reply.status != 201:
            raise LoadFailed(f"@tus/server refused an upload: {reply.status} {reply.data[:200]!r}")
        return reply.headers["Location"].rsplit("/", 1)[-1]

    def _version(self, name: str) -> str:
        version: str = json.loads((self._modules / "node_modules" / name / "package.json").read_text())["version"]
        return version
