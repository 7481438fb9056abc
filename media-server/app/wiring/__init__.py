"""The only place where concrete classes are chosen: a module for each subject, composed here."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial

from app.core.actors import Actor, ActorKind
from app.core.audit import Act
from app.core.ports.guards import Clock
from app.current import CurrentSettings
from app.jobs import run_logged, start_leader, start_pulse
from app.services.accounts.owner import Owner
from app.services.event_readers import EventReaders
from app.services.operations.notes import tell
from app.services.operations.setting_changes import SettingChanges
from app.settings import Settings
from app.storage.disk.spool_log import tidy
from app.wiring.accounts import Accounts, build_accounts
from app.wiring.audit import Audits, build_audit
from app.wiring.entities import Entities, build_entities
from app.wiring.forwarding import Forwarding, build_forwarding
from app.wiring.ground import Ground, build_ground
from app.wiring.links import Links, build_links
from app.wiring.messages import Messages, build_messages
from app.wiring.operations import Operations, build_operations, build_owner
from app.wiring.readers import build_readers
from app.wiring.received import Received, build_received
from app.wiring.receiving import Receiving, build_receiving
from app.wiring.remotes import build_remotes
from app.wiring.senders import Senders, build_senders
from app.wiring.settings import build_changes
from app.wiring.stores import PURGE, MakeStores, chosen_stores

THE_PURGE = Actor(ActorKind.SERVICE, name="purge")


@dataclass(slots=True)
class Services:
    """Everything a view, a command or a job may call."""

    settings: Settings
    """Those that count now: ``current`` puts others here. An attribute, as every chunk asks for some of them."""
    ground: Ground
    links: Links
    receiving: Receiving
    received: Received
    senders: Senders
    forwarding: Forwarding
    entities: Entities
    messages: Messages
    readers: EventReaders
    operations: Operations
    owner: Owner
    accounts: Accounts
    audit: Audits
    changes: SettingChanges

    @property
    def current(self) -> CurrentSettings:
        return self.ground.current

    @property
    def shows_logo(self) -> bool:
        return self.settings.logo is not None or self.current.logo is not None

    def start_background(self) -> None:
        """Keep limits and figures fresh, and take part in the election of the one process that runs the scheduler."""
        bounds = self.ground.bounds
        start_pulse(
            (1.0, bounds.concurrency.sweep),
            (1.0, self.ground.current.look),
            (1.0, self.entities.look_for_arriving),
            (5.0, bounds.memory.sample),
            (60.0, self.entities.rest),
            (3600.0, self.received.looks.tidy),
            (3600.0, partial(tidy, self.settings.unix_socket, self.settings.data_dir, self.ground.clock)),
            (60.0, self.audit.failed.tell),
        )
        if self.settings.store is not None:
            # In a thread of its own, as the store may take its time.
            telling = partial(run_logged, lambda: tell(self.ground.stores.notes()))
            threading.Thread(target=telling, name="notes", daemon=True).start()
        self.forwarding.worker.start()
        self.readers.start()
        self.entities.start()
        self.messages.worker.start()
        start_leader(
            self.ground.stores.leader(PURGE),
            self.settings.cleanup_cron,
            sweep=self.sweep,
            catch_up=self.receiving.digests.hash_missing,
        )

    def problems(self) -> list[str]:
        """What keeps uploads from working now, a sentence for the owner each; empty when all is well."""
        return self.ground.problems()

    def sweep(self, by: Actor = THE_PURGE) -> int:
        """The nightly purge, or one that somebody asked for; returns how many uploads were removed."""
        self.senders.handoffs.purge()
        self.accounts.people.prune()
        self.accounts.keys.prune()
        self.readers.catch_up()
        self.readers.prune(self.ground.clock())
        deleted, emptied = self.received.retention.sweep(), self.received.bin.purge()
        removed, pruned = self.receiving.uploads.sweep(), self.audit.log.prune()
        self.ground.acts.keep(
            by,
            Act.PURGE_RAN,
            uploads_removed=removed,
            files_deleted=deleted,
            removed_from_bin=emptied,
            audit_rows_removed=pruned,
        )
        return removed


def build(settings: Settings, clock: Clock = time.time, make_stores: MakeStores = chosen_stores) -> Services:
    """The services for these settings, on the stores that they choose unless told otherwise. Makes the data folders. Raises
    UnusableDataFolder."""
    ground = build_ground(settings, clock, make_stores)
    remotes = build_remotes(settings, ground.stores.remote_locks)
    links = build_links(ground, settings, remotes)
    receiving = build_receiving(ground, settings, links.file_requests)
    received = build_received(ground, settings, links)
    forwarding = build_forwarding(ground, settings, remotes)
    entities = build_entities(ground, settings, links.file_requests, received.bin)
    senders = build_senders(ground, settings, receiving, links.file_requests)
    messages = build_messages(ground, settings, senders.receipts)
    audit = build_audit(ground)
    services = Services(
        settings=ground.current(),
        ground=ground,
        links=links,
        receiving=receiving,
        received=received,
        senders=senders,
        forwarding=forwarding,
        entities=entities,
        messages=messages,
        readers=build_readers(ground, links, receiving, received, entities.reader, messages.reader),
        operations=build_operations(ground, settings, receiving.room, received, forwarding),
        owner=build_owner(ground, settings, audit.failed),
        accounts=build_accounts(ground, settings, links.hasher, audit.failed),
        audit=audit,
        changes=build_changes(ground),
    )
    ground.current.follow(partial(setattr, services, "settings"))
    return services
