"""The part of the wiring that is about what senders send."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from app.core.room import PromiseTerms, unbounded
from app.jobs import BackgroundQueue
from app.services.links.file_requests import FileRequests
from app.services.receiving.admission import Admission
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.direct import DirectPath
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
from app.settings import Settings
from app.storage.disk.disk_space import DiskSpace
from app.storage.disk.promises import SQLitePromises
from app.storage.disk.spool_log import beside_socket
from app.storage.libmagic import LibMagic
from app.wiring.ground import Ground, floors_of, policy_of


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
    direct: DirectPath


def build_receiving(ground: Ground, settings: Settings, file_requests: FileRequests) -> Receiving:
    """What may come in, by ``file_requests``, and what becomes of it."""
    room, promises = _build_room(ground, settings)
    heads = HeadJudge(ground.current.derived(policy_of), LibMagic())
    digests = _build_digests(ground)
    deliveries = _build_deliveries(ground, heads, digests, promises)
    whole_files = _build_whole_files(ground, heads, room)
    purge = _build_purge(ground, settings, deliveries, whole_files, promises)
    undo = _build_undo(ground)
    open_uploads = _build_open_uploads(ground, purge)
    openings = _build_openings(ground, file_requests, room)
    finder = Finder(
        store=ground.stores.uploads,
        requests=ground.requests,
        whole_files=whole_files,
        deliveries=deliveries,
        purge=purge,
        overtaking=ground.bounds.overtaking,
    )
    uploads = Uploads(
        _build_opener(ground, openings, finder, deliveries, promises),
        _build_receiver(ground, settings, finder, deliveries, promises, digests),
        finder,
        Ender(finder=finder, open_uploads=open_uploads, undo=undo, purge=purge),
        chunk_size=partial(ground.stores.uploads.facts.chunk_size, settings.chunk_size),
    )
    bulk = ground.bounds.bulk
    return Receiving(
        uploads=uploads,
        small_files=SmallFiles(openings=openings, whole_files=whole_files, uploads=uploads, room=room, bulk=bulk),
        folders=_build_folders(ground, openings, room),
        open_uploads=open_uploads,
        undo=undo,
        forgetting=Forgetting(requests=ground.requests, purge=purge, clock=ground.clock),
        digests=digests,
        admission=_build_admission(ground, settings, file_requests, uploads),
        room=room,
        direct=_build_direct(ground, settings, finder, deliveries, promises),
    )


def _build_direct(
    ground: Ground, settings: Settings, finder: Finder, deliveries: Deliveries, promises: Promises
) -> DirectPath:
    return DirectPath(
        parts=ground.stores.direct,
        finder=finder,
        deliveries=deliveries,
        promises=promises,
        policy=policy_of(settings),
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_folders(ground: Ground, openings: Openings, room: Room) -> Folders:
    return Folders(
        requests=ground.requests,
        openings=openings,
        inbox=ground.stores.inbox,
        room=room,
        bulk=ground.bounds.bulk,
        clock=ground.clock,
    )


def _build_room(ground: Ground, settings: Settings) -> tuple[Room, Promises]:
    terms = PromiseTerms(
        patience=settings.announced_minutes * 60,
        client_percent=settings.announced_percent_per_client,
        link_percent=settings.announced_percent_per_link,
    )
    promised = SQLitePromises(settings.data_dir / "promises.db", terms, ground.clock)
    disk = DiskSpace(settings.data_dir)
    room = Room(disk if ground.stores.uploads.facts.local else unbounded, floors_of(settings), promised.total)
    promises = Promises(
        store=promised,
        room=room,
        terms=terms,
        requests=ground.requests,
        uploads=ground.stores.uploads,
        clock=ground.clock,
    )
    return room, promises


def _build_digests(ground: Ground) -> FileDigests:
    return FileDigests(
        store=ground.stores.uploads,
        requests=ground.requests,
        inbox=ground.stores.inbox,
        clock=ground.clock,
        background=BackgroundQueue(),
    )


def _build_deliveries(ground: Ground, heads: HeadJudge, digests: FileDigests, promises: Promises) -> Deliveries:
    return Deliveries(
        store=ground.stores.uploads,
        requests=ground.requests,
        inbox=ground.stores.inbox,
        heads=heads,
        clock=ground.clock,
        observer=ground.observer,
        digests=digests,
        promises=promises,
        background=BackgroundQueue(),
    )


def _build_whole_files(ground: Ground, heads: HeadJudge, room: Room) -> WholeFiles:
    return WholeFiles(
        files=ground.stores.unlinked_files,
        requests=ground.requests,
        inbox=ground.stores.inbox,
        heads=heads,
        locks=ground.locks,
        room=room,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_purge(
    ground: Ground, settings: Settings, deliveries: Deliveries, whole_files: WholeFiles, promises: Promises
) -> Purge:
    return Purge(
        store=ground.stores.uploads,
        requests=ground.requests,
        deliveries=deliveries,
        whole_files=whole_files,
        clock=ground.clock,
        observer=ground.observer,
        promises=promises,
        max_idle=settings.session_max_age,
        max_age=settings.upload_max_age,
    )


def _build_undo(ground: Ground) -> Undo:
    return Undo(
        store=ground.stores.uploads,
        requests=ground.requests,
        inbox=ground.stores.inbox,
        clock=ground.clock,
        observer=ground.observer,
        window=lambda: ground.current().undo_minutes * 60,
    )


def _build_open_uploads(ground: Ground, purge: Purge) -> OpenUploads:
    return OpenUploads(
        store=ground.stores.uploads,
        requests=ground.requests,
        purge=purge,
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_openings(ground: Ground, file_requests: FileRequests, room: Room) -> Openings:
    return Openings(
        file_requests=file_requests,
        policy=ground.current.derived(policy_of),
        attempts=ground.attempts,
        memory=ground.bounds.memory,
        room=room,
        inbox=ground.stores.inbox,
        parties=ground.parties,
        rate_limit=lambda: ground.current().rate_limit_uploads,
    )


def _build_opener(
    ground: Ground, openings: Openings, finder: Finder, deliveries: Deliveries, promises: Promises
) -> Opener:
    return Opener(
        openings=openings,
        finder=finder,
        store=ground.stores.uploads,
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
    # Both read what has come of a file before it is whole.
    followers = (digests, ground.outbox) if ground.stores.uploads.facts.readable else ()
    return Receiver(
        finder=finder,
        store=ground.stores.uploads,
        deliveries=deliveries,
        promises=promises,
        followers=followers,
        # Of its chunks, which no owner sets while the server runs.
        policy=policy_of(settings),
        concurrency=ground.bounds.concurrency,
        clock=ground.clock,
        observer=ground.observer,
    )


def _build_admission(ground: Ground, settings: Settings, file_requests: FileRequests, uploads: Uploads) -> Admission:
    return Admission(
        requests=ground.requests,
        file_requests=file_requests,
        store=ground.stores.uploads,
        uploads=uploads,
        # Bodies lie on this machine's disk before they go anywhere.
        room=Room(DiskSpace(settings.data_dir), floors_of(settings)),
        let_in=beside_socket(settings.unix_socket, settings.data_dir, ground.clock),
    )
