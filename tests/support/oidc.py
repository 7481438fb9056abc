"""A provider of OpenID Connect on loopback: npm's oidc-provider, and how somebody logs in there without a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from tests.support.ports import free_port

CLIENT, SECRET = "droppr", "a secret/of+the client%"
RETURN = "/api/droppr/session/provider/return"
_SCRIPT = Path(__file__).with_name("oidc-provider.mjs")
# Ends with whoever started it, whatever becomes of them.
_LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGKILL); os.execvp(sys.argv[1], sys.argv[1:])"
)
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ann": {"name": "Ann Lee", "email": "ann@example.org", "email_verified": True, "groups": ["office"]},
    "boss": {"name": "The Boss", "email": "boss@example.org", "email_verified": True, "groups": ["office", "chiefs"]},
    "guest": {"email": "guest@elsewhere.example", "email_verified": True, "groups": []},
    "liar": {"email": "ann@example.org", "email_verified": False, "preferred_username": "ann"},
}


@dataclass
class LiveProvider:
    """The provider, which leads back to these addresses. Stopped and started again it has other keys."""

    redirects: list[str]
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    """By which name it is asked; one that the server is not asked by is another site to browsers."""
    _process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a server is told of it."""
        return {
            "DROPPR_OIDC_ISSUER": self.issuer,
            "DROPPR_OIDC_CLIENT_ID": CLIENT,
            "DROPPR_OIDC_CLIENT_SECRET": SECRET,
            "DROPPR_OIDC_LABEL": "Example Login",
        }

    def start(self) -> Self:
        told = {
            "port": self.port,
            "issuer": self.issuer,
            "client": CLIENT,
            "secret": SECRET,
            "redirects": self.redirects,
            "people": PEOPLE,
        }
        command = [sys.executable, "-c", _LAUNCH, "node", str(_SCRIPT), json.dumps(told)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == "ready\n", "the provider did not start: is oidc-provider in nginx/node_modules?"
        return self

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Elsewhere:
    """Somebody's browser at the provider."""

    def __init__(self, name: str, ends: str = RETURN) -> None:
        """``ends`` is what the address ends with to which the provider leads back."""
        self.name = name
        self._ends = ends
        self._http = urllib3.PoolManager(retries=False)
        self._cookies: dict[str, str] = {}

    def led_back(self, address: str) -> str:
        """Logs in there as ``name``; the path and the query by which the provider leads back."""
        for _ in range(12):
            if urlsplit(address).path.endswith(self._ends):
                return urlsplit(address)._replace(scheme="", netloc="").geturl()
            reply = self._ask("GET", address)
            if "Location" not in reply.headers:
                [action] = re.findall(r'<form[^>]* action="([^"]+)" method="post"', reply.data.decode())
                form = {"prompt": "login", "login": self.name, "password": "x"}
                reply = self._ask("POST", urljoin(address, unescape(action)), form)
            address = urljoin(address, reply.headers["Location"])
        raise AssertionError(f"the provider leads nowhere: {address}")

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": "; ".join(f"{name}={text}" for name, text in self._cookies.items()), "Accept": "text/html"}
        body = None if form is None else urlencode(form)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        reply = self._http.request(method, url, body=body, headers=headers, redirect=False)
        for each in reply.headers.getlist("Set-Cookie"):
            name, _, text = each.partition(";")[0].partition("=")
            self._cookies[name] = text
        return reply


@contextmanager
def provider(*redirects: str) -> Iterator[LiveProvider]:
    with LiveProvider([f"{each}{RETURN}" for each in redirects]) as found:
        yield found
