"""Remotes: the one of each target, with its circuit breaker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from app.core.errors import DestinationNotReady
from app.core.ports.remotes import Remote
from app.core.remotes import RemoteTarget, RemoteTrouble, TargetKind
from app.services.circuit_breaker import CircuitBreaker

Maker = Callable[[RemoteTarget], Remote]


class Remotes:
    """Makes remotes on first need and keeps them, so that their connections are used again."""

    def __init__(self, makers: Mapping[TargetKind, Maker], allow_session: Callable[[str], None]) -> None:
        self._makers = makers
        self._allow_session = allow_session
        self._lock = threading.Lock()
        self._made: dict[RemoteTarget, Remote] = {}
        self._breakers: dict[tuple[str, str], CircuitBreaker] = {}

    def of(self, target: RemoteTarget) -> Remote:
        with self._lock:
            if target not in self._made:
                self._made[target] = self._makers[target.kind](target)
            return self._made[target]

    def breaker(self, target: RemoteTarget) -> CircuitBreaker:
        with self._lock:
            return self._breakers.setdefault(target.remote, CircuitBreaker())

    def check(self, target: RemoteTarget) -> None:
        """Raises DestinationNotReady where this server lacks what it takes to pass files on there."""
        try:
            self.of(target).check()
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
