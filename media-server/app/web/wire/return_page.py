"""What somebody is shown who comes back from a provider and is not let in: whole by itself and without a script."""

from __future__ import annotations

from html import escape

from flask import Response

from app.core import access_errors, errors
from app.services.accounts.identities import REMOVED
from app.services.accounts.log_ins import DISABLED
from app.web.wire.context import services
from app.web.wire.errors import STATUS
from app.web.wire.return_words import RETURN_WORDS, ReturnWords
from app.web.wire.share_html import whole_page
from app.web.wire.told import html_page, readers_words

_LOG_IN = "../../../../admin"


def refused(error: errors.UploadError) -> Response:
    """The page for what stands against a log-in, with its status."""
    services().ground.observer.answered_with(error)
    readers = readers_words()
    words = RETURN_WORDS[readers.language]
    body = (
        f'<p class="bad" role="alert">{escape(_why(error, words))}</p>'
        f'<p><a class="do main" href="{_LOG_IN}">{escape(words.again)}</a></p>'
    )
    reply = html_page(whole_page(readers.language, readers.direction, words.title, body), STATUS[type(error)])
    if "retry_after" in error.details:
        reply.headers["Retry-After"] = str(error.details["retry_after"])
    return reply


def _why(error: errors.UploadError, words: ReturnWords) -> str:
    """In English where it is rare."""
    if isinstance(error, access_errors.NotAdmitted):
        return {DISABLED: words.switched_off, REMOVED: words.removed, type(error).default: words.unknown}.get(
            error.message, words.not_let_in
        )
    said: dict[type[errors.UploadError], str] = {
        access_errors.LogInOver: words.over,
        access_errors.NotVouched: words.not_vouched,
        access_errors.ProviderAway: words.away,
        access_errors.IdentityTaken: words.taken,
        errors.TooManyAttempts: words.too_often,
        errors.TooManyAccounts: words.full,
        errors.Busy: words.away,
    }
    return said.get(type(error), error.message)
