"""Settings that owners change while the server runs, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Blueprint, Response, jsonify, request

from app.core.errors import InvalidRequest, Unauthorized
from app.core.messages import Outcome
from app.services.links.logos import MAX_LOGO_BYTES, NO_PICTURE
from app.web.wire.context import services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.settings_views import MailTestBody, SettingsBody, TestedMail, changes_of, settings_view

settings = Blueprint("settings", __name__, url_prefix="/api/settings")
MAX_BODY = 64 * 1024

P = ParamSpec("P")
R = TypeVar("R")


def _administering(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view be called by those only whose the server's own things are."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not acting().reach.may_administer:
            raise Unauthorized("Only who administers this server may see and change its settings.")
        return view(*args, **kwargs)

    return owner_required(guarded)


@settings.get("")
@_administering
def show() -> Response:
    # Another process may have changed them a moment ago: whoever has saved and looks again sees what was saved.
    services().current.look()
    return _all()


@settings.patch("")
@_administering
def change() -> Response:
    services().changes.change(changes_of(read_json(SettingsBody, MAX_BODY)), acting())
    return _all()


@settings.put("/logo")
@_administering
def put_logo() -> Response:
    length = request.content_length
    if length is None or length > MAX_LOGO_BYTES:
        raise InvalidRequest(NO_PICTURE, limit=MAX_LOGO_BYTES)
    request.max_content_length = MAX_LOGO_BYTES
    services().changes.put_logo(request.get_data(), acting())
    return _all()


@settings.delete("/logo")
@_administering
def remove_logo() -> Response:
    services().changes.remove_logo(acting())
    return _all()


@settings.post("/test-mail")
@_administering
def test_mail() -> Response:
    body = read_json(MailTestBody, MAX_BODY)
    answer = services().changes.test_mail(changes_of(body), body.to, acting())
    tested: TestedMail = {
        "taken": answer.outcome is Outcome.TAKEN,
        "answer": answer.text,
        "reason": answer.reason,
        "said": answer.said,
    }
    return jsonify(tested)


def _all() -> Response:
    return jsonify(settings_view(services().current))
