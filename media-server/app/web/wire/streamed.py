"""Replies that go on as server-sent events, by nobody's thread (``server/streams.py``)."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.http import http_date

from app.core.actors import Actor
from app.core.errors import Busy, UploadError
from app.web.server.streams import Saying, Stream, Topic
from app.web.wire.declaring import EVENTS
from app.web.wire.ownership import acting, recognised_owner
from app.web.wire.reach import judge_reach

COME_BACK_SECONDS = 2
"""When a browser comes back whose stream has ended."""
ONCE_SECONDS = 4
"""When it comes back where it is told once each time."""
LATER_SECONDS = 60
"""When it is worth asking again for a stream that there was no room for."""
_OF_ONE_REPLY = ("connection", "content-length", "transfer-encoding")


class Streamed(Response):
    """A reply whose connection is taken over once its head is known; under another server than ours, or where there is no room any
    more, one that ends after what it says first."""

    goes_on: Stream | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        connection = environ.get("droppr.connection")
        if self.goes_on is not None and connection is not None and connection.worker.streams.reserve(self.goes_on.who):
            self.goes_on.unsent[:0] = self._head()
            connection.stream = self.goes_on
            # How a WSGI application tells gunicorn that the connection is no longer its.
            raise StopIteration
        return super().__call__(environ, start_response)

    def _head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", f"Date: {http_date()}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers if name.lower() not in _OF_ONE_REPLY]
        return "\r\n".join((*lines, "", "")).encode("latin-1")


def told_once(*said: Saying, again: float = ONCE_SECONDS) -> Streamed:
    """A reply that says this, and leaves it to the browser to come back for more, ``again`` after so many seconds."""
    text = f"retry: {int(again * 1000)}\n\n".encode() + b"".join(each.event() for each in said)
    reply = Streamed(text, mimetype=EVENTS)
    reply.headers["X-Accel-Buffering"] = "no"
    return reply


def streamed(*told: tuple[Topic, Saying]) -> Response:
    """A reply that says what is known of each topic, and then what these find, to the owner whose request this is, as long as they may
    hear it. Raises Busy where too many are told already."""
    reply = told_once(*(first for _, first in told), again=COME_BACK_SECONDS)
    connection, who = request.environ.get("droppr.connection"), acting()
    if connection is None or request.method != "GET":
        return reply
    if not connection.worker.streams.has_room(str(who)):
        raise Busy(
            "Too many pages are told what happens, yours or altogether. Ask for news now and then.",
            retry_after=LATER_SECONDS,
        )
    said = {topic.key: first.id for topic, first in told}
    topics = tuple(topic for topic, _ in told)
    reply.goes_on = Stream(str(who), topics, _judge(who), said, bytearray(reply.get_data()))
    return reply


def _judge(actor: Actor) -> Callable[[], bool]:
    """What judges this request again, as it would be were it made now."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # Headers, and what the door has found out about them; nothing that holds the connection.
    kept = {name: value for name, value in request.environ.items() if isinstance(value, str | bool)}
    return partial(_may_still, app, kept, actor)


def _may_still(app: Flask, environ: dict[str, str | bool], before: Actor) -> bool:
    """Whether who makes this request is still somebody who may, and sees the same. Raises Busy."""
    with app.request_context({**environ, "wsgi.input": io.BytesIO()}):
        try:
            actor = recognised_owner()
            if actor is not None:
                judge_reach(actor)
        except Busy:
            raise
        except UploadError:
            return False
    return actor == before and actor.reach == before.reach
