"""How a browser that gave the password of a share is known again."""

from __future__ import annotations

import hashlib

from flask import Response, request

from app.services.received.shares import KEY_SECONDS
from app.web.wire.context import is_https


def key_of(hash: str) -> str | None:
    """The key that this request brings for a share."""
    return request.cookies.get(_name(hash))


def keep_key(reply: Response, hash: str, key: str) -> None:
    """Have the browser bring it along from now on, until it closes or some hours are over."""
    reply.set_cookie(
        _name(hash),
        key,
        max_age=int(KEY_SECONDS),
        path=request.script_root or "/",
        httponly=True,
        samesite="Lax",
        secure=is_https(),
    )


def _name(hash: str) -> str:
    """One for each share, which does not tell its address."""
    return f"droppr_share_{hashlib.sha256(hash.encode(errors='surrogatepass')).hexdigest()[:16]}"
