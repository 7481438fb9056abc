"""The part of the wiring that puts bytes into an S3 store, and what is known of them into PostgreSQL, for any number of nodes."""

from __future__ import annotations

from math import inf
from pathlib import Path

from app.core.errors import UploadError
from app.core.origins import ANY
from app.core.waiting_room import WaitingRoom
from app.services.operations.notes import Note, cors_notes, store_notes
from app.settings import UPLOADS, Settings
from app.storage.cluster.bin import ClusterBin
from app.storage.cluster.bucket import Bucket, Place, UnusableEndpoint
from app.storage.cluster.direct import URL_SECONDS
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects, Ways
from app.storage.cluster.shared import MOVING, STORE, ClusterLeader, ClusterLocks, ClusterSecrets
from app.storage.cluster.uploads import ClusterUploads
from app.storage.cluster.whole_files import ClusterUnlinkedFiles
from app.storage.cluster.wire import NoSuchObject
from app.storage.disk.data_folder import FILES, UnusableDataFolder
from app.storage.disk.readiness import problems
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.wiring.cluster_shared import shared
from app.wiring.stores import Stores

NO_BUCKET = "There is no bucket {bucket} at {endpoint}. Make it, or name another one in DROPPR_STORE."
NO_KEYS = "There are no keys for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
ENDPOINT = (
    "The endpoint of the store (AWS_ENDPOINT_URL_S3) cannot be read: write it as https://s3.example.org, or with :port. Users and passwords stand "
    "in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY alone."
)
AWAY = "The bucket {bucket} at {endpoint} cannot be used: it does not answer, or refuses these keys. The log says more."
CLOCK = "The clock of this machine is {minutes} minutes {than} that of {endpoint}, which refuses the bucket {bucket} for it. Have it set by NTP."
_MOST_PAGES = 8
"""For so many the store is asked."""
_REFUSED_SECONDS = 600.0
"""What is signed by a clock that differs by so much is refused by some stores, by most at a quarter of an hour."""
OTHER_BUCKET = (
    "The files of this database lie in {store}. Name that in DROPPR_STORE, or another database in DROPPR_DATABASE_URL."
)
FILES_HERE = (
    "There are received files in the data folder, where nobody would find them any more. Take them along by 'droppr migrate --from' "
    "and name an empty data folder in DROPPR_DATA_DIR, or leave DROPPR_STORE out."
)
FILES_ELSEWHERE = (
    "The files of the links in this database lie in a data folder, where no node would find them. Take them along by 'droppr migrate "
    "--from', or leave DROPPR_STORE out."
)
UNDER_WAY = "Files are being brought to {store} by 'droppr migrate --from'. Nodes can start once that is over."


def cluster_stores(settings: Settings, waiting: WaitingRoom) -> Stores:
    """All on ``DROPPR_DATABASE_URL`` and ``DROPPR_STORE``; on this node's disk lies only what is on its way. Raises
    UnusableDataFolder."""
    assert settings.store is not None
    assert settings.database_url is not None
    database, presence = shared(settings.database_url)
    place = Place.parse(settings.store)
    try:
        bucket = Bucket(place, settings.store_region, signs_bodies=settings.store_sign_bodies)
    except UnusableEndpoint:
        raise UnusableDataFolder(ENDPOINT) from None
    secrets = ClusterSecrets(database)
    check_bucket(bucket, place)
    _check_whose(settings.data_dir / FILES, database, secrets, place)
    ground = ClusterGround(database, bucket, presence, settings.data_dir / UPLOADS)
    objects = Objects(ground)
    inbox = ClusterInbox(ground, objects, _ways(settings, bucket))
    uploads = ClusterUploads(
        ground, objects, usual=settings.chunk_size, longest=settings.max_chunk_size, waiting=waiting
    )
    public = settings.store_public_url

    def trouble() -> list[str]:
        return [*problems(settings.data_dir), *_trouble(bucket, place)]

    return Stores(
        uploads=uploads,
        unlinked_files=ClusterUnlinkedFiles(ground, objects),
        inbox=inbox,
        bin=ClusterBin(ground, objects, inbox),
        secrets=secrets,
        leader=lambda name: ClusterLeader(database, name),
        locks=ClusterLocks(database, "uploads"),
        remote_locks=ClusterLocks(database, "remotes"),
        index_locks=ClusterLocks(database, "index"),
        problems=trouble,
        notes=lambda: _notes(bucket, place, settings),
        direct=uploads.direct(bucket.signer(public, URL_SECONDS)) if public else None,
    )


