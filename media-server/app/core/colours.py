"""Colours of whoever asks: judged where texts stand on them, and made into those that the sender's page needs, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ENOUGH = 4.5
"""The contrast that texts need."""
_BRIGHT_ENOUGH = 6.0
"""To which a colour is lightened where the page is dark."""
_WRITTEN = re.compile(r"#[0-9a-f]{6}")
_WHITE, _BLACK = "#ffffff", "#000000"
# As nginx/src/style.css has them.
LIGHT = {"card": "#ffffff", "paper": "#f5f3ee"}
DARK = {"card": "#1a2225", "paper": "#11171a"}
_QUIET_ON_LIGHT, _QUIET_ON_DARK = "#55625f", "#a3b0ac"


@dataclass(frozen=True, slots=True)
class Accents:
    """The four colours that stand for the accent of the page."""

    accent: str
    accent_strong: str
    """Where the pointer is."""
    accent_soft: str
    """Behind what is chosen."""
    on_accent: str
    """Texts on the accent."""


def accent_colour(text: str) -> str:
    """A colour as an owner writes it, in lower case; empty is none. Raises ValueError where it is none, or where texts in it could not
    be read."""
    colour = text.strip().lower()
    if not colour:
        return ""
    if _WRITTEN.fullmatch(colour) is None:
        raise ValueError("Write the colour as #0b6f66: six digits from 0 to f")
    name, ratio = min(((name, contrast(colour, each)) for name, each in LIGHT.items()), key=lambda each: each[1])
    if ratio < ENOUGH:
        # Cut, as 4.49 is not enough.
        raise ValueError(
            f"{colour} reaches {int(ratio * 10) / 10} : 1 on the page's {name}, and texts need {ENOUGH} : 1. Take a darker one"
        )
    return colour


def light_accents(colour: str) -> Accents:
    """Where the page is light."""
    soft = _behind(colour, LIGHT["card"], _QUIET_ON_LIGHT)
    return Accents(colour, mixed(colour, _BLACK, 0.2), soft, _WHITE)


def dark_accents(colour: str) -> Accents:
    """Where it is dark: lighter, until it can be read there."""
    bright = _first(
        lambda share: mixed(colour, _WHITE, share), lambda each: contrast(each, DARK["card"]) >= _BRIGHT_ENOUGH
    )
    return Accents(bright, mixed(bright, _WHITE, 0.35), _behind(bright, DARK["card"], _QUIET_ON_DARK), DARK["paper"])


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """``colour`` with so much of ``other`` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _behind(colour: str, card: str, quiet: str) -> str:
    """The colour so thin that texts in it, and quiet ones, can be read on it."""
    return _first(
        lambda share: mixed(colour, card, 0.85 + 0.15 * share),
        lambda each: min(contrast(colour, each), contrast(quiet, each)) >= ENOUGH,
    )


def _first(make: Callable[[float], str], is_right: Callable[[str], bool]) -> str:
    """The first that is right from the share 0 on; the one of 1 where none is."""
    return next((each for step in range(20) if is_right(each := make(step / 20))), make(1.0))


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def _luminance(colour: str) -> float:
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
