"""An authority that gives certificates by ACME, on this machine alone: pebble, which Let's Encrypt tests with."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.certificates import self_signed
from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
KEEP = ROOT / "scripts" / "keep-certificate"
START_SECONDS = 60.0


class Authority:
    """From `with` to the end of the block. It proves a name by asking port `asks_at` of it, in place of 80, and what it
    gives is good for `days`.
    """

    def __init__(self, folder: Path, asks_at: int, days: int) -> None:
        self._folder = folder / "authority"
        self._folder.mkdir()
        self._port, self._management, unused = free_ports(3)
        self._own, _ = self_signed(self._folder, "localhost")
        self._config = self._folder / "pebble.json"
        settings = {
            "listenAddress": f"127.0.0.1:{self._port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(self._own),
            "privateKey": str(self._folder / "key.pem"),
            "httpPort": asks_at,
            "tlsPort": unused,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "certificateValidityPeriod": days * 86400,
        }
        self._config.write_text(json.dumps({"pebble": settings}))
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What `keep-certificate` needs to ask this one."""
        return {
            "DROPPR_ACME_SERVER": f"https://localhost:{self._port}/dir",
            "REQUESTS_CA_BUNDLE": str(self._own),
        }

    @property
    def root(self) -> Path:
        """What browsers have to trust, to trust what it gives."""
        path = self._folder / "root.pem"
        path.write_bytes(self._ask("roots/0"))
        return path

    def __enter__(self) -> Self:
        # It waits some seconds before it looks, and refuses some requests, where it is not told otherwise.
        told = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["pebble", "-config", str(self._config)],
                env=os.environ | told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._ask("roots/0")
                return self
            except OSError:
                time.sleep(0.05)
        self._stop()
        raise AssertionError(f"pebble did not start: {self._log.read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _ask(self, path: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self._own))
        address = f"https://localhost:{self._management}/{path}"
        with urllib.request.urlopen(address, timeout=5, context=context) as reply:
            body: bytes = reply.read()
            return body


def keep_certificate(environment: dict[str, str], *options: str, code: int = 0) -> str:
    """One look of the script that is shipped: what it said."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DROPPR_", "PYTHON"))}
    done = subprocess.run(
        [KEEP, "--once", *options],
        env=own | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout
