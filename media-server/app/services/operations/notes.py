"""Notes: what the owner should know although everything works."""

from __future__ import annotations

from collections.abc import Callable

from app.core.ports.shared import LastSeen

ONE_CONNECTION = frozenset({"h2", "h3"})
"""What browsers call HTTP/2 and 3, over which they send all chunks by one connection (ALPN's names)."""
_LAPSE_SECONDS = 24 * 3600.0
"""Seconds after which what was seen no more is told no more."""
_HTTP2 = (
    "Senders' browsers say that they reach this server by HTTP/2 or 3, where all chunks share one connection: uploads are faster over HTTP/1.1, "
    "so have the proxy in front offer that alone (nginx: `listen 443 ssl` without `http2`; Caddy: `protocols h1`)."
)
_UNSAFE = (
    "Texts in files are not indexed: this machine does not let a process give up its rights by seccomp, which is needed on Linux on x86-64 or "
    "ARM64. Switch `search` of links off, or run Droppr where it is."
)


class Notes:
    """What is told here comes from strangers in part: it is for people to read, and nothing behaves by it."""

    def __init__(
        self, one_connection: LastSeen, unsafe: LastSeen, lacking: Callable[[], str | None] = lambda: None
    ) -> None:
        """``one_connection`` remembers that a browser came by HTTP/2 or 3, ``unsafe`` that the text of a file could not be read
        safely on this machine; ``lacking`` says what a setting needs and this machine has not."""
        self._lacking = lacking
        self._noted = ((one_connection, _HTTP2), (unsafe, _UNSAFE))
        self._one_connection = one_connection

    def came_by(self, protocol: str) -> None:
        """A sender's browser says by which protocol it came, in ALPN's words; anything else means nothing."""
        if protocol in ONE_CONNECTION:
            self._one_connection.note()

    def sentences(self) -> list[str]:
        """One for each thing; mostly none."""
        found = [sentence for seen, sentence in self._noted if seen.seconds_ago() < _LAPSE_SECONDS]
        lacking = self._lacking()
        return found if lacking is None else [*found, lacking]
