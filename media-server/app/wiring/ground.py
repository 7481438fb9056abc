"""The ground: what everything else stands on, and of which a process has one each."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import UploadError
from app.core.policy import Policy
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.parties import PartyStore
from app.core.ports.whole_files import NamedLocks
from app.core.room import Floors
from app.current import CurrentSettings
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.forwarding.outbox import Outbox
from app.services.operations.observer import Observer
from app.settings import MIB, Settings
from app.storage.disk.data_folder import make_data_folder
from app.storage.disk.readiness import check_start
from app.storage.sql.audit import SQLAudit
from app.storage.sql.counts import SQLCounts
from app.storage.sql.database import Database
from app.storage.sql.files import SQLRequests
from app.storage.sql.outbox import SQLOutbox
from app.storage.sql.parties import SQLParties
from app.storage.sql.settings import SQLSettings
from app.storage.sql.takeover import open_catalogue
from app.wiring.bounds import Bounds, build_bounds
from app.wiring.stores import MakeStores, Stores

NO_DATABASE = "The database of DROPPR_DATABASE_URL does not answer."


@dataclass(frozen=True, slots=True)
class Ground:
    """Time, what is counted, what bounds a process, and the stores that all share."""

    clock: Clock
    observer: Observer
    bounds: Bounds
    stores: Stores
    catalogue: Database
    bell: Bell
    requests: RequestStore
    parties: PartyStore
    outbox: Outbox
    attempts: Attempts
    acts: Acts
    locks: NamedLocks
    current: CurrentSettings

    def problems(self) -> list[str]:
        """What keeps uploads from working now, a sentence for the owner each."""
        found = []
        if self.current().database_url is not None:
            try:
                self.catalogue.look("SELECT 1")
            except UploadError as error:
                # Where it answers, and is no place for this code to work on, that is what the owner has to know.
                found.append(getattr(error.__cause__, "sentence", NO_DATABASE))
        return [*found, *self.stores.problems()]


def build_ground(settings: Settings, clock: Clock, make_stores: MakeStores) -> Ground:
    """The stores, and what agrees through the data folder, which is made, and of which the catalogue takes over what older
    versions left. Raises UnusableDataFolder."""
    data = settings.data_dir
    make_data_folder(data, settings.umask)
    check_start(data)
    bounds = build_bounds(settings)
    catalogue = open_catalogue(data, settings.database_url)
    bell = Bell()
    stores = make_stores(settings, bounds.sessions)
    return Ground(
        clock=clock,
        observer=Observer(),
        bounds=bounds,
        stores=stores,
        catalogue=catalogue,
        bell=bell,
        requests=SQLRequests(catalogue, clock=clock, durable=is_durable(settings), happened=bell.ring),
        parties=SQLParties(catalogue, clock=clock, durable=is_durable(settings), happened=bell.ring),
        outbox=Outbox(SQLOutbox(catalogue, clock=clock, happened=bell.ring), clock),
        attempts=SQLCounts(catalogue, clock),
        acts=Acts(SQLAudit(catalogue), clock),
        locks=stores.locks,
        current=CurrentSettings(settings, SQLSettings(catalogue)),
    )


def is_durable(settings: Settings) -> bool:
    """Whether a delivery waits for the disk."""
    return settings.durability != "none"


def floors_of(settings: Settings) -> Floors:
    """What of the disk stays free."""
    return Floors(settings.disk_floor_percent, settings.disk_floor_mb * MIB, settings.disk_floor_inodes)


def policy_of(settings: Settings) -> Policy:
    """What the settings let in."""
    return Policy(
        settings.max_file_size,
        settings.max_chunk_size,
        settings.upload_allowed_exts,
        in_order=not settings.enable_parallel_uploads,
    )
