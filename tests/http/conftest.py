"""The proxy in front: one more server, reached by nginx with the very file that is shipped. And a server that tells what arrives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.command import Terminal
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.receivers import HookReceiver, Mailbox, hook_receiver, mail_server

NOTIFIED = "owner@example.org"
PUBLIC = "https://files.example.org"


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


@pytest.fixture(scope="session")
def shared_mail() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def mail(shared_mail: Mailbox) -> Iterator[Mailbox]:
    yield shared_mail
    shared_mail.answer = lambda step, about: None


@pytest.fixture(scope="session")
def shared_hooks() -> Iterator[HookReceiver]:
    with hook_receiver() as receiver:
        yield receiver


@pytest.fixture
def hooks(shared_hooks: HookReceiver) -> Iterator[HookReceiver]:
    shared_hooks.hooks.clear()
    yield shared_hooks
    shared_hooks.answer = lambda request: 204


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, shared_mail: Mailbox) -> Iterator[LiveServer]:
    """A server that tells what arrives: by mail, and to endpoints on loopback."""
    folder = tmp_path_factory.mktemp("told")
    with LiveServer(
        folder,
        workers=2,
        DROPPR_SMTP_URL=f"smtp+plain://127.0.0.1:{shared_mail.port}",
        DROPPR_MAIL_FROM="Droppr <droppr@example.org>",
        DROPPR_NOTIFY_MAIL=NOTIFIED,
        DROPPR_NOTIFY_AFTER_SECONDS=1,
        DROPPR_WEBHOOK_AFTER_SECONDS=0.5,
        DROPPR_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
        DROPPR_PUBLIC_URL=PUBLIC,
        **GENEROUS,
    ) as server:
        yield server


@pytest.fixture
def told_terminal(told: LiveServer, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, told.environment)
