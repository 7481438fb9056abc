"""Header text to typed values: the only place below which nobody sees a header string."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import ValidationError
from werkzeug.datastructures import Headers
from werkzeug.http import parse_content_range_header, parse_date

from app.core.digests import ALGORITHMS, Digests
from app.core.errors import (
    ChecksumMismatch,
    ChunkSizeMismatch,
    InvalidPath,
    InvalidRange,
    InvalidRequest,
    LengthRequired,
)
from app.core.paths import RelPath
from app.core.ranges import Span
from app.services.receiving.commands import OpenUpload
from app.web.wire.upload_bodies import UPLOAD_KEY, OpenUploadBody

_MEMBER = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):\s*(?:,|$)", re.ASCII)
_WANTS_SHA256 = re.compile(r"(?:^|,)[ \t]*sha-256[ \t]*=[ \t]*0*[1-9]", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChunkHeaders:
    """What one chunk says of itself. ``total`` is the file's size, where the chunk tells it."""

    upload_id: str | None
    span: Span | None
    """None for an empty body, which only an empty file has."""
    total: int | None
    index: int | None
    path: RelPath | None
    digests: Digests | None
    key: str | None
    item: str | None
    """The item that the file is for."""
    opening: OpenUpload | None
    """What a first chunk opens, where one header says all of it."""

    @property
    def is_whole(self) -> bool:
        """Whether the chunk is all of its file."""
        return self.span is not None and self.span.start == 0 and self.span.stop == self.total


def chunk_headers(headers: Headers, length: int | None) -> ChunkHeaders:
    """What the headers of a chunk with a body of ``length`` bytes say; None where that is not known beforehand.

    Raises InvalidRange, InvalidPath, ChunkSizeMismatch, LengthRequired."""
    offset, end, total, index = _numbers(headers)
    span, total = _place(headers, length, offset, end, total)
    upload_id = headers.get("X-Upload-Id") or None
    opening = None if upload_id else _stated_opening(headers)
    if opening is not None:
        if total not in (None, opening.size):
            raise InvalidRange(f"The chunk speaks of a file of {total} bytes, X-Upload-Opening of {opening.size}.")
        total = opening.size
    return ChunkHeaders(
        upload_id=upload_id,
        span=span,
        total=total,
        index=index,
        path=_path(headers),
        digests=content_digests(digests) if (digests := headers.get("Content-Digest")) else None,
        key=_key(key) if (key := headers.get("X-Upload-Key")) else None,
        item=headers.get("X-Upload-Item") or None,
        opening=opening,
    )


def _stated_opening(headers: Headers) -> OpenUpload | None:
    """What X-Upload-Opening says, the JSON of opening an upload. Raises InvalidRequest, InvalidPath."""
    text = headers.get("X-Upload-Opening")
    if text is None:
        return None
    try:
        return OpenUploadBody.model_validate_json(text).command()
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the header"
        raise InvalidRequest(f"X-Upload-Opening: {where}: {problem['msg']}.") from None


def _key(text: str) -> str:
    if not re.fullmatch(UPLOAD_KEY, text):
        raise InvalidRequest("X-Upload-Key must be 22 to 64 letters, digits, dashes or underscores.")
    return text


def content_digests(text: str) -> Digests | None:
    """The digests of a Content-Digest header (RFC 9530), None where there is none that can be checked.

    Raises ChecksumMismatch when the header cannot be read.
    """
    expected: dict[str, bytes] = {}
    position = 0
    while position < len(text):
        member = _MEMBER.match(text, position)
        if member is None:
            raise ChecksumMismatch("The Content-Digest header cannot be read; write it as 'sha-256=:<base64>:'.")
        if member[1] in ALGORITHMS:
            expected[member[1]] = _unbase64(member[2])
        position = member.end()
    return Digests(expected) if expected else None


def wants_sha256(headers: Headers) -> bool:
    """Whether a Want-Repr-Digest header (RFC 9530) asks for the SHA-256 of the whole file. 0 is no wish."""
    return _WANTS_SHA256.search(headers.get("Want-Repr-Digest", "")) is not None


