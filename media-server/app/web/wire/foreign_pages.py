"""Pages of other addresses: what browsers let them read of a link's calls, and who of them may make those.

A browser asks before it sends for another page, and shows that page only what the answer allows. What may be asked for and
read is the same for every link, whether there is one or not, so a preflight looks at nothing but the request's line, and
behind nginx it does not even get here. It is never the owner's, and never with credentials: the answer is ``*``, by which
browsers leave cookies out. Whether this page may speak to this link is judged with the call itself, by the link's list or
else the server's, and a refusal can be read like every other, so that the page knows why.
"""

from __future__ import annotations

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from app.core.errors import OriginNotAllowed
from app.core.origins import admits, names
from app.web.wire.context import from_own_page, services

SENDERS = {
    "requests.show",
    "requests.challenge",
    "native.open_upload",
    "native.upload_status",
    "native.arrived_uploads",
    "native.cancel_upload",
    "native.sign_parts",
    "native.confirm_parts",
    "native.make_folders",
    "native.upload_chunk",
    "native.upload_file",
    "native.receive_pack",
    "checklists.own",
    "checklists.answer",
    "receipts.issue",
    "receipts.receipt_key",
    "receipts.make_handoff",
    "receipts.find_handoff",
}
"""What a sender's client calls; nginx.conf has them by address."""
HEADERS = (
    "Content-Digest, Content-Range, Content-Type, Want-Repr-Digest, X-Captcha-Token, X-Chunk-Index, X-Request-Id, X-Request-Password, "
    "X-Sender-Key, X-Upload-End, X-Upload-Id, X-Upload-Item, X-Upload-Key, X-Upload-Length, X-Upload-Name, X-Upload-Offset, X-Upload-Opening, "
    "X-Upload-Path"
)
"""What such a client may send. Neither of the headers that carry the owner's token."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_READABLE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
    # What a link answers depends on whose page asks.
    "Vary": "Origin",
}
_REMEMBERED_SECONDS = 7200
"""How long a browser need not ask again: the longest that Chromium takes."""


def preflight() -> Response | None:
    """The answer to a browser that asks whether a page of another address may make a sender's call; None for all else."""
    method = request.headers.get("Access-Control-Request-Method", "")
    if request.method != "OPTIONS" or not request.headers.get("Origin") or method not in _METHODS:
        return None
    if _called(method) not in SENDERS:
        return None
    reply = Response(status=204)
    reply.headers["Access-Control-Allow-Methods"] = method
    reply.headers["Access-Control-Allow-Headers"] = HEADERS
    reply.headers["Access-Control-Max-Age"] = str(_REMEMBERED_SECONDS)
    reply.headers.extend(_READABLE)
    return reply


def judge_page() -> None:
    """Before a sender's call on a link: raises OriginNotAllowed where it comes from a page that may not make it, and
    RequestNotFound where there is no such link."""
    hash = (request.view_args or {}).get("hash")
    if hash is None or request.endpoint not in SENDERS or request.method == "OPTIONS" or not _is_foreign():
        return
    own = services().links.file_requests.link(hash).terms.allowed_origins
    if not admits(services().settings.allowed_origins if own is None else own, request.headers["Origin"]):
        raise OriginNotAllowed()


def let_read(reply: Response) -> Response:
    """Let pages of other addresses read what a sender's call answers."""
    if request.endpoint in SENDERS and request.method != "OPTIONS":
        reply.headers.extend(_READABLE)
    return reply


def may_open_socket() -> bool:
    """Whether a page may open a WebSocket here: one of this server, or one whose address the owner has named. Others might
    be anybody's: browsers send cookies along with sockets, whatever the server allows."""
    return not _is_foreign() or names(services().settings.allowed_origins, request.headers["Origin"])


def judge_socket(hash: str) -> None:
    """Once a socket has named its link. Raises OriginNotAllowed where that link has a list of its own without this page,
    and RequestNotFound."""
    if not _is_foreign():
        return
    own = services().links.file_requests.link(hash).terms.allowed_origins
    if own is not None and not admits(own, request.headers["Origin"]):
        raise OriginNotAllowed()


def _is_foreign() -> bool:
    """Whether a page of another address makes this call. What it makes a browser fetch without an Origin it cannot read."""
    return "Origin" in request.headers and not from_own_page()


def _called(method: str) -> str | None:
    """Which view a request of ``method`` to this address would call."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint: str = adapter.match(method=method)[0]
    except HTTPException:
        return None
    return endpoint
