"""The part of the wiring that is about who did what."""

from __future__ import annotations

import getpass
import os
import time
from dataclasses import dataclass
from typing import Any

from app.core.actors import Actor, ActorKind
from app.core.audit import Act
from app.services.accounts.acts import Acts
from app.services.accounts.audit import Audit
from app.services.accounts.failed_log_ins import FailedLogIns
from app.settings import Settings
from app.storage.sql.audit import SQLAudit
from app.storage.sql.takeover import open_catalogue
from app.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Audits:
    """What was done, how it is noted, and log-ins that failed."""

    acts: Acts
    log: Audit
    failed: FailedLogIns


def build_audit(ground: Ground) -> Audits:
    store = SQLAudit(ground.catalogue)
    return Audits(
        ground.acts,
        Audit(store=store, acts=ground.acts, clock=ground.clock, days=lambda: ground.current().audit_days),
        FailedLogIns(ground.acts, ground.attempts, ground.clock),
    )


def at_the_keyboard() -> Actor:
    """Whoever runs a command on this machine, by the name that it has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # One who is in no list of users.
        name = str(os.getuid())
    return Actor(ActorKind.OWNER, way="command", name=name)


def note_command(settings: Settings, act: Act, **facts: Any) -> None:
    """Note what a command has done, which uses nothing else of the services. Raises UnusableDataFolder, Busy, StorageFull."""
    catalogue = open_catalogue(settings.data_dir, settings.database_url)
    Acts(SQLAudit(catalogue), time.time).keep(at_the_keyboard(), act, **facts)
    catalogue.sync()
    catalogue.close()
