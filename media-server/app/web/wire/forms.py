"""A file as an HTML form sends it (multipart/form-data), read once, in order, and with bounds on everything it may hold."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from app.core.errors import ChunkSizeMismatch, ChunkTooLarge, InvalidRequest
from app.core.ports.bodies import Body
from app.storage.disk.atomic import disk_errors, write_at
from app.storage.disk.bodies import FileBody

MAX_PARTS = 16
"""The most parts a form may have."""
MAX_FIELD_BYTES = 16 * 1024
"""The longest value of a field. A path has 3,072 bytes."""
_READ_BYTES = 64 * 1024
_QUOTED_NAME = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")


@dataclass
class Form:
    """What a form brought: its fields, and its file's name and bytes; None where it had no part ``file``."""

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    size: int = 0
    content: Body | None = None


@contextmanager
def received(body: Body, content_type: str, most: int, folder: Path) -> Iterator[Form]:
    """The form that ``body`` holds, of which the file may have ``most`` bytes. They lie in a file without a name in ``folder``, which
    is gone after the block.

    Raises InvalidRequest, ChunkTooLarge, StorageFull, and what reading the body raises.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "").encode("latin-1", "replace")
    if kind != "multipart/form-data" or not 1 <= len(boundary) <= 70:
        raise InvalidRequest("Send multipart/form-data, with the file in the field 'file'.")
    # Without a name it needs no clearing up, whatever happens.
    with disk_errors(), tempfile.TemporaryFile(dir=folder, buffering=0) as spool:
        form = Form()
        for name, filename, pieces in _parts(body, boundary):
            if name == "file" and filename is not None and form.filename is None:
                form.filename = filename
                form.size = _kept(pieces, spool.fileno(), most)
                form.content = FileBody(spool.fileno(), form.size)
            elif not filename:  # An empty choice of files is sent with an empty name.
                form.fields.setdefault(name, _text(name, pieces))
            else:
                wrong = "the file belongs in 'file'" if form.filename is None else "one file too many"
                raise InvalidRequest("A form brings one file, in the field 'file'.", fields={name[:100]: wrong})
        yield form


def _parts(body: Body, boundary: bytes) -> Iterator[tuple[str, str | None, Iterator[bytes]]]:
    """Each part's name, the name of its file if it is one, and its bytes, to be read before the next is asked for."""
    events = _events(body, boundary)
    for number, event in enumerate(event for event in events if isinstance(event, Field | File)):
        if number == MAX_PARTS:
            raise InvalidRequest(f"A form has {MAX_PARTS} parts at most.")
        yield event.name or "", _filename(event) if isinstance(event, File) else None, _pieces(events)


def _filename(event: File) -> str:
    """The file's name as it was sent: a backslash is its own, but before a quotation mark or another one. Of a path of
    Windows, as old browsers send it, the last part."""
    raw = _QUOTED_NAME.search(event.headers.get("Content-Disposition", ""))
    if raw is None:
        return event.filename
    if _WINDOWS_PATH.match(raw[1]):
        return raw[1].rpartition("\\")[2]
    return _ESCAPED.sub(r"\1", raw[1])


def _pieces(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if not isinstance(event, Data):
            raise InvalidRequest("The form cannot be read.")
        yield event.data
        if not event.more_data:
            return


def _events(body: Body, boundary: bytes) -> Iterator[Event]:
    decoder = _Decoder(boundary, MAX_FIELD_BYTES + 2 * _READ_BYTES, max_parts=MAX_PARTS + 1)
    buffer = memoryview(bytearray(_READ_BYTES))
    ended = False
    while True:
        try:
            event = decoder.next_event()
        except RequestEntityTooLarge:
            raise ChunkTooLarge("The form's headers or fields are too long.", limit=MAX_FIELD_BYTES) from None
        except ValueError:
            raise InvalidRequest("The form cannot be read, or broke off. Send it again.") from None
        if isinstance(event, Epilogue):
            return
        if not isinstance(event, NeedData):
            yield event
        elif ended:
            raise ChunkSizeMismatch("The form broke off before its end. Send it again.")
        else:
            count = body.readinto(buffer)
            ended = not count
            decoder.receive_data(bytes(buffer[:count]) if count else None)


def _kept(pieces: Iterator[bytes], descriptor: int, most: int) -> int:
    size = 0
    for piece in pieces:
        if size + len(piece) > most:
            raise ChunkTooLarge(f"Send files of more than {most} bytes in chunks.", limit=most)
        write_at(descriptor, memoryview(piece), size)
        size += len(piece)
    return size


def _text(name: str, pieces: Iterator[bytes]) -> str:
    value = b""
    for piece in pieces:
        value += piece
        if len(value) > MAX_FIELD_BYTES:
            raise InvalidRequest(f"The field is longer than {MAX_FIELD_BYTES} bytes.", fields={name[:100]: "too long"})
    return _decoded(value)


class _Decoder(MultipartDecoder):
    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(_decoded(data).encode())


def _decoded(data: bytes | bytearray) -> str:
    """Text of a form: UTF-8, or where it is none what old clients send."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
