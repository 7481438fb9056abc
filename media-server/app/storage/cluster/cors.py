"""Whether a bucket lets pages put parts into it, found out as a browser does: by the question that it asks beforehand."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit

from app.storage.cluster.signing import DIGEST

SECONDS = 3.0
"""How long the store may take for an answer."""
METHOD = "PUT"


@dataclass(frozen=True, slots=True)
class Barred:
    """Which pages cannot put parts into the store."""

    origins: tuple[str, ...]
    """Those that the store does not let."""
    is_away: bool
    """Whether it does not answer there, from this machine."""


def asked(url: str, path: str, origins: Sequence[str], authorities: str | None) -> Barred:
    """Ask the store at ``url`` for each of these origins whether it lets it put what is at ``path``."""
    found = []
    for origin in origins:
        try:
            if not _is_let(url, path, origin, authorities):
                found.append(origin)
        except (OSError, http.client.HTTPException):
            return Barred((), is_away=True)
    return Barred(tuple(found), is_away=False)


def _is_let(url: str, path: str, origin: str, authorities: str | None) -> bool:
    where = urlsplit(url)
    host, port = where.hostname or "", where.port
    if where.scheme == "https":
        context = ssl.create_default_context(cafile=authorities)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": METHOD,
        "Access-Control-Request-Headers": DIGEST,
    }
    try:
        connection.request("OPTIONS", f"/{quote(path, safe='/-_.~')}?partNumber=1&uploadId=asked", headers=asking)
        reply = connection.getresponse()
        return reply.status in (200, 204) and _lets(reply.headers, origin)
    finally:
        connection.close()


def _lets(headers: http.client.HTTPMessage, origin: str) -> bool:
    def named(name: str) -> list[str]:
        return [each.strip().lower() for each in headers.get(f"Access-Control-Allow-{name}", "").split(",")]

    return (
        headers.get("Access-Control-Allow-Origin", "") in ("*", origin)
        and bool({"*", METHOD.lower()}.intersection(named("Methods")))
        and bool({"*", DIGEST}.intersection(named("Headers")))
    )


def lets(rules: Sequence[Mapping[str, Any]], origin: str) -> bool:
    """Whether rules of a bucket, as the store tells them, let pages of ``origin`` put parts."""
    return any(
        METHOD in rule.get("AllowedMethods", ())
        and any(fnmatchcase(origin, each) for each in rule.get("AllowedOrigins", ()))
        and any(fnmatchcase(DIGEST, each.lower()) for each in rule.get("AllowedHeaders", ()))
        for rule in rules
    )
