"""The part of the wiring that is about what becomes of received files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from app.core.ports.bins import BinStore
from app.core.ports.file_lists import CopyLists, FileLists
from app.services.received.archives import Archives
from app.services.received.bin import Bin
from app.services.received.disk_use import DiskUse
from app.services.received.looks import Looks
from app.services.received.many import Many
from app.services.received.renames import Renames
from app.services.received.retention import Retention
from app.services.received.selections import Selections
from app.services.received.shares import Shares
from app.settings import SPOOL, Settings
from app.storage.disk.scratch import LocalScratch
from app.storage.sql.bin import SQLBin
from app.storage.sql.codes import SQLHandoffs
from app.storage.sql.copies import SQLCopies
from app.storage.sql.file_lists import SQLFileLists
from app.storage.sql.renames import SQLRenames
from app.storage.sql.shares import SQLShares
from app.wiring.ground import Ground, is_durable
from app.wiring.links import Links
from app.wiring.looks import build_looks


@dataclass(frozen=True, slots=True)
class Received:
    """What becomes of received files."""

    lists: FileLists
    copies: CopyLists
    archives: Archives
    selections: Selections
    bin: Bin
    many: Many
    deleted: BinStore
    retention: Retention
    disk_use: DiskUse
    looks: Looks
    shares: Shares
    renames: Renames


def build_received(ground: Ground, settings: Settings, links: Links) -> Received:
    """What takes received files away: in archives, to the bin, or after their time."""
    deleted = SQLBin(ground.catalogue, clock=ground.clock, durable=is_durable(settings), happened=ground.bell.ring)
    bin = Bin(
        requests=ground.requests,
        deleted=deleted,
        files=ground.stores.bin,
        inbox=ground.stores.inbox,
        locks=ground.locks,
        clock=ground.clock,
        seconds=lambda: ground.current().bin_hours * 3600,
        acts=ground.acts,
    )
    lists = SQLFileLists(ground.catalogue)
    archives = Archives(
        requests=ground.requests,
        lists=lists,
        inbox=ground.stores.inbox,
        scratch=partial(LocalScratch, settings.data_dir / SPOOL),
    )
    retention = Retention(
        requests=ground.requests, bin=bin, clock=ground.clock, days=lambda: ground.current().keep_days
    )
    selections = Selections(store=SQLHandoffs(ground.catalogue), requests=ground.requests, clock=ground.clock)
    return Received(
        lists=lists,
        copies=SQLCopies(ground.catalogue),
        archives=archives,
        selections=selections,
        bin=bin,
        many=Many(requests=ground.requests, bin=bin),
        deleted=deleted,
        retention=retention,
        disk_use=DiskUse(ground.requests, deleted),
        looks=build_looks(ground, settings),
        shares=_shares(ground, settings, links, lists),
        renames=_renames(ground, settings, deleted),
    )


def _renames(ground: Ground, settings: Settings, deleted: BinStore) -> Renames:
    store = SQLRenames(ground.catalogue, clock=ground.clock, durable=is_durable(settings), happened=ground.bell.ring)
    return Renames(
        requests=ground.requests,
        store=store,
        deleted=deleted,
        inbox=ground.stores.inbox,
        locks=ground.locks,
        clock=ground.clock,
    )


def _shares(ground: Ground, settings: Settings, links: Links, lists: FileLists) -> Shares:
    return Shares(
        requests=ground.requests,
        lists=lists,
        inbox=ground.stores.inbox,
        store=SQLShares(ground.catalogue, clock=ground.clock, durable=is_durable(settings)),
        access=links.access,
        hasher=links.hasher,
        clock=ground.clock,
        acts=ground.acts,
        secret=ground.stores.secrets.get("share_key"),
    )
