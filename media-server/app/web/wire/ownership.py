"""Ownership: whether a call is the owner's, for every protocol, and what is noted of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from app.core.errors import ForeignPage, Unauthorized
from app.services.accounts.owner import Caller
from app.services.operations.observer import shortened
from app.web.wire.context import client_address, from_own_page, is_https, is_local, services
from app.web.wire.rights import note_rights

log = logging.getLogger("droppr.owner")

COOKIE = "droppr_owner"
_SAFE = ("GET", "HEAD")

P = ParamSpec("P")
R = TypeVar("R")


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


def is_owner(token: str | None = None, way: str = "header") -> bool:
    """Whether this request carries the admin token, or ``token`` is it, or it has a session of the owner.

    Raises TooManyAttempts, and ForeignPage where a page of somebody else's would use the session.
    """
    given = token or _token()
    if given:
        return services().owner.holds_token(given, caller(), way)
    here = caller()
    if here.cookie is None:
        return False
    _refuse_foreign_pages()
    return services().owner.has_session(here)


def _refuse_foreign_pages() -> None:
    """Browsers send the cookie for sites that share a domain with this one, whatever its SameSite says. Those may lead
    here by a link, and nothing more."""
    followed = request.method in _SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if not (followed or from_own_page()):
        raise ForeignPage()


def caller() -> Caller:
    """Who says to be the owner with this request."""
    return Caller(client_address(), local=is_local(), cookie=request.cookies.get(cookie_name()))


def cookie_name() -> str:
    """Over https one that browsers take from this very host only, so that no other of its domain can set it. Below a path
    it goes to nothing else that is on the host, which such a one would, and has a name that another Droppr there has not."""
    path = request.script_root
    name = COOKIE + path.replace("/", ".")
    if not is_https():
        return name
    return f"__Secure-{name}" if path else f"__Host-{name}"


def acts_as_owner() -> bool:
    """Whether a call that senders make as well is made by the owner: it carries the admin token or says ``?as=owner``.

    A session alone does not tell, as the owner's browser sends it along with what the sender's page does, too. Raises
    Unauthorized for a wrong token, or where it says so and there is no session.
    """
    if not _token() and request.args.get("as") != "owner":
        return False
    require_owner()
    return True


def note_act(act: str, link: str | None = None, upload: str | None = None, *, way: str = "", **facts: object) -> None:
    """Write into the log what the owner has just done, from where and by which way: ``link`` is a hash, ``upload`` an id.

    All such lines have one shape, that of wrong tokens, and nothing in them opens anything.
    """
    named = {name: shortened(value) for name, value in (("link", link), ("upload", upload)) if value is not None}
    told = {"address": client_address(), "way": way or ("header" if _token() else "session")}
    log.info(act, extra={**told, **named, **facts})


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("X-Auth", "").strip()
