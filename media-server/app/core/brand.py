"""Who asks: what an installation says of itself to senders, where a link says nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.terms import Terms


@dataclass(frozen=True, slots=True)
class Brand:
    """A name and a colour, each empty where there is none."""

    name: str = ""
    accent: str = ""

    def asker(self, terms: Terms) -> str:
        """Who asks by a link with these terms."""
        return terms.asker or self.name

    def accent_of(self, terms: Terms) -> str:
        return terms.accent or self.accent


NO_BRAND = Brand()
