"""An S3 store for the tests: SeaweedFS, whose program comes as a Python package, with its own files and on loopback alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.support.s3_server import S3Server

PROGRAM = Path(sys.executable).with_name("weed")
# Asks the kernel for the signal at its parent's death, then becomes the program.
_LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGKILL); os.execv(sys.argv[1], sys.argv[1:])"
)


class SeaweedServer(S3Server):
    """All of SeaweedFS in one process."""

    name = "SeaweedFS"
    access, secret = "seaweed-for-tests", "secret-of-seaweed-for-tests"
    ports = (
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "s3.port.grpc",
        "s3.port",
    )
    seconds = 60.0

    def configure(self) -> None:
        keys = [{"accessKey": self.access, "secretKey": self.secret}]
        identities = [{"name": "droppr", "credentials": keys, "actions": ["Admin"]}]
        (self.folder / "s3.json").write_text(json.dumps({"identities": identities}))

    def command(self) -> list[str]:
        words = {
            "dir": self.folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.ip.bind": self.host,
            "s3.config": self.folder / "s3.json",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3": "true",
            "filer": "true",
            "s3.iam": "false",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "master.electionTimeout": "1s",
            # A bucket takes seven.
            "volume.max": 5000,
            "volume.minFreeSpace": "1MiB",
            **self._ports,
        }
        options = [f"-{name}={value}" for name, value in words.items()]
        return [sys.executable, "-c", _LAUNCH, str(PROGRAM), "-logtostderr", "server", *options]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "GOMAXPROCS": "2"}
