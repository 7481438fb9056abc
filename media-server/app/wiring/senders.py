"""The part of the wiring that is about what senders ask for besides sending."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.senders.handoffs import Handoffs
from app.services.senders.receipts import ReceiptKey, Receipts
from app.settings import Settings
from app.storage.sql.codes import SQLHandoffs
from app.wiring.ground import Ground
from app.wiring.links import access_rules
from app.wiring.receiving import Receiving


@dataclass(frozen=True, slots=True)
class Senders:
    """What senders ask for besides."""

    receipts: Receipts
    handoffs: Handoffs


def build_senders(ground: Ground, settings: Settings, receiving: Receiving) -> Senders:
    """Receipts and codes of what was received."""
    receipts = Receipts(
        uploads=receiving.uploads,
        requests=ground.requests,
        digests=receiving.digests,
        key=ReceiptKey(ground.stores.secrets.get("receipt_key")),
        attempts=ground.attempts,
        locks=ground.locks,
        clock=ground.clock,
    )
    handoffs = Handoffs(
        store=SQLHandoffs(ground.catalogue),
        requests=ground.requests,
        uploads=receiving.uploads,
        room=receiving.room,
        attempts=ground.attempts,
        locks=ground.locks,
        clock=ground.clock,
        guesses=access_rules(settings).limit,
        lifetime=settings.handoff_hours * 3600,
    )
    return Senders(receipts, handoffs)
