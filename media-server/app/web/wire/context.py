"""What a view needs to know about where it runs and who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app, request

from app.web.server.door import came_by_nginx
from app.web.server.proxies import caller, counted, is_trusted, parsed

if TYPE_CHECKING:
    from app.wiring import Services

UNKNOWN = "unknown"
_FORWARDING = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")
"""What proxies add to a request that they pass on."""


def services() -> Services:
    """The services of this app."""
    return cast("Services", current_app.extensions["droppr"])


def client_address() -> str:
    """The caller as it is counted: an IPv4 address, or the /64 network of an IPv6 address.

    Whoever has one IPv6 address has a whole /64 of them, so counting single ones would count nothing.
    """
    settings, environ = services().settings, request.environ
    found = caller(
        request.remote_addr,
        environ.get("HTTP_X_FORWARDED_FOR", ""),
        settings.trusted_proxies,
        by_nginx=came_by_nginx(environ, settings),
    )
    return UNKNOWN if found is None else counted(found)


def is_https() -> bool:
    """Whether the browser's side of this request is https, as far as a trusted proxy or our nginx says. Of several proxies in
    a row, the first that is named is the one that the browser came to."""
    settings = services().settings
    believed = is_trusted(
        request.remote_addr, settings.trusted_proxies, by_nginx=came_by_nginx(request.environ, settings)
    )
    scheme = request.headers.get("X-Forwarded-Proto", "") if believed else ""
    return request.is_secure or scheme.partition(",")[0].strip().lower() == "https"


def whole_address(path: str) -> str:
    """The address of ``path`` as senders use it: below DROPPR_PUBLIC_URL, else below what this request called the server.

    A request that names no host gets the path alone.
    """
    return (services().settings.public_url or _as_asked()) + path


def _as_asked() -> str:
    return f"{'https' if is_https() else 'http'}://{request.host}" if request.host else ""


def is_local() -> bool:
    """Whether the caller is on this machine: what a proxy passes on, named or not, comes from anywhere."""
    peer = parsed(request.remote_addr or "")
    return peer is not None and peer.is_loopback and not any(name in request.headers for name in _FORWARDING)


def from_own_page() -> bool:
    """Whether a browser sent this request for a page of this server, or on its user's own account; true for programs.

    Browsers say so in headers that no page can set; programs send neither. Where a proxy speaks https and nobody said
    so, this server takes itself for http: a page that came by https is then its own, too.
    """
    site, page = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if page is not None and page == services().settings.public_origin:
        return True
    if site is not None:
        return site in ("same-origin", "none")
    return page is None or page in _own_origins(request.host.lower())


def _own_origins(host: str) -> set[str]:
    own = {f"https://{host.removesuffix(':443')}"}
    return own if is_https() else own | {f"http://{host.removesuffix(':80')}"}
