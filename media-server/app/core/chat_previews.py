"""What chats that are sent an address may show of it. Whatever they are given reaches the companies behind them: so nothing, unless the
owner says so, and never of an address where something has to be typed first."""

from __future__ import annotations

from typing import NamedTuple

from app.core.brand import Brand
from app.core.shares import Share
from app.core.term_kinds import ChatPreview
from app.core.terms import Terms


class Preview(NamedTuple):
    """Texts as they were set, each empty where there is none."""

    title: str
    name: str
    """Of who asks, or who shares."""


def preview_of_link(terms: Terms, brand: Brand, by_server: bool, now: float) -> Preview | None:
    """What chats are told of a link; ``by_server`` is what the server says where the link does not."""
    if not _is_allowed(terms, by_server) or terms.is_guarded or not terms.active or terms.is_expired(now):
        return None
    found = Preview(terms.title, brand.asker(terms))
    return found if any(found) else None


def preview_of_share(share: Share, terms: Terms, by_server: bool) -> Preview | None:
    """The same of files that are shared, which the link that they are of decides."""
    if not _is_allowed(terms, by_server) or share.password_hash is not None:
        return None
    found = Preview(share.title, share.sharer)
    return found if any(found) else None


def _is_allowed(terms: Terms, by_server: bool) -> bool:
    return by_server if terms.chat_preview is ChatPreview.SERVER else terms.chat_preview is ChatPreview.YES
