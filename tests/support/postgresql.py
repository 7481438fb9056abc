"""A PostgreSQL server of this machine's packages, for the tests: with its own files, on a free port, synced as usual."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.support.ports import free_port

START_SECONDS = 60.0
STOP_SECONDS = 90.0
TRIES = 3
# Becomes the user, asks the kernel for the signal at its parent's death, which a change of the user would forget, and then
# becomes the program. PostgreSQL ends by that signal at once, with all its processes.
_LAUNCH = """
import ctypes, os, signal, sys
user, group, *program = sys.argv[1:]
if user:
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
os.execv(program[0], program)
"""
_numbers = count(1)


class PostgreSQLServer:
    """A server from `with` to the end of the block; `new_database()` is the address of an empty database of it."""

    def __init__(self, programs: Path | None = None, host: str = "127.0.0.1") -> None:
        """Another one than this machine's, where ``programs`` says in which folder it is. ``host`` is an address of this machine at which
        it listens, and lets in whoever reaches that."""
        self._programs = programs
        self._host = host

    def __enter__(self) -> Self:
        # pytest's own folder can be entered by its user alone, and PostgreSQL refuses to run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="droppr-postgresql-"))
        self._user = _user()
        if self._user:
            os.chown(self.folder, *self._user)
        self._log = self.folder / "log"
        try:
            self._run(
                "initdb",
                "-D",
                str(self.folder / "data"),
                "-U",
                "droppr",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            )
            with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What it would bring to the disk first, which takes a while for hundreds of databases, is wanted by nobody.
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, on another port than before. One that another program has taken meanwhile is given up."""
        for _ in range(TRIES):
            self.port = free_port()
            if self._started():
                return
        raise AssertionError(self._log.read_text())

    def start_again(self) -> None:
        """Start it where it was, for those who know it there."""
        if not self._started():
            raise AssertionError(self._log.read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: sessions are cut off, and what was committed is written; with SIGQUIT it is not, as after a crash."""
        self.process.send_signal(how)
        self.process.wait(STOP_SECONDS)

    def new_database(self) -> str:
        name = f"droppr_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.address(name)

    def address(self, name: str) -> str:
        return f"postgresql://droppr@{self._host}:{self.port}/{name}"

    def client(self, program: str, *arguments: str) -> None:
        """Run one of the programs that come with the server, such as pg_dump, to its end."""
        subprocess.run([self._program(program), *arguments], check=True, capture_output=True, timeout=STOP_SECONDS)

    def _started(self) -> bool:
        settings = {
            "listen_addresses": self._host,
            "fsync": "on",
            # Several servers of four workers at once, each of which keeps what its threads had.
            "max_connections": 400,
            "unix_socket_directories": "",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = self._begin("postgres", "-D", str(self.folder / "data"), "-p", str(self.port), *words)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with (
                contextlib.suppress(psycopg.OperationalError),
                psycopg.connect(self.address("postgres"), connect_timeout=5),
            ):
                return True
            time.sleep(0.05)  # until it listens
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        return False

    def _run(self, program: str, *arguments: str) -> None:
        process = self._begin(program, *arguments)
        if process.wait(START_SECONDS):
            raise AssertionError(self._log.read_text())

    def _begin(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user, group = self._user or ("", "")
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", _LAUNCH, str(user), str(group), str(self._program(program)), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def _program(self, name: str) -> Path:
        if self._programs is not None:
            return self._programs / name
        # Debian keeps several versions beside each other and none of them on the path.
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
        return found[-1] if found else Path(str(shutil.which(name)))


def packaged_programs() -> Path | None:
    """Where the programs of the server with pgvector are that comes as a Python package; None where there is none for this machine."""
    found = importlib.util.find_spec("pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _user() -> tuple[int, int] | None:
    """Somebody other than root; None where we are somebody else ourselves."""
    if os.geteuid() != 0:
        return None
    found = pwd.getpwnam("postgres")
    return found.pw_uid, found.pw_gid
