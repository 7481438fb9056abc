"""Who messages go to: a real SMTP server and a receiver of webhooks, both on loopback, on good days and on bad ones."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.files import eventually
from tests.support.ports import free_port

SECONDS = 60.0


@dataclass
class Mailbox:
    """What an SMTP server was given. ``answer`` says what it answers to a step (``EHLO``, ``MAIL``, ``RCPT`` or ``DATA``), None for
    yes; ``host`` and ``port`` are where it is."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answer: Callable[[str, str], str | None] = lambda step, about: None

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.answer("EHLO", hostname)
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.answer("MAIL", address) or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        said = self.answer("RCPT", address)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        said = self.answer("DATA", envelope.rcpt_tos[0])
        if said is None:
            self.raw.append(envelope.content)
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            found["X-Envelope-To"] = ",".join(envelope.rcpt_tos)
            self.encrypted.append(session.ssl is not None)
            self.mails.append(found)
        return said or "250 OK"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == b"p@ss word", handled=False)

    def wait(self, count: int = 1) -> list[EmailMessage]:
        """So many mails, once they are there."""
        eventually(lambda: len(self.mails) >= count, seconds=SECONDS, what=f"mail number {count}")
        return self.mails


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, implicit: bool = False, login: bool = False) -> Iterator[Mailbox]:
    """An SMTP server, with STARTTLS or TLS from the first byte where it has a certificate."""
    box = Mailbox(host="localhost" if tls else "127.0.0.1")
    options: dict[str, Any] = {"hostname": box.host, "port": free_port(), "enable_SMTPUTF8": True}
    if tls is not None:
        options |= {"ssl_context": tls} if implicit else {"tls_context": tls, "require_starttls": True}
    if login:
        options |= {
            "authenticator": box.login,
            "auth_required": True,
            "auth_require_tls": tls is not None and not implicit,
        }
    # It gives up after seconds otherwise, which a busy machine may need.
    controller = Controller(box, ready_timeout=SECONDS, **options)
    box.port = options["port"]
    controller.start()
    try:
        yield box
    finally:
        controller.stop(no_assert=True)


def mails_about(mail: Mailbox, title: str, count: int = 1) -> list[Any]:
    """Mails whose text has this in it, once there are so many."""

    def found() -> list[Any]:
        return [each for each in list(mail.mails) if title in text_of(each)]

    eventually(lambda: len(found()) >= count, seconds=SECONDS, what=f"{count} mails about {title}")
    return found()


def text_of(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


@dataclass
class Hook:
    """One request that was received."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookReceiver:
    """What a receiver of webhooks was given. ``answer`` writes the answer to a request by itself, or says its status."""

    url: str = ""
    hooks: list[Hook] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], int | tuple[int, dict[str, str]] | None] = lambda request: 204
    settle: Callable[[], None] = lambda: None
    """Returns once every request is answered, or given up, that was sent until now."""

    def wait(self, count: int = 1) -> list[Hook]:
        eventually(lambda: len(self.hooks) >= count, seconds=SECONDS, what=f"webhook number {count}")
        return self.hooks

    def forget(self) -> None:
        """Whatever was sent until now was not received, also by those who have died since."""
        self.settle()
        self.hooks.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *more: Any) -> None:
        super().__init__(*more)
        self._seen: set[object] = set()
        self._under_way: set[object] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._under_way.add(client_address)
        self._seen.add(client_address)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._under_way.discard(client_address)

    def settle(self) -> None:
        """Return once everything is over that was begun before. Connections are taken in the order in which they were made."""
        with socket.create_connection(("127.0.0.1", self.server_port)) as last:
            name = last.getsockname()
            eventually(lambda: name in self._seen, what="a connection to be taken")
        eventually(lambda: not self._under_way, what="the end of all requests")

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # Clients that die are what these tests are about.


@contextmanager
def hook_receiver() -> Iterator[HookReceiver]:
    receiver = HookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            # The one that it finds: whoever sees the hook may change the answer to what comes next.
            answer = receiver.answer
            receiver.hooks.append(Hook(self.path, headers, body))
            said = answer(self)
            if said is None:
                return
            status, more = (said, {}) if isinstance(said, int) else said
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    receiver.settle = server.settle
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def speaker(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that says to every connection what ``speak`` says."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # The other side has had enough.
                speak(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
