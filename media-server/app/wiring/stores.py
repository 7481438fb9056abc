"""The part of the wiring that says where bytes lie, and what the processes of an installation agree on there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.ports.bins import BinnedFiles
from app.core.ports.direct import DirectParts
from app.core.ports.inbox import Inbox
from app.core.ports.shared import Leader, Secrets
from app.core.ports.uploads import UploadStore
from app.core.ports.whole_files import NamedLocks, UnlinkedFiles
from app.core.waiting_room import WaitingRoom
from app.jobs import BackgroundQueue
from app.services.operations.notes import Note
from app.settings import UPLOADS, Settings
from app.storage.disk.bin import LocalBin
from app.storage.disk.data_folder import BIN, FILES, UnusableDataFolder
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.leader import LocalLeader
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.readiness import problems
from app.storage.disk.secret_file import LocalSecrets
from app.storage.disk.span_log import boot_number
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from app.storage.disk.upload import DiskRules, Durability
from app.storage.disk.uploads import DiskUploads
from app.storage.sql.migrate import on_server
from app.wiring.bounds import NOT_INSTALLED, RUN_FOLDER

IN_A_BUCKET = "The files of this database lie in {store}: set DROPPR_STORE to that, or name another database in DROPPR_DATABASE_URL."
_STORE = "SELECT value FROM store_secrets WHERE name = 'store'"
PURGE = "leader"
"""The name of the work that the scheduler does."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What is exchanged together: an inbox gives names only to what the others made or keep."""

    uploads: UploadStore
    unlinked_files: UnlinkedFiles
    inbox: Inbox
    bin: BinnedFiles
    secrets: Secrets
    leader: Callable[[str], Leader]
    """For each kind of work that one process of the installation does, by its name."""
    locks: NamedLocks
    """For uploads by their ids."""
    remote_locks: NamedLocks
    """Others, as these are held while a remote is spoken to."""
    index_locks: NamedLocks
    """For entities, while their documents are written into the index."""
    problems: Callable[[], list[str]]
    """What keeps them from working now, a sentence for the owner each."""
    notes: Callable[[], Sequence[Note]] = tuple
    """What could be better; looked up with each call."""
    direct: DirectParts | None = None
    """The way by which senders put parts into the store themselves; None where there is none."""


MakeStores = Callable[[Settings, WaitingRoom], Stores]
"""Stores by the settings; the room is for threads of this process that wait for whoever ends an upload."""


def local_stores(settings: Settings, waiting: WaitingRoom) -> Stores:
    """All in the data folder."""
    data = settings.data_dir
    rules = DiskRules(
        staged=settings.chunk_layout == "indexed",
        durability=Durability(settings.durability),
        dated=settings.keep_times,
        boot=boot_number(settings.boot_id),
    )
    inbox = LocalInbox(data / FILES, data / UPLOADS, durable=rules.durable)
    return Stores(
        uploads=DiskUploads(data / UPLOADS, rules, waiting=waiting, background=BackgroundQueue()),
        unlinked_files=LocalUnlinkedFiles(data / UPLOADS, durable=rules.durable, dated=rules.dated),
        inbox=inbox,
        bin=LocalBin(data / BIN, inbox, durable=rules.durable),
        secrets=LocalSecrets(data),
        leader=lambda name: LocalLeader(data / RUN_FOLDER / f"{name}.lock"),
        locks=LocalNamedLocks(data / "uploads.turn"),
        remote_locks=LocalNamedLocks(data / "outbox.turn"),
        index_locks=LocalNamedLocks(data / "search.turn"),
        problems=lambda: problems(data),
    )


def chosen_stores(settings: Settings, waiting: WaitingRoom) -> Stores:
    """Those that the settings choose. Raises UnusableDataFolder."""
    if settings.store is None:
        if settings.database_url is not None:
            _check_files_are_here(settings.database_url)
        return local_stores(settings, waiting)
    try:
        # Only here is it known to be installed; nobody else loads any of it.
        from app.wiring.cluster import cluster_stores
    except ImportError as error:
        raise UnusableDataFolder(NOT_INSTALLED.format(name=error.name)) from error
    return cluster_stores(settings, waiting)


def _check_files_are_here(url: str) -> None:
    """Raises UnusableDataFolder where the files of a database lie in a bucket."""
    database = on_server(url)
    try:
        found = database.look(_STORE)
    finally:
        database.close()
    if found is not None:
        raise UnusableDataFolder(IN_A_BUCKET.format(store=found[0]))
