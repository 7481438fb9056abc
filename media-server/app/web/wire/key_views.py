"""Keys for programs as they are shown, and the calls about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.keys import Key
from app.web.wire.account_bodies import KeysQuery, NewKey
from app.web.wire.declaring import Call, Group, Who


class KeyView(TypedDict):
    """A key without what opens anything. Times are seconds since the epoch."""

    id: str
    account: Annotated[str, Field(description="Whose it is; empty for whoever holds the admin token.")]
    name: str
    hint: Annotated[str, Field(description="How it begins.")]
    scopes: Annotated[
        list[str], Field(description="Of `links:read`, `links:write`, `files:read`, `files:delete`, `admin`.")
    ]
    made_at: float
    used_at: Annotated[float | None, Field(description="When it was used last, to a minute or so.")]
    expires_at: Annotated[float | None, Field(description="Null where it is good for ever.")]
    expired: bool


class KeyList(TypedDict):
    keys: list[KeyView]


class NewKeyView(KeyView):
    key: Annotated[str, Field(description="What the program is to send as a token. It is told this once.")]


def key_view(key: Key, now: float) -> KeyView:
    return {
        "id": key.id,
        "account": key.account,
        "name": key.name,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "made_at": key.made_at,
        "used_at": key.used_at,
        "expires_at": key.ends_at,
        "expired": key.is_over(now),
    }


def new_key_view(key: Key, text: str, now: float) -> NewKeyView:
    return {**key_view(key, now), "key": text}


KEY_CALLS = (
    Call(
        ("GET",),
        "/api/keys",
        Group.ACCOUNTS,
        Who.OWNER,
        "Keys for programs: one's own, and for admins all.",
        KeyList,
        queries=(KeysQuery,),
    ),
    Call(
        ("POST",),
        "/api/keys",
        Group.ACCOUNTS,
        Who.OWNER,
        "Make a key of one's own, which is told this once.",
        NewKeyView,
        201,
        body=NewKey,
    ),
    Call(("DELETE",), "/api/keys/{id}", Group.ACCOUNTS, Who.OWNER, "Take a key back.", status=204),
)
