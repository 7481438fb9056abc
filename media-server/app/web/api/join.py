"""The page of an invitation: whole by itself and without a script. Its address is told to whoever is invited, and works once."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs, quote

from flask import Blueprint, Response, request

from app.core.accounts import MAX_DISPLAY_NAME, MAX_NAME, MIN_PASSWORD
from app.core.audit import Act
from app.core.errors import AccountExists, ForeignPage, InvalidRequest, InvitationNotFound, UploadError
from app.web.wire.context import client_address, from_own_page, services
from app.web.wire.errors import STATUS
from app.web.wire.session_cookies import browser, keep_session
from app.web.wire.share_html import POLICY, whole_page

MAX_FORM_BYTES = 8 * 1024
TITLE = "Choose a name and a password"
OVER = "This invitation is over"
APART = "The two passwords are not the same. Type it again."

join = Blueprint("join", __name__)


@join.get("/join/<code>", strict_slashes=False)
def show(code: str) -> Response:
    if request.path.endswith("/"):
        return Response(status=301, headers={"Location": f"../{quote(code, safe='')}"})
    try:
        services().accounts.people.invitation(code, client_address())
    except UploadError as error:
        return _refused(error)
    return _page(_form())


@join.post("/join/<code>", strict_slashes=False)
def enter(code: str) -> Response:
    if not from_own_page():
        raise ForeignPage()
    request.max_content_length = MAX_FORM_BYTES
    here = services().accounts
    try:
        # Before anything is read of what a stranger sends.
        here.people.invitation(code, client_address())
    except UploadError as error:
        return _refused(error)
    fields = _fields()
    try:
        if fields["password"] != fields["again"]:
            raise InvalidRequest(APART)
        made = here.people.join(code, fields["name"], fields["password"], fields["display_name"], client_address())
    except (InvalidRequest, AccountExists) as error:
        services().ground.observer.answered_with(error)
        return _page(_form(error.message, fields["name"], fields["display_name"]), STATUS[type(error)])
    except UploadError as error:
        return _refused(error)
    done = here.log_ins.enter(made.name, browser())
    services().audit.acts.note(made.acting(client_address(), "invitation"), Act.LOGGED_IN)
    reply = Response(status=303, headers={"Location": f"{'../' * request.path.endswith('/')}../admin"})
    keep_session(reply, done.cookie, done.known_by)
    return reply


def _fields() -> dict[str, str]:
    """What the form says. Raises InvalidRequest."""
    try:
        found = parse_qs(request.get_data().decode(), max_num_fields=10)
    except ValueError:
        raise InvalidRequest("This is not what the form of this page sends.") from None
    return {name: found.get(name, [""])[0] for name in ("name", "display_name", "password", "again")}


def _form(problem: str = "", name: str = "", shown_name: str = "") -> str:
    said = f'<p class="bad" id="problem" role="alert">{escape(problem)}</p>' if problem else ""
    described = ' aria-describedby="problem"' if problem else ""
    body = (
        "<p>You are invited to work on this server. What you choose here you log in with from now on.</p>"
        f'{said}<form method="post">'
        f'<label for="name">Name to log in with</label><input id="name" name="name" required maxlength="{MAX_NAME}" '
        f'autocomplete="username" autocapitalize="none" spellcheck="false" value="{escape(name)}"{described}>'
        f'<p class="quiet">Up to {MAX_NAME} small letters, digits, dots, hyphens and underscores. It never changes.</p>'
        f'<label for="display_name">What people call you</label><input id="display_name" name="display_name" '
        f'maxlength="{MAX_DISPLAY_NAME}" autocomplete="name" value="{escape(shown_name)}">'
        f'<label for="password">Password</label><input id="password" name="password" type="password" required '
        f'minlength="{MIN_PASSWORD}" autocomplete="new-password">'
        f'<p class="quiet">At least {MIN_PASSWORD} characters.</p>'
        '<label for="again">The same password again</label><input id="again" name="again" type="password" required '
        'autocomplete="new-password"><button>Log in</button></form>'
    )
    return whole_page("en", "ltr", TITLE, body)


def _refused(error: UploadError) -> Response:
    services().ground.observer.answered_with(error)
    title = OVER if isinstance(error, InvitationNotFound) else "Not now"
    page = _page(whole_page("en", "ltr", title, f"<p>{escape(error.message)}</p>"), STATUS[type(error)])
    if "retry_after" in error.details:
        page.headers["Retry-After"] = str(error.details["retry_after"])
    return page


def _page(text: str, status: int = 200) -> Response:
    reply = Response(text, status, mimetype="text/html")
    reply.headers["Content-Security-Policy"] = POLICY
    reply.headers["X-Robots-Tag"] = "noindex, nofollow"
    return reply
