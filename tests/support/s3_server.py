"""What S3 stores of the tests have in common: a program that is started on free ports of loopback, and looked into by its own interface."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.ports import free_ports

TRIES = 3
REGION = "us-east-1"
_numbers = count(1)


class S3Server:
    """A store from ``with`` to the end of the block; ``new_bucket()`` is the name of an empty bucket of it. ``host`` is the address of this
    machine at which it is asked."""

    name: ClassVar[str]
    access: ClassVar[str]
    secret: ClassVar[str]
    ports: ClassVar[tuple[str, ...]]
    """Those that it listens on, by what they are for; the last is for S3."""
    seconds: ClassVar[float]
    """How long a start may take."""
    compares: ClassVar[bool] = True
    """Whether it refuses a part whose bytes are others than a header says."""
    has_rules: ClassVar[bool] = True
    """Whether its buckets may have rules: when objects go, and which pages may put some."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix=f"droppr-{self.name.lower()}-"))
        self._log = self.folder / "log"
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
                self._ports = dict(zip(self.ports, free_ports(len(self.ports)), strict=True))
                self.port = self._ports[self.ports[-1]]
                self.configure()
            if self._started():
                return
            del self.port
        raise AssertionError(f"{self.name} does not start:\n{self._log.read_text()[-4000:]}")

    def start_again(self) -> None:
        """Start one that was killed where it was, for those who know it there; more than once where it does not come up."""
        for _ in range(TRIES):
            if self._started():
                return
        raise AssertionError(f"{self.name} does not start again:\n{self._log.read_text()[-4000:]}")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a crash would."""
        self.send_signal(how)
        self.process.wait(60)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to all of it."""
        self.process.send_signal(number)

    def configure(self) -> None:
        """Write what it reads at its start, now that its ports are known."""

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What stands in its environment."""
        return {"HOME": str(self.folder), "PATH": "/usr/bin:/bin"}

    def new_bucket(self) -> str:
        name = f"droppr-{next(_numbers)}-{time.time_ns() % 10**9}"
        self.client.create_bucket(Bucket=name)
        return name

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def client(self) -> Any:
        """One to look into it with."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=20,
                read_timeout=60,
                request_checksum_calculation="when_required",
                s3={"addressing_style": "path"},
            ),
        )

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.access,
            "AWS_SECRET_ACCESS_KEY": self.secret,
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

    def parts(self, bucket: str) -> dict[str, int]:
        """What it keeps of parts beside the objects of a bucket, as far as it lets anybody see that, and how many bytes each has."""
        del bucket
        return {}

    def _started(self) -> bool:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
            )
        deadline = time.monotonic() + self.seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(BotoCoreError, ClientError):
                # There already where it was started before.
                self.client.create_bucket(Bucket="ready")
            with contextlib.suppress(BotoCoreError, ClientError):
                # It may list buckets before it can store anything.
                self.client.put_object(Bucket="ready", Key="ready", Body=b"x")
                return True
            time.sleep(0.1)  # until it takes an object
        self.stop()
        return False
