"""HookCarrier over HTTP: one request to a checked address, no redirects, no proxies, and nothing read but the status."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from time import time
from typing import NamedTuple
from urllib.parse import urlsplit

from app.core.errors import EndpointNotAllowed
from app.core.messages import Answer, Outcome
from app.core.reasons import Reason, reason_of_status
from app.storage.messages.deadline import Deadline
from app.storage.messages.egress import Network, NotAllowed, resolved
from app.storage.reasons import reason_of_error

SECONDS = 15.0
"""How long one request may take in all."""
MAX_URL = 2048
MAX_WAIT = 3600.0
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_SHOWN = re.compile(r"[^ -~]+")


class _Target(NamedTuple):
    secure: bool
    host: str
    port: int
    path: str
    named: str
    """The host as the header of a request names it."""


class HTTPHooks:
    """Posts to what ``allowed`` names besides the public internet; without TLS only there."""

    def __init__(
        self,
        allowed: Sequence[Network],
        agent: str = "Droppr",
        seconds: float = SECONDS,
        gone: Sequence[int] = (http.HTTPStatus.GONE,),
    ) -> None:
        """``gone`` are the statuses by which somebody says that they want nothing more."""
        self._allowed = allowed
        self._agent = agent
        self._seconds = seconds
        self._gone = gone

    def check(self, url: str) -> None:
        try:
            self._addresses(_target(url))
        except NotAllowed as error:
            raise EndpointNotAllowed(str(error)) from None
        except OSError:
            raise EndpointNotAllowed("There is no such host, or its name cannot be looked up now.") from None

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        try:
            target = _target(url)
            addresses = self._addresses(target)
        except NotAllowed as error:
            return _later(str(error), Reason.NOT_ALLOWED)
        except OSError as error:
            return _later(f"The host cannot be found: {_said(error)}.", Reason.UNREACHABLE, _said(error))
        with Deadline(self._seconds) as deadline:
            try:
                return self._posted(target, addresses, headers, body, deadline)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if deadline.is_over:
                    return _later(f"No answer within {self._seconds:.0f} seconds.", Reason.TIMED_OUT)
                return _later(f"No answer: {_said(error)}.", _reason(error), _said(error))

    def _addresses(self, target: _Target) -> list[str]:
        addresses, named = resolved(target.host, target.port, self._allowed)
        if not target.secure and not named:
            raise NotAllowed(
                "Write the address with https://; http:// is for networks in DROPPR_WEBHOOK_ALLOW_PRIVATE."
            )
        return addresses

    def _posted(
        self, target: _Target, addresses: Sequence[str], headers: dict[str, str], body: bytes, deadline: Deadline
    ) -> Answer:
        plain = _connected(addresses, target.port, self._seconds)
        deadline.holds(plain)
        try:
            line: socket.socket = plain
            if target.secure:
                line = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
            with line:
                connection = http.client.HTTPConnection(target.host, target.port)
                connection.sock = line
                whole = {"Host": target.named, "User-Agent": self._agent, "Connection": "close", **headers}
                connection.request("POST", target.path, body, whole)
                return _answer(connection.getresponse(), self._gone)
        finally:
            plain.close()


def _target(url: str) -> _Target:
    """What an address says. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("That is no address. Write it as https://example.org/hook.") from None
    host = parts.hostname or ""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or not _HOST.fullmatch(host):
        raise NotAllowed("That is no address. Write it as https://example.org/hook.")
    if parts.scheme not in ("http", "https"):
        raise NotAllowed("Write the address with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("Write the address without a user, a password and a '#': every message is signed.")
    secure = parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    named = shown if port is None else f"{shown}:{port}"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(secure, host, port or (443 if secure else 80), path, named)


def _connected(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first of the addresses that takes one; never to a name."""
    trouble: OSError | None = None
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, port), timeout=seconds / 3)
        except OSError as error:
            trouble = error
    raise trouble or OSError("the host has no address")


def _answer(response: http.client.HTTPResponse, gone: Sequence[int]) -> Answer:
    """What a status means. Nothing else is read: what an endpoint says may be as long as it likes."""
    text = f"{response.status} {_SHOWN.sub(' ', response.reason or '')[:80]}".strip()
    if 200 <= response.status < 300:
        return Answer(Outcome.TAKEN, text)
    if response.status in gone:
        return Answer(Outcome.NEVER, text, gone=True, reason=Reason.NO_SUCH, said=text)
    reason, wait = reason_of_status(response.status), _wait(response.headers.get("Retry-After"))
    more = ". Redirects are not followed: set the address that it leads to." if reason is Reason.MOVED else ""
    return _later(text + more, reason, text)._replace(wait=wait)


def _later(text: str, reason: Reason, said: str | None = None) -> Answer:
    return Answer(Outcome.LATER, text, of_all=True, reason=reason, said=said)


def _reason(error: Exception) -> Reason:
    # It has answered, and not as a server of HTTP does.
    return Reason.TROUBLE if isinstance(error, http.client.HTTPException) else reason_of_error(error)


def _wait(text: str | None) -> float | None:
    try:
        if text is None:
            return None
        seconds = float(text) if text.strip().isdigit() else parsedate_to_datetime(text).timestamp() - time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_WAIT)


def _said(error: Exception) -> str:
    """What a library says of an error, without what a stranger could have put into it at length."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _SHOWN.sub(" ", text)[:160].rstrip(".")
