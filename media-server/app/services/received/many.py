"""Many: several files deleted or restored by one call, each with its own outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.actors import Actor
from app.core.errors import UploadError
from app.core.links import ReceivedFile
from app.core.ports.catalogue import RequestStore
from app.services.received.bin import Bin

MOST_SECONDS = 5.0
"""Seconds after which a call begins no further one: each waits for the disk."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcomes(Generic[T]):
    """What became of each upload's file, in the order asked for, as far as the call came; ``left`` are those that it did not come to."""

    done: list[tuple[str, T | UploadError]]
    left: int


class Many:
    """One after the other by ``Bin``. What cannot be done is told, and undoes nothing of the rest."""

    def __init__(self, *, requests: RequestStore, bin: Bin, seconds: float = MOST_SECONDS) -> None:
        self._requests = requests
        self._bin = bin
        self._seconds = seconds

    def delete(self, hash: str, upload_ids: Sequence[str], actor: Actor) -> Outcomes[float | None]:
        """The time until which each can be restored, or why it is not deleted. Raises RequestNotFound."""
        return self._each(hash, upload_ids, lambda upload_id: self._bin.delete(hash, upload_id, actor))

    def restore(self, hash: str, upload_ids: Sequence[str], actor: Actor) -> Outcomes[ReceivedFile]:
        """Each file as it is now, or why it is not restored. Raises RequestNotFound."""
        return self._each(hash, upload_ids, lambda upload_id: self._bin.restore(hash, upload_id, actor))

    def _each(self, hash: str, upload_ids: Sequence[str], do: Callable[[str], T]) -> Outcomes[T]:
        self._requests.load(hash)
        wanted = list(dict.fromkeys(upload_ids))
        done: list[tuple[str, T | UploadError]] = []
        until = time.monotonic() + self._seconds
        for upload_id in wanted:
            if done and time.monotonic() > until:
                break
            try:
                done.append((upload_id, do(upload_id)))
            except UploadError as error:
                done.append((upload_id, error))
        return Outcomes(done, len(wanted) - len(done))
