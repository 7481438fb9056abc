"""Received files on their way back to the owner."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from flask import Response, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.core.errors import RangeNotSatisfiable
from app.settings import Settings

ACCEL_PREFIX = "/_droppr_files/"
_NOT_QUOTABLE = re.compile(r"[^ !#-$&-\[\]-~]")


def download(path: Path, name: str, settings: Settings) -> Response:
    """The file at ``path`` as a download called ``name``; nginx sends the bytes where it stands in front.

    Files of strangers are never shown by the browser: whatever they are, they are bytes to be saved.
    """
    reply = _by_nginx(path, settings) if settings.unix_socket else _by_ourselves(path)
    reply.headers["Content-Type"] = "application/octet-stream"
    reply.headers["Content-Disposition"] = content_disposition(name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    return reply


def content_disposition(name: str) -> str:
    """RFC 6266: the exact name for browsers of today, one of plain ASCII for everything else."""
    plain = _NOT_QUOTABLE.sub("_", name)
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _by_nginx(path: Path, settings: Settings) -> Response:
    reply = Response()
    reply.headers["X-Accel-Redirect"] = ACCEL_PREFIX + quote(str(path.relative_to(settings.data_dir / "files")))
    reply.set_etag(_etag(path))
    return reply


def _by_ourselves(path: Path) -> Response:
    try:
        return send_file(path, mimetype="application/octet-stream", conditional=True, etag=_etag(path))
    except RequestedRangeNotSatisfiable as error:
        raise RangeNotSatisfiable(size=error.length) from None


def _etag(path: Path) -> str:
    """The tag nginx makes for the same file, so that a download begun at one can go on at the other."""
    status = path.stat()
    return f"{int(status.st_mtime):x}-{status.st_size:x}"
