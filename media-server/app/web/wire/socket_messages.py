"""What is said over a WebSocket, by either side: declared as bodies and replies are, and told in docs/openapi.json."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.remotes import OutboxState
from app.web.wire.replies import Error, MissingRanges
from app.web.wire.upload_bodies import Sha256


class SocketQuery(BaseModel):
    """What the address of a WebSocket may carry."""

    gdrive_url: Annotated[
        str | None, Field(description="A Google resumable session, to which the file goes on while it arrives.")
    ] = None


class SocketStart(BaseModel):
    """The first message of the client. Without `path` and `size` the address names an upload that was opened before."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    type: Literal["start"]
    request: Annotated[str, Field(description="The link's hash.")]
    path: str | None = None
    size: Annotated[int | None, Field(ge=0, lt=2**63)] = None
    password: str | None = None
    captcha_token: str | None = None
    token: Annotated[str | None, Field(description="The admin token, in place of password and captcha.")] = None
    last_modified: float | None = None
    sha256: Sha256 | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    sender_key: Annotated[str | None, Field(description="What calls send as `X-Sender-Key`.")] = None
    item: Annotated[str | None, Field(max_length=64)] = None


class SocketAsk(BaseModel):
    """The client asks how the upload stands, or gives it up."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["status", "cancel"]


class SocketCounts(TypedDict):
    """How far an upload is."""

    upload_id: str
    complete: bool
    received_bytes: int
    size: int


class SocketState(SocketCounts, MissingRanges):
    """How far an upload is, and what it lacks."""


class SocketReady(SocketState):
    """The answer to `start`."""

    type: Literal["ready"]
    message_size: Annotated[int, Field(description="The most bytes of a binary message, its offset included.")]


class SocketProgress(SocketCounts):
    """The bytes of a binary message count."""

    type: Literal["progress"]
    offset: int
    length: int


class SocketStatus(SocketState):
    """The answer to `status`."""

    type: Literal["progress"]


class SocketError(Error):
    """A binary message that does not count, with its `offset` and `length`; the socket stays. Without `length` it is about the whole
    upload, and the socket is closed with 1008."""

    type: Literal["error"]
    length: NotRequired[int]
    next_offset: NotRequired[
        Annotated[int, Field(description="What `offset` is in refusals of calls: the byte to go on with.")]
    ]


class SocketComplete(SocketState):
    """The file stands under its name. Then the socket is closed with 1000, unless the file goes on to `gdrive_url`."""

    type: Literal["complete"]
    path: str
    name: str


class SocketCancelled(TypedDict):
    """The upload is given up."""

    type: Literal["cancelled"]
    upload_id: str


class SocketPassingOn(TypedDict):
    """How the complete file gets on to `gdrive_url`, until it is there (`done`) or somebody has to do something (`failed`)."""

    type: Literal["passing_on"]
    state: OutboxState
    sent_bytes: int
    error: str | None


FromServer = (
    SocketReady | SocketProgress | SocketStatus | SocketError | SocketComplete | SocketCancelled | SocketPassingOn
)
FromClient = SocketStart | SocketAsk
BYTES_FROM_CLIENT = {
    "type": "string",
    "format": "binary",
    "description": "Eight bytes of offset (big-endian), then the bytes that belong there. In any order.",
}
"""The client's binary messages."""
