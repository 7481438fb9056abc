"""Cookies of who is logged in, by what a browser is known again, and of what a passkey is to answer."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from app.core.passkeys import CHALLENGE_SECONDS
from app.services.accounts.log_ins import KNOWN_SECONDS, Browser
from app.services.accounts.owner import SESSION_SECONDS
from app.services.accounts.provider_log_ins import BEGUN_SECONDS
from app.web.wire.context import client_address, is_https
from app.web.wire.ownership import cookie_name

KNOWN = "droppr_known"
CHALLENGE = "droppr_passkey"
BEGUN = "droppr_log_in"


def browser() -> Browser:
    """The browser that this request comes from."""
    agent, known_by = request.headers.get("User-Agent", ""), request.cookies.get(cookie_name(KNOWN))
    return Browser(client_address(), agent, known_by)


def keep_session(reply: Response, session: str, known_by: str | None = None) -> None:
    """Have the browser keep a session, and where it logged in by name that it did."""
    reply.set_cookie(cookie_name(), session, max_age=SESSION_SECONDS, **_terms())
    if known_by is not None:
        reply.set_cookie(cookie_name(KNOWN), known_by, max_age=KNOWN_SECONDS, **_terms())


def drop_session(reply: Response) -> None:
    reply.delete_cookie(cookie_name(), **_terms())


def keep_begun(reply: Response, begun: str) -> None:
    """Have the browser keep what it has begun at a provider, which leads it back: from another site, so it has to come along then."""
    reply.set_cookie(cookie_name(BEGUN), begun, max_age=BEGUN_SECONDS, **{**_terms(), "samesite": "Lax"})


def kept_begun() -> str | None:
    return request.cookies.get(cookie_name(BEGUN))


def drop_begun(reply: Response) -> None:
    reply.delete_cookie(cookie_name(BEGUN), **{**_terms(), "samesite": "Lax"})


def _terms() -> dict[str, Any]:
    return {"path": request.script_root or "/", "httponly": True, "samesite": "Strict", "secure": is_https()}


def keep_challenge(reply: Response, challenge: str) -> None:
    """Have the browser keep a challenge for a passkey, which nobody else can answer then."""
    reply.set_cookie(cookie_name(CHALLENGE), challenge, max_age=CHALLENGE_SECONDS, **_terms())


def kept_challenge() -> str | None:
    return request.cookies.get(cookie_name(CHALLENGE))


def drop_challenge(reply: Response) -> None:
    reply.delete_cookie(cookie_name(CHALLENGE), **_terms())
