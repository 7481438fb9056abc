"""Looking at received files: the owner's calls.

Whatever a stranger has sent, nothing of it runs in the owner's origin. The type is one of a list, found in the bytes by this
server; browsers are told to believe it (``nosniff``), and to give what they show no rights at all (``sandbox``).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.disposition import content_disposition
from app.core.errors import FileNotFound, NoPicture
from app.core.looks import LARGEST, Look, WhyNone
from app.services.received.looks import GONE, Looked
from app.web.api.downloads import sent
from app.web.wire.context import services
from app.web.wire.json_body import parse
from app.web.wire.look_query import Look as LookReply
from app.web.wire.look_query import PictureQuery
from app.web.wire.ownership import owner_required
from app.web.wire.taken import note_look

PRIVATE = "private, no-cache"
"""May lie in the owner's browser, which asks each time before it shows it."""
POWERLESS = "sandbox; default-src 'none'; frame-ancestors 'none'"

looks = Blueprint("looks", __name__, url_prefix="/api/droppr")


@looks.get("/requests/<hash>/looks/<upload_id>")
@owner_required
def describe(hash: str, upload_id: str) -> Response:
    here = services().received.looks
    found = here.describe(here.at(hash, upload_id))
    reply: LookReply = {
        "look": found.look.value,
        "type": found.type,
        "pages": found.pages,
        "reason": found.reason,
        "problem": found.problem,
    }
    return jsonify(reply)


@looks.get("/requests/<hash>/looks/<upload_id>/picture")
@owner_required
def picture(hash: str, upload_id: str) -> Response:
    query = parse(PictureQuery, request.args.to_dict())
    here = services().received.looks
    looked = here.at(hash, upload_id)
    etag = f"{looked.version}-{query.size}-{query.page}"
    if etag in request.if_none_match:
        reply = Response(status=304)
    else:
        found = here.picture(looked, query.size, query.page)
        reply = Response(found.content, content_type=found.type)
        reply.headers["Content-Disposition"] = "inline"
        if query.size == LARGEST:  # Not of those in lists.
            note_look(hash, looked.file, reply)
    reply.headers["ETag"] = f'"{etag}"'
    return _powerless(reply)


@looks.get("/requests/<hash>/looks/<upload_id>/content")
@owner_required
def content(hash: str, upload_id: str) -> Response:
    here = services().received.looks
    looked = here.at(hash, upload_id)
    if not looked.sort.type:
        raise NoPicture(
            "A browser cannot be shown the bytes of this file. Download it.", reason=str(WhyNone.UNSUPPORTED)
        )
    reply = _text(looked) if looked.sort.look is Look.TEXT else _bytes(looked)
    reply.headers["Content-Disposition"] = content_disposition(looked.file.name, "inline")
    return _powerless(note_look(hash, looked.file, reply))


def _text(looked: Looked) -> Response:
    text = services().received.looks.text(looked)
    return Response(text.encode(errors="replace"), content_type="text/plain; charset=utf-8")


def _bytes(looked: Looked) -> Response:
    try:
        reply = sent(looked.stored, looked.file, services().settings)
    except FileNotFoundError:
        raise FileNotFound(GONE) from None
    reply.headers["Content-Type"] = looked.sort.type
    return reply


def _powerless(reply: Response) -> Response:
    reply.headers["Content-Security-Policy"] = POWERLESS
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Cache-Control"] = PRIVATE
    return reply
