"""Webhooks as the Standard Webhooks specification has them: what is posted, and how it is signed."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from app.core.messages import Message, MessageKind

SECRET_BYTES = 32


def new_secret() -> str:
    """What an endpoint's messages are signed with."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def body_of(message: Message) -> str:
    """What is posted: the same with each try."""
    at = datetime.fromtimestamp(message.created_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = {"type": message.kind.value, "timestamp": at, "data": _data(message)}
    return json.dumps(document, ensure_ascii=True, allow_nan=False)


def signed(id: str, now: float, body: str, secret: str) -> dict[str, str]:
    """The headers that a message goes out with."""
    at = datetime.fromtimestamp(int(now), UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": Webhook(secret).sign(id, at, body),
    }


def _data(message: Message) -> Mapping[str, Any]:
    facts = message.facts
    if message.kind in (MessageKind.FILES_RECEIVED, MessageKind.FILES_REMOVED):
        return {
            "link": message.link,
            "title": facts["title"],
            "folder": facts["folder"],
            "count": facts["files"],
            "bytes": facts["bytes"],
            "files": facts["named"],
            "more": facts["files"] - len(facts["named"]),
        }
    if message.kind is MessageKind.TEST:
        return {}
    if message.kind in (MessageKind.ITEM_ACCEPTED, MessageKind.ITEM_RETURNED):
        return {"link": message.link, **{name: value for name, value in facts.items() if name != "asker"}}
    return {"link": message.link, "actor": facts["actor"]}
