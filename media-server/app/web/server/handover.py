"""Bodies that nginx has already received: it hands over a file in place of the bytes.

A slow sender then waits on nginx, which can wait for thousands, and never on a Python thread; and the kernel copies from
nginx's file into the growing one. The header that names the file is believed only where nginx itself sent it
(``app.web.server.door``), and only for a plain file of our own directly in the spool folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core.errors import Busy
from app.core.ports.bodies import Body
from app.settings import SPOOL, Settings
from app.storage.disk.bodies import SpooledBody
from app.web.server.door import came_by_nginx

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


def is_handed_over(environ: dict[str, Any], settings: Settings) -> bool:
    """Whether nginx names a file in place of this request's body."""
    return bool(environ.get("HTTP_X_BODY_FILE")) and came_by_nginx(environ, settings)


@contextmanager
def chunk_body(environ: dict[str, Any], settings: Settings) -> Iterator[tuple[Body, int | None]]:
    """The body of this request and its length, None where only its end will tell."""
    if not is_handed_over(environ, settings):
        length = environ.get("CONTENT_LENGTH", "")
        yield environ["wsgi.input"], int(length) if length.isdecimal() else None
        return
    descriptor = _opened(settings, os.path.basename(environ["HTTP_X_BODY_FILE"]))
    try:
        size = os.fstat(descriptor).st_size
        yield SpooledBody(descriptor, size), size
    finally:
        os.close(descriptor)


def _opened(settings: Settings, name: str) -> int:
    """The handed over file, open. Raises Busy: a file that is not as it should be is sent again."""
    try:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(name)
        folder = os.open(settings.data_dir / SPOOL, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Busy("nginx handed over a file that is not there. Send the chunk again.") from error
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise Busy("nginx handed over a file that is not its own. Send the chunk again.")
