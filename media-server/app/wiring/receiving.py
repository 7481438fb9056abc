"""The part of the wiring that is about what senders send."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.room import Floors, PromiseTerms
from app.jobs import BackgroundQueue
from app.services.links.file_requests import FileRequests
from app.services.receiving.admission import Admission
from app.services.receiving.checkpoints import Checkpoints
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.ending import Ender
from app.services.receiving.file_digests import FileDigests
from app.services.receiving.finding import Finder
from app.services.receiving.folders import Folders
from app.services.receiving.forgetting import Forgetting
from app.services.receiving.heads import HeadJudge
from app.services.receiving.open_uploads import OpenUploads
from app.services.receiving.opening import Opener
from app.services.receiving.openings import Openings
from app.services.receiving.promises import Promises
from app.services.receiving.purge import Purge
from app.services.receiving.receiving import Receiver
from app.services.receiving.room import Room
from app.services.receiving.small_files import SmallFiles
from app.services.receiving.undo import Undo
from app.services.receiving.uploads import Uploads
from app.services.receiving.whole_files import WholeFiles
from app.settings import MIB, UPLOADS, Settings
from app.storage.disk.disk_space import DiskSpace
from app.storage.disk.promises import SQLitePromises
from app.storage.disk.spool_log import beside_socket
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from app.storage.libmagic import LibMagic
from app.wiring.ground import Ground, is_durable, policy_of


@dataclass(frozen=True, slots=True)
class Receiving:
    """What senders send, and what becomes of it."""

    uploads: Uploads
    small_files: SmallFiles
    folders: Folders
    open_uploads: OpenUploads
    undo: Undo
    forgetting: Forgetting
    digests: FileDigests
    admission: Admission
    room: Room


def build_receiving(ground: Ground, settings: Settings, file_requests: FileRequests) -> Receiving:
    """What may come in, by ``file_requests``, and what becomes of it."""
    room, promises = _build_room(ground, settings)
    heads = HeadJudge(policy_of(settings), LibMagic())
    digests = _build_digests(ground)
    deliveries = _build_deliveries(ground, settings, heads, digests, promises)
    whole_files = _build_whole_files(ground, settings, heads, room)
    purge = _build_purge(ground, settings, deliveries, whole_files, promises)
    undo = _build_undo(ground, settings)
    open_uploads = _build_open_uploads(ground, purge)
    openings = _build_openings(ground, settings, file_requests, room)
    finder = Finder(
        sessions=ground.sessions,
        requests=ground.requests,
        whole_files=whole_files,
        deliveries=deliveries,
        purge=purge,
    )
    uploads = Uploads(
        _build_opener(ground, openings, finder, deliveries, promises),
        _build_receiver(ground, settings, finder, deliveries, promises, digests),
        finder,
        Ender(finder=finder, open_uploads=open_uploads, undo=undo, purge=purge),
    )
    bulk = ground.bounds.bulk
    return Receiving(
        uploads=uploads,
        small_files=SmallFiles(openings=openings, whole_files=whole_files, uploads=uploads, room=room, bulk=bulk),
        folders=Folders(requests=ground.requests, openings=openings, inbox=ground.inbox, room=room, bulk=bulk),
        open_uploads=open_uploads,
        undo=undo,
        forgetting=Forgetting(requests=ground.requests, purge=purge, clock=ground.clock),
        digests=digests,
        admission=_build_admission(ground, settings, file_requests, uploads, room),
        room=room,
    )


def _build_room(ground: Ground, settings: Settings) -> tuple[Room, Promises]:
    terms = PromiseTerms(
        patience=settings.announced_minutes * 60,
        client_percent=settings.announced_percent_per_client,
        link_percent=settings.announced_percent_per_link,
    )
    floors = Floors(settings.disk_floor_percent, settings.disk_floor_mb * MIB, settings.disk_floor_inodes)
    promised = SQLitePromises(settings.data_dir / "promises.db", terms, ground.clock)
    room = Room(DiskSpace(settings.data_dir), floors, promised.total)
    promises = Promises(
        store=promised,
        room=room,
        terms=terms,
        requests=ground.requests,
        chunks=ground.chunks,
        clock=ground.clock,
        twice=settings.chunk_layout == "indexed",
    )
    return room, promises


def _build_digests(ground: Ground) -> FileDigests:
    return FileDigests(
        sessions=ground.sessions,
        chunks=ground.chunks,
        requests=ground.requests,
        inbox=ground.inbox,
        clock=ground.clock,
        background=BackgroundQueue(),
    )


def _build_deliveries(
    ground: Ground, settings: Settings, heads: HeadJudge, digests: FileDigests, promises: Promises
) -> Deliveries:
    return Deliveries(
        sessions=ground.sessions,
        chunks=ground.chunks,
        requests=ground.requests,
        inbox=ground.inbox,
        heads=heads,
        clock=ground.clock,
        observer=ground.observer,
        digests=digests,
        promises=promises,
        durable=is_durable(settings),
    )


def _build_whole_files(ground: Ground, settings: Settings, heads: HeadJudge, room: Room) -> WholeFiles:
    return WholeFiles(
        files=LocalUnlinkedFiles(settings.data_dir / UPLOADS, dated=settings.keep_times),
        requests=ground.requests,
        inbox=ground.inbox,
        heads=heads,
        locks=ground.locks,
        room=room,
        clock=ground.clock,
        observer=ground.observer,
        durable=is_durable(settings),
    )


def _build_purge(
    ground: Ground, settings: Settings, deliveries: Deliveries, whole_files: WholeFiles, promises: Promises
) -> Purge:
    return Purge(
        sessions=ground.sessions,
        chunks=ground.chunks,
        requests=ground.requests,
        deliveries=deliveries,
        whole_files=whole_files,
        clock=ground.clock,
        observer=ground.observer,
        promises=promises,
        max_idle=settings.session_max_age,
        max_age=settings.upload_max_age,
    )


def _build_undo(ground: Ground, settings: Settings) -> Undo:
    return Undo(
        sessions=ground.sessions,
        requests=ground.requests,
        inbox=ground.inbox,
        clock=ground.clock,
        observer=ground.observer,
        window=settings.undo_minutes * 60,
    )


def _build_open_uploads(ground: Ground, purge: Purge) -> OpenUploads:
    return OpenUploads(
        sessions=ground.sessions,
        requests=ground.requests,
        purge=purge,
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_openings(ground: Ground, settings: Settings, file_requests: FileRequests, room: Room) -> Openings:
    return Openings(
        file_requests=file_requests,
        policy=policy_of(settings),
        attempts=ground.attempts,
        memory=ground.bounds.memory,
        room=room,
        inbox=ground.inbox,
        rate_limit=settings.rate_limit_uploads,
    )


def _build_opener(
    ground: Ground, openings: Openings, finder: Finder, deliveries: Deliveries, promises: Promises
) -> Opener:
    return Opener(
        openings=openings,
        finder=finder,
        sessions=ground.sessions,
        chunks=ground.chunks,
        deliveries=deliveries,
        promises=promises,
        locks=ground.locks,
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_receiver(
    ground: Ground,
    settings: Settings,
    finder: Finder,
    deliveries: Deliveries,
    promises: Promises,
    digests: FileDigests,
) -> Receiver:
    checkpoints = Checkpoints(
        sessions=ground.sessions, chunks=ground.chunks, clock=ground.clock, background=BackgroundQueue()
    )
    return Receiver(
        finder=finder,
        sessions=ground.sessions,
        chunks=ground.chunks,
        deliveries=deliveries,
        promises=promises,
        followers=(checkpoints, digests, ground.outbox),
        policy=policy_of(settings),
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_admission(
    ground: Ground, settings: Settings, file_requests: FileRequests, uploads: Uploads, room: Room
) -> Admission:
    return Admission(
        requests=ground.requests,
        file_requests=file_requests,
        sessions=ground.sessions,
        uploads=uploads,
        room=room,
        let_in=beside_socket(settings.unix_socket, settings.data_dir, ground.clock),
    )
