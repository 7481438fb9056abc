"""What senders say of themselves with a call: by which they may open uploads, and are known again."""

from __future__ import annotations

import re

from flask import request

from app.core.actors import Credentials, sender
from app.core.checklists import SENDER_KEY
from app.core.errors import InvalidRequest
from app.web.wire.context import client_address
from app.web.wire.headers import percent_decoded


def credentials() -> Credentials:
    """Those of this request. Raises InvalidRequest."""
    return Credentials(
        sender(client_address()),
        password=percent_decoded(request.headers, "X-Request-Password"),
        captcha_token=request.headers.get("X-Captcha-Token"),
        key=sender_key(request.headers.get("X-Sender-Key")),
    )


def sender_key(text: str | None) -> str | None:
    """The key that a sender's client keeps, None where it has none. Raises InvalidRequest."""
    if text is not None and not re.fullmatch(SENDER_KEY, text):
        raise InvalidRequest("X-Sender-Key must be 22 letters, digits, dashes or underscores: 128 random bits.")
    return text
