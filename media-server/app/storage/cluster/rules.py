"""What the lifecycle rules of a bucket do to what lies below a prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The rules that count below a prefix."""

    ends_uploads_days: float | None
    """After how many days everything that was begun there and not finished is ended; None where nothing does that."""
    deletes: bool
    """Whether objects there are deleted by age."""

    @classmethod
    def of(cls, rules: Sequence[Mapping[str, Any]], prefix: str) -> Lifecycle:
        """Of the rules as the store tells them. None of ours has a tag, so rules for tags do not count."""
        ends: list[float] = []
        deletes = False
        for rule in rules:
            where = _filter(rule)
            if rule.get("Status") != "Enabled" or "Tag" in where or "Tags" in where:
                continue
            reach = str(where.get("Prefix") or "")
            days = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
            if days is not None and prefix.startswith(reach):
                ends.append(float(days))
            expiry = rule.get("Expiration", {})
            if (prefix.startswith(reach) or reach.startswith(prefix)) and ("Days" in expiry or "Date" in expiry):
                deletes = True
        return cls(min(ends, default=None), deletes)


def _filter(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which objects the rule is for; the prefix of old rules stands beside, not in, a filter."""
    found = rule.get("Filter", {})
    return {"Prefix": rule.get("Prefix"), **found, **found.get("And", {})}
