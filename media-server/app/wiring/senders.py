"""The part of the wiring that is about what senders ask for besides sending."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.links.file_requests import FileRequests
from app.services.senders.checklists import Checklists
from app.services.senders.handoffs import Handoffs
from app.services.senders.receipts import ReceiptKey, Receipts
from app.settings import Settings
from app.storage.sql.codes import SQLHandoffs
from app.wiring.ground import Ground
from app.wiring.links import access_rules, brand_of
from app.wiring.receiving import Receiving


@dataclass(frozen=True, slots=True)
class Senders:
    """What senders ask for besides."""

    receipts: Receipts
    handoffs: Handoffs
    checklists: Checklists


def build_senders(ground: Ground, settings: Settings, receiving: Receiving, file_requests: FileRequests) -> Senders:
    """Receipts and codes of what was received, and how far senders have got with what ``file_requests`` ask for."""
    receipts = Receipts(
        uploads=receiving.uploads,
        requests=ground.requests,
        digests=receiving.digests,
        key=ReceiptKey(ground.stores.secrets.get("receipt_key")),
        attempts=ground.attempts,
        locks=ground.locks,
        clock=ground.clock,
        brand=ground.current.derived(brand_of),
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
    checklists = Checklists(
        file_requests=file_requests,
        parties=ground.parties,
        attempts=ground.attempts,
        clock=ground.clock,
        room=receiving.room,
        rate_limit=lambda: ground.current().rate_limit_uploads,
    )
    return Senders(receipts, handoffs, checklists)
