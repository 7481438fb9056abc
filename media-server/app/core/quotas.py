"""Quotas: how many bytes the links of an account, or of a team, may hold together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """Of an owner, as ``RequestLink.owner`` names them. Bytes are counted as links count theirs (``core.ledger.weight``)."""

    owner: str
    most: int
    used: int
    """By what is there and what is on its way; more than ``most`` where that was set lower later."""
