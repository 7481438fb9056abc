"""The ground: what everything else stands on, and of which a process has one each."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.policy import Policy
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.whole_files import NamedLocks
from app.services.forwarding.outbox import Outbox
from app.services.operations.observer import Observer
from app.settings import Settings
from app.storage.disk.attempts import SQLiteAttempts
from app.storage.disk.data_folder import make_data_folder
from app.storage.disk.local_outbox import LocalOutbox
from app.storage.disk.local_requests import LocalRequests
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.readiness import check_start
from app.wiring.bounds import Bounds, build_bounds
from app.wiring.stores import MakeStores, Stores


@dataclass(frozen=True, slots=True)
class Ground:
    """Time, what is counted, what bounds a process, and the stores that all share."""

    clock: Clock
    observer: Observer
    bounds: Bounds
    stores: Stores
    requests: RequestStore
    outbox: Outbox
    attempts: Attempts
    locks: NamedLocks


def build_ground(settings: Settings, clock: Clock, make_stores: MakeStores) -> Ground:
    """The stores, and what agrees through the data folder, which is made. Raises UnusableDataFolder."""
    data = settings.data_dir
    make_data_folder(data, settings.umask)
    check_start(data)
    bounds = build_bounds(settings)
    outbox = Outbox(LocalOutbox(data / "outbox"), clock)
    return Ground(
        clock=clock,
        observer=Observer(),
        bounds=bounds,
        stores=make_stores(settings, bounds.sessions),
        requests=LocalRequests(data / "requests", durable=is_durable(settings), received=outbox.received),
        outbox=outbox,
        attempts=SQLiteAttempts(data / "attempts.db", clock),
        locks=LocalNamedLocks(data / "uploads.turn"),
    )


def is_durable(settings: Settings) -> bool:
    """Whether a delivery waits for the disk."""
    return settings.durability != "none"


def policy_of(settings: Settings) -> Policy:
    """What the settings let in."""
    return Policy(
        settings.max_file_size,
        settings.max_chunk_size,
        settings.upload_allowed_exts,
        in_order=not settings.enable_parallel_uploads,
    )
