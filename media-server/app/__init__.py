"""Droppr's media server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings
    from app.wiring import Services


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The WSGI application. Without services it builds its own from ``settings`` and takes part in background work.

    Raises InvalidSettings when the environment does not make sense.
    """
    # Imported here so that `import app.core` costs no web framework.
    from flask import Flask

    from app.settings import load_settings
    from app.web import install
    from app.web.wire import errors
    from app.wiring import build

    app = Flask("droppr", static_folder=None)
    if services is None:
        services = build(settings or load_settings())
        services.start_background()
    app.extensions["droppr"] = services
    install(app, services.settings)
    errors.install(app)
    return app
