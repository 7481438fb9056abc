"""Due dates: how a link stands to its own, and when people are reminded of it. Pure; times are seconds since the epoch."""

from __future__ import annotations

from enum import StrEnum

from app.core.terms import Terms

DAY_SECONDS = 86_400
SOON_SECONDS = 7 * DAY_SECONDS


class Due(StrEnum):
    """How a link stands to the time at which its files are due."""

    NONE = "none"
    """There is no such time, or nobody can send any more."""
    DONE = "done"
    """It has received what it is there for."""
    LATER = "later"
    SOON = "soon"
    """Within a week."""
    LATE = "late"


def due_of(terms: Terms, finished: bool, now: float) -> Due:
    """How a link stands of which ``finished`` is whether whom it is for has sent and said all. Of a link for nobody in particular
    nobody knows how many will send."""
    if terms.due_at is None or not terms.active or terms.is_expired(now):
        return Due.NONE
    if finished:
        return Due.DONE
    if now >= terms.due_at:
        return Due.LATE
    return Due.SOON if terms.due_at - now <= SOON_SECONDS else Due.LATER


def reminder_at(terms: Terms, day: int) -> float:
    """When people are reminded ``day`` days before the files are due: at the hour at which they are."""
    assert terms.due_at is not None
    return terms.due_at - day * DAY_SECONDS


def next_reminder(terms: Terms, now: float) -> float | None:
    """When people are reminded next."""
    if terms.due_at is None:
        return None
    return min((at for day in terms.reminders if (at := reminder_at(terms, day)) > now), default=None)


def last_reminder(terms: Terms, now: float) -> int | None:
    """The day of the newest reminder whose time has come: who was away makes up for no others."""
    if terms.due_at is None:
        return None
    return min((day for day in terms.reminders if reminder_at(terms, day) <= now), default=None)
