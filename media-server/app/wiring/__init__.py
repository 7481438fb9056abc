"""The only place where concrete classes are chosen."""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass

from app.core.backoff import Backoff
from app.core.policy import Policy
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import CaptchaProvider, Clock
from app.core.ports.inbox import Inbox
from app.core.ports.sessions import SessionStore
from app.core.room import Floors, Terms
from app.core.waiting_room import WaitingThreads
from app.jobs import BackgroundQueue, start_leader, start_pulse
from app.services.accounts.owner import Owner
from app.services.accounts.owner_token import load_or_create, looks_made
from app.services.chunk_buffer_pool import ChunkBufferPool
from app.services.forwarding.forwarder import Forwarder
from app.services.forwarding.outbox import Outbox
from app.services.forwarding.remotes import Remotes
from app.services.forwarding.sources import LocalCopies
from app.services.forwarding.worker import ForwardingWorker
from app.services.links.access import Access, AccessRules
from app.services.links.file_requests import FileRequests
from app.services.links.passwords import Argon2Hasher
from app.services.memory_monitor import MemoryMonitor
from app.services.operations.notes import Notes
from app.services.operations.observer import Observer
from app.services.operations.readiness import check_start
from app.services.operations.server_figures import ServerFigures
from app.services.parallel_chunk_processor import ParallelChunkProcessor
from app.services.receiving.admission import Admission
from app.services.receiving.checkpoints import Checkpoints
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.file_digests import FileDigests
from app.services.receiving.folders import Folders
from app.services.receiving.forgetting import Forgetting
from app.services.receiving.open_uploads import OpenUploads
from app.services.receiving.openings import Openings
from app.services.receiving.promises import Promises
from app.services.receiving.purge import Purge
from app.services.receiving.room import Room
from app.services.receiving.small_files import SmallFiles
from app.services.receiving.undo import Undo
from app.services.receiving.uploads import Uploads
from app.services.receiving.whole_files import WholeFiles
from app.services.senders.handoffs import Handoffs
from app.services.senders.receipts import ReceiptKey, Receipts
from app.services.upload_concurrency_manager import UploadConcurrencyManager
from app.settings import MIB, UPLOADS, Settings
from app.storage.disk import secret_file
from app.storage.disk.attempts import SQLiteAttempts
from app.storage.disk.data_folder import FILES, make_data_folder
from app.storage.disk.disk_space import DiskSpace
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.json_sessions import JSONSessions
from app.storage.disk.last_seen import LastSeen
from app.storage.disk.local_chunks import LocalChunks
from app.storage.disk.local_handoffs import LocalHandoffs
from app.storage.disk.local_outbox import LocalOutbox
from app.storage.disk.local_requests import LocalRequests
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.promises import SQLitePromises
from app.storage.disk.span_log import Kind, boot_number
from app.storage.disk.spool_log import beside_socket
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from app.storage.libmagic import LibMagic
from app.wiring.bounds import RUN_FOLDER, build_bounds
from app.wiring.captcha import build_captcha
from app.wiring.remotes import build_remotes


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a view, a command or a job may call."""

    settings: Settings
    clock: Clock
    waiting: WaitingThreads
    observer: Observer
    sessions: SessionStore
    requests: RequestStore
    inbox: Inbox
    captcha: CaptchaProvider
    memory_monitor: MemoryMonitor
    room: Room
    concurrency: UploadConcurrencyManager
    figures: ServerFigures
    notes: Notes
    owner: Owner
    file_requests: FileRequests
    admission: Admission
    digests: FileDigests
    undo: Undo
    folders: Folders
    uploads: Uploads
    open_uploads: OpenUploads
    small_files: SmallFiles
    forgetting: Forgetting
    receipts: Receipts
    handoffs: Handoffs
    outbox: Outbox
    remotes: Remotes
    buffers: ChunkBufferPool
    forwarding_worker: ForwardingWorker

    def start_background(self) -> None:
        """Keep limits and figures fresh, and take part in the election of the one process that runs the scheduler."""
        start_pulse((1.0, self.concurrency.sweep), (5.0, self.memory_monitor.sample))
        self.forwarding_worker.start()
        start_leader(
            self.settings.data_dir / RUN_FOLDER / "leader.lock",
            self.settings.cleanup_cron,
            sweep=self.sweep,
            catch_up=self.digests.hash_missing,
        )

    def sweep(self) -> int:
        """The nightly purge; returns how many uploads were removed."""
        self.handoffs.purge()
        return self.uploads.sweep()


def build(settings: Settings, clock: Clock = time.time) -> Services:
    """The services for these settings, on local disk. Makes the data folders. Raises UnusableDataFolder."""
    data = settings.data_dir
    make_data_folder(data, settings.umask)
    check_start(data)

    observer = Observer()
    bounds = build_bounds(settings)
    memory_monitor, concurrency = bounds.memory, bounds.concurrency
    durable = settings.durability != "none"
    promise = {"none": Kind.VOLATILE, "complete": Kind.PENDING, "chunk": Kind.DURABLE}[settings.durability]
    sessions = JSONSessions(
        data / UPLOADS,
        promise=promise,
        boot=boot_number(settings.boot_id),
        waiting=bounds.sessions,
    )
    chunks = LocalChunks(
        data / UPLOADS,
        staged=settings.chunk_layout == "indexed",
        dated=settings.keep_times,
        sync_chunks=settings.durability == "chunk",
    )
    outbox_store = LocalOutbox(data / "outbox")
    outbox = Outbox(outbox_store, clock)
    requests = LocalRequests(data / "requests", durable=durable, received=outbox.received)
    inbox = LocalInbox(data / FILES, data / UPLOADS)
    attempts = SQLiteAttempts(data / "attempts.db", clock)
    captcha = build_captcha(settings, attempts, clock)
    hasher = Argon2Hasher()
    locks = LocalNamedLocks(data / "uploads.turn")
    # A file of their own: they are held while a remote is spoken to.
    remotes = build_remotes(settings, LocalNamedLocks(data / "outbox" / "turns"))
    floors = Floors(settings.disk_floor_percent, settings.disk_floor_mb * MIB, settings.disk_floor_inodes)
    terms = Terms(
        patience=settings.announced_minutes * 60,
        client_percent=settings.announced_percent_per_client,
        link_percent=settings.announced_percent_per_link,
    )
    promised = SQLitePromises(data / "promises.db", terms, clock)
    room = Room(DiskSpace(data), floors, promised.total)
    promises = Promises(
        store=promised,
        room=room,
        terms=terms,
        requests=requests,
        chunks=chunks,
        clock=clock,
        twice=settings.chunk_layout == "indexed",
    )
    policy = Policy(settings.max_file_size, settings.max_chunk_size, settings.upload_allowed_exts)

    access = Access(
        attempts=attempts,
        captcha=captcha,
        hasher=hasher,
        clock=clock,
        rules=_access_rules(settings),
        waiting=bounds.passwords,
    )
    file_requests = FileRequests(
        requests=requests,
        access=access,
        policy=policy,
        attempts=attempts,
        hasher=hasher,
        clock=clock,
        create_limit=settings.rate_limit_share_create,
        usual_hours=settings.link_expires_hours,
        check_target=remotes.check,
    )
    digests = FileDigests(
        sessions=sessions,
        chunks=chunks,
        requests=requests,
        inbox=inbox,
        clock=clock,
        background=BackgroundQueue(),
    )
    head_reader = LibMagic()
    deliveries = Deliveries(
        sessions=sessions,
        chunks=chunks,
        requests=requests,
        inbox=inbox,
        policy=policy,
        head_reader=head_reader,
        clock=clock,
        observer=observer,
        digests=digests,
        promises=promises,
        room=room,
        durable=durable,
    )
    whole_files = WholeFiles(
        files=LocalUnlinkedFiles(data / UPLOADS, dated=settings.keep_times),
        requests=requests,
        inbox=inbox,
        policy=policy,
        head_reader=head_reader,
        locks=locks,
        room=room,
        clock=clock,
        observer=observer,
        durable=durable,
    )
    openings = Openings(
        file_requests=file_requests,
        policy=policy,
        attempts=attempts,
        memory=memory_monitor,
        room=room,
        inbox=inbox,
        rate_limit=settings.rate_limit_uploads,
    )
    purge = Purge(
        sessions=sessions,
        chunks=chunks,
        requests=requests,
        deliveries=deliveries,
        whole_files=whole_files,
        clock=clock,
        observer=observer,
        promises=promises,
        max_idle=settings.session_max_age,
        max_age=settings.upload_max_age,
    )
    undo = Undo(
        sessions=sessions,
        requests=requests,
        inbox=inbox,
        clock=clock,
        observer=observer,
        window=settings.undo_minutes * 60,
    )
    open_uploads = OpenUploads(
        sessions=sessions,
        requests=requests,
        purge=purge,
        concurrency=concurrency,
        clock=clock,
        observer=observer,
    )
    uploads = Uploads(
        sessions=sessions,
        chunks=chunks,
        requests=requests,
        openings=openings,
        whole_files=whole_files,
        deliveries=deliveries,
        checkpoints=Checkpoints(sessions=sessions, chunks=chunks, clock=clock, background=BackgroundQueue()),
        digests=digests,
        purge=purge,
        undo=undo,
        promises=promises,
        open_uploads=open_uploads,
        outbox=outbox,
        policy=policy,
        locks=locks,
        concurrency=concurrency,
        clock=clock,
        observer=observer,
        in_order=not settings.enable_parallel_uploads,
    )
    receipts = Receipts(
        uploads=uploads,
        requests=requests,
        digests=digests,
        key=ReceiptKey(secret_file.load_or_create(data / "receipt_key")[0]),
        attempts=attempts,
        locks=locks,
        clock=clock,
    )
    handoffs = Handoffs(
        store=LocalHandoffs(data / "handoffs"),
        requests=requests,
        uploads=uploads,
        room=room,
        attempts=attempts,
        locks=locks,
        clock=clock,
        guesses=_access_rules(settings).limit,
        lifetime=settings.handoff_hours * 3600,
    )
    buffers = ChunkBufferPool(memory_monitor.reserve)
    processor = ParallelChunkProcessor(buffers, Backoff(0.5, 30.0, random.random), most=settings.max_parallel_chunks)
    forwarder = Forwarder(
        outbox=outbox_store,
        remotes=remotes,
        copies=LocalCopies(sessions=sessions, chunks=chunks, requests=requests, inbox=inbox),
        requests=requests,
        processor=processor,
        observer=observer,
        clock=clock,
        random=random.random,
    )
    notes = Notes(LastSeen(data / RUN_FOLDER / "one-connection", clock))
    figures = ServerFigures(
        sessions=sessions,
        concurrency=concurrency,
        memory=memory_monitor,
        clock=clock,
        chunk_size=settings.chunk_size,
        max_parallel_chunks=settings.max_parallel_chunks,
        notes=notes.sentences,
        parts={
            "disk": room.figures,
            "buffer_pool": lambda: asdict(buffers.figures()),
            "destinations": lambda: {**outbox.figures(), "chunks": processor.figures(), "circuits": remotes.states()},
        },
    )
    token = settings.admin_token or load_or_create(data)[0]
    owner = Owner(
        token=token,
        made=settings.admin_token is None and looks_made(token),
        secret=secret_file.load_or_create(data / "session_key")[0],
        attempts=attempts,
        clock=clock,
    )
    return Services(
        settings=settings,
        clock=clock,
        waiting=bounds.threads,
        observer=observer,
        sessions=sessions,
        requests=requests,
        inbox=inbox,
        captcha=captcha,
        memory_monitor=memory_monitor,
        room=room,
        concurrency=concurrency,
        figures=figures,
        notes=notes,
        owner=owner,
        file_requests=file_requests,
        admission=Admission(
            requests=requests,
            file_requests=file_requests,
            sessions=sessions,
            uploads=uploads,
            room=room,
            let_in=beside_socket(settings.unix_socket, data, clock),
        ),
        digests=digests,
        undo=undo,
        folders=Folders(
            requests=requests,
            openings=openings,
            inbox=inbox,
            room=room,
            bulk=bounds.bulk,
        ),
        uploads=uploads,
        small_files=SmallFiles(
            openings=openings, whole_files=whole_files, uploads=uploads, room=room, bulk=bounds.bulk
        ),
        open_uploads=open_uploads,
        forgetting=Forgetting(requests=requests, purge=purge, clock=clock),
        receipts=receipts,
        handoffs=handoffs,
        outbox=outbox,
        remotes=remotes,
        buffers=buffers,
        forwarding_worker=ForwardingWorker(outbox_store, forwarder, clock, outbox.wake, idle=buffers.trim),
    )


def _access_rules(settings: Settings) -> AccessRules:
    return AccessRules(
        failure_max=settings.request_password_failure_max,
        failure_window=settings.request_password_failure_window_seconds,
        captcha_threshold=settings.request_password_failure_captcha_threshold,
    )
