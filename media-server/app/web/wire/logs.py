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
_CAPABILITY = re.compile(r"(?<![\w-])([\w-]{6})[\w-]{26}(?:[\w-]{11})?(?![\w-])", re.ASCII)
"""What 24 or 32 random bytes look like: a link's hash, an upload's id, a token."""
_PLAIN = logging.Formatter()


class WithRequestId(logging.Filter):
    """Adds ``request_id`` to what is logged while a request is handled."""

    def filter(self, record: logging.LogRecord) -> bool:
        if has_request_context():
            record.request_id = g.get("request_id")
        return True


class Discreet(logging.Filter):
    """Takes capabilities and tokens out of what we do not word ourselves: traces, and gunicorn's lines about requests
    that it did not understand, which quote them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "gunicorn.error":
            text = record.getMessage()
            if text.startswith("Invalid request from"):
                text = text.partition("'")[0].rstrip(": ")
            record.msg, record.args = _discreet(text), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _discreet(_PLAIN.formatException(record.exc_info))
        return True


def _discreet(text: str) -> str:
    return _CAPABILITY.sub(r"\1…", text)


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
        handler.addFilter(Discreet())
        logger.addHandler(handler)
        logger.propagate = False
        logging.getLogger("gunicorn.error").addFilter(Discreet())
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
