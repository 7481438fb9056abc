"""Ownership: whether a call is the owner's, or of somebody with an account, for every protocol."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, g, request

from app.core.access_errors import SecondFactorRequired
from app.core.accounts import Account
from app.core.actors import Actor, ActorKind
from app.core.errors import ForeignPage, Unauthorized
from app.core.identities import PROXY_WAY, VOUCHED_WAYS
from app.core.second_factor import lacks_one
from app.services.accounts.owner import Caller
from app.web.wire.context import client_address, from_own_page, is_https, is_local, services
from app.web.wire.proxy_words import vouched_by_proxy
from app.web.wire.reach import judge_reach
from app.web.wire.rights import note_rights

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


def before_second_factor(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view of owners that is for those, too, who have yet to set up the second factor that this server asks for."""
    view.before_second_factor = True  # type: ignore[attr-defined]
    return view


def require_owner() -> None:
    """Raises Unauthorized unless this request is that of an owner, who then is ``acting``; what ``judge_reach`` raises where what it is
    about is somebody else's."""
    g.actor = recognised_owner()
    if g.actor is None:
        raise Unauthorized()
    judge_reach(g.actor)
    note_rights()


def acting() -> Actor:
    """Whose request this is, in a view that is for owners."""
    actor: Actor = g.actor
    return actor


def recognised_owner(token: str | None = None, way: str = "header") -> Actor | None:
    """The owner, if this request carries the admin token, or ``token`` is it, or it has a session of the owner; an account, if it has a
    session of one; either, where the token is a key of theirs; else None.

    Raises TooManyAttempts, Unauthorized for a key that is over, SecondFactorRequired, and ForeignPage where a page of somebody else's would use the session.
    """
    here, given = caller(), token or _token()
    if given:
        by_key = services().accounts.keys.actor(given, here.address)
        if by_key is not None:
            return by_key
        # A key that there is not is a wrong token, and counted as one.
        return owner(way) if services().owner.holds_token(given, here, way) else None
    if here.cookie is None:
        return None
    _refuse_foreign_pages()
    if services().accounts.sessions.is_one(here.cookie):
        return _of_account(here.cookie, here.address)
    return owner("session") if services().owner.has_session(here) else None


def _of_account(cookie: str, address: str) -> Actor | None:
    """Whose session this is, where it goes on."""
    found = services().accounts.sessions.used(cookie, address)
    if found is None:
        return None
    account, session = found
    if session.way == PROXY_WAY and _names_another(account.name):
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    if lacks_second_factor(account, session.way) and not hasattr(view, "before_second_factor"):
        raise SecondFactorRequired()
    g.way_in = session.way
    return account.acting(address, "session")


def lacks_second_factor(account: Account, way: str) -> bool:
    """Whether this account has to set one up before anything else. Who came by others' word has been asked there for what they want."""
    return way not in VOUCHED_WAYS and lacks_one(account, services().settings.second_factor_required)


def _names_another(account: str) -> bool:
    """Whether the proxy in front says by now that somebody else sits there, who must not go on as who did before."""
    named = vouched_by_proxy()
    return named is not None and not services().accounts.identities.is_whose(named, account)


def owner(way: str) -> Actor:
    """The owner, who was recognised by ``way``."""
    return Actor(ActorKind.OWNER, client_address(), way)


def _refuse_foreign_pages() -> None:
    """Browsers send the cookie for sites that share a domain with this one, whatever its SameSite says. Those may lead
    here by a link, and nothing more."""
    followed = request.method in _SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if not (followed or from_own_page()):
        raise ForeignPage()


def caller() -> Caller:
    """Who says to be the owner with this request."""
    return Caller(client_address(), local=is_local(), cookie=request.cookies.get(cookie_name()))


def cookie_name(base: str = COOKIE) -> str:
    """Over https one that browsers take from this very host only, so that no other of its domain can set it. Below a path
    it goes to nothing else that is on the host, which such a one would, and has a name that another Droppr there has not."""
    path = request.script_root
    name = base + path.replace("/", ".")
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


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("X-Auth", "").strip()
