"""nginx asks before it receives a body: may this be sent?

It asks by sending the very request without its body; ``X-Droppr-Ask`` tells the body's length. The question goes the way
of the request up to the view, which is not called: what can be judged from the line and the headers is judged here. A
refusal is told in headers, since nginx lets only yes and no through. Yes gives no right: the request itself is judged
again, and further, with its body at hand.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.errors import ChunkTooLarge
from app.settings import MIB, Settings
from app.web.api.pages import SENDERS_PAGE, preview_of
from app.web.server.body import RequestBody, WSGIApp
from app.web.server.door import came_by_nginx
from app.web.wire.context import services
from app.web.wire.ownership import require_owner
from app.web.wire.rights import BODILESS, has_rights

ASK = "droppr.ask"
"""Where a question stands in the environment of the request that asks it."""
OWN_PAGE = "X-Droppr-Own-Page"
"""On the one answer beside yes and no that nginx knows: 401, have the app send this page."""
_CHUNK, _PACK = "native.upload_chunk", "native.receive_pack"
_FORM = "native.upload_file"
_FILES = {_CHUNK, _PACK, _FORM, "entity_uploads.upload_chunk", "entity_uploads.upload_file"}
"""Calls whose bodies nginx puts on the disk."""
_OPENS = {"native.open_upload", "native.make_folders", "checklists.answer", _CHUNK, _PACK, _FORM}
_PARTS = {"native.sign_parts", "native.confirm_parts"}
_LASTING = {*_OPENS, *_PARTS, "native.arrived_uploads", "receipts.issue", "receipts.make_handoff"}
"""Calls for which knowing a link, or an upload, is all that is asked for."""
FORM_FRAME_BYTES = 256 * 1024
"""Room for what a form holds besides its file."""


@dataclass
class Question:
    """``length`` is how many bytes the body is said to have; None where only its end will tell."""

    length: int | None
    largest: int
    """How many bytes nginx takes at most of one body."""
    together: int
    """And of all bodies together at once."""
    has_rights: bool = False
    """Whether the sender has any: then a whole chunk is read before a refusal ends the connection."""


class Questions:
    """WSGI middleware: makes a request of a question, and of the reply an answer that nginx understands."""

    def __init__(self, app: WSGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said = environ.pop("HTTP_X_DROPPR_ASK", "")
        if not said or not came_by_nginx(environ, self._settings):
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        count, largest = _limits(environ.pop("HTTP_X_DROPPR_BODIES", ""))
        question = Question(int(said) if said.isdecimal() else None, largest, count * largest)
        # The body is not there, so there is nothing to wait for and nothing to read on.
        asked = {**environ, ASK: question, "wsgi.input": RequestBody(io.BytesIO()), "droppr.connection": None}
        if question.length is None:
            asked["HTTP_TRANSFER_ENCODING"] = "chunked"
        else:
            asked["CONTENT_LENGTH"] = said
        reply = AnyResponse.from_app(self._app, asked, buffered=True)
        if reply.status_code >= 400 and OWN_PAGE not in reply.headers:
            reply = _refusal(reply, question)
        return reply(environ, start_response)


def answer() -> Response:
    """Yes, to a question, once what is judged before every request has been. Raises what stands against the request."""
    question: Question = request.environ[ASK]
    if request.endpoint is None:
        # No address, or no such method there.
        assert request.routing_exception is not None
        raise request.routing_exception
    reply = Response(status=204)
    if request.endpoint == SENDERS_PAGE:
        # Whether there is such a link: nginx has the page, but one that chats may read something in is made here.
        link = services().links.file_requests.link((request.view_args or {})["hash"])
        if preview_of(link) is not None:
            return Response(status=401, headers={OWN_PAGE: "1"})
    if request.method in BODILESS:
        return reply
    if getattr(current_app.view_functions[request.endpoint], "for_owner", False):
        require_owner()
    if request.endpoint in _OPENS:
        _judge_sender(question.length)
    if request.endpoint in _FILES and not _fits_whatever_comes(question):
        # It is counted until nginx says in its log that it is over.
        reply.headers["X-Droppr-Let-In"] = "1"
    elif request.endpoint in _LASTING:
        # nginx may answer the same question itself for a second.
        reply.headers["X-Accel-Expires"] = "1"
    return reply


def _judge_sender(length: int | None) -> None:
    hash, admission = (request.view_args or {})["hash"], services().receiving.admission
    upload_id = request.headers.get("X-Upload-Id")
    if request.endpoint == _CHUNK and upload_id:
        admission.to_go_on(hash, upload_id)
    else:
        admission.to_open(hash)
    most = services().settings.max_chunk_size
    if length is not None and length > most + (FORM_FRAME_BYTES if request.endpoint == _FORM else 0):
        raise ChunkTooLarge(f"Send at most {most} bytes at once.", limit=most)


def _fits_whatever_comes(question: Question) -> bool:
    """Whether there is room on the disk for all that nginx takes at once. Raises StorageFull where there is none for
    this body."""
    length = question.largest if question.length is None else question.length
    return services().receiving.admission.to_disk(g.request_id, length, question.together)


def note_rights() -> None:
    """Before a question is answered, with yes or no: whether its sender has any rights."""
    question: Question = request.environ[ASK]
    question.has_rights = has_rights()


def _limits(said: str) -> tuple[int, int]:
    """How many bodies nginx receives at once, and how many bytes of each, as its configuration tells in MiB."""
    count, largest = map(int, said.split(" "))
    return count, largest * MIB


def _refusal(reply: AnyResponse, question: Question) -> AnyResponse:
    """A refusal as nginx can take it over: its text in a header, which JSON of plain ASCII on one line fits in."""
    headers = {name: value for name, value in reply.headers if name in ("Allow", "Retry-After", "X-Request-Id")}
    headers["X-Droppr-Refusal"] = reply.get_data(as_text=True).strip()
    headers["X-Droppr-Refusal-Place"] = f"{'known' if question.has_rights else 'unknown'}/{reply.status_code}"
    return AnyResponse(status=403, headers=headers)
