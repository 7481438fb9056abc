"""Figures told again and again to whoever looks on."""

from __future__ import annotations

import json

from app.web.server.streams import Saying, Topic
from app.web.wire.context import services

PAUSE_SECONDS = 2.0


def figures_told(kind: str = "") -> tuple[Topic, Saying]:
    """How busy the server is: to be told as it changes, by events of this kind, and as it is now."""
    figures = services().operations.figures

    def look() -> Saying:
        return Saying(json.dumps(figures.live(), separators=(",", ":"), allow_nan=False), kind=kind)

    return Topic(("figures", kind), look, PAUSE_SECONDS), look()
