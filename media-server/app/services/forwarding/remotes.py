"""Remotes: the one of each place, with its circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from app.core.errors import DestinationNotReady
from app.core.ports.remotes import Remote
from app.core.remotes import Place, PlaceKind, RemoteTrouble
from app.services.circuit_breaker import CircuitBreaker

Maker = Callable[[Place], Remote]


class Remotes:
    """Makes remotes on first need and keeps them, so that their connections are used again."""

    def __init__(self, makers: Mapping[PlaceKind, Maker], allow_session: Callable[[str], None]) -> None:
        self._makers = makers
        self._allow_session = allow_session
        self._lock = threading.Lock()
        self._made: dict[Place, Remote] = {}
        self._breakers: dict[tuple[str, str], CircuitBreaker] = {}

    def of(self, place: Place) -> Remote:
        with self._lock:
            if place not in self._made:
                self._made[place] = self._makers[place.kind](place)
            return self._made[place]

    def breaker(self, place: Place) -> CircuitBreaker:
        with self._lock:
            return self._breakers.setdefault(place.remote, CircuitBreaker())

    def check(self, place: Place) -> None:
        """Raises DestinationNotReady where this server lacks what it takes to pass files on there."""
        try:
            self.of(place).check()
        except RemoteTrouble as trouble:
            raise DestinationNotReady(str(trouble)) from trouble

    def check_session(self, uri: str) -> None:
        """Raises DestinationNotReady unless files may be passed on to the Google session at ``uri``."""
        try:
            self._allow_session(uri)
        except RemoteTrouble as trouble:
            raise DestinationNotReady(str(trouble)) from trouble

    def states(self) -> dict[str, str]:
        """The breakers of this process by remote: ``closed``, ``open`` or ``half-open``."""
        with self._lock:
            return {":".join(filter(None, name)): breaker.state for name, breaker in self._breakers.items()}
