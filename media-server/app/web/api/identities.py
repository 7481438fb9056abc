"""Logging in by others' word over HTTP: at a provider, and by a proxy in front."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.access_errors import NotAdmitted, NotVouched
from app.core.actors import ActorKind
from app.core.audit import Act
from app.core.errors import ForeignPage, InvalidRequest, NotFound, UploadError
from app.core.identities import PROVIDER_WAY, PROXY_WAY, Vouched
from app.services.accounts.log_ins import LoggedIn
from app.services.accounts.provider_log_ins import Begun, ProviderLogIns
from app.web.wire.context import client_address, from_own_page, services, whole_address
from app.web.wire.identity_calls import NewIdentity, NewLogIn, WaysIn, identity_view
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, caller, owner_required
from app.web.wire.proxy_words import vouched_by_proxy
from app.web.wire.reach import changes_nothing, chooses_by_reach
from app.web.wire.return_page import refused
from app.web.wire.session_cookies import browser, drop_begun, keep_begun, keep_session, kept_begun

MAX_BODY_BYTES = 8 * 1024
RETURN = "/api/droppr/session/provider/return"
NO_ACCOUNT = "You are logged in with the admin token, which is no account and is known nowhere else."
NOT_YOURS = "That is not your password."
_NO_PROVIDER = "This server knows no provider to log in at: DROPPR_OIDC_ISSUER."

identities = Blueprint("identities", __name__, url_prefix="/api")


@identities.get("/droppr/session/ways")
def ways() -> Response:
    here, settings = services().accounts, services().settings
    found: WaysIn = {"password": settings.password_login, "provider": None, "proxy": None}
    if here.provider is not None:
        found["provider"] = {"label": settings.oidc_label or here.provider.host}
    try:
        named = vouched_by_proxy()
    except NotVouched:
        named = None
    if named is not None:
        found["proxy"] = {"name": named.subject}
    return jsonify(found)


@identities.post("/droppr/session/provider")
def begin() -> Response:
    if not from_own_page():
        raise ForeignPage()
    provider = _provider()
    provider.check(client_address())
    return _begun(provider, read_json(NewLogIn, MAX_BODY_BYTES).page)


@identities.get("/droppr/session/provider/return")
def come_back() -> Response:
    try:
        reply = _finished(_provider())
    except UploadError as error:
        return refused(error)
    drop_begun(reply)
    return reply


@identities.post("/droppr/session/proxy")
def log_in_by_proxy() -> Response:
    if not from_own_page():
        raise ForeignPage()
    named, here = vouched_by_proxy(), services().accounts
    if named is None:
        raise NotVouched(
            "No proxy that is trusted names anybody with this call: DROPPR_LOGIN_HEADER, DROPPR_TRUSTED_PROXIES."
        )
    try:
        done = here.identities.log_in(named, browser())
    except NotAdmitted:
        services().audit.failed.note(client_address(), PROXY_WAY, False)
        raise
    before, reply = caller().cookie, Response(status=204)
    if before is not None:
        here.sessions.end(before)
    _keep(reply, done, PROXY_WAY)
    return reply


@identities.get("/account/identities")
@owner_required
@chooses_by_reach
def list_own() -> Response:
    return jsonify(identities=[identity_view(each) for each in services().accounts.identities.all(_own())])


@identities.post("/account/identities")
@owner_required
@chooses_by_reach
@changes_nothing
def add() -> Response:
    name, here, provider = _own(), services().accounts, _provider()
    session = here.sessions.current(caller().cookie)
    if session is None:
        raise InvalidRequest("A key is known nowhere else. Log in, and add it there.")
    body = read_json(NewIdentity, MAX_BODY_BYTES)
    # Whoever found a browser open must not get a way in of their own.
    if here.people.has_password(name) and not here.log_ins.is_right(name, body.password):
        raise InvalidRequest(NOT_YOURS, fields={"password": NOT_YOURS})
    return _begun(provider, "admin", name, session)


@identities.delete("/account/identities/<id>")
@owner_required
@chooses_by_reach
@changes_nothing
def take_own(id: str) -> Response:
    services().accounts.identities.unlink(_own(), id, acting(), caller().cookie)
    return Response(status=204)


@identities.get("/accounts/<name>/identities")
@owner_required
def list_others(name: str) -> Response:
    here = services().accounts
    return jsonify(identities=[identity_view(each) for each in here.identities.all(here.people.find(name).name)])


@identities.delete("/accounts/<name>/identities/<id>")
@owner_required
def take(name: str, id: str) -> Response:
    services().accounts.identities.unlink(name, id, acting(), caller().cookie)
    return Response(status=204)


def _begun(provider: ProviderLogIns, page: str, account: str = "", session: str = "") -> Response:
    _check_host()
    address, begun = provider.begin(whole_address(RETURN), page, account=account, session=session)
    reply = jsonify(address=address)
    reply.headers["Cache-Control"] = "no-store"
    keep_begun(reply, begun)
    return reply


def _check_host() -> None:
    """Raises InvalidRequest where the provider would lead back to another host, to which the browser would not bring its cookie."""
    page, public = request.headers.get("Origin"), services().settings.public_origin
    if page is not None and page != public:
        raise InvalidRequest(f"Log in at {services().settings.public_url}/admin: the provider leads back to there.")


def _finished(provider: ProviderLogIns) -> Response:
    """Logs in, or adds what was logged in by. Raises what stands against it."""
    client = client_address()
    begun = provider.begun(kept_begun(), request.args.get("state"), client)
    vouched = provider.finish(begun, request.args.to_dict(), client)
    if begun.account:
        return _added(begun, vouched)
    try:
        done = services().accounts.identities.log_in(vouched, browser(), begun.invitation)
    except NotAdmitted:
        provider.refused(client)
        raise
    reply = _led_to(begun.place)
    _keep(reply, done, PROVIDER_WAY)
    return reply


def _added(begun: Begun, vouched: Vouched) -> Response:
    here = services().accounts
    # The browser does not send the cookie of the session when another site leads it here: what it has begun names it.
    if not here.sessions.goes_on(begun.session, begun.account):
        raise NotVouched("You were logged out here meanwhile. Log in, and add it again.")
    account = here.people.find(begun.account)
    here.identities.link(account.name, vouched, account.acting(client_address(), "session"))
    return _led_to("admin?accounts")


def _led_to(page: str) -> Response:
    # Relative to itself, as all that is below a path.
    return Response(status=303, headers={"Location": f"../../../../{page}"})


def _keep(reply: Response, done: LoggedIn, way: str) -> None:
    keep_session(reply, done.cookie, done.known_by)
    services().audit.acts.note(done.account.acting(client_address(), way), Act.LOGGED_IN)


def _provider() -> ProviderLogIns:
    provider = services().accounts.provider
    if provider is None:
        raise NotFound(_NO_PROVIDER)
    return provider


def _own() -> str:
    if acting().kind is not ActorKind.ACCOUNT:
        raise InvalidRequest(NO_ACCOUNT)
    return acting().name
