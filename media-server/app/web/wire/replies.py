"""Every reply in JSON, declared: what mypy holds the views to, what docs/openapi.json is made of, and what the tests hold every
reply to that they see.

Times are seconds since the epoch, sizes are bytes. What senders are answered with their chunks stays plain dictionaries, so a
declaration costs nothing when a reply is made. Replies that show a link are made of ``core.terms`` (``link_replies``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from app.core.looks import WhyNone
from app.core.reasons import Reason
from app.core.remotes import OutboxState
from app.core.session import ToldState
from app.core.types import FileKind
from app.web.wire.direct_replies import Direct

Range = Annotated[tuple[int, int], Field(description="The first byte and, inclusive, the last.")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Error(TypedDict):
    """What every refusal is, on every route; some codes come with further details."""

    error: Annotated[str, Field(description="A sentence for a person.")]
    code: Annotated[str, Field(description="Stable, for programs.")]
    fields: NotRequired[Annotated[dict[str, str], Field(description="Each field that is not right, and why.")]]
    limit: NotRequired[Annotated[int, Field(description="What was exceeded.")]]
    offset: NotRequired[Annotated[int, Field(description="The byte to go on with.")]]
    size: NotRequired[Annotated[int, Field(description="How many bytes the file has.")]]
    file: NotRequired[Annotated[int, Field(description="Which file of a pack, counted from 1.")]]
    detected: NotRequired[Annotated[str, Field(description="What the content was taken for, as a media type.")]]
    allowed_extensions: NotRequired[Annotated[list[str], Field(description="Which types are taken.")]]
    ways: NotRequired[Annotated[list[str], Field(description="By what an account is asked for beside its password.")]]
    reason: NotRequired[Literal["places", "user", "memory"] | WhyNone]
    retry_after: NotRequired[Annotated[float, Field(description="Seconds, as in `Retry-After`.")]]
    files_left: NotRequired[Annotated[int, Field(description="How many files a receipt still waits for.")]]
    bytes_left: NotRequired[Annotated[int, Field(description="How many bytes have still to be read for it.")]]
    questions: NotRequired[Annotated[list[str], Field(description="The ids of those that are to be answered first.")]]
    captcha_required: NotRequired[bool]
    captcha_provider: NotRequired[str]
    captcha_site_key: NotRequired[str | None]


# Where files go


class FolderDestination(TypedDict):
    """Nowhere beyond the link's folder."""

    kind: Literal["folder"]


class S3Destination(TypedDict):
    """A bucket of S3, or of a store that speaks like it."""

    kind: Literal["s3"]
    bucket: str
    prefix: str


class DriveDestination(TypedDict):
    """A folder of Google Drive."""

    kind: Literal["drive"]
    folder_id: str


Destination = Annotated[FolderDestination | S3Destination | DriveDestination, Field(discriminator="kind")]


class PassedOn(TypedDict):
    """How a received file gets on to where its link passes files on to."""

    state: OutboxState
    attempts: int
    error: Annotated[str | None, Field(description="Why it failed the last time.")]
    reason: Annotated[Reason | None, Field(description="The kind of `error`.")]
    said: Annotated[str | None, Field(description="Of `error`, what the other side or the system said itself.")]
    remote: Annotated[
        str | None, Field(description="Where it stands once it is `done`: `s3://bucket/key` or `drive:<file id>`.")
    ]
    sent_bytes: int
    next_at: Annotated[float | None, Field(description="When it is tried again.")]


class PassedOnReply(TypedDict):
    passed_on: PassedOn


# What a link has received, and what is on its way


class FileCopy(TypedDict):
    """A file of another link with the same content."""

    hash: Annotated[str, Field(description="The other link's.")]
    title: str
    folder: str
    upload_id: str
    path: str
    received_at: float


