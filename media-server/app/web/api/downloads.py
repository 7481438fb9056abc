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
from app.web.api.sending import asked_span, file_parts, ranged
from app.web.wire.context import services

ACCEL_PREFIX = "/_droppr_files/"
SMALL_BYTES = 64 * 1024
"""What is not longer is read and sent about as fast as any other answer."""
BY_STORE = "/_droppr_store"
# What nginx compares by a mark that is not ours.
_COMPARED_BY_NGINX = "If-Match", "If-Unmodified-Since"


def download(stored: StoredFile, file: ReceivedFile, settings: Settings) -> Response:
    """A received file as a download; nginx sends the bytes where it stands in front, or the store itself where the file lies there.

    Files of strangers are never shown by the browser: whatever they are, they are bytes to be saved.
    """
    # What is signed is signed for fetching, and a store would refuse to tell of it.
    address = None if request.method == "HEAD" else stored.download_address(file.name)
    if address is not None:
        return Response(status=302, headers={"Location": address})
    return _by_store(stored, file) or named(sent(stored, file, settings), file.name)


def named(reply: Response, name: str) -> Response:
    """The reply as something that is saved under a name."""
    reply.headers["Content-Type"] = "application/octet-stream"
    reply.headers["Content-Disposition"] = content_disposition(name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def sent(stored: StoredFile, file: ReceivedFile, settings: Settings) -> Response:
    """The bytes of a file, whole or in part; whoever calls says what they are. Raises FileNotFoundError, RangeNotSatisfiable, Busy."""
    if stored.path is None:
        return _read_through(stored, file)
    return _by_nginx(stored.path, settings) if settings.unix_socket else _by_ourselves(stored, stored.path, file)


def keeps_busy(stored: StoredFile, name: str) -> bool:
    """Whether ``download`` has this process send it, and for so long that few may be sent at once."""
    return stored.size > SMALL_BYTES and stored.path is None and not _is_handed_on(stored, name)


def _is_handed_on(stored: StoredFile, name: str) -> bool:
    """Whether others than this process send the bytes of a file that lies elsewhere."""
    return stored.download_address(name) is not None or stored.proxied_address(name) is not None


def _by_store(stored: StoredFile, file: ReceivedFile) -> Response | None:
    """Has nginx fetch from the store what is asked for, where it can. How it is saved the store says, as the address asks it to, so
    that it is not said of what nginx answers where the store does not. Raises RangeNotSatisfiable."""
    if request.method == "HEAD" or any(name in request.headers for name in _COMPARED_BY_NGINX):
        return None
    address = stored.proxied_address(file.name)
    if address is None:
        return None
    etag = etag_of(stored, file)
    if etag in request.if_none_match:
        return Response(status=304, headers={"ETag": f'"{etag}"'})
    span = asked_span(stored.size, etag)
    headers = {"X-Accel-Redirect": BY_STORE, "X-Droppr-Store": address, "ETag": f'"{etag}"'}
    reply = Response(headers=headers, mimetype="application/octet-stream")
    if span is not None:
        reply.headers["X-Droppr-Store-Range"] = f"bytes={span.start}-{span.end}"
    return reply


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
