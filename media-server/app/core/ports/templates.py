"""Templates of links."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from app.core.templates import Template


class TemplateStore(Protocol):
    """What the catalogue keeps of templates. Safe from any number of threads and processes; raises Busy, and where it writes StorageFull."""

    def all(self, owners: Collection[str] | None = None) -> list[Template]:
        """Those of these owners, or of all, by name."""
        ...

    def find(self, id: str) -> Template | None:
        """Any text may be asked for."""
        ...

    def add(self, template: Template) -> None:
        """Keep a new one, durably. Raises InvalidRequest where its owner has one of that name, or very many."""
        ...

    def rename(self, id: str, name: str) -> None:
        """Durably; nothing happens where there is none. Raises InvalidRequest where its owner has one of that name."""
        ...

    def remove(self, id: str) -> None:
        """Durably; nothing happens where there is none."""
        ...
