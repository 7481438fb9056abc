"""What a link has received as one archive, for its owner: whole, in part, from any byte on."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from flask import Response, request

from app.core.errors import InvalidPath, InvalidRequest, RangeNotSatisfiable
from app.core.pieces import PIECE_BYTES
from app.core.ranges import Span
from app.services.received.archive import Archive, CutShort, FileBytes
from app.services.received.archives import Wanted, folder_parts, named
from app.web.api.downloads import content_disposition, single_range, tell_size
from app.web.wire.context import services
from app.web.wire.declaring import ZIP
from app.web.wire.file_queries import MAX_SELECTIONS, ArchiveQuery
from app.web.wire.json_body import parse
from app.web.wire.taken import note_archive

log = logging.getLogger("droppr.web")


def archive(hash: str) -> Response:
    """The reply with the archive that the query of this request asks for. Raises what ``Archives.make`` raises, Busy where too many
    are being sent, RangeNotSatisfiable, InvalidRequest."""
    wanted = _wanted(hash)
    with ExitStack() as stack:
        here = services()
        stack.enter_context(here.ground.bounds.archives.place(""))
        link = here.links.file_requests.link(hash)
        made = here.received.archives.make(hash, wanted)
        stack.callback(made.close)
        reply = _reply(hash, made, stack)
        reply.headers["ETag"] = f'"{made.etag}"'
        reply.headers["Accept-Ranges"] = "bytes"
        reply.headers["Content-Type"] = ZIP
        reply.headers["Content-Disposition"] = content_disposition(named(link))
        reply.headers["X-Content-Type-Options"] = "nosniff"
        return reply


def _wanted(hash: str) -> Wanted:
    query = parse(ArchiveQuery, request.args.to_dict())
    try:
        folder = folder_parts(query.folder) if query.folder else ()
    except InvalidPath as error:
        raise InvalidRequest(error.message, fields={"folder": error.message}) from None
    selections = services().received.selections
    chosen, named = query.upload_ids, query.selections
    if named is not None:
        found = selections.find(hash, _some(named, "selection"))
        chosen = found if chosen is None else tuple(each for each in found if each in set(chosen))
    but = selections.find(hash, _some(query.all_but, "but"))
    if chosen is not None and (query.q or query.sender is not None or query.type is not None):
        sentence = "Name files, or say which by q, sender and type; not both."
        raise InvalidRequest(sentence, fields={"files": sentence})
    return Wanted(folder=folder, choice=query.choice, upload_ids=chosen, but=frozenset(but))


def _some(names: tuple[str, ...], field: str) -> tuple[str, ...]:
    if len(names) > MAX_SELECTIONS:
        sentence = f"An address names {MAX_SELECTIONS} selections at most."
        raise InvalidRequest(sentence, fields={field: sentence})
    return names


def _reply(hash: str, made: Archive, stack: ExitStack) -> Response:
    if made.etag in request.if_none_match:
        return Response(status=304)
    span = _span(made)
    if request.method != "HEAD":
        note_archive(hash, made, span)
    reply = Response(status=200)
    if span is None:
        span = Span(0, made.size)
    else:
        reply.status_code = 206
        reply.headers["Content-Range"] = f"bytes {span.start}-{span.end}/{made.size}"
    reply.headers["Content-Length"] = str(span.length)
    if request.method != "HEAD":
        reply.response = _Sending(made, span, stack.pop_all(), request.environ.get("droppr.connection"))
        reply.direct_passthrough = True
    return reply


def _span(made: Archive) -> Span | None:
    """The part that is asked for; None where it is all. A part of another archive than this one is no use to anybody."""
    if_range = request.headers.get("If-Range")
    if if_range is not None and if_range.strip() != f'"{made.etag}"':
        return None
    try:
        return single_range(made.size)
    except RangeNotSatisfiable:
        tell_size(made.size)
        raise


class _Sending:
    """The body, for gunicorn: bytes as they are yielded, and those of files from the disk to the socket inside the kernel."""

    def __init__(self, made: Archive, span: Span, stack: ExitStack, connection: Any) -> None:
        self._parts = made.parts(span)
        self._stack = stack
        self._connection = connection
        self._began = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._parts:
                if isinstance(part, bytes):
                    yield part
                elif self._connection is None or part.content.fileno() is None:
                    yield from _pieces(part)
                else:
                    if not self._began:
                        yield b""  # Has the headers go out first.
                    self._send(part)
                self._began = True
        except CutShort as error:
            # The number of bytes was said before the first: an end before that is what tells whoever reads.
            log.warning("an archive ends early, as a file of it changed", extra={"path": str(error)})
            raise ConnectionResetError(errno.ECONNRESET, "The archive ends here.") from error

    def close(self) -> None:
        self._parts.close()
        self._stack.close()

    def __del__(self) -> None:
        # Where the reply got no further than its head, nobody asks for its body, and nobody closes it.
        self.close()

    def _send(self, part: FileBytes) -> None:
        sent = self._connection.sock.sendfile(part.content, part.span.start, part.span.length)
        if sent < part.span.length:
            raise CutShort("cut short")


def _pieces(part: FileBytes) -> Iterator[bytes]:
    for start in range(part.span.start, part.span.stop, PIECE_BYTES):
        wanted = Span(start, min(start + PIECE_BYTES, part.span.stop))
        found = part.content.read(wanted)
        if len(found) < wanted.length:
            raise CutShort("cut short")
        yield found
