"""The page for addresses that are none."""

from __future__ import annotations

from flask import Response, request, send_from_directory

from app.web.wire.context import services

LOST = "lost.html"
LOST_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
"""It holds nothing but what was built, and is whole by itself, as it stands at any address."""


def by_a_person() -> bool:
    """Whether somebody in a browser looks at the address, and no program asks."""
    accepted = request.headers.get("Accept", "").lower()
    return request.method in ("GET", "HEAD") and "text/html" in accepted and "application/json" not in accepted


def lost() -> Response | None:
    """The page for an address that is none, where a person asks in a browser; None for programs, and where it is not built."""
    if not by_a_person():
        return None
    if services().settings.unix_socket is not None:
        # nginx has the pages; these headers it keeps.
        reply = Response(headers={"X-Accel-Redirect": "/_droppr_lost"}, mimetype="text/html")
    elif (services().settings.pages_dir / LOST).is_file():
        reply = send_from_directory(services().settings.pages_dir, LOST, conditional=False)
    else:
        return None
    reply.status_code = 404
    reply.headers["Content-Security-Policy"] = LOST_POLICY
    reply.headers["Cache-Control"] = "no-store"
    return reply
