"""Received files on their way back to the owner."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.core.disposition import content_disposition
from app.core.errors import RangeNotSatisfiable
from app.core.links import ReceivedFile
from app.core.ports.inbox import StoredFile
from app.settings import Settings
from app.web.api.byte_ranges import RANGE, tell_size
from app.web.api.sending import file_parts, ranged
from app.web.wire.context import services

ACCEL_PREFIX = "/_droppr_files/"
SMALL_BYTES = 64 * 1024
"""What is not longer is read and sent about as fast as any other answer."""


def download(stored: StoredFile, file: ReceivedFile, settings: Settings) -> Response:
    """A received file as a download; nginx sends the bytes where it stands in front, or the store itself where the file
    lies elsewhere.

    Files of strangers are never shown by the browser: whatever they are, they are bytes to be saved.
    """
    address = stored.download_address(file.name)
    if address is not None:
        return Response(status=302, headers={"Location": address})
    reply = sent(stored, file, settings)
    reply.headers["Content-Type"] = "application/octet-stream"
    reply.headers["Content-Disposition"] = content_disposition(file.name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def sent(stored: StoredFile, file: ReceivedFile, settings: Settings) -> Response:
    """The bytes of a file, whole or in part; whoever calls says what they are. Raises FileNotFoundError, RangeNotSatisfiable, Busy."""
    if stored.path is None:
        return _read_through(stored, file)
    return _by_nginx(stored.path, settings) if settings.unix_socket else _by_ourselves(stored, stored.path, file)


def keeps_busy(stored: StoredFile, name: str) -> bool:
    """Whether ``download`` has this process send it, and for so long that few may be sent at once."""
    return stored.size > SMALL_BYTES and stored.path is None and stored.download_address(name) is None


def _read_through(stored: StoredFile, file: ReceivedFile) -> Response:
    """From wherever it lies, by way of this process. What is long has a thread busy with it for as long as it takes: raises Busy where too
    many are."""
    with ExitStack() as stack:
        if stored.size > SMALL_BYTES:
            stack.enter_context(services().ground.bounds.archives.place(""))
        return ranged(stored.size, etag_of(stored, file), lambda span: file_parts(stored, span), stack, lambda _: None)


def _by_nginx(path: Path, settings: Settings) -> Response:
    """No ETag: nginx makes its own and compares what browsers send with that one."""
    below = path.relative_to(settings.data_dir / "files")
    return Response(headers={"X-Accel-Redirect": ACCEL_PREFIX + quote(str(below))})


def _by_ourselves(stored: StoredFile, path: Path, file: ReceivedFile) -> Response:
    _mend_range(stored.size)
    try:
        return send_file(path, conditional=True, mimetype="application/octet-stream", etag=etag_of(stored, file))
    except RequestedRangeNotSatisfiable as error:
        tell_size(error.length)
        raise RangeNotSatisfiable(size=error.length) from None


def etag_of(stored: StoredFile, file: ReceivedFile) -> str:
    """One for each delivery, and another if the owner changes the file; the upload's id itself stays unsaid."""
    return hashlib.sha256(f"{file.upload_id} {stored.version}".encode()).hexdigest()[:32]


def _mend_range(size: int) -> None:
    """Bring this request's Range into a form that Werkzeug answers as RFC 9110 (14.2) asks.

    A range that is not understood, or several at once, is passed over and the whole file sent; the last 500 bytes of
    a file that has fewer are all of it.
    """
    match = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        request.environ.pop("HTTP_RANGE", None)
    elif match[3] and int(match[3]) >= size:
        request.environ["HTTP_RANGE"] = "bytes=0-"
