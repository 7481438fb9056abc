"""Browsers that are told what arrives, as their owners are shown them and ask for it. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.messages import Endpoint
from app.web.wire import message_views
from app.web.wire.declaring import Call, Group, Who

_PATH = "/api/droppr/push"


class BrowserReply(TypedDict):
    """A browser that is told what arrives. It is an endpoint, too."""

    id: str
    name: str
    created_at: float
    active: bool
    failing_since: Annotated[float | None, Field(description="Since when it takes nothing; null where it does.")]
    trouble: Annotated[str | None, Field(description="Why the server switched it off.")]


class PushReply(TypedDict):
    """What a page needs to have its browser told, and which others of its owner are."""

    key: Annotated[str, Field(description="What to subscribe with (`applicationServerKey`), in base64url.")]
    browsers: list[BrowserReply]


class BrowserKeys(BaseModel):
    """What the browser has made for this server, in base64url."""

    model_config = ConfigDict(extra="ignore")

    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class BrowserBody(BaseModel):
    """A subscription as browsers write it in JSON, and by which name its owner knows the browser."""

    model_config = ConfigDict(extra="ignore")

    endpoint: message_views.Url
    keys: BrowserKeys
    name: Annotated[str, Field(max_length=200)] = ""
    language: Annotated[str, Field(max_length=40, description="In which it is told, such as `de`.")] = ""


def browser_view(endpoint: Endpoint) -> BrowserReply:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "created_at": endpoint.created_at,
        "active": endpoint.active,
        "failing_since": endpoint.failing_since,
        "trouble": endpoint.trouble,
    }


PUSH_CALLS = (
    Call(
        ("GET",),
        _PATH,
        Group.MESSAGES,
        Who.OWNER,
        "The server's key for Web Push, and which browsers of whoever asks are told what arrives.",
        PushReply,
    ),
    Call(
        ("POST",),
        _PATH,
        Group.MESSAGES,
        Who.OWNER,
        "Have a browser told what arrives. Once more changes nothing but what is new about it.",
        BrowserReply,
        201,
        body=BrowserBody,
    ),
    Call(
        ("DELETE",),
        f"{_PATH}/{{browser_id}}",
        Group.MESSAGES,
        Who.OWNER,
        "Tell a browser of one's own nothing more.",
        None,
        204,
    ),
    Call(
        ("POST",),
        f"{_PATH}/{{browser_id}}/test",
        Group.MESSAGES,
        Who.OWNER,
        "Have a test shown in a browser of one's own.",
        message_views.MessageReply,
        202,
    ),
)
