"""HeadReader on libmagic."""

from __future__ import annotations

import re
import threading

import pylibmagic  # noqa: F401  brings the library and its database along and tells python-magic where they are

# isort: split
import magic

_UNKNOWN = "application/octet-stream"
# What makes a browser read unlabelled bytes as a page (https://mimesniff.spec.whatwg.org, section 7.1).
_MARKUP = re.compile(
    rb"[\t\n\f\r ]*(?:\xef\xbb\xbf)?[\t\n\f\r ]*<(?:!doctype html|!--|html|head|script|iframe|h1|div|font|table|a|style"
    rb"|title|b|body|br|p)[\t\n\f\r >-]",
    re.IGNORECASE,
)


class LibMagic:
    """Tells MIME types. One libmagic handle for each thread, since a handle is not safe to share."""

    def __init__(self) -> None:
        self._local = threading.local()

    def mime(self, head: bytes) -> str:
        handle = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._local.handle = magic.Magic(mime=True)
        found = str(handle.from_buffer(head))
        if found == _UNKNOWN and _MARKUP.match(head):
            # libmagic takes a page for one only where all of it is text; a browser looks at its start.
            return "text/html"
        return found
