"""Handoffs: uploads that go on elsewhere, found there by a short code."""

from __future__ import annotations

from dataclasses import dataclass

# No I, L, O or U: what people write for them is read as what they meant (Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
"""50 random bits: with guesses limited, more than can be tried in the hours a code is good for."""
_MEANT = str.maketrans("ILO", "110", " -")


@dataclass(frozen=True, slots=True)
class Handoff:
    """Uploads of one link, and until when their code is good, in seconds since the epoch."""

    request_hash: str
    code: str
    upload_ids: tuple[str, ...]
    expires_at: float


def shown(code: str) -> str:
    """A code as people read it: ``ABCD-EFGH-JK``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def meant(text: str) -> str:
    """The code that somebody typed, whatever they made of its case, dashes, and letters that look like digits."""
    return text.upper().translate(_MEANT)
