"""Settings that owners change while the server runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T", covariant=True)

Current = Callable[[], T]
"""What is so now, asked for each time it is needed: it may be something else a moment later. Asking costs a call, and never a
look at a disk or a database."""


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """What owners have set: by the names of settings, texts as the environment would have them."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    logo: bytes | None = field(default=None, repr=False)
    version: int = 0
    """Another one after each change."""


class SettingsStore(Protocol):
    """One truth for all processes of an installation, on however many machines. Raises Busy; writes StorageFull, too."""

    def version(self) -> int:
        """That of what is kept, which every process asks for each second."""
        ...

    def load(self) -> KeptSettings: ...

    def change(self, change: Callable[[KeptSettings], KeptSettings]) -> KeptSettings:
        """Durably replace what is kept by ``change`` of it, a pure function that runs with it locked; what it raises leaves all as it
        was. The version is given here."""
        ...
