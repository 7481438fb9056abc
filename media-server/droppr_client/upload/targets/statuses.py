"""What a Droppr server says of uploads, and of what it says only what can be."""

from __future__ import annotations

from typing import Any

from droppr_client.upload import wire
from droppr_client.upload.items import Pair
from droppr_client.upload.problems import FileRefused
from droppr_client.upload.targets import UploadStatus

MAX_PARALLEL_CHUNKS = 256


def begun(said: dict[str, Any], size: int) -> UploadStatus:
    """Of an upload that has an id by which it is asked for. Raises FileRefused."""
    status = status_of(said, size)
    if not status.ticket:
        raise senseless()
    return status


def status_of(said: dict[str, Any], size: int) -> UploadStatus:
    """What a server says of an upload of so many bytes. Raises FileRefused where that cannot be."""
    ticket = said.get("upload_id")
    if ticket is not None and wire.upload_id(ticket) is None:
        raise senseless()
    return UploadStatus(
        ticket=ticket or "",
        complete=said.get("complete") is True,
        missing=_missing(said.get("missing_ranges"), size),
        parallel_chunks=wire.clamped(said.get("max_parallel_chunks"), 1, MAX_PARALLEL_CHUNKS),
        most_parallel_chunks=wire.clamped(said.get("most_parallel_chunks"), 1, MAX_PARALLEL_CHUNKS),
        path=wire.text(said.get("path")),
        sha256=wire.sha256(said.get("sha256")),
        sample=wire.text(said.get("sample")),
        verifying=said.get("state") == "verifying",
    )


def _missing(ranges: object, size: int) -> tuple[Pair, ...]:
    """Spans of the file, in order and apart. Raises FileRefused where they are anything else: what is outside of the file
    cannot be read, and what is named twice would be sent twice."""
    pairs: list[Pair] = []
    at = 0
    for each in ranges if isinstance(ranges, list) else ():
        first, last = each if isinstance(each, list) and len(each) == 2 else (None, None)
        start, end = wire.whole(first, at, size - 1), wire.whole(last, at, size - 1)
        if start is None or end is None or start > end:
            raise senseless()
        at = end + 1
        pairs.append((start, at))
    return tuple(pairs)


def senseless() -> FileRefused:
    return FileRefused(
        "The server's answer makes no sense: is it a Droppr server, and does all of it arrive?", "invalid_answer"
    )
