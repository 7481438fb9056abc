"""Who does something, where it is all the same who."""

from __future__ import annotations

from app.core.actors import Actor, ActorKind

OWNER = Actor(ActorKind.OWNER, "192.0.2.1", "header")
