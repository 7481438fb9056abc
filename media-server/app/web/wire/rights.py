"""Rights before bytes: no route reads a body before the link, the token or the upload, and the size that was declared, were judged
from the request line and the headers."""

from __future__ import annotations

import time

from flask import current_app, g, request

from app.core.links import RequestLink
from app.web.server.handover import is_handed_over
from app.web.wire.context import services

BODILESS = ("GET", "HEAD", "OPTIONS")
"""Methods whose requests have no body worth a look."""
A_MOMENT_SECONDS = 1.0


def has_rights() -> bool:
    """Whether the sender of this request has shown a link that there is, or the owner's rights."""
    return bool(g.get("may_send", False))


def note_rights() -> None:
    """From now on this request is one of somebody with rights."""
    g.may_send = True


def judged_link() -> RequestLink | None:
    """The link as this request has found it a moment ago; None where nobody has looked, or a body has come since that took its time."""
    link: RequestLink | None
    link, at = g.get("judged_link", (None, 0.0))
    return link if time.monotonic() - at < A_MOMENT_SECONDS else None


def judge_link() -> None:
    """Before every view that takes a body below a link's address, or a share's: that there is such a one. Raises RequestNotFound,
    ShareNotFound, ShareExpired.

    Whether it still takes anything is for the services to say: what was opened in time may finish. The owner's views ask for
    the owner's rights first. A body that nginx hands over has been received, after a question that was judged here: what is
    left to judge then is the services'.
    """
    named = request.view_args or {}
    hash, share = named.get("hash"), named.get("share")
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in BODILESS or getattr(view, "for_owner", False):
        return
    if share is not None:
        services().received.shares.find(share)
        note_rights()
    if hash is None:
        return
    if not is_handed_over(request.environ, services().settings):
        g.judged_link = services().links.file_requests.link(hash), time.monotonic()
        note_rights()
