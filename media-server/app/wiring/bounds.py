"""The part of the wiring that says how much of a process senders may keep busy."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ports.places import Places
from app.core.waiting_room import WaitingRoom, WaitingThreads
from app.services.links.access import waiting_for_passwords
from app.services.memory_monitor import ROW, MemoryMonitor
from app.services.receiving.bulk import Bulk
from app.services.upload_concurrency_manager import UploadConcurrencyManager
from app.services.upload_slots import Limits
from app.settings import MIB, Settings
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.disk.host_table import HostTable
from app.storage.disk.places import LocalPlaces

RUN_FOLDER = "run"
"""The folder below the data folder with what holds only while processes live."""
NOT_INSTALLED = "{name} is missing: pip install 'droppr[server,cluster]'."
MAX_PROCESSES = 256
IDLE_SECONDS = 15.0
"""How long an upload of which nothing comes keeps its slot."""
TOO_MANY_ARCHIVES = "Too many archives are being downloaded. Try again when one of them is done."
TOO_MANY_SHARES = "Too many downloads are going on. Try again in a moment."
TOO_MANY_PICTURES = "Too many pictures are being made. Try again in a moment."
TOO_MANY_PACKS = "Too many packs are being received. Send this one again in a moment."


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the work of a process: memory, slots among the uploads at once, threads that wait for others in all, and of these
    the rooms of those who wait for a session, a password or an opening, of those at bulk work, of those who send archives, of
    those who send what is shared, and of those who wait for a picture."""

    memory: MemoryMonitor
    concurrency: UploadConcurrencyManager
    threads: WaitingThreads
    sessions: WaitingRoom
    passwords: WaitingRoom
    bulk: Bulk
    overtaking: WaitingRoom
    archives: WaitingRoom
    shares: WaitingRoom
    pictures: WaitingRoom


def _places(settings: Settings) -> Places:
    count = settings.parallel_upload_max_concurrent_users
    if settings.store is None:
        return LocalPlaces(settings.data_dir / RUN_FOLDER, count)
    try:
        from app.wiring.cluster_shared import cluster_places
    except ImportError as error:
        raise UnusableDataFolder(NOT_INSTALLED.format(name=error.name)) from error
    return cluster_places(settings, count)


def build_bounds(settings: Settings) -> Bounds:
    """The bounds by the number of threads and what the settings say of uploads at once."""
    run, threads = settings.data_dir / RUN_FOLDER, settings.threads
    memory = MemoryMonitor(
        settings.cgroups,
        max_percent=settings.parallel_upload_max_memory_percent,
        ledger=HostTable(run / "memory", MAX_PROCESSES, ROW.size),
    )
    concurrency = UploadConcurrencyManager(
        _places(settings),
        memory,
        Limits(
            slots=settings.parallel_upload_max_concurrent_users,
            per_user=settings.parallel_upload_max_concurrent_per_user,
            turn=settings.parallel_upload_turn_seconds,
            idle=IDLE_SECONDS,
            # Chunks beyond those that threads receive hold nothing here.
            memory=min(settings.most_chunks_at_once, max(1, threads // 2)) * MIB,
            small=settings.chunk_size,
            when_opened=settings.unix_socket is not None,
            floor=settings.parallel_upload_floor_kb_per_second * 1024,
        ),
    )
    waiting = WaitingThreads(threads)
    half = max(1, threads // 2)
    packs = WaitingRoom(max(1, threads // 4), max(1, threads * 3 // 16), TOO_MANY_PACKS, waiting)
    return Bounds(
        memory=memory,
        concurrency=concurrency,
        threads=waiting,
        sessions=WaitingRoom(half, half, threads=waiting),
        passwords=waiting_for_passwords(threads, waiting),
        bulk=Bulk(packs, concurrency.receiving_here),
        overtaking=WaitingRoom(max(1, threads // 4), max(1, threads * 3 // 16), threads=waiting),
        # Each has a thread for as long as its reader takes.
        archives=WaitingRoom(settings.archives_at_once, settings.archives_at_once, TOO_MANY_ARCHIVES, waiting),
        # No receiver takes all of them, and none of those that owners have.
        shares=WaitingRoom(settings.archives_at_once, max(1, settings.archives_at_once // 2), TOO_MANY_SHARES, waiting),
        pictures=WaitingRoom(max(1, threads // 4), max(1, threads // 4), TOO_MANY_PICTURES, waiting),
    )
