"""Quiet hours: the part of a day in which owners get no mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WRITTEN = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)(?:\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begin`` to ``end``, in minutes since midnight in ``zone``; over midnight where the end comes first."""

    begin: int
    end: int
    zone: tzinfo

    @classmethod
    def of(cls, text: str) -> QuietHours:
        """As settings write them: ``22:00-07:00 Europe/Berlin``. Raises ValueError."""
        match = _WRITTEN.fullmatch(text.strip())
        hours = [int(part) for part in match.groups()[:4]] if match else []
        if match is None or hours[0] > 23 or hours[2] > 23 or hours[1] > 59 or hours[3] > 59:
            raise ValueError("Write the quiet hours as 22:00-07:00 Europe/Berlin.")
        begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if begin == end:
            raise ValueError("The quiet hours end when they begin. Leave the setting out to have none.")
        return cls(begin, end, _zone(match[5] or "UTC"))

    def over_at(self, now: float) -> float:
        """When whoever is not to be disturbed may be told something that happened ``now``: at once, or when the hours are over."""
        here = datetime.fromtimestamp(now, UTC).astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        over_midnight = self.begin > self.end
        quiet = minute >= self.begin or minute < self.end if over_midnight else self.begin <= minute < self.end
        if not quiet:
            return now
        day = here.date() + timedelta(days=int(over_midnight and minute >= self.begin))
        end = datetime(day.year, day.month, day.day, self.end // 60, self.end % 60, tzinfo=self.zone)
        return max(now, end.timestamp())


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone that this machine knows. Write one such as Europe/Berlin.") from None
