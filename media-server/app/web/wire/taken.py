"""What of received files leaves the server, noted in the audit."""

from __future__ import annotations

from flask import Response, request

from app.core.audit import Act
from app.core.links import ReceivedFile
from app.core.ranges import Span
from app.services.received.archive import Archive
from app.web.wire.context import services
from app.web.wire.ownership import acting


def note_download(hash: str, file: ReceivedFile, reply: Response) -> Response:
    """Note that a file is taken away by ``reply``, which is returned. One that is taken in parts is noted once."""
    if request.method == "GET" and reply.status_code in (200, 206, 302):
        acts, said = services().audit.acts, {"path": file.path, "size": file.size}
        note = acts.note_once if "Range" in request.headers else acts.note_begun
        note(acting(), Act.FILE_DOWNLOADED, hash, file.upload_id, **said)
    return reply


def note_archive(hash: str, made: Archive, span: Span | None) -> None:
    """Note that an archive is taken away, or a part of it."""
    acts = services().audit.acts
    note = acts.note_begun if span is None else acts.note_once
    note(acting(), Act.ARCHIVE_DOWNLOADED, hash, files=made.count, size=made.size, etag=made.etag)


def note_look(hash: str, file: ReceivedFile, reply: Response) -> Response:
    """Note that somebody is shown what a file says, which is asked for again and again while they look."""
    if request.method == "GET" and reply.status_code in (200, 206):
        note_shown(hash, file.upload_id, file.path)
    return reply


def note_shown(hash: str | None, upload_id: str, path: str) -> None:
    services().audit.acts.note_once(acting(), Act.FILE_LOOKED_AT, hash, upload_id, path=path)
