"""Second factors, as the catalogue keeps them."""

from __future__ import annotations

from typing import Protocol

from app.core.actors import Actor
from app.core.second_factor import SecondFactor


class SecondFactorStore(Protocol):
    """What is done stands in the audit with it. Safe from any number of threads and processes; raises Busy, StorageFull."""

    def find(self, account: str) -> SecondFactor | None:
        """What is kept of an account's, whether it is on or only begun."""
        ...

    def begin(self, account: str, secret: str) -> None:
        """Keep one that is not on yet, in place of another such. Raises AccountNotFound, SecondFactorOn."""
        ...

    def confirm(self, account: str, secret: str, step: int, recovery: tuple[str, ...], by: Actor) -> bool:
        """Switch on the one with this secret, durably. False where it is another one by now, or on already."""
        ...

    def use_step(self, account: str, step: int) -> bool:
        """Whether a code of this step counts: once, and none of an earlier step after it. Durable before it returns."""
        ...

    def use_recovery(self, account: str, digest: str, by: Actor) -> bool:
        """Whether this recovery code counts: once. Durable before it returns."""
        ...

    def remove(self, account: str, by: Actor) -> bool:
        """Switch it off, durably. False where there is none."""
        ...
