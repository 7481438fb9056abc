"""The page of an invitation: whole by itself and without a script. Its address is told to whoever is invited, and works once."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs, quote

from flask import Blueprint, Response, request

from app.core import errors
from app.core.access_errors import PasswordLogInOff
from app.core.accounts import MAX_DISPLAY_NAME, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from app.core.audit import Act
from app.core.errors import AccountExists, ForeignPage, InvalidRequest, InvitationNotFound, UploadError
from app.services.accounts.provider_log_ins import ProviderLogIns
from app.web.api.identities import RETURN
from app.web.wire.context import client_address, from_own_page, services, whole_address
from app.web.wire.errors import STATUS
from app.web.wire.join_words import JOIN_WORDS, JoinWords
from app.web.wire.session_cookies import browser, keep_begun, keep_session
from app.web.wire.share_html import whole_page
from app.web.wire.told import html_page, readers_words

MAX_FORM_BYTES = 8 * 1024

join = Blueprint("join", __name__)


@join.get("/join/<code>", strict_slashes=False)
def show(code: str) -> Response:
    if request.path.endswith("/"):
        return Response(status=301, headers={"Location": f"../{quote(code, safe='')}"})
    try:
        services().accounts.people.invitation(code, client_address())
    except UploadError as error:
        return _refused(error)
    return html_page(_form())


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
    if fields["elsewhere"] and here.provider is not None:
        return _led_away(here.provider, code)
    try:
        if fields["password"] != fields["again"]:
            raise InvalidRequest(fields={"again": "The two passwords are not the same."})
        made = here.people.join(code, fields["name"], fields["password"], fields["display_name"], client_address())
    except (InvalidRequest, AccountExists) as error:
        services().ground.observer.answered_with(error)
        problem = _why(error, len(fields["password"]))
        return html_page(_form(problem, fields["name"], fields["display_name"]), STATUS[type(error)])
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
    return {name: found.get(name, [""])[0] for name in ("name", "display_name", "password", "again", "elsewhere")}


def _led_away(provider: ProviderLogIns, code: str) -> Response:
    """On to the provider, where whoever is invited is known: by a page, as what a form leads to has to be of this server."""
    try:
        address, begun = provider.begin(whole_address(RETURN), "admin", invitation=code)
    except UploadError as error:
        return _refused(error)
    link, label = escape(address), escape(_elsewhere(provider))
    body = f'<p><a class="do main" href="{link}">{label}</a></p><meta http-equiv="refresh" content="0; url={link}">'
    reply = html_page(_whole(_words().enter, body))
    keep_begun(reply, begun)
    return reply


def _elsewhere(provider: ProviderLogIns) -> str:
    """What the button says that leads to the provider."""
    return _words().elsewhere.format(label=services().settings.oidc_label or provider.host)


def _words() -> JoinWords:
    return JOIN_WORDS[readers_words().language]


def _why(error: UploadError, password: int) -> str:
    """What was wrong with what was typed, a ``password`` of so many characters among it; in English where nobody can have typed it."""
    words = _words()
    if isinstance(error, AccountExists):
        return words.taken
    fits = MIN_PASSWORD <= password <= MAX_PASSWORD
    about_password = words.weak_password if fits else words.bad_password.format(least=MIN_PASSWORD, most=MAX_PASSWORD)
    said = {
        "again": words.apart,
        "name": words.bad_name.format(most=MAX_NAME),
        "display_name": words.bad_called.format(most=MAX_DISPLAY_NAME),
        "password": about_password,
    }
    fields = error.details.get("fields")
    wrong = fields if isinstance(fields, Mapping) else {}
    return next((said[each] for each in wrong if each in said), error.message)


def _form(problem: str = "", name: str = "", shown_name: str = "") -> str:
    words, provider = _words(), services().accounts.provider
    away = ""
    if provider is not None:
        button = f'<button name="elsewhere" value="1">{escape(_elsewhere(provider))}</button>'
        away = f'<form method="post"><p>{button}</p></form>'
    if not services().settings.password_login:
        return _whole(words.enter, away or f"<p>{escape(PasswordLogInOff.default)}</p>")
    said = f'<p class="bad" id="problem" role="alert">{escape(problem)}</p>' if problem else ""
    described = "hint problem" if problem else "hint"
    body = (
        f"<p>{escape(words.about)}</p>"
        f'{away}{said}<form method="post">'
        f'<label for="name">{escape(words.name)}</label><input id="name" name="name" required maxlength="{MAX_NAME}" '
        f'autocomplete="username" autocapitalize="none" spellcheck="false" dir="ltr" value="{escape(name)}" aria-describedby="{described}">'
        f'<p class="quiet" id="hint">{escape(words.name_hint.format(most=MAX_NAME))}</p>'
        f'<label for="display_name">{escape(words.called)}</label><input id="display_name" name="display_name" '
        f'maxlength="{MAX_DISPLAY_NAME}" autocomplete="name" dir="auto" value="{escape(shown_name)}">'
        f'<label for="password">{escape(words.password)}</label><input id="password" name="password" type="password" required '
        f'minlength="{MIN_PASSWORD}" autocomplete="new-password" aria-describedby="length">'
        f'<p class="quiet" id="length">{escape(words.password_hint.format(least=MIN_PASSWORD))}</p>'
        f'<label for="again">{escape(words.again)}</label><input id="again" name="again" type="password" required '
        f'autocomplete="new-password"><button>{escape(words.enter)}</button></form>'
    )
    return _whole(words.title, body)


def _whole(title: str, body: str) -> str:
    readers = readers_words()
    return whole_page(readers.language, readers.direction, title, body)


def _refused(error: UploadError) -> Response:
    services().ground.observer.answered_with(error)
    words, readers = _words(), readers_words()
    said = {
        InvitationNotFound: words.over_why,
        errors.TooManyAttempts: words.too_often,
        errors.TooManyAccounts: words.full,
        errors.Busy: readers.busy,
    }
    title = words.over if isinstance(error, InvitationNotFound) else readers.not_now
    sentence = said.get(type(error), error.message)
    page = html_page(_whole(title, f"<p>{escape(sentence)}</p>"), STATUS[type(error)])
    if "retry_after" in error.details:
        page.headers["Retry-After"] = str(error.details["retry_after"])
    return page