def _ways(settings: Settings, bucket: Bucket) -> Ways:
    """How downloads leave the store: by nginx where it stands before us and was told to fetch them, else by whoever asks for them."""
    by_nginx = settings.store_by_nginx and settings.unix_socket is not None
    return Ways(
        browsers=bucket.download_signer(settings.store_public_url) if settings.store_signed and not by_nginx else None,
        proxy=bucket.download_signer(None) if by_nginx else None,
    )


def _notes(bucket: Bucket, place: Place, settings: Settings) -> list[Note]:
    lifecycle = bucket.lifecycle()
    compares = bucket.compares() if settings.store_public_url is not None else None
    found = store_notes(
        ends_uploads_days=lifecycle.ends_uploads_days if lifecycle else inf,
        deletes=lifecycle is not None and lifecycle.deletes,
        kept_days=settings.upload_max_age / 86_400,
        clocks_differ_seconds=abs(bucket.ahead_seconds or 0.0),
        bars_senders=compares is not None and not compares.signed_parts,
    )
    origins = _pages(settings)
    if settings.store_public_url is not None and origins:
        barred = bucket.barred(settings.store_public_url, origins)
        found += cors_notes(barred.origins, place.bucket, is_away=barred.is_away)
    return found


def _pages(settings: Settings) -> list[str]:
    """Origins of pages that are known to send: the server's own, and those that the owner has named."""
    named = [each for each in settings.allowed_origins if each != ANY]
    own = [] if settings.public_origin is None else [settings.public_origin]
    return list(dict.fromkeys([*own, *named]))[:_MOST_PAGES]


def check_bucket(bucket: Bucket, place: Place) -> None:
    """Raises UnusableDataFolder where there is none. A store that is away comes back, and nodes start meanwhile."""
    if not bucket.has_keys:
        raise UnusableDataFolder(NO_KEYS)
    try:
        bucket.check()
    except NoSuchObject:
        raise UnusableDataFolder(NO_BUCKET.format(bucket=place.bucket, endpoint=bucket.endpoint)) from None
    except UploadError:
        return


def _check_whose(files: Path, database: PostgreSQLDatabase, secrets: ClusterSecrets, place: Place) -> None:
    """Whoever changes his mind about where files lie is told before he misses them."""
    if any(not path.name.startswith(".") for path in files.iterdir()):
        raise UnusableDataFolder(FILES_HERE)
    moving = secrets.found(MOVING)
    if moving is not None:
        raise UnusableDataFolder(UNDER_WAY.format(store=moving))
    if secrets.found(STORE) is None and database.look("SELECT 1 FROM links LIMIT 1") is not None:
        raise UnusableDataFolder(FILES_ELSEWHERE)
    agreed = secrets.agreed(STORE, str(place))
    if agreed != str(place):
        raise UnusableDataFolder(OTHER_BUCKET.format(store=agreed))


def _trouble(bucket: Bucket, place: Place) -> list[str]:
    found = []
    try:
        bucket.check()
    except NoSuchObject:
        found.append(NO_BUCKET.format(bucket=place.bucket, endpoint=bucket.endpoint))
    except UploadError:
        ahead = bucket.ahead_seconds or 0.0
        sentence = CLOCK if abs(ahead) > _REFUSED_SECONDS else AWAY
        minutes, than = round(abs(ahead) / 60), "ahead of" if ahead > 0 else "behind"
        found.append(sentence.format(bucket=place.bucket, endpoint=bucket.endpoint, minutes=minutes, than=than))
    return found
