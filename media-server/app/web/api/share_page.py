"""The receivers' page, and its form for a password."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

from flask import Blueprint, Response, request

from app.core import errors
from app.core.chat_previews import preview_of_share
from app.core.errors import UploadError
from app.core.shares import Share
from app.web.wire.chat_preview import share_tags
from app.web.wire.context import client_address, services
from app.web.wire.errors import STATUS
from app.web.wire.receivers import keep_key, key_of
from app.web.wire.share_html import files_page, password_page, refusal_page
from app.web.wire.share_words import Words, words_for
from app.web.wire.told import html_page, readers_words, why_no_download

MAX_FORM_BYTES = 8 * 1024

share_page = Blueprint("share_page", __name__)


@share_page.get("/download/<share>", strict_slashes=False)
def show(share: str) -> Response:
    if request.path.endswith("/"):
        return Response(status=301, headers={"Location": f"../{quote(share, safe='')}"})
    here, words = services().received.shares, readers_words()
    try:
        found = here.enter(share, None, key_of(share), client_address())
        contents = here.contents(found)
    except errors.PasswordRequired:
        return html_page(password_page(words))
    except UploadError as error:
        return _refused(words, error)
    names = (here.name_of(found, file) for file in contents.files)
    api = f"../api/droppr/shares/{quote(share, safe='')}"
    return html_page(files_page(words, found, contents, names, api, _tags(found)))


@share_page.post("/download/<share>", strict_slashes=False)
def enter(share: str) -> Response:
    here, words = services().received.shares, readers_words()
    request.max_content_length = MAX_FORM_BYTES
    try:
        found = here.enter(share, _password(), None, client_address())
    except (errors.PasswordRequired, errors.PasswordInvalid):
        return html_page(password_page(words, words.wrong), 401)
    except errors.TooManyAttempts as error:
        return _later(html_page(password_page(words, words.too_many), 429), error)
    except errors.Busy as error:
        return _later(html_page(password_page(words, words.busy), 503), error)
    except UploadError as error:
        return _refused(words, error)
    # By GET, so that going back or loading it again sends no password.
    reply = Response(status=303, headers={"Location": f"{'../' * request.path.endswith('/')}{quote(share, safe='')}"})
    if found.password_hash is not None:
        keep_key(reply, share, here.key(found))
    return reply


def _tags(share: Share) -> str:
    """What chats read of it."""
    here = services()
    try:
        terms = here.links.file_requests.link(share.link).terms
    except errors.RequestNotFound:
        return ""
    preview = preview_of_share(share, terms, here.settings.chat_preview == "yes")
    words = words_for(here.settings.language, "")
    return "" if preview is None else share_tags(preview, words.files, words.sharer)


def _password() -> str:
    """What the form says. Raises InvalidRequest."""
    try:
        fields = parse_qs(request.get_data().decode(), max_num_fields=10)
    except ValueError:
        raise errors.InvalidRequest("This is not what the form of this page sends.") from None
    return fields.get("password", [""])[0]


def _refused(words: Words, error: UploadError) -> Response:
    services().ground.observer.answered_with(error)
    page = html_page(refusal_page(words, why_no_download(words, error)), STATUS[type(error)])
    return _later(page, error)


def _later(page: Response, error: UploadError) -> Response:
    if "retry_after" in error.details:
        page.headers["Retry-After"] = str(error.details["retry_after"])
    return page
