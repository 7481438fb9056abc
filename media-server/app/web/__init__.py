"""How it is spoken: parse, call one service, render."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.routing import Rule

from app.core.errors import ContentEncodingNotAllowed
from app.core.pieces import PIECE_BYTES
from app.settings import Settings
from app.web.api import asks
from app.web.api.accounts import accounts
from app.web.api.audit import audit
from app.web.api.checklists import checklists
from app.web.api.contract import contract
from app.web.api.deleted import deleted
from app.web.api.entities import entities
from app.web.api.entity_uploads import entity_uploads
from app.web.api.identities import identities
from app.web.api.join import join
from app.web.api.keys import keys
from app.web.api.logos import FOR_EVER, logos
from app.web.api.looks import PRIVATE, looks
from app.web.api.messages import messages
from app.web.api.native import native
from app.web.api.news import news
from app.web.api.open_uploads import open_uploads
from app.web.api.owner import owner
from app.web.api.pages import SENDERS_PAGE, pages
from app.web.api.passkeys import passkeys
from app.web.api.push import push
from app.web.api.quotas import quotas
from app.web.api.receipts import receipts
from app.web.api.reminders import reminders
from app.web.api.requests import requests
from app.web.api.second_factor import second_factor
from app.web.api.settings import settings as settings_calls
from app.web.api.share_page import share_page
from app.web.api.shares import shares
from app.web.api.system import system
from app.web.api.templates import templates
from app.web.api.ws import ws
from app.web.server.below import below
from app.web.server.body import PatientBodies
from app.web.server.door import door
from app.web.wire import logs
from app.web.wire.foreign_pages import judge_page, let_read, preflight
from app.web.wire.headers import DATED_CONDITIONS, drop_unreadable_dates
from app.web.wire.json_body import ValidJSON
from app.web.wire.rights import BODILESS, judge_link
from app.web.wire.security import security_headers

_CAPABILITIES = ("/admin/links/", "/api/", "/download/", "/join/", "/logo/", "/request/", "/to/", "/ws_api/")
_BLUEPRINTS = (
    requests,
    news,
    deleted,
    looks,
    native,
    checklists,
    open_uploads,
    entities,
    entity_uploads,
    messages,
    push,
    reminders,
    receipts,
    shares,
    share_page,
    audit,
    accounts,
    keys,
    second_factor,
    passkeys,
    identities,
    quotas,
    templates,
    join,
    settings_calls,
    owner,
    system,
    contract,
    ws,
    logos,
    pages,
)
"""Those with routes that others would swallow come first."""


class Address(Rule):
    """A route's address. What builds one out of a route's name, which nothing here does, is made when it is wanted: for all of
    them that takes a sixth of the time in which a worker is ready."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made = super()._compile_builder

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            return made(append_unknown)(rule, **values)

        return build


def install(app: Flask, settings: Settings) -> None:
    """Put every route, and what all of them share, on ``app``."""
    logs.install(app, settings.log_level, debug=("droppr.parallel",) if settings.parallel_upload_debug_logging else ())
    app.json = ValidJSON(app)
    app.url_rule_class = Address
    # Or `//` in an address is answered by a redirect to the host that the caller made up.
    app.url_map.merge_slashes = False
    # Bounds what Flask reads by itself, which is forms; chunks have a limit of their own.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_chunk_size + PIECE_BYTES
    questions = asks.Questions(app.wsgi_app, settings)
    patient = PatientBodies(questions, settings.body_timeout_seconds)
    app.wsgi_app = below(patient, settings)  # type: ignore[assignment,method-assign]
    headers = security_headers(settings)
    framed = security_headers(settings, frame_ancestors=settings.frame_ancestors)
    names = {name.lower() for name in (*headers, *framed)}
    if settings.unix_socket is not None:
        door(settings)  # Made now, so that nginx finds the key whichever of the two starts first.

    app.before_request(_judge)

    @app.after_request
    def protect(reply: Response) -> Response:
        # Addresses with a hash, an id or a token in them are capabilities: neither they nor what they say may lie in a
        # cache, be it that there is nothing. Nor may what is wrong for the moment.
        tells = request.path.startswith(_CAPABILITIES) and reply.headers.get("Cache-Control") not in (PRIVATE, FOR_EVER)
        if tells or reply.status_code >= 400:
            reply.headers["Cache-Control"] = "no-store"
        wanted = framed if request.endpoint == SENDERS_PAGE else headers
        present = names.intersection(map(str.lower, reply.headers.keys()))
        if present:
            wanted = {name: value for name, value in wanted.items() if name.lower() not in present}
        reply.headers.extend(wanted)
        if asks.ASK in request.environ:
            asks.note_rights()
        return let_read(reply)

    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)


def _judge() -> Response | None:
    """Before every request, each chunk among them: so what concerns few is asked about here and done elsewhere."""
    environ = request.environ
    if not environ.keys().isdisjoint(DATED_CONDITIONS):
        drop_unreadable_dates(environ)
    # Only pages send it.
    if "HTTP_ORIGIN" in environ and (answer := preflight()) is not None:
        return answer
    judge_link()
    if "HTTP_ORIGIN" in environ:
        judge_page()
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if request.method not in BODILESS and encoding not in ("", "identity"):
        raise ContentEncodingNotAllowed()
    return asks.answer() if asks.ASK in environ else None
