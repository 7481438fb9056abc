"""What has arrived of an upload and what has not, as replies tell it: never more of it than a reply should have.

Senders choose how many gaps an upload has, so none of this makes a list of all of them.
"""

from __future__ import annotations

from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.tracker import inclusive_pairs
from app.web.wire.replies import MissingRanges, ReceivedRanges

MAX_IN_CHUNK_REPLY = 100
MAX_IN_STATUS = 1000
MAX_IN_LIST = 10


def first_gaps(session: UploadSession) -> MissingRanges:
    """The gaps that a chunk reply tells: the first of them."""
    told, count = session.gaps(MAX_IN_CHUNK_REPLY)
    return _missing(told, True) if count > len(told) else {"missing_ranges": told}


def all_gaps(session: UploadSession, most: int = MAX_IN_STATUS) -> MissingRanges:
    """All gaps, those after the first ``most`` in one stretch."""
    told = inclusive_pairs(session.missing_outline(most))
    return _missing(told, session.missing_count > most)


def arrived(session: UploadSession, most: int = MAX_IN_STATUS) -> ReceivedRanges:
    """The first ``most`` stretches that are there."""
    if session.state is State.COMPLETE:
        return {"received_ranges": inclusive_pairs([Span(0, session.size)] if session.size else [])}
    told = inclusive_pairs(session.ranges.first(most))
    if len(session.ranges) > most:
        return {"received_ranges": told, "received_ranges_truncated": True}
    return {"received_ranges": told}


def _missing(told: list[tuple[int, int]], there_are_more: bool) -> MissingRanges:
    if there_are_more:
        return {"missing_ranges": told, "missing_ranges_truncated": True}
    return {"missing_ranges": told}
