"""The part of the wiring that is about looking at received files."""

from __future__ import annotations

import os
import shutil
from functools import partial
from math import inf

from app.core.ports.local_copies import LocalCopies
from app.core.ports.pictures import PictureMaker
from app.services.received.looks import Looks
from app.settings import MIB, SPOOL, Settings
from app.storage.disk.data_folder import PREVIEWS
from app.storage.disk.disk_space import DiskSpace
from app.storage.disk.local_copies import SpooledCopies
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.pictures.maker import ConfinedMaker, NoMaker
from app.storage.pictures.store import LocalPictures
from app.wiring.bounds import RUN_FOLDER
from app.wiring.extras import check_extra
from app.wiring.ground import Ground, floors_of

EXTRA = "previews"
AT_ONCE = max(1, min(2, len(os.sched_getaffinity(0))))
"""Pictures that all processes together make at once; each may take up to a GiB of memory."""


NODE_SECONDS = 86_400.0
"""How long one of many nodes keeps a picture that nobody asks for."""


def copies_of(settings: Settings) -> LocalCopies:
    """Files that lie in a bucket, on this machine for as long as somebody needs them there."""
    disk, floors = DiskSpace(settings.data_dir), floors_of(settings)
    return SpooledCopies(settings.data_dir / SPOOL, lambda: floors.for_openings(disk())[0])


def build_looks(ground: Ground, settings: Settings) -> Looks:
    """Nothing is loaded here that draws: that is done by processes of their own."""
    data, floors = settings.data_dir, floors_of(settings)
    disk = DiskSpace(data)
    maker: PictureMaker = NoMaker()
    if settings.previews_mb:
        maker = ConfinedMaker(partial(check_extra, EXTRA), partial(shutil.which, "ffmpeg"))
    store = LocalPictures(
        data / PREVIEWS,
        settings.previews_mb * MIB,
        ground.clock,
        processes=settings.workers,
        has_room=lambda: min(floors.for_openings(disk())) > 0,
        # Of files that are deleted the node hears that leads then, and no other.
        longest_seconds=inf if settings.store is None else NODE_SECONDS,
    )
    return Looks(
        requests=ground.requests,
        inbox=ground.stores.inbox,
        copies=copies_of(settings),
        maker=maker,
        store=store,
        locks=ground.locks,
        turns=LocalNamedLocks(data / RUN_FOLDER / "pictures.turn"),
        most_at_once=AT_ONCE,
        waiting=ground.bounds.pictures,
    )
