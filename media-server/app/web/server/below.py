"""Below a path: where ``DROPPR_PUBLIC_URL`` names one, every address answers below it and without it.

Proxies in front take the path off or leave it. What still has it loses it here, before anything else looks, so no other
part knows of it. What comes without may have had it: then it is the host that tells whether the caller came by the public
address. Neither is asked of ``X-Forwarded-Prefix``, which anybody can send and which says nothing that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from app.settings import Settings
from app.web.server.body import WSGIApp


def below(app: WSGIApp, settings: Settings) -> WSGIApp:
    """``app``, also below the path of the public address; itself where that has none."""
    return BelowPath(app, settings) if settings.public_path else app


class BelowPath:
    """WSGI middleware. Afterwards ``SCRIPT_NAME`` is the path as far as browsers see it: empty for those who came by
    another way."""

    def __init__(self, app: WSGIApp, settings: Settings) -> None:
        self._app = app
        self._path = settings.public_path
        # Slashes are doubled by proxies that add what they should have replaced.
        written = "".join(f"/+{re.escape(part)}" for part in self._path.split("/")[1:])
        self._below = re.compile(f"{written}(/.*)?", re.DOTALL)
        origin = settings.public_origin or ""
        self._scheme, _, self._host = origin.partition("://")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match = self._below.fullmatch(environ["PATH_INFO"])
        if match:
            environ["PATH_INFO"] = match[1] or ""
        environ["SCRIPT_NAME"] = self._path if match or self._is_public(environ.get("HTTP_HOST", "")) else ""
        return self._app(environ, start_response)  # type: ignore[no-any-return]

    def _is_public(self, host: str) -> bool:
        return host.lower().removesuffix(":443" if self._scheme == "https" else ":80") == self._host
