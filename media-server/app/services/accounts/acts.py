"""What owners and others do: a line in the log for each act of an owner, and a row in the audit.

What the catalogue does for somebody it notes in the audit by itself, in the transaction that does it (``storage/sql``); of such an
act only the line is written here (``note``). All other acts are noted by ``Acts``, directly after they were done.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import UploadError
from app.core.ports.audit import AuditStore
from app.core.ports.guards import Clock
from app.services.operations.observer import shortened

log = logging.getLogger("droppr.owner")

CONTINUED_SECONDS = 3600.0
"""What goes on within so many seconds is one act, such as a download in parts."""
_MAX_REMEMBERED = 4096
_LINES = {
    Act.ENDPOINT_CHANGED: "endpoint changed",
    Act.ENDPOINT_MADE: "endpoint made",
    Act.ENDPOINT_REMOVED: "endpoint removed",
    Act.ENDPOINT_SECRET_RENEWED: "endpoint has a new secret",
    Act.ENTITY_FORGOTTEN: "entity forgotten",
    Act.FILE_REMOVED: "file removed from the bin",
    Act.LINK_SENT: "link sent",
    Act.LOGGED_IN: "owner logged in",
    Act.LOGGED_OUT: "owner logged out",
    Act.MESSAGE_ASKED_AGAIN: "message to be sent again",
    Act.PEOPLE_REMINDED: "people reminded",
    Act.TEMPLATE_MADE: "template made",
    Act.TEMPLATE_CHANGED: "template changed",
    Act.TEMPLATE_REMOVED: "template removed",
    Act.TEST_SENT: "test message",
    Act.SETTINGS_CHANGED: "settings changed",
    Act.AUDIT_ERASED: "names erased in the audit",
    Act.AUDIT_EXPORTED: "audit exported",
}
"""Acts that have a line in the log."""


def note(actor: Actor, act: str, link: str | None = None, upload: str | None = None, **facts: object) -> None:
    """Say in the log what ``actor`` has just done, from where and by which way: ``link`` is a hash, ``upload`` an id.

    All such lines have one shape, that of wrong tokens, and nothing in them opens anything.
    """
    named = {name: shortened(value) for name, value in (("link", link), ("upload", upload)) if value is not None}
    who = {"actor": str(actor), "address": actor.address, "way": actor.way}
    log.info(act, extra={**who, **named, **facts})


class Acts:
    """Notes acts. Where that cannot be written down, the act counts all the same, and the log says so."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._lately: OrderedDict[tuple[str, ...], float] = OrderedDict()
        """What was noted lately that may go on."""

    def note(
        self,
        actor: Actor,
        act: Act,
        link: str | None = None,
        upload: str | None = None,
        kept: Mapping[str, Any] | None = None,
        **facts: Any,
    ) -> None:
        """Note what ``actor`` has just done; ``kept`` stands in the audit alone, such as to whom something was sent."""
        if act in _LINES:
            note(actor, _LINES[act], link, upload, **facts)
        self.keep(actor, act, link, upload, **facts, **(kept or {}))

    def keep(self, actor: Actor, act: Act, link: str | None = None, upload: str | None = None, **facts: Any) -> None:
        """The same, in the audit alone."""
        self._add(AuditRow(self._clock(), actor, act, link, upload, facts))

    def note_begun(
        self, actor: Actor, act: Act, link: str | None = None, upload: str | None = None, **facts: Any
    ) -> None:
        """The same of what begins now, and may go on."""
        row = AuditRow(self._clock(), actor, act, link, upload, facts)
        self._goes_on(row)
        self._add(row, 0.0)

    def note_once(
        self, actor: Actor, act: Act, link: str | None = None, upload: str | None = None, **facts: Any
    ) -> None:
        """The same of what may be going on: within an hour one row tells it, in whichever processes it goes on."""
        row = AuditRow(self._clock(), actor, act, link, upload, facts)
        if not self._goes_on(row):
            self._add(row, CONTINUED_SECONDS)

    def note_stranger(self, actor: Actor, act: Act, **facts: Any) -> None:
        """The same of somebody who has no rights here: nothing is written on a full disk."""
        self._add(AuditRow(self._clock(), actor, act, facts=facts), urgent=False)

    def _goes_on(self, row: AuditRow) -> bool:
        key = (
            str(row.actor),
            row.actor.address,
            row.actor.way,
            row.act,
            row.link or "",
            row.upload or "",
            repr(row.facts),
        )
        with self._lock:
            before = self._lately.get(key)
            if before is not None and 0 <= row.at - before < CONTINUED_SECONDS:
                return True
            self._lately.pop(key, None)
            self._lately[key] = row.at
            if len(self._lately) > _MAX_REMEMBERED:
                self._lately.popitem(last=False)
            return False

    def _add(self, row: AuditRow, unless_within: float | None = None, *, urgent: bool = True) -> None:
        try:
            self._store.add(row, unless_within, urgent=urgent)
        except UploadError as error:
            log.error("an act is not in the audit", extra={"act": str(row.act), "code": error.code})
