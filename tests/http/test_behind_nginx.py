"""The app behind nginx, on a unix socket, as docker-compose.yml runs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3
import yaml

from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("app"), workers=2, unix_socket=True, **GENEROUS) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNginx]:
    assert server.socket_path is not None
    folder = tmp_path_factory.mktemp("live")
    with LiveNginx(server.socket_path, server.data_dir, folder, folder) as running:
        yield running


@pytest.mark.parametrize("path", ["plain.bin", "日本 100%/a b?#+.bin", "deep/" * 20 + "ü" * 100])
def test_a_file_goes_up_and_comes_down_again_through_nginx(server: LiveServer, nginx: LiveNginx, path: str) -> None:
    owner = {"Authorization": f"Bearer {server.token}"}
    http = urllib3.PoolManager()
    made = http.request("POST", f"{nginx.url}/api/droppr/requests", json={"folder": "inbox"}, headers=owner)
    link = f"{nginx.url}/api/droppr/requests/{made.json()['hash']}"
    content = path.encode() * 10_000

    headers = {"X-Upload-Path": quote(path), "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}"}
    sent = http.request("POST", f"{link}/upload-chunk", body=content, headers=headers)
    assert (sent.status, sent.json()["complete"]) == (200, True)

    files = f"{link}/files/{quote(sent.json()['path'])}"
    whole = http.request("GET", files, headers=owner)
    assert (whole.status, whole.data) == (200, content)
    assert whole.headers["Content-Disposition"].startswith("attachment")
    again = {"Range": "bytes=5-", "If-Range": whole.headers["ETag"], **owner}
    assert http.request("GET", files, headers=again).data == content[5:]
    assert http.request("GET", files, headers={"If-None-Match": whole.headers["ETag"], **owner}).status == 304
    assert http.request("GET", files).status == 401


def test_metrics_are_the_owners_alone_behind_a_proxy(server: LiveServer, nginx: LiveNginx) -> None:
    http = urllib3.PoolManager()
    assert http.request("GET", f"{nginx.url}/metrics").status == 401
    forged = {"X-Forwarded-For": "", "X-Real-IP": "127.0.0.1"}
    assert http.request("GET", f"{nginx.url}/metrics", headers=forged).status == 401
    owner = {"Authorization": f"Bearer {server.token}"}
    assert b"droppr_" in http.request("GET", f"{nginx.url}/metrics", headers=owner).data


def test_the_health_check_of_compose_tells_up_from_down(server: LiveServer, tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    program = compose["services"]["media-server"]["healthcheck"]["test"][-1]

    def check(socket: object) -> int:
        run = [sys.executable, "-c", program.replace("/run/droppr/app.sock", str(socket))]
        return subprocess.run(run, capture_output=True, check=False).returncode

    assert check(server.socket_path) == 0
    assert check(tmp_path / "nobody.sock") != 0
