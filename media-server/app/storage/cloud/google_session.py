"""Remote at a Google resumable session that somebody else began: its address is all there is, and a stranger chose it.

So it is https, on a host that the owner allows, and each connection goes to an address that is looked up at that moment
and public: neither a name that means another machine by now nor a redirect leads into the network that we are in.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason
from app.core.remotes import OutgoingFile, PartDigests, ReadInto, RemoteTrouble, Taken, TransferLost
from app.storage.cloud.google_drive import md5_of
from app.storage.cloud.http2 import Http2Connections, for_one_call
from app.storage.cloud.resumable_session import ResumableSession, no_answer

Resolve = Callable[[str, int], list[str]]

_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6 for machines on the internet; outside lie NAT64 for local use, site-local addresses and
IPv4 addresses in forms that nobody uses any more."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOBODYS = tuple(
    map(
        ipaddress.ip_network,
        # For protocols, clouds' own services among them; relays of 6to4; Azure's inside; documentation.
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20"),
    )
)
"""What Python takes for global and no machine on the internet has."""


class GoogleSession:
    """Sessions on ``hosts``. A transfer is the session's address."""

    in_order = True

    def __init__(
        self, hosts: tuple[str, ...], part_size_for: Callable[[int], int], resolve: Resolve | None = None
    ) -> None:
        self._hosts = hosts
        self._part_size_for = part_size_for
        self._resolve = resolve or addresses
        self._lock = threading.Lock()
        self._http: Any = None

    def check(self) -> None:
        self._made()

    def allow(self, uri: str) -> None:
        """Raises RemoteTrouble unless ``uri`` may be spoken to at all."""
        problem = problem_with(uri, self._hosts)
        if problem is not None:
            raise RemoteTrouble(problem, lasting=True, reason=Reason.NOT_ALLOWED)
        self.check()

    def part_size(self, size: int) -> int:
        return self._part_size_for(size)

    def begin(self, file: OutgoingFile) -> str:
        del file
        raise RemoteTrouble(
            "Google no longer knows the session that was given for this file.", lasting=True, reason=Reason.GONE
        )

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        return self._session(transfer, file).held()

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        return Taken(self._session(transfer, file).send(span, read))

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> str:
        del digests  # Google tells one digest of the whole file, if any.
        said = self._session(transfer, file).finished()
        if said is None:
            raise TransferLost("Google does not have the whole file.")
        # What it says of the file depends on what whoever began the session asked for.
        size, digest = said.get("size"), said.get("md5Checksum")
        if (size is not None and int(size) != file.size) or (digest is not None and digest != md5_of(read, file.size)):
            raise RemoteTrouble("What Google has is not the file that was sent.", lasting=True)
        return f"drive:{said.get('id', '')}"

    def abort(self, transfer: str) -> None:
        self._session(transfer, OutgoingFile("", "", 0)).abort()

    def _session(self, transfer: str, file: OutgoingFile) -> ResumableSession:
        # Judged every time: the setting may have changed since.
        self.allow(transfer)
        return ResumableSession(transfer, file.size, self._call)

    def _call(self, method: str, url: str, **request: Any) -> Any:
        import httpx

        try:
            return self._made().request(method, url, **request)
        except httpx.TransportError as error:
            raise no_answer(error) from None

    def _made(self) -> Any:
        with self._lock:
            if self._http is None:
                try:
                    import httpx
                except ImportError:
                    raise RemoteTrouble(
                        "This server cannot pass files on to Google: its extra is not installed "
                        "(pip install 'droppr[drive]').",
                        lasting=True,
                        reason=Reason.NOT_INSTALLED,
                    ) from None
                options = for_one_call(httpx)
                self._http = Http2Connections(
                    lambda: httpx.Client(transport=_public_only(httpx, self._resolve, options), trust_env=False)
                )
            return self._http


def problem_with(uri: str, hosts: tuple[str, ...]) -> str | None:
    """Why ``uri`` is no session's address on one of ``hosts``; None where it may be one."""
    try:
        address = urlsplit(uri)
        port = address.port
    except ValueError:
        return "The gdrive_url is not an address."
    if address.scheme != "https" or port not in (None, 443) or address.username or address.password:
        return "The gdrive_url must begin with https:// and have no port and no password."
    if (address.hostname or "") not in hosts:
        return f"The gdrive_url must be on one of: {', '.join(hosts)}."
    return None


def addresses(host: str, port: int) -> list[str]:
    """Every address that a name has at this moment."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether ``address`` is one of a machine on the open internet: what is not known to be one is none.

    An IPv6 address that stands for an IPv4 address is judged by that one.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or _translated(parsed)
        if inner is None and parsed not in _UNICAST:
            return False
        parsed = inner or parsed
    odd = parsed.is_multicast or parsed.is_reserved or any(parsed in network for network in _NOBODYS)
    return parsed.is_global and not odd


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a NAT64 of the well-known prefix (RFC 6052) makes of this one."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _public_only(httpx: Any, resolve: Resolve, options: dict[str, Any]) -> Any:
    """A transport that connects to the very address that was judged, while TLS still asks for the name."""
    inner = httpx.HTTPTransport(**options)

    class PublicOnly(httpx.BaseTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            host = request.url.host
            try:
                found = resolve(host, 443)
            except OSError as error:
                raise httpx.ConnectError("The name has no address.", request=request) from error
            if not found or not all(map(is_public, found)):
                raise RemoteTrouble(
                    "The gdrive_url leads to an address that is not public.", lasting=True, reason=Reason.NOT_ALLOWED
                )
            request.url = request.url.copy_with(host=found[0])
            request.extensions = {**request.extensions, "sni_hostname": host}
            return inner.handle_request(request)

        def close(self) -> None:
            inner.close()

    return PublicOnly()
