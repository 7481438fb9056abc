"""What kind of picture a file holds, by its first bytes."""

from __future__ import annotations

import re

_SVG = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]", re.DOTALL)


def image_type(head: bytes) -> str | None:
    """The MIME type of a PNG, JPEG, WebP or SVG picture, None for anything else. ``head`` is its first 4 KiB."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/svg+xml" if _SVG.match(head.removeprefix(b"\xef\xbb\xbf")) else None
