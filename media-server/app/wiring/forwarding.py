"""The part of the wiring that is about passing files on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.core.backoff import Backoff
from app.services.chunk_buffer_pool import ChunkBufferPool
from app.services.forwarding.forwarder import Forwarder
from app.services.forwarding.outbox import Outbox
from app.services.forwarding.remotes import Remotes
from app.services.forwarding.sources import LocalCopies
from app.services.forwarding.worker import ForwardingWorker
from app.services.parallel_chunk_processor import ParallelChunkProcessor
from app.settings import Settings
from app.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What is passed on, where to, and by which buffers and threads."""

    outbox: Outbox
    remotes: Remotes
    buffers: ChunkBufferPool
    processor: ParallelChunkProcessor
    worker: ForwardingWorker


def build_forwarding(ground: Ground, settings: Settings, remotes: Remotes) -> Forwarding:
    """What goes on from here to ``remotes``, and the buffers that hold it meanwhile."""
    buffers = ChunkBufferPool(ground.bounds.memory.reserve)
    backoff = Backoff(0.5, 30.0, random.random)
    processor = ParallelChunkProcessor(buffers, backoff, most=settings.max_parallel_chunks)
    copies = LocalCopies(store=ground.stores.uploads, requests=ground.requests, inbox=ground.stores.inbox)
    forwarder = Forwarder(
        outbox=ground.outbox.store,
        remotes=remotes,
        copies=copies,
        requests=ground.requests,
        processor=processor,
        observer=ground.observer,
        clock=ground.clock,
        random=random.random,
    )
    worker = ForwardingWorker(ground.outbox.store, forwarder, ground.clock, ground.outbox.wake, idle=buffers.trim)
    return Forwarding(ground.outbox, remotes, buffers, processor, worker)
