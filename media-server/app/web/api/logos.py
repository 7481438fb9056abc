"""Pictures of those who ask: of the server, and of single links."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, send_file

from app.core.errors import InvalidRequest, NotFound
from app.core.images import image_type
from app.services.links.logos import MAX_LOGO_BYTES, NO_PICTURE
from app.web.wire.context import services
from app.web.wire.link_views import owner_view
from app.web.wire.ownership import acting, owner_required

logos = Blueprint("logos", __name__)
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG can hold scripts and, opened by itself, would run them here."""
FOR_EVER = "private, max-age=31536000, immutable"


@logos.get("/logo")
def server_logo() -> Response:
    path, content = services().settings.logo, services().current.logo
    if content is not None:
        return _bytes(content)
    if path is None or not path.is_file():
        raise NotFound("This server shows no logo.")
    with path.open("rb") as file:
        kind = image_type(file.read(4096))
    response = send_file(path, mimetype=kind or "application/octet-stream", conditional=True)
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


def _bytes(content: bytes) -> Response:
    response = Response(content, mimetype=image_type(content[:4096]) or "application/octet-stream")
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@logos.put("/api/droppr/requests/<hash>/logo")
@owner_required
def put_logo(hash: str) -> Response:
    length = request.content_length
    if length is None or length > MAX_LOGO_BYTES:
        raise InvalidRequest(NO_PICTURE, limit=MAX_LOGO_BYTES)
    request.max_content_length = MAX_LOGO_BYTES
    return jsonify(owner_view(services().links.logos.put(hash, request.get_data(), acting())))


@logos.delete("/api/droppr/requests/<hash>/logo")
@owner_required
def remove_logo(hash: str) -> Response:
    return jsonify(owner_view(services().links.logos.remove(hash, acting())))


@logos.get("/logo/<hash>/<digest>")
def link_logo(hash: str, digest: str) -> Response:
    """Under one address there is ever but one picture."""
    content, kind = services().links.logos.find(hash, digest)
    response = Response(content, mimetype=kind)
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cache-Control"] = FOR_EVER
    return response
