"""Received files on their way back to the owner."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from flask import Response, after_this_request, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.core.errors import RangeNotSatisfiable
from app.core.links import ReceivedFile
from app.settings import Settings

ACCEL_PREFIX = "/_droppr_files/"
# What every reader of headers takes for the same name, and what may not even stand between quotes.
_HARMLESS = re.compile(r"[A-Za-z0-9 ._()-]+")
_NOT_QUOTABLE = re.compile(r"[^ !#-$&-\[\]-~]")
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


def download(path: Path, file: ReceivedFile, settings: Settings) -> Response:
    """The file at ``path`` as a download; nginx sends the bytes where it stands in front.

    Files of strangers are never shown by the browser: whatever they are, they are bytes to be saved.
    """
    reply = _by_nginx(path, settings) if settings.unix_socket else _by_ourselves(path, file)
    reply.headers["Content-Type"] = "application/octet-stream"
    reply.headers["Content-Disposition"] = content_disposition(file.name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def content_disposition(name: str) -> str:
    """RFC 6266: the exact name for browsers of today, one of plain ASCII for everything else."""
    if _HARMLESS.fullmatch(name):
        return f'attachment; filename="{name}"'
    plain = _NOT_QUOTABLE.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _by_nginx(path: Path, settings: Settings) -> Response:
    """No ETag: nginx makes its own and compares what browsers send with that one."""
    below = path.relative_to(settings.data_dir / "files")
    return Response(headers={"X-Accel-Redirect": ACCEL_PREFIX + quote(str(below))})


def _by_ourselves(path: Path, file: ReceivedFile) -> Response:
    _mend_range(path.stat().st_size)
    try:
        return send_file(path, conditional=True, mimetype="application/octet-stream", etag=_etag(path, file))
    except RequestedRangeNotSatisfiable as error:
        _tell_size(error.length)
        raise RangeNotSatisfiable(size=error.length) from None


def _mend_range(size: int) -> None:
    """Bring this request's Range into a form that Werkzeug answers as RFC 9110 (14.2) asks.

    A range that is not understood, or several at once, is passed over and the whole file sent; the last 500 bytes of
    a file that has fewer are all of it.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        request.environ.pop("HTTP_RANGE", None)
    elif match[3] and int(match[3]) >= size:
        request.environ["HTTP_RANGE"] = "bytes=0-"


def _tell_size(size: int | None) -> None:
    @after_this_request
    def add(reply: Response) -> Response:
        reply.headers["Content-Range"] = f"bytes */{size}"
        return reply


def _etag(path: Path, file: ReceivedFile) -> str:
    """One for each delivery, and another if the owner changes the file; the upload's id itself stays unsaid."""
    status = path.stat()
    told = f"{file.upload_id} {status.st_mtime_ns} {status.st_size}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
