"""The proxy that a network wants its programs to go through: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``,
in small letters too."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from droppr_client.upload.problems import Refused


@dataclass(frozen=True, slots=True)
class Proxy:
    """``headers`` carry the name and the password that its address holds."""

    hostname: str
    port: int
    headers: dict[str, str]

    @property
    def place(self) -> str:
        """What may be shown of its address."""
        return f"{self.hostname}:{self.port}"


def proxy_for(address: SplitResult) -> Proxy | None:
    """The proxy on the way to a server; None where there is none, as on the way to this machine. Raises Refused where its
    address is none that is understood here."""
    known = getproxies()
    named = known.get(address.scheme) or known.get("all")
    if not named or _is_here(str(address.hostname)) or proxy_bypass(address.netloc.rpartition("@")[2]):
        return None
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # Not the address itself: it may hold a password.
        name = f"{address.scheme.upper()}_PROXY" if known.get(address.scheme) else "ALL_PROXY"
        raise Refused(
            f"{name} is not the address of a proxy that can be used here: it looks like http://proxy.example.org:3128.",
            "invalid_proxy",
        )
    return Proxy(str(parts.hostname), parts.port or 80, _headers(parts))


def _headers(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(secret).decode()}"}


def _is_here(hostname: str) -> bool:
    """Whether it is this machine, to which no proxy leads."""
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return hostname == "localhost" or hostname.endswith(".localhost")
