"""Owner calls: the decorator that guards them, and the session that the admin page uses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, Response, request

from app.core.errors import Unauthorized
from app.services.owner import SESSION_SECONDS
from app.web.context import client_address, is_https, services
from app.web.json_body import read_json
from app.web.request_bodies import Login
from app.web.rights import note_rights

COOKIE = "droppr_owner"
MAX_LOGIN_BYTES = 8 * 1024

P = ParamSpec("P")
R = TypeVar("R")

owner = Blueprint("owner", __name__, url_prefix="/api/droppr")


def owner_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view be called by the owner only; everybody else gets Unauthorized."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        require_owner()
        return view(*args, **kwargs)

    guarded.for_owner = True  # type: ignore[attr-defined]
    return guarded


def require_owner() -> None:
    """Raises Unauthorized unless this request is the owner's."""
    if not is_owner():
        raise Unauthorized()
    note_rights()


def is_owner() -> bool:
    """Whether this request carries the admin token or a session of the owner. Other sites cannot use the session: its
    cookie is SameSite=Strict."""
    token, cookie = _token(), request.cookies.get(COOKIE)
    if token:
        return services().owner.holds_token(token)
    return cookie is not None and services().owner.has_session(cookie)


def acts_as_owner() -> bool:
    """Whether a call that senders make as well is made by the owner: it carries the admin token or says ``?as=owner``.

    A session alone does not tell, as the owner's browser sends it along with what the sender's page does, too. Raises
    Unauthorized for a wrong token, or where it says so and there is no session.
    """
    if not _token() and request.args.get("as") != "owner":
        return False
    require_owner()
    return True


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("X-Auth", "").strip()


@owner.post("/session")
def log_in() -> Response:
    session = services().owner.log_in(read_json(Login, MAX_LOGIN_BYTES).token, client_address())
    reply = Response(status=204)
    reply.set_cookie(COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="Strict", secure=is_https())
    return reply


@owner.delete("/session")
def log_out() -> Response:
    reply = Response(status=204)
    reply.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=is_https())
    return reply


@owner.get("/session")
@owner_required
def show_session() -> Response:
    return Response(status=204)


@owner.after_request
def keep_nowhere(reply: Response) -> Response:
    reply.headers["Cache-Control"] = "no-store"
    return reply
