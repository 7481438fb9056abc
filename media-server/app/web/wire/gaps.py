"""What has arrived of an upload and what has not, as replies tell it: never more of it than a reply should have.

Senders choose how many gaps an upload has, so none of this makes a list of all of them.
"""

from __future__ import annotations

from typing import Any

from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.tracker import inclusive_pairs

MAX_IN_CHUNK_REPLY = 100
MAX_IN_STATUS = 1000
MAX_IN_LIST = 10


def first_gaps(session: UploadSession) -> dict[str, Any]:
    """The gaps that a chunk reply tells: the first of them."""
    told = inclusive_pairs(session.missing(MAX_IN_CHUNK_REPLY))
    return {"missing_ranges": told, **_cut_off("missing_ranges", session.missing_count > len(told))}


def all_gaps(session: UploadSession, most: int = MAX_IN_STATUS) -> dict[str, Any]:
    """All gaps, those after the first ``most`` in one stretch."""
    told = inclusive_pairs(session.missing_outline(most))
    return {"missing_ranges": told, **_cut_off("missing_ranges", session.missing_count > most)}


def arrived(session: UploadSession, most: int = MAX_IN_STATUS) -> dict[str, Any]:
    """The first ``most`` stretches that are there."""
    if session.state is State.COMPLETE:
        return {"received_ranges": inclusive_pairs([Span(0, session.size)] if session.size else [])}
    told = inclusive_pairs(session.ranges.first(most))
    return {"received_ranges": told, **_cut_off("received_ranges", len(session.ranges) > most)}


def _cut_off(field: str, is_cut_off: bool) -> dict[str, bool]:
    return {f"{field}_truncated": True} if is_cut_off else {}
