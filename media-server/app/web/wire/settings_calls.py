"""The calls about settings, a part of the table of calls."""

from __future__ import annotations

from typing import Any

from app.web.wire import settings_views
from app.web.wire.declaring import BYTES, HTML, Call, Group, Who


def settings_calls(content: dict[str, Any]) -> tuple[Call, ...]:
    """``content`` is what bytes are declared as."""
    reply = settings_views.SettingsReply
    return (
        Call(("GET",), "/api/settings", Group.SETTINGS, Who.OWNER, "What can be set while the server runs.", reply),
        Call(
            ("PATCH",),
            "/api/settings",
            Group.SETTINGS,
            Who.OWNER,
            "Change what the body names, all of it or nothing.",
            reply,
            body=settings_views.SettingsBody,
        ),
        Call(
            ("PUT",),
            "/api/settings/logo",
            Group.SETTINGS,
            Who.OWNER,
            "Show senders a picture: a PNG, JPEG, WebP or SVG of up to 256 KiB.",
            reply,
            body=content,
            takes=BYTES,
        ),
        Call(("DELETE",), "/api/settings/logo", Group.SETTINGS, Who.OWNER, "Show the picture no more.", reply),
        Call(
            ("POST",),
            "/api/settings/test-mail",
            Group.SETTINGS,
            Who.OWNER,
            "Hand a test to a mail server, which need not be kept yet.",
            settings_views.TestedMail,
            body=settings_views.MailTestBody,
        ),
        Call(
            ("GET",),
            "/admin/settings",
            Group.PAGES,
            Who.ANYONE,
            "The page of settings.",
            {"type": "string"},
            answers=HTML,
        ),
    )