class ReceivedFile(TypedDict):
    """A file that has arrived, as the link's owner sees it."""

    path: str
    name: str
    size: int
    sha256: Annotated[Sha256 | None, Field(description="Null until it is computed, right after the file has arrived.")]
    received_at: float
    last_modified: Annotated[float | None, Field(description="As its sender said.")]
    sent_name: Annotated[
        str | None, Field(description="What its sender called it, where the link's rule calls it otherwise.")
    ]
    sender_name: str | None
    sender_email: str | None
    upload_id: str
    item: Annotated[str | None, Field(description="The id of the item that it was sent for.")]
    party: Annotated[str | None, Field(description="Who sent it, as `…/parties` tells them.")]
    type: Annotated[FileKind, Field(description="By its extension alone.")]
    passed_on: Annotated[PassedOn | None, Field(description="Null for a file that goes nowhere else.")]
    same_as: NotRequired[
        Annotated[
            str | None,
            Field(
                description="In pages: the path of another file of the link with the same content; null where there is none."
            ),
        ]
    ]
    copies: NotRequired[
        Annotated[list[FileCopy], Field(description="With `copies`: as `…/copies/{upload_id}` tells them, up to 20.")]
    ]
    more_copies: NotRequired[Annotated[bool, Field(description="With `copies`: whether further links have it.")]]


class CopyList(TypedDict):
    copies: Annotated[
        list[FileCopy], Field(description="One for each link, the one that came first; older links first.")
    ]
    more: Annotated[bool, Field(description="Whether further links have it.")]


NextCursor = Annotated[
    str | None, Field(description="With `limit` only: leads to the next page; null on the last one.")
]


class FoundFiles(TypedDict):
    """How much a choice of files finds."""

    files: int
    bytes: int
    newest_at: Annotated[float | None, Field(description="When the newest of them arrived; null where there are none.")]
    again: NotRequired[
        Annotated[int, Field(description="With `repeated`: bytes of those whose content the link had received before.")]
    ]
    restorable: Annotated[
        bool, Field(description="Whether files that are deleted can be restored, `DROPPR_BIN_HOURS`.")
    ]


class SenderFiles(TypedDict):
    """Who has sent how many files; both names are null of senders who are not known."""

    sender_name: str | None
    sender_email: str | None
    files: int
    last_received_at: float


class SenderList(TypedDict):
    senders: Annotated[list[SenderFiles], Field(description="Who sent most comes first.")]
    more: Annotated[bool, Field(description="There are more of them than are told.")]


class FileList(TypedDict):
    files: list[ReceivedFile]
    found: NotRequired[Annotated[FoundFiles, Field(description="With `count` only: all that the query finds.")]]
    next_cursor: NotRequired[NextCursor]


class NewsReply(TypedDict):
    news: Annotated[int, Field(description="Another number once anything has happened to links and files.")]


class SeenReply(TypedDict):
    files_new: Annotated[int, Field(description="How many files are new after that.")]


class OpenUpload(TypedDict):
    """An upload that is on its way, as the link's owner sees it."""

    upload_id: str
    path: str
    size: int
    received_bytes: int
    opened_at: float
    active_at: Annotated[float, Field(description="When a chunk was last acknowledged.")]
    sender_name: str | None
    sender_email: str | None
    address: Annotated[str | None, Field(description="Where it was opened from, as limits count clients.")]
    bytes_per_second: Annotated[int, Field(description="In the last half minute.")]
    running: Annotated[bool, Field(description="Whether it has a place among the uploads at once.")]


class OpenUploadList(TypedDict):
    at: Annotated[float, Field(description="The server's time.")]
    uploads: list[OpenUpload]
    next_cursor: NotRequired[NextCursor]


class Stopped(TypedDict):
    cancelled: int
    left: Annotated[int, Field(description="Still there: beyond what one call does, or just being delivered.")]


# What a sender is told of an upload


class MissingRanges(TypedDict):
    """What an upload lacks. A chunk's reply tells the first 100 stretches. Opening and status tell up to 1,000, of which
    the last stands for all that follow where there are more."""

    missing_ranges: list[Range]
    missing_ranges_truncated: NotRequired[Annotated[bool, Field(description="There are more than are told.")]]


class ReceivedRanges(TypedDict):
    """What of an upload is there, in up to 1,000 stretches."""

    received_ranges: list[Range]
    received_ranges_truncated: NotRequired[Annotated[bool, Field(description="There are more than are told.")]]


