"""Received files that get other names."""

from __future__ import annotations

from typing import Protocol

from app.core.actors import Actor
from app.core.links import ReceivedFile
from app.core.ports.inbox import Delivery


class RenameStore(Protocol):
    """What ledgers note of new names, in two steps, so that the file is found whatever dies between. Errors, durability and locks are those of
    ``RequestStore``."""

    def begin(self, hash: str, upload_id: str, path: str, by: Actor) -> ReceivedFile | None:
        """Note that a received file is called ``path`` from now on, while it still lies where it lay; what readers are told of that
        (``Event.about``) names both. The file as it is then; None, and nothing changes, where it is not received."""
        ...

    def moved(self, hash: str, upload_id: str, before: str, delivery: Delivery) -> bool:
        """Note where it lies now; false, and nothing changes, where it no longer lay at the disk path ``before``."""
        ...
