"""The calls about parts that senders put straight into the store, declared: what they take and what they answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.ports.direct import WantedPart
from app.core.ranges import Span
from app.web.wire.declaring import Call, Group, Header, Who
from app.web.wire.direct_replies import PartsSigned
from app.web.wire.replies import ChunkReply
from app.web.wire.upload_bodies import Sha256

MOST_PARTS_AT_ONCE = 64
_LARGEST = 2**63 - 1
WANT_DIGEST = Header(
    "Want-Repr-Digest", "`sha-256=1` (RFC 9530): have the reply that completes the file tell its `sha256`."
)


class Part(BaseModel):
    """A part that is to be put: where in the file, how many bytes, and their SHA-256."""

    model_config = ConfigDict(strict=True, extra="ignore")

    start: Annotated[int, Field(ge=0, lt=_LARGEST)]
    length: Annotated[int, Field(gt=0, lt=_LARGEST)]
    sha256: Sha256

    def wanted(self) -> WantedPart:
        return WantedPart(Span(self.start, self.start + self.length), self.sha256)


class PartsBody(BaseModel):
    """Parts of one upload for which URLs are asked for."""

    model_config = ConfigDict(strict=True, extra="ignore")

    parts: Annotated[list[Part], Field(min_length=1, max_length=MOST_PARTS_AT_ONCE)]

    def wanted(self) -> list[WantedPart]:
        """Each of them once."""
        return list({each.start: each.wanted() for each in self.parts}.values())


class PartsDone(BaseModel):
    """Parts that have been put, by their numbers."""

    model_config = ConfigDict(strict=True, extra="ignore")

    parts: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=MOST_PARTS_AT_ONCE)]


def direct_calls(upload: str) -> tuple[Call, ...]:
    """``upload`` is the address of one."""
    return (
        Call(
            ("POST",),
            f"{upload}/parts",
            Group.UPLOADS,
            Who.UPLOADER,
            "URLs at the store by which to put parts of the upload straight into it.",
            PartsSigned,
            body=PartsBody,
        ),
        Call(
            ("POST",),
            f"{upload}/parts/done",
            Group.UPLOADS,
            Who.UPLOADER,
            "Parts have been put: those that the store has count from now on.",
            ChunkReply,
            body=PartsDone,
            headers=(WANT_DIGEST,),
        ),
    )
