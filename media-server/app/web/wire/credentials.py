"""What senders say of themselves with a call: by which they may open uploads, and are known again."""

from __future__ import annotations

import re

from flask import request

from app.core.actors import Credentials, sender
from app.core.checklists import SENDER_KEY
from app.core.errors import InvalidRequest
from app.core.terms import Language
from app.web.wire.context import client_address
from app.web.wire.headers import percent_decoded

_LANGUAGES = {each.value for each in Language if each is not Language.AUTO}


def credentials() -> Credentials:
    """Those of this request. Raises InvalidRequest."""
    return Credentials(
        sender(client_address()),
        password=percent_decoded(request.headers, "X-Request-Password"),
        captcha_token=request.headers.get("X-Captcha-Token"),
        key=sender_key(request.headers.get("X-Sender-Key")),
        language=browsers_language(),
    )


def browsers_language() -> str | None:
    """The language that was chosen on the sender's page, else the first of the browser's, of those in which mails are written; None for a
    program that says none."""
    wanted = [request.cookies.get("droppr_language", ""), *request.headers.get("Accept-Language", "").split(",", 20)]
    names = (re.split("[-;]", each.strip().lower(), maxsplit=1)[0] for each in wanted)
    return next((name for name in names if name in _LANGUAGES), None)


def sender_key(text: str | None) -> str | None:
    """The key that a sender's client keeps, None where it has none. Raises InvalidRequest."""
    if text is not None and not re.fullmatch(SENDER_KEY, text):
        raise InvalidRequest("X-Sender-Key must be 22 letters, digits, dashes or underscores: 128 random bits.")
    return text
