"""The door: how a request proves that nginx passed it on.

What comes by the unix socket may name files that stand for bodies, and the addresses and schemes of others. So the socket
alone proves nothing: nginx also sends a secret that lies beside it, in a file which is nginx's configuration as it
stands. Whichever side starts first makes it, and either may start again alone.
"""

from __future__ import annotations

import hmac
import logging
import re
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.storage.disk.secret_file import load_or_create

KEY_FILE = "door.key"
_HEADER = "HTTP_X_DROPPR_DOOR"
_FOUND = "droppr.came_by_nginx"
_FORM = "default {};"
"""A line of a map of nginx's; scripts/render-nginx-conf writes the same."""
_KEY = re.compile(r"default ([A-Za-z0-9_-]{32,128});")
_COMPLAIN_SECONDS = 60.0

log = logging.getLogger("droppr.web")


def came_by_nginx(environ: dict[str, Any], settings: Settings) -> bool:
    """Whether nginx passed this request on: only then is it believed about bodies, addresses and schemes."""
    found: bool | None = environ.get(_FOUND)
    if found is None:
        # Taken out, so that it gets into no log and no reply.
        sent = environ.pop(_HEADER, "")
        by_socket = settings.unix_socket is not None and not environ.get("REMOTE_ADDR")
        found = environ[_FOUND] = bool(sent) and by_socket and door(settings).admits(sent)
    return found


def door(settings: Settings) -> Door:
    """The door of this server, whose key is made where there is none. There has to be a unix socket."""
    assert settings.unix_socket is not None
    return _door(settings.unix_socket)


@cache
def _door(unix_socket: Path) -> Door:
    # Asked for with every request: names are put together once.
    return Door(unix_socket.absolute().with_name(KEY_FILE))


class Door:
    """A door with the key in ``path``. Raises Busy or StorageFull where none can be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = b""
        self._complained = 0.0
        self._lock = threading.Lock()
        self._read()

    def admits(self, sent: str) -> bool:
        """Whether ``sent`` is the key; takes the same time whatever it is. What differs may be a key made since."""
        given = sent.encode(errors="replace")
        if hmac.compare_digest(given, self._key):
            return True
        with self._lock:
            self._read()
        if hmac.compare_digest(given, self._key):
            return True
        self._complain()
        return False

    def _read(self) -> None:
        match = _KEY.fullmatch(load_or_create(self._path, _FORM)[0])
        self._key = match[1].encode() if match else b""

    def _complain(self) -> None:
        now = time.monotonic()
        if now - self._complained > _COMPLAIN_SECONDS or not self._complained:
            self._complained = now
            log.error("nginx sends another secret than the one beside the socket: reload nginx")
