"""Which bytes of something a request asks for."""

from __future__ import annotations

import re

from flask import Response, after_this_request, request

from app.core.errors import RangeNotSatisfiable
from app.core.ranges import Span

RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


def single_range(size: int) -> Span | None:
    """The one range of bytes that this request asks for, of something of ``size`` bytes; None where it asks for all, for several ranges
    or for what is not understood. Raises RangeNotSatisfiable."""
    match = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        return None
    first = max(0, size - int(match[3])) if match[3] else int(match[1])
    stop = min(int(match[2]) + 1, size) if match[2] else size
    if first >= stop:
        raise RangeNotSatisfiable(size=size)
    return Span(first, stop)


def tell_size(size: int | None) -> None:
    """Say in the reply, which is a refusal, how many bytes there are."""

    @after_this_request
    def add(reply: Response) -> Response:
        reply.headers["Content-Range"] = f"bytes */{size}"
        return reply