DATED_CONDITIONS = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


def drop_unreadable_dates(environ: dict[str, Any]) -> None:
    """Take out of a request the conditions whose dates cannot be read, as RFC 9110 (13.1) asks; Werkzeug, which reads
    them later, raises for some."""
    for name in DATED_CONDITIONS:
        if name not in environ:
            continue
        try:
            parse_date(environ[name])
        except (ValueError, OverflowError):
            del environ[name]


def percent_decoded(headers: Headers, name: str) -> str | None:
    """A header whose value is percent-encoded UTF-8; None when absent. Raises InvalidRequest."""
    text = headers.get(name)
    if text is None:
        return None
    try:
        # Some senders leave characters unencoded; WSGI shows those bytes as Latin-1.
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeError:
        raise InvalidRequest(f"{name} must be percent-encoded UTF-8.") from None


def _path(headers: Headers) -> RelPath | None:
    name = "X-Upload-Path" if headers.get("X-Upload-Path") else "X-Upload-Name"
    if not headers.get(name):
        return None
    try:
        text = percent_decoded(headers, name)
    except InvalidRequest as error:
        raise InvalidPath(error.message) from None
    return RelPath.parse(text) if text else None


def _place(
    headers: Headers, length: int | None, offset: int | None, end: int | None, total: int | None
) -> tuple[Span | None, int | None]:
    """The span of a chunk by Content-Range or by what the X-Upload headers say, and the file's size where one of them tells it."""
    stated = headers.get("Content-Range")
    if stated is None:
        span = _by_offset(offset, end, length)
    else:
        span, stated_total = _content_range(stated)
        agrees = offset in (None, span.start) and end in (None, span.stop - 1)
        if not agrees or (None not in (total, stated_total) and total != stated_total):
            raise InvalidRange("Content-Range and the X-Upload headers disagree.")
        total = stated_total if total is None else total
    if span is None:
        return None, total
    if length not in (None, span.stop - span.start):
        raise ChunkSizeMismatch(f"The range has {span.length} bytes, the body {length}.")
    if total is not None and span.stop > total:
        raise InvalidRange(f"The chunk ends after the file's {total} bytes.")
    return span, total


def _content_range(text: str) -> tuple[Span, int | None]:
    parsed = parse_content_range_header(text)
    if parsed is None or str(parsed.units).lower() != "bytes" or parsed.start is None or parsed.stop is None:
        raise InvalidRange("Content-Range must read 'bytes <first>-<last>/<total>'.")
    return _span(parsed.start, parsed.stop), parsed.length


def _by_offset(offset: int | None, end: int | None, length: int | None) -> Span | None:
    """The span by X-Upload-Offset and X-Upload-End or the body's length; None when that is 0."""
    if offset is None:
        raise InvalidRange("The place of the chunk is missing: send Content-Range or X-Upload-Offset.")
    if end is not None:
        return _span(offset, end + 1)
    if length is None:
        raise LengthRequired()
    return _span(offset, offset + length) if length else None


def _span(start: int, stop: int) -> Span:
    try:
        return Span(start, stop)
    except ValueError:
        raise InvalidRange("The range is empty or runs backwards.") from None


_PLACES = ("X-Upload-Offset", "X-Upload-End", "X-Upload-Length", "X-Chunk-Index")


def _numbers(headers: Headers) -> list[int | None]:
    """What the headers of ``_PLACES`` say, None for those that are not there."""
    found: list[int | None] = []
    for name in _PLACES:
        text = headers.get(name) or None
        # Only what HTTP itself takes for blanks; what Python does is more, and not all of it is read by int().
        if text is not None and not _NUMBER.fullmatch(text := text.strip(" \t")):
            raise InvalidRange(f"{name} must be a whole number of bytes.")
        found.append(None if text is None else int(text))
    return found


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ChecksumMismatch("The digest is not valid base64.") from None
