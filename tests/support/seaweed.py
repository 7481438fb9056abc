"""An S3 store for the tests: SeaweedFS, whose program comes as a Python package, with its own files and on loopback alone."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.live import free_port

START_SECONDS = 60.0
TRIES = 3
PROGRAM = Path(sys.executable).with_name("weed")
ACCESS, SECRET, REGION = "seaweed-for-tests", "secret-of-seaweed-for-tests", "us-east-1"
# Asks the kernel for the signal at its parent's death, then becomes the program.
_LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGKILL); os.execv(sys.argv[1], sys.argv[1:])"
)
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
_numbers = count(1)


class SeaweedServer:
    """A store from ``with`` to the end of the block; ``new_bucket()`` is the name of an empty bucket of it."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="droppr-seaweed-"))
        self._log = self.folder / "log"
        config = self.folder / "s3.json"
        keys = [{"accessKey": ACCESS, "secretKey": SECRET}]
        config.write_text(json.dumps({"identities": [{"name": "droppr", "credentials": keys, "actions": ["Admin"]}]}))
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, on ports that are free. Ports that another program has taken meanwhile are given up. One that was killed
        comes back where it was."""
        for _ in range(TRIES):
            if not hasattr(self, "port"):
                self._ports = dict(zip((*_PORTS, "s3.port", "s3.port.grpc"), _free_ports(8), strict=True))
                self.port = self._ports["s3.port"]
            if self._started():
                return
            del self.port
        raise AssertionError(f"SeaweedFS does not start:\n{self._log.read_text()[-4000:]}")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a crash would."""
        self.process.send_signal(how)
        self.process.wait(30)

    def new_bucket(self) -> str:
        name = f"droppr-{next(_numbers)}-{time.time_ns() % 10**9}"
        self.client.create_bucket(Bucket=name)
        return name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Any:
        """One to look into it with."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20),
        )

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
        }

    def objects(self, bucket: str) -> list[str]:
        """The keys of every finished object."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def uploads(self, bucket: str) -> list[str]:
        """The keys of every multipart upload that is not finished."""
        found = self.client.list_multipart_uploads(Bucket=bucket)
        return [each["Key"] for each in found.get("Uploads", [])]

    def _started(self) -> bool:
        words = {
            "dir": self.folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.ip.bind": "127.0.0.1",
            "s3.config": self.folder / "s3.json",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3": "true",
            "filer": "true",
            "s3.iam": "false",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "master.electionTimeout": "1s",
            "volume.max": 200,
            "volume.minFreeSpace": "1MiB",
            **self._ports,
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _LAUNCH,
                    str(PROGRAM),
                    "-logtostderr",
                    "server",
                    *(f"-{n}={v}" for n, v in words.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "GOMAXPROCS": "2"},
            )
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(BotoCoreError, ClientError):
                # It lists buckets before it can store anything.
                self.client.create_bucket(Bucket="ready")
                self.client.put_object(Bucket="ready", Key="ready", Body=b"x")
                return True
            time.sleep(0.1)  # until it takes an object
        self.stop()
        return False


def _free_ports(many: int) -> Iterator[int]:
    """Ports that differ."""
    found: set[int] = set()
    while len(found) < many:
        found.add(free_port())
    return iter(sorted(found))