class Opened(MissingRanges):
    """An upload that was opened, now or before under the same key."""

    upload_id: str
    chunk_size: Annotated[int, Field(description="How many bytes of the file to send with one request.")]
    max_parallel_chunks: Annotated[int, Field(description="How many chunks of the file to send at once.")]
    most_parallel_chunks: Annotated[int, Field(description="Up to how many, for a client that measures what it gets.")]
    expires_at: Annotated[float, Field(description="When it is given up, if nothing more comes.")]
    complete: bool
    removable_until: Annotated[float | None, Field(description="Until when its sender may take a complete one back.")]
    received_bytes: int
    direct: Annotated[Direct | None, Field(description="Null where its sender puts no parts into the store.")]


class UploadStatus(Opened, ReceivedRanges):
    """An upload as it stands."""

    state: ToldState
    path: str
    name: str
    size: int
    sha256: Sha256 | None
    last_modified: float | None
    sample: str | None


class Finished(TypedDict):
    """A file that stands under its name."""

    name: str
    path: str
    size: int
    removable_until: Annotated[float | None, Field(description="Until when its sender may take it back.")]


class Acknowledged(MissingRanges):
    """A chunk that counts. Once the file is complete, its name and size as well."""

    upload_id: str
    complete: bool
    received_bytes: int
    offset: Annotated[int, Field(description="The first missing byte; the file's size where none is missing.")]
    name: NotRequired[str]
    path: NotRequired[str]
    size: NotRequired[int]
    removable_until: NotRequired[float | None]


class ChunkReply(Acknowledged):
    """The answer to a chunk."""

    sha256: NotRequired[
        Annotated[
            Sha256 | None,
            Field(description="Of a complete file, where `Want-Repr-Digest` asked for it; null where it takes longer."),
        ]
    ]


class PackedFile(Acknowledged):
    """A file of a pack that was taken."""

    sha256: Sha256 | None


class RefusedFile(Error):
    """A file of a pack that was not taken, and why."""

    status: int


class PackReply(TypedDict):
    files: Annotated[list[PackedFile | RefusedFile], Field(description="One for each file, in their order.")]


class Arrived(TypedDict):
    arrived: Annotated[list[str], Field(description="Which of the uploads have arrived and were not taken back.")]


class FoldersMade(TypedDict):
    folders: Annotated[list[str], Field(description="In the same order, numbered where a file has the name.")]


# Receipts and handoffs


class ReceiptFile(TypedDict):
    path: str
    name: str
    size: int
    sha256: Sha256
    received_at: int
    sender_name: str | None
    sender_email: str | None


class Receipt(TypedDict):
    """A signed receipt: Ed25519 (RFC 8032) over the object without `signature`, written as RFC 8785 has it."""

    type: Literal["droppr-receipt"]
    version: Literal[1]
    server: str | None
    link: Annotated[str, Field(description="A fingerprint of the link, which does not give it away.")]
    title: str
    asker: NotRequired[
        Annotated[str, Field(description="Who asked for the files, where the link or its server says so.")]
    ]
    files: list[ReceiptFile]
    issued_at: int
    public_key: Annotated[str, Field(description="32 bytes in base64.")]
    key: Annotated[str, Field(description="The key's fingerprint.")]
    signature: Annotated[str, Field(description="64 bytes in base64.")]


class ReceiptKey(TypedDict):
    """What receipts of this server are signed with."""

    algorithm: Literal["Ed25519"]
    public_key: str
    fingerprint: str
    pem: str


class HandoffMade(TypedDict):
    """A short code by which uploads go on elsewhere."""

    code: Annotated[str, Field(description="Such as `ABCD-EFGH-JK`.")]
    expires_at: float
    url: str
    link: str


class Handoff(TypedDict):
    uploads: list[UploadStatus]


class Challenge(TypedDict):
    """A challenge of the self-hosted captcha: ALTCHA, protocol version 2."""

    parameters: dict[str, Any]
    signature: str


# The server


class Alive(TypedDict):
    status: Literal["ok"]


class Ready(TypedDict):
    status: Literal["ready"]
    notes: Annotated[list[str], Field(description="Sentences on what works and could be better.")]


class NotReady(TypedDict):
    status: Literal["not ready"]
    error: str
    code: Literal["busy"]
    problems: Annotated[list[str], Field(description="What keeps the server from its work.")]
