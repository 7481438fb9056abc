"""The proxy in front: one more server, reached by nginx with the very file that is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx


@pytest.fixture(scope="session")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client that reaches a server of four workers through nginx."""
    folder: Path = tmp_path_factory.mktemp("proxied")
    server = LiveServer(folder, unix_socket=True, DROPPR_MAX_CHUNK_SIZE_MB=16, **GENEROUS)
    with server:
        assert server.socket_path
        with LiveNginx(server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", folder) as nginx:
            yield Client.of(server, url=nginx.url)


@pytest.fixture(params=["direct", "through nginx"])
def way_in(request: pytest.FixtureRequest) -> Client:
    """A client of a server, once straight and once by way of nginx."""
    client: Client = request.getfixturevalue("client" if request.param == "direct" else "proxied")
    return client
