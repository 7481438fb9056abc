"""Our client, and other people's with the servers they are used with: rclone, the AWS command line, curl."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from tests.bench import machine
from tests.bench.load import LIMIT_SECONDS, LoadFailed
from tests.bench.others import CACHE
from tests.bench.runs import Timing
from tests.bench.servers import end, wait_for_port
from tests.support.live import PROJECT
from tests.support.ports import free_ports


@dataclass(frozen=True)
class Tree:
    """A folder of ``count`` files of ``size`` bytes each, for one round."""

    folder: Path
    count: int
    size: int

    @property
    def total(self) -> int:
        return self.count * self.size

    def make(self, source: Path) -> None:
        """Cut the files out of ``source``, which may be shorter than all of them, or than one."""
        self.folder.mkdir(parents=True)
        with source.open("rb") as file:
            for number in range(self.count):
                with (self.folder / f"{number:05}.bin").open("wb") as target:
                    # No two alike, so that nobody who looks for what is there already finds anything.
                    target.write(number.to_bytes(8, "big"))
                    while left := self.size - target.tell():
                        piece = file.read(min(left, 64 * 1024 * 1024))
                        target.write(piece)
                        if not piece:
                            file.seek(0)

    def same_as(self, other: Path) -> bool:
        """Whether exactly these files are in ``other``, byte for byte."""
        names = sorted(os.listdir(self.folder))
        return sorted(os.listdir(other)) == names and all(_same(self.folder / name, other / name) for name in names)


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(4 * 1024 * 1024):
            if second.read(len(piece)) != piece:
                return False
        return not second.read(1)


def droppr_upload(what: str, link: str) -> list[str]:
    return [str(Path(sys.executable).with_name("droppr")), "upload", what, "--to", link, "--no-resume"]


def timed(command: list[str], env: dict[str, str] | None = None) -> Timing:
    """Run a client to its end; its seconds, its processor time and its largest resident size.

    Raises LoadFailed when it does not succeed.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, text=True
        ) as process,
    ):
        peak = _watched(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode or seconds > LIMIT_SECONDS:
            raise LoadFailed(f"{command[0]} failed: {said.read()[-500:]}")
    return Timing(seconds, {"client cpu": used.ru_utime + used.ru_stime, "client memory": float(peak)})


def _watched(pid: int) -> int:
    """The largest resident size of a process, in bytes, once it has ended.

    What the kernel tells at the end would be of no use: it counts in what this program had when it forked.
    """
    peak = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        with suppress(OSError):
            lines = (machine.PROC / str(pid) / "status").read_text().splitlines()
            peak = max(peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
        time.sleep(0.01)
    return peak


class _Process:
    """A server in one process, from ``with`` to the end of the block."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (self.port,) = free_ports(1)

    @property
    def roots(self) -> list[int]:
        return [self._process.pid] if self._process else []

    def _start(self, command: list[str], env: dict[str, str] | None = None) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, **silent)
        wait_for_port(self.port, self._process)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


class Rclone(_Process):
    """`rclone serve webdav`, and `rclone copy` to it. Installed from the distribution where it is missing."""

    version = ""
    target: Path
    """Where the latest copy went."""

    def __enter__(self) -> Self:
        subprocess.run([PROJECT / "scripts" / "system-parts", "rclone"], check=True)
        said = subprocess.run(["rclone", "version"], capture_output=True, text=True, check=True).stdout
        self.version = said.split()[1].removeprefix("v")
        self._start(["rclone", "serve", "webdav", str(self.root), "--addr", f"127.0.0.1:{self.port}"])
        return self

    def clean(self) -> None:
        for entry in self.root.iterdir():
            shutil.rmtree(entry)

    def copy(self, folder: Path) -> Timing:
        # A new name each time: its server remembers folders, and so what was removed from them between two runs.
        self.target = self.root / f"to-{secrets.token_hex(4)}"
        where = [f":webdav:{self.target.name}", "--webdav-url", f"http://127.0.0.1:{self.port}"]
        return timed(["rclone", "copy", str(folder), *where, "--transfers", "8", "--config", "/dev/null"])


class Moto(_Process):
    """moto, a stand-in for S3 that keeps everything in memory; and the AWS command line."""

    version = ""

    def __enter__(self) -> Self:
        venv = CACHE / "awscli"
        if not (venv / "bin" / "aws").exists():
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "awscli"], check=True)
        (metadata,) = venv.glob("lib/python*/site-packages/awscli-*.dist-info")
        self.version = metadata.name.removeprefix("awscli-").removesuffix(".dist-info")
        self._aws = str(venv / "bin" / "aws")
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.clean()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def clean(self) -> None:
        """Started anew, as it would keep what it was sent."""
        end(self._process)
        self._start(
            [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(self.port)], self._env
        )
        self._s3().create_bucket(Bucket="here")

    def copy(self, folder: Path) -> Timing:
        command = [self._aws, "--endpoint-url", self.url, "s3", "cp", "--quiet", "--recursive"]
        return timed([*command, str(folder), "s3://here/to/"], self._env)

    def has(self, tree: Tree) -> bool:
        pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket="here")
        sizes = [entry["Size"] for page in pages for entry in page.get("Contents", ())]
        return sizes == [tree.size] * tree.count

    def _s3(self) -> Any:
        keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.url, **keys)


def curl(folder: Path, url: str, scratch: Path) -> Timing:
    """Put all files of a folder to ``url``, eight at once; a single one in one stream."""
    lines = []
    for name in sorted(os.listdir(folder)):
        lines += [f'upload-file = "{folder / name}"', f'url = "{url}/{name}"', "next", "fail", "silent", "show-error"]
    scratch.write_text("\n".join(["fail", "silent", "show-error", *lines[:-4]]) + "\n")
    return timed(["curl", "--parallel", "--parallel-max", "8", "--config", str(scratch)])
