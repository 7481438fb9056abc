"""The part of the wiring that tells how the server is, and who may ask."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from app.core.errors import UploadError
from app.services.accounts.failed_log_ins import FailedLogIns
from app.services.accounts.owner import Owner
from app.services.accounts.owner_token import FILE_NAME, looks_made
from app.services.operations.notes import InBackground, Note, Notes, missing_parts
from app.services.operations.server_figures import ServerFigures
from app.services.receiving.room import Room
from app.settings import Settings
from app.storage.disk.last_seen import LocalLastSeen
from app.storage.sql.documents import SQLDocumentLists
from app.storage.text.scans import missing
from app.wiring.bounds import RUN_FOLDER
from app.wiring.entities import UNSAFE
from app.wiring.extras import has_extra
from app.wiring.forwarding import Forwarding
from app.wiring.ground import Ground
from app.wiring.received import Received

LOOK_EVERY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Operations:
    """What is told of the server."""

    figures: ServerFigures
    notes: Notes


def build_operations(
    ground: Ground, settings: Settings, room: Room, received: Received, forwarding: Forwarding
) -> Operations:
    """What is told of the server, each part by who knows it."""

    def destinations() -> Mapping[str, Any]:
        chunks, circuits = forwarding.processor.figures(), forwarding.remotes.states()
        return {**forwarding.outbox.figures(), "chunks": chunks, "circuits": circuits}

    run = settings.data_dir / RUN_FOLDER
    notes = Notes(
        LocalLastSeen(run / "one-connection", ground.clock),
        LocalLastSeen(run / UNSAFE, ground.clock),
        _lacking(settings, SQLDocumentLists(ground.catalogue), ground.stores.notes),
    )
    figures = ServerFigures(
        store=ground.stores.uploads,
        concurrency=ground.bounds.concurrency,
        memory=ground.bounds.memory,
        clock=ground.clock,
        chunk_size=settings.chunk_size,
        max_parallel_chunks=settings.max_parallel_chunks,
        notes=notes.all,
        parts={
            "disk": lambda: {**room.figures(), **received.disk_use.figures()},
            "buffer_pool": lambda: asdict(forwarding.buffers.figures()),
            "destinations": destinations,
        },
    )
    return Operations(figures, notes)


def _lacking(
    settings: Settings, lists: SQLDocumentLists, of_stores: Callable[[], Sequence[Note]]
) -> Callable[[], Sequence[Note]]:
    """What is missing for what is switched on, and what the stores note. Both are looked up now and then, whoever asks however often."""

    def is_searched() -> bool:
        try:
            return bool(lists.entities(1))
        except UploadError:  # Whether the database can be reached is another question, which is asked before.
            return False

    @lru_cache(1)
    def looked_up(_: int) -> tuple[Note, ...]:
        scans = missing(settings.search_ocr) if settings.search_ocr else None
        parts = missing_parts(
            # There are pictures unless they are switched off; whoever has set how many wants them.
            previews="previews_mb" in settings.model_fields_set and settings.previews_mb > 0,
            searched=is_searched(),
            has_extra=has_extra,
            has_ffmpeg=shutil.which("ffmpeg") is not None,
        )
        return (*parts, *([] if scans is None else [Note("scans_missing", scans)]))

    # A store may take its time, for which nobody who asks whether the server is ready shall wait.
    stores = InBackground(of_stores, LOOK_EVERY_SECONDS)
    return lambda: (*looked_up(int(time.monotonic() / LOOK_EVERY_SECONDS)), *stores())


def build_owner(ground: Ground, settings: Settings, failed: FailedLogIns) -> Owner:
    """Whoever has the token of the settings, or the one that is made on first start."""
    token = settings.admin_token or ground.stores.secrets.get(FILE_NAME)
    return Owner(
        token=token,
        made=settings.admin_token is None and looks_made(token),
        secret=ground.stores.secrets.get("session_key"),
        attempts=ground.attempts,
        clock=ground.clock,
        failed=failed.note,
    )
