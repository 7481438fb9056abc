"""Answers of others: of a proxy on the way to a server, or of a page where people sign in.

Every refusal of a Droppr server is JSON with a ``code``. What comes without one says nothing about a file: it passes, unless
the request itself is of a form that nothing lets through.
"""

from __future__ import annotations

from email.message import Message
from urllib.parse import urlsplit

from droppr_client.upload.connection import Answer
from droppr_client.upload.problems import ChunkTooLarge, Retryable, UploadProblem

_OF_THE_FORM = {400, 405, 411, 414, 415, 431}
"""Sent again as it is, such a request is refused again."""
_OVERLOAD = {502, 503, 504}


def problem_between(answer: Answer, host: str) -> UploadProblem | None:
    """What an answer stands for that somebody else has given; None where it may be the server's own."""
    status, wait = answer.status, answer.retry_after
    if answer.code is not None:
        return None
    if status == 413:
        return too_large(host)
    if status == 407:
        return Retryable(f"A proxy on the way to {host} wants a name and a password.", "login_page")
    page, away = is_page(status, answer.headers), 300 <= status < 400 and not _moved(answer.headers)
    if away or (page and (status < 300 or status in (401, 403))):
        return Retryable(
            f"Something between you and {host} answers with a page of its own (status {status}), as where one has to sign in: "
            "open the link in a browser to see it.",
            "login_page",
            retry_after=wait,
        )
    if status >= 500 or (page and status >= 400 and status not in _OF_THE_FORM):
        sentence = f"Something between you and {host} answered with status {status}."
        return Retryable(sentence, f"status_{status}", retry_after=wait, overload=status in _OVERLOAD)
    return None


def too_large(host: str) -> ChunkTooLarge:
    """A body limit that nobody has named."""
    return ChunkTooLarge(
        f"A proxy between you and {host} lets only small requests through (status 413): whoever runs it has to allow larger "
        "ones, in nginx by client_max_body_size."
    )


def is_page(status: int, headers: Message) -> bool:
    """Whether a reply is a page to look at. What people have sent, web pages among it, comes as an attachment; a 204 has no
    body, whatever type it names."""
    return status != 204 and headers.get_content_type() == "text/html" and "Content-Disposition" not in headers


def _moved(headers: Message) -> bool:
    """Whether a redirect leads to the same place of another server, or by https; anything else is in the way."""
    try:
        return "/api/droppr/" in urlsplit(headers.get("Location") or "").path
    except ValueError:
        return False
