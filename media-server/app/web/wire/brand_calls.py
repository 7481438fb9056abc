"""The calls about logos and readable addresses, declared once."""

from __future__ import annotations

from typing import Any

from app.web.wire.declaring import BYTES, HTML, Call, Group, Who
from app.web.wire.link_views import OwnerLink


def brand_calls(link: str, content: dict[str, Any]) -> tuple[Call, ...]:
    """Those below a ``link``, and those that stand alone."""
    return (
        Call(
            ("PUT",),
            f"{link}/logo",
            Group.LINKS,
            Who.OWNER,
            "Give the link a logo of its own: a PNG, JPEG, WebP or SVG picture of up to 256 KiB.",
            OwnerLink,
            body=content,
            takes=BYTES,
        ),
        Call(("DELETE",), f"{link}/logo", Group.LINKS, Who.OWNER, "Show the server's logo again.", OwnerLink),
        Call(
            ("GET",),
            "/logo/{hash}/{digest}",
            Group.PAGES,
            Who.ANYONE,
            "The link's own logo, whose SHA-256 is in the address.",
            content,
            answers="image/*",
        ),
        Call(("GET",), "/logo", Group.PAGES, Who.ANYONE, "The owner's logo.", content, answers="image/*"),
        Call(
            ("GET",),
            "/to/{alias}",
            Group.PAGES,
            Who.ANYONE,
            "Leads to the page of the link with this readable address.",
            {"type": "string"},
            status=302,
            answers=HTML,
        ),
    )
