"""What is told of the direct path, by which senders put parts straight into the store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.ports.direct import SignedPart


class Direct(TypedDict):
    """How to put parts of an upload straight into the store."""

    part_size: Annotated[
        int,
        Field(
            description="How long a part is, but for the last one of the file; so are multiples of it where one begins."
        ),
    ]
    most_parts: Annotated[int, Field(description="For how many parts one call may ask.")]
    seconds: Annotated[int, Field(description="For how long a URL can be used.")]


class PartToPut(TypedDict):
    """What to do with one part."""

    start: int
    length: int
    number: Annotated[int | None, Field(description="By which it is confirmed; null where nothing is to be put.")]
    url: Annotated[
        str | None,
        Field(
            description="Where to `PUT` these very bytes, with the header `x-amz-checksum-sha256`, their digest in base64; null where "
            "nothing is to be put."
        ),
    ]
    there: Annotated[
        bool, Field(description="It counts already. One that does not, and has no URL, is sent as a chunk.")
    ]


class PartsSigned(TypedDict):
    """What to do with the parts that were named, in that order, and how the upload stands."""

    upload_id: str
    complete: bool
    received_bytes: int
    parts: list[PartToPut]


def part_view(part: SignedPart) -> PartToPut:
    """A part as its sender is shown it."""
    span, url = part.span, part.url
    number = part.number if url else None
    return {"start": span.start, "length": span.length, "number": number, "url": url, "there": part.is_there}
