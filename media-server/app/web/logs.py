"""Structured logs: one JSON object a line on standard error, each with the id of its request."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Sequence

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class WithRequestId(logging.Filter):
    """Adds ``request_id`` to what is logged while a request is handled."""

    def filter(self, record: logging.LogRecord) -> bool:
        if has_request_context():
            record.request_id = g.get("request_id")
        return True


def install(app: Flask, level: str, debug: Sequence[str] = ()) -> None:
    """Give every request an id, the caller's own where it is sensible, and log as JSON; ``debug`` loggers tell all."""
    logger = logging.getLogger("droppr")
    logger.setLevel(level)
    for name in debug:
        logging.getLogger(name).setLevel(logging.DEBUG)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(
            JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields={"levelname": "level"})
        )
        handler.addFilter(WithRequestId())
        logger.addHandler(handler)
        logger.propagate = False
        # Looked up for every line and shown in none. gunicorn's own lines show the process.
        logging.logThreads = logging.logMultiprocessing = False
    app.before_request(_take_id)
    app.after_request(_show_id)


def _take_id() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)


def _show_id(reply: Response) -> Response:
    reply.headers["X-Request-Id"] = g.get("request_id") or secrets.token_hex(8)
    return reply
