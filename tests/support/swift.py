"""An S3 store for the tests that does less than others: OpenStack Swift behind its own S3 API, as Debian packs it.

Its servers are run by the system's Python, which alone has their code, on loopback and with files of their own. All that Swift knows of
an object stands in extended attributes, so its folder is on a disk: older kernels have none of these in memory.
"""

from __future__ import annotations

import getpass
import os
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import urllib3

from tests.support.s3_server import REGION, S3Server

PYTHON = "/usr/bin/python3"
LAUNCHER = Path(__file__).with_name("swift_servers.py")
_COMMON = """[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
swift_dir = {folder}
user = {user}
log_level = WARNING
"""
_STORAGE = """devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0

[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""
_PROXY = """
[pipeline:main]
pipeline = catch_errors memory listing_formats s3api tempauth slo proxy-server

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:memory]
paste.filter_factory = swift_servers:memory

[filter:listing_formats]
use = egg:swift#listing_formats

[filter:s3api]
use = egg:swift#s3api
location = {region}
max_upload_part_num = 10000

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin

[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# Servers that begin later than the proxy are asked again at once.
error_suppression_limit = 1000000
"""


class SwiftServer(S3Server):
    """One proxy, and one server each for accounts, containers and objects, where everything is once."""

    name = "Swift"
    access, secret = "test:tester", "secret-of-swift-for-tests"
    ports = ("account", "container", "object", "proxy")
    seconds = 120.0
    compares = has_rules = False

    def configure(self) -> None:
        (self.folder / "devices" / "one").mkdir(parents=True, exist_ok=True)
        (self.folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
        for kind, port in self._ports.items():
            host = self.host if kind == "proxy" else "127.0.0.1"
            words = {"folder": self.folder, "kind": kind, "user": getpass.getuser(), "host": host, "port": port}
            more = _PROXY.format(region=REGION, secret=self.secret) if kind == "proxy" else _STORAGE.format(**words)
            (self.folder / f"{kind}.conf").write_text(_COMMON.format(**words) + more)

    def command(self) -> list[str]:
        ports = [f"{kind}:{port}" for kind, port in self._ports.items()]
        return [PYTHON, "-I", str(LAUNCHER), str(self.folder), *ports]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONWARNINGS": "ignore"}

    def send_signal(self, number: signal.Signals) -> None:
        # The first of its processes only waits for the others.
        pid = self.process.pid
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), number)
        super().send_signal(number)

    def parts(self, bucket: str) -> dict[str, int]:
        """Everything in a container beside the bucket's, to which no S3 request leads: uploads that were begun, and all parts, those of
        finished objects among them."""
        log_in = {"X-Auth-User": self.access, "X-Auth-Key": self.secret}
        token = urllib3.request("GET", f"{self.url}/auth/v1.0", headers=log_in).headers["X-Auth-Token"]
        container = f"{self.url}/v1/AUTH_test/{quote(bucket + '+segments')}"
        found = urllib3.request("GET", f"{container}?format=json", headers={"X-Auth-Token": token})
        return {each["name"]: each["bytes"] for each in found.json()} if found.status == 200 else {}
