"""A server below a path of a host that has other things on it: behind the proxy that docs/operations.md shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.between import PlainNginx
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.ports import free_ports

PROXY = "127.0.0.2"
"""Where the proxy in front calls from: another address than that of the people behind it."""
TRUSTING = f"set_real_ip_from {PROXY};\nset_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n"
_SECTION = re.compile(r"^## Below a path\n(.*?)^## ", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Below:
    """``url`` is the server's address as people know it, ``inner`` the one by which the proxy in front reaches it."""

    url: str
    inner: str
    server: LiveServer

    @property
    def client(self) -> Client:
        return Client.of(self.server, url=self.url)

    @property
    def inside(self) -> Client:
        """Past the proxy."""
        return Client.of(self.server, url=self.inner)


def example(port: int, path: str = "/drop", *, strips: bool) -> str:
    """What operations.md says that goes into an nginx in front of what listens on ``port``. One that ``strips`` passes the
    path not on."""
    section = _SECTION.search((PROJECT / "docs" / "operations.md").read_text())
    assert section
    block: str
    [block] = re.findall(r"```nginx\n(.*?)```", section[1], re.DOTALL)
    shown = "proxy_pass http://127.0.0.1:8080;"
    assert shown in block
    passed = f"proxy_bind {PROXY};\n    proxy_pass http://127.0.0.1:{port}{'/' if strips else ''};"
    return block.replace(shown, passed).replace("/drop", path)


@contextmanager
def below(
    folder: Path, *, behind_nginx: bool, strips: bool, tls: bool = False, path: str = "/drop", **settings: object
) -> Iterator[Below]:
    """A server below ``path``, straight or behind its own nginx, and the proxy in front."""
    [listen] = free_ports(1)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{listen}{path}"
    with ExitStack() as stack:
        inner, server = stack.enter_context(inside(folder, url, behind_nginx=behind_nginx, **settings))
        port = int(inner.rpartition(":")[2])
        site = example(port, path, strips=strips)
        stack.enter_context(PlainNginx(port, folder / "outer", site=site, listen=listen, tls=tls))
        yield Below(url, inner, server)


@contextmanager
def inside(folder: Path, url: str, *, behind_nginx: bool, **settings: object) -> Iterator[tuple[str, LiveServer]]:
    """A server whose public address is ``url``, and the address by which a proxy reaches it."""
    (folder / "server").mkdir(parents=True)
    known: dict[str, Any] = {"DROPPR_PUBLIC_URL": url, "DROPPR_TRUSTED_PROXIES": f"{PROXY},127.0.0.1"}
    with LiveServer(folder / "server", 2, behind_nginx, **{**GENEROUS, **known, **settings}) as server:
        if server.socket_path is None:
            yield server.url, server
            return
        paths = (server.socket_path, server.data_dir, built_pages(), folder)
        with LiveNginx(*paths, extra=TRUSTING, **known) as nginx:
            yield nginx.url, server
