"""What a person in a browser is shown where an address that people open is refused: a page with the sentence, in their language.

Programs, and whoever asks a call of the interface, get JSON (errors.py).
"""

from __future__ import annotations

from flask import Response, request

from app.core import errors
from app.web.wire.lost import by_a_person, lost
from app.web.wire.share_html import POLICY, refusal_page, trouble_page
from app.web.wire.share_words import Words, words_for

_DOWNLOADS = "/api/droppr/shares/"
"""What the buttons of the receivers' page lead to."""
_CALLS = ("/api/", "/ws_api/", "/assets/")
_STOPPING = "/api/droppr/reminders/"
"""What mails lead to."""


def told(error: errors.UploadError, status: int) -> Response | None:
    """The page for a refusal with this status; None where JSON is what is wanted."""
    if not by_a_person():
        return None
    words = readers_words()
    if request.path.startswith(_DOWNLOADS):
        return html_page(refusal_page(words, why_no_download(words, error)), status)
    if request.path.startswith(_CALLS) and not request.path.startswith(_STOPPING):
        return None
    if status in (404, 410):
        return lost()
    if status != 429 and status < 500:
        return None
    sentence = {429: words.too_often, 503: words.busy}.get(status, words.broken)
    return html_page(trouble_page(words, sentence), status)


def why_no_download(words: Words, error: errors.UploadError) -> str:
    """The sentence for receivers; in English where it is rare."""
    said = {
        errors.ShareNotFound: words.no_share,
        errors.RequestNotFound: words.no_share,
        errors.ShareExpired: words.expired,
        errors.ShareUsedUp: words.used_up,
        errors.FileNotFound: words.none,
        errors.PasswordRequired: words.locked,
        errors.Busy: words.busy,
        errors.InternalError: words.broken,
    }
    return said.get(type(error), error.message)


def readers_words() -> Words:
    """In the language of whoever reads it."""
    return words_for(request.cookies.get("droppr_language", ""), request.headers.get("Accept-Language", ""))


def html_page(text: str, status: int = 200) -> Response:
    """A page that is whole by itself."""
    reply = Response(text, status, mimetype="text/html")
    reply.headers["Content-Security-Policy"] = POLICY
    reply.headers["Cache-Control"] = "no-store"
    reply.headers["X-Robots-Tag"] = "noindex, nofollow"
    reply.headers["Vary"] = "Accept-Language, Cookie"
    return reply
