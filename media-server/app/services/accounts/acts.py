"""What owners do, in the log: one line an act, which names who did it."""

from __future__ import annotations

import logging

from app.core.actors import Actor
from app.services.operations.observer import shortened

log = logging.getLogger("droppr.owner")


def note(actor: Actor, act: str, link: str | None = None, upload: str | None = None, **facts: object) -> None:
    """Say what ``actor`` has just done, from where and by which way: ``link`` is a hash, ``upload`` an id.

    All such lines have one shape, that of wrong tokens, and nothing in them opens anything.
    """
    named = {name: shortened(value) for name, value in (("link", link), ("upload", upload)) if value is not None}
    who = {"actor": str(actor), "address": actor.address, "way": actor.way}
    log.info(act, extra={**who, **named, **facts})
