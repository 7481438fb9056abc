"""Rules: who is told by mail, and how soon."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.brand import NO_BRAND, Brand
from app.core.messages import Pace
from app.core.quiet import QuietHours
from app.core.terms import Terms


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is told by mail, and how soon. Without ``mail`` nobody is: the server has none."""

    mail: bool
    notify: tuple[str, ...]
    """Who is told of links that name nobody."""
    mail_pace: Pace
    hook_pace: Pace
    quiet: QuietHours | None = None
    brand: Brand = NO_BRAND

    def told(self, terms: Terms) -> tuple[str, ...]:
        """Whose owners' mail it is."""
        named = self.notify if terms.notify is None else terms.notify
        return named if self.mail else ()
