"""The part of the wiring that moves a local installation into a store of many nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from app.settings import UPLOADS, Settings
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.grid import SMALLEST_PART
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.shared import STORE, ClusterSecrets
from app.storage.cluster.uploads import ClusterUploads
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.disk.span_log import boot_number
from app.storage.disk.upload import DiskRules
from app.storage.disk.uploads import DiskUploads
from app.storage.moving.findings import Course
from app.storage.moving.listing import wrong_objects
from app.storage.moving.move import NODES, Move, Target
from app.storage.moving.old import OldData, old_catalogue
from app.storage.sql.migrate import on_server
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema_marks import AT_WORK
from app.wiring.bounds import RUN_FOLDER
from app.wiring.cluster import check_bucket
from app.wiring.cluster_shared import shared
from app.wiring.stores import PURGE

RUNS = "A Droppr runs on '{data}'. Stop it first; with --ahead files are brought along while it runs."
NO_FILES = "The database of DROPPR_DATABASE_URL knows of no bucket before: no node has ever run on it."
OWN_FOLDER = "'{data}' is what DROPPR_DATA_DIR names. Nodes need a data folder of their own: name an empty one there."


def opened_data(settings: Settings, data: Path) -> OldData:
    """The data folder that is to be moved. Raises UnusableDataFolder."""
    assert settings.database_url is not None
    if settings.data_dir.resolve() == data.resolve():
        raise UnusableDataFolder(OWN_FOLDER.format(data=data))
    return OldData(data.resolve(), old_catalogue(data) or shared(settings.database_url)[0])


def old_uploads(settings: Settings, data: Path) -> DiskUploads:
    """Uploads under way there, of which only that counts which outlived the machine's last start."""
    return DiskUploads(data / UPLOADS, DiskRules(boot=boot_number(settings.boot_id)))


def build_move(settings: Settings, old: OldData, course: Course, tick: Callable[[], None], *, ahead: bool) -> Move:
    """The move of a data folder to where the settings say, before anything of this process is at work there. With ``ahead`` the
    server may be whose catalogue is there. Raises UnusableDataFolder, Busy."""
    assert settings.database_url is not None
    if not (ahead and isinstance(old.database, PostgreSQLDatabase)):
        _check_nobody_is_at_work(settings.database_url)
    target = _target(settings)
    return Move(old, old_uploads(settings, old.data), target, course, tick)


@contextmanager
def stopped(data: Path) -> Iterator[None]:
    """See to it that no server runs on a data folder. Raises UnusableDataFolder."""
    run = data / RUN_FOLDER
    if not run.is_dir():
        yield
        return
    lock = FileLock(run / f"{PURGE}.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UnusableDataFolder(RUNS.format(data=data)) from None
    try:
        yield
    finally:
        lock.release()


def store_of(settings: Settings) -> tuple[Place, Bucket]:
    """The bucket that the settings name, which is there. Raises UnusableDataFolder."""
    assert settings.store is not None
    place = Place.parse(settings.store)
    bucket = Bucket(place, settings.store_region, signs_bodies=settings.store_sign_bodies)
    check_bucket(bucket, place)
    return place, bucket


def _target(settings: Settings) -> Target:
    assert settings.database_url is not None
    place, bucket = store_of(settings)
    database, presence = shared(settings.database_url)
    ground = ClusterGround(database, bucket, presence, settings.data_dir / UPLOADS)
    objects = Objects(ground)
    uploads = ClusterUploads(ground, objects, usual=settings.chunk_size, longest=settings.max_chunk_size)
    return Target(ground, objects, uploads, str(place), max(settings.chunk_size, SMALLEST_PART))


def use_copy(settings: Settings, *, without_missing: bool) -> tuple[str, list[str]]:
    """Note that the files of the database lie where the settings say now, where all of them do, or it does not matter: where they were
    before, and what is missing, by its key. Raises UnusableDataFolder."""
    assert settings.database_url is not None
    _check_nobody_is_at_work(settings.database_url)
    database, _ = shared(settings.database_url)
    place, bucket = store_of(settings)
    before = ClusterSecrets(database).found(STORE)
    if before is None:
        raise UnusableDataFolder(NO_FILES)
    missing = [each.key for each in wrong_objects(database, bucket)]
    if without_missing or not missing:
        ClusterSecrets(database).replace(STORE, str(place))
    return before, missing


def _check_nobody_is_at_work(url: str) -> None:
    database = on_server(url)
    with database.read() as tx:
        found = tx.all(AT_WORK)
    database.close()
    if found:
        raise UnusableDataFolder(NODES)
