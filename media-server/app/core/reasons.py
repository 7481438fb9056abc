"""Why something was not taken elsewhere, by kind: pages say it in the language of whoever reads, and quote the other side after it. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Reason(StrEnum):
    """Kinds of reasons. Pages have a sentence for each, so one is never taken away."""

    LOG_IN = "log_in"
    """User, password, key or token are not accepted."""
    NO_SUCH = "no_such"
    """What it was sent to is not there: a mailbox, a bucket, a folder, an address."""
    REFUSED = "refused"
    """It does not want it, or does not allow it."""
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    """There is no connection by TLS: by what the certificate says, or how it is spoken."""
    TIMED_OUT = "timed_out"
    FULL = "full"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    """It is asked too often."""
    TROUBLE = "trouble"
    """It cannot take it now, by its own word."""
    MOVED = "moved"
    """It names another address, which is not followed."""
    LEFT_ALONE = "left_alone"
    """It has failed so often that it is not asked for a while."""

    # Nobody else was asked.
    NOT_SET_UP = "not_set_up"
    """This server was not told where to, or by which user and password."""
    NOT_INSTALLED = "not_installed"
    NOT_ALLOWED = "not_allowed"
    """This server may not connect there."""
    REMOVED = "removed"
    """The endpoint is."""
    SWITCHED_OFF = "switched_off"
    GONE = "gone"
    """What it was about is no longer there."""
    NOT_NEEDED = "not_needed"
    """Nothing is awaited any more of whom it was for, or they want none."""
    HERE = "here"
    """This server itself could not do its part; its log says more."""


_OF_STATUS = {
    401: Reason.LOG_IN,
    404: Reason.NO_SUCH,
    407: Reason.LOG_IN,
    408: Reason.TIMED_OUT,
    410: Reason.NO_SUCH,
    413: Reason.TOO_LARGE,
    429: Reason.TOO_MANY,
    507: Reason.FULL,
}

# Enhanced codes by their subject and detail (RFC 3463, RFC 7372, RFC 7505); of others the subject alone counts.
_OF_DETAIL = {
    "1.0": Reason.NO_SUCH,
    "1.1": Reason.NO_SUCH,
    "1.2": Reason.NO_SUCH,
    "1.3": Reason.NO_SUCH,
    "1.6": Reason.NO_SUCH,
    "1.10": Reason.NO_SUCH,
    "2.1": Reason.NO_SUCH,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_LARGE,
    "3.1": Reason.FULL,
    "3.4": Reason.TOO_LARGE,
    "4.5": Reason.TOO_MANY,
    "5.3": Reason.TOO_MANY,
    "7.8": Reason.LOG_IN,
    "7.9": Reason.LOG_IN,
    "7.28": Reason.TOO_MANY,
}
_OF_REPLY = {
    452: Reason.FULL,
    530: Reason.LOG_IN,
    534: Reason.LOG_IN,
    535: Reason.LOG_IN,
    538: Reason.LOG_IN,
    550: Reason.NO_SUCH,
    551: Reason.NO_SUCH,
    552: Reason.FULL,
    553: Reason.NO_SUCH,
}
_LOG_IN = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(r"\s*[45]\.(\d{1,3}\.\d{1,3})\b")


def reason_of_status(status: int) -> Reason:
    """What a status of HTTP says that is no success."""
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    if status < 400:
        return Reason.MOVED
    return Reason.TROUBLE if status >= 500 else Reason.REFUSED


def reason_of_reply(code: int, words: str) -> Reason:
    """What a mail server's reply says that is no success: by the code that begins its words, which is the more exact one, where there is
    one."""
    if code in _LOG_IN:
        return Reason.LOG_IN
    usual = Reason.REFUSED if code >= 500 else Reason.TROUBLE
    enhanced = _ENHANCED.match(words)
    if enhanced is None:
        return _OF_REPLY.get(code, usual)
    return _OF_DETAIL.get(enhanced[1], usual)
