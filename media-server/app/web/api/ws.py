"""Uploads over a WebSocket: binary messages in, JSON out, by the very rules of the native protocol."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from app.core.access_errors import SecondFactorRequired
from app.core.actors import Actor, Credentials, sender
from app.core.errors import Busy, InvalidRequest, UploadError, UploadNotFound
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.services.receiving.commands import OpenUpload, ReceiveChunk
from app.storage.disk.bodies import ViewBody
from app.web.server.websocket import Binary, Closed, Hijacked, TooMuch, WebSocket
from app.web.wire.context import client_address, from_own_page, services
from app.web.wire.credentials import browsers_language, sender_key
from app.web.wire.errors import described
from app.web.wire.foreign_pages import judge_socket, may_open_socket
from app.web.wire.gaps import all_gaps
from app.web.wire.json_body import parse
from app.web.wire.ownership import recognised_owner
from app.web.wire.socket_messages import FromServer, SocketCounts, SocketStart, SocketState
from app.web.wire.upload_bodies import OpenUploadBody

log = logging.getLogger("droppr.web")

ws = Blueprint("ws", __name__)

HEADER_BYTES = 8
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""The largest binary message, its header included: one small buffer."""
QUIET_SECONDS = 10.0
"""Seconds of silence after which a socket may have to give way to another."""


@ws.get("/ws_api/upload_parallel/<file_id>", websocket=True)
def upload_parallel(file_id: str) -> Response:
    _check_origin()
    connection = request.environ.get("droppr.connection")
    address = connection.address if connection and connection.address else client_address()
    with _places.one(address, connection.worker.waiting if connection else None) as place:
        buffers = services().forwarding.buffers
        try:
            socket = WebSocket(request.environ, lambda: buffers.borrow(MAX_MESSAGE_BYTES))
        except Closed:
            return Hijacked()
        place.socket = socket
        _talk(socket, Conversation(socket, file_id, request.args.get("gdrive_url")))
    return Hijacked()


def _talk(socket: WebSocket, conversation: Conversation) -> None:
    """Run a conversation to its end. Whatever is raised is told in the socket's own protocol, as the connection has no other."""
    with suppress(Closed):
        try:
            conversation.run()
        except Closed:
            socket.drop()
        except TooMuch as error:
            socket.close(1009, str(error))
        except UploadError as error:
            socket.send({"type": "error", **described(error)})
            socket.close(1008, error.code)
        except Exception:
            log.exception("a WebSocket failed")
            socket.close(1011, "internal_error")
        else:
            socket.close()


class Conversation:
    """One upload on one socket. ``file_id`` is an upload's id, or the client's own key for it."""

    def __init__(self, socket: WebSocket, file_id: str, gdrive_url: str | None) -> None:
        self._socket = socket
        self._file_id = file_id
        self._gdrive_url = gdrive_url

    def run(self) -> None:
        """Until the file is complete or cancelled. Raises Closed, TooMuch, UploadError."""
        messages = self._socket.messages()
        start = _started(next(messages))
        judge_socket(start.request)
        session = self._session(start)
        most = min(MAX_MESSAGE_BYTES, services().settings.max_chunk_size)
        self._say({"type": "ready", **_state(session), "message_size": most})
        while session.state is not State.COMPLETE:
            message = next(messages)
            if isinstance(message, Binary):
                session = self._receive(start.request, session, message.data)
            elif _kind(message) == "cancel":
                services().receiving.uploads.cancel(start.request, session.upload_id, sender(client_address()))
                self._say({"type": "cancelled", "upload_id": session.upload_id})
                return
            elif _kind(message) == "status":
                session = services().receiving.uploads.status(start.request, session.upload_id)
                self._say({"type": "progress", **_state(session)})
        path = session.sent_path
        self._say({"type": "complete", **_state(session), "path": path, "name": path.rsplit("/", 1)[-1]})
        if self._gdrive_url is not None:
            self._follow(start.request, session)

    def _say(self, message: FromServer) -> None:
        self._socket.send(message)

    def _session(self, start: SocketStart) -> UploadSession:
        here = services()
        if self._gdrive_url is not None:
            here.forwarding.remotes.check_session(self._gdrive_url)
        session = self._opened(start)
        if self._gdrive_url is not None:
            here.forwarding.outbox.session(session, self._gdrive_url)
        return session

    def _opened(self, start: SocketStart) -> UploadSession:
        uploads = services().receiving.uploads
        try:
            return uploads.status(start.request, self._file_id)
        except UploadNotFound:
            if start.path is None or start.size is None:
                raise
        command = _opening(start, self._file_id)
        # A page of another address is never the owner by the session.
        owner = _owner(start.token) if start.token or from_own_page() else None
        key = sender_key(start.sender_key)
        # On somebody else's link everybody is a sender like any other.
        rules = owner is not None and owner.rules(services().links.file_requests.link(start.request).owner)
        actor = owner if owner and rules else sender(client_address())
        credentials = Credentials(actor, start.password, start.captcha_token, key, browsers_language())
        return uploads.open(start.request, command, credentials)

    def _receive(self, hash: str, session: UploadSession, data: memoryview) -> UploadSession:
        """Take one message and tell how that went. What is wrong with one message ends nothing."""
        offset, length = int.from_bytes(data[:HEADER_BYTES], "big"), len(data) - HEADER_BYTES
        try:
            if length <= 0 or offset + length > session.size:
                raise InvalidRequest("A message is 8 bytes of offset and at least one byte inside the file.")
            command = ReceiveChunk(
                session.upload_id, Span(offset, offset + length), session.size, None, client=client_address()
            )
            session = services().receiving.uploads.receive(hash, command, ViewBody(data[HEADER_BYTES:]))
        except UploadError as error:
            told = described(error)
            if "offset" in told:
                # By its offset the client knows which message is meant.
                told["next_offset"] = told.pop("offset")
            self._socket.send({**told, "type": "error", "offset": offset, "length": length})
            return services().receiving.uploads.status(hash, session.upload_id)
        self._say({"type": "progress", "offset": offset, "length": length, **_counts(session)})
        return session

    def _follow(self, hash: str, session: UploadSession) -> None:
        """Tell how the file gets on to Google, until it is there or somebody has to do something."""
        told: Any = None
        pause = threading.Event()
        while True:
            file = services().links.file_requests.received_by(hash, session.upload_id)
            found = services().forwarding.outbox.states([file]).get(session.upload_id) if file else None
            state = (found.state, found.sent_bytes, found.error) if found else None
            if state != told and found:
                told = state
                self._say(
                    {
                        "type": "passing_on",
                        "state": found.state,
                        "sent_bytes": found.sent_bytes,
                        "error": found.error,
                    }
                )
            if found is None or found.state in ("done", "failed"):
                return
            pause.wait(0.2)
            self._socket.check()


@dataclass(eq=False)
class _Place:
    """One of the threads that sockets may hold."""

    address: str
    socket: WebSocket | None = None

    def heard_at(self) -> float:
        return self.socket.heard_at if self.socket else math.inf


class _Places:
    """The threads that sockets hold: a quarter of them, so that everything else goes on, and a few of one address. Where all are
    taken, the socket that has said nothing for longest gives way to one more. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[_Place] = set()

    @contextmanager
    def one(self, address: str, waiting: Any) -> Iterator[_Place]:
        """Be one of them. ``waiting`` counts all threads that wait for somebody. Raises Busy."""
        settings = services().settings
        most, each = max(1, settings.threads // 4), settings.max_sockets_per_address
        place = _Place(address)
        with self._lock:
            own = [other for other in self._taken if other.address == address]
            full = own if each and len(own) >= each else self._taken if len(self._taken) >= most else None
            # Asked first: nobody gives way to somebody who cannot come in.
            has_thread = not waiting or waiting.enter()
            if not has_thread or (full and not self._gives_way(full)):
                if has_thread and waiting:
                    waiting.leave()
                raise Busy("Too many WebSockets are open. Try again in a moment.", retry_after=5)
            self._taken.add(place)
        try:
            yield place
        finally:
            with self._lock:
                self._taken.discard(place)
            if waiting:
                waiting.leave()

    def _gives_way(self, full: Collection[_Place]) -> bool:
        quietest = min(full, key=_Place.heard_at)
        if quietest.socket is None or time.monotonic() - quietest.heard_at() < QUIET_SECONDS:
            return False
        quietest.socket.drop()
        self._taken.discard(quietest)
        return True


_places = _Places()


def _check_origin() -> None:
    """A page of another site must not speak for whoever looks at it. Programs send no Origin."""
    if not may_open_socket():
        raise InvalidRequest("This page may not open a WebSocket here.")


def _started(message: str | Binary) -> SocketStart:
    value = _parsed(message) if isinstance(message, str) else None
    if not isinstance(value, dict) or value.get("type") != "start":
        raise InvalidRequest('The first message must be {"type": "start", "request": …}.')
    return parse(SocketStart, value)


def _kind(message: str) -> str:
    value = _parsed(message)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("cancel", "status"):
        raise InvalidRequest('Text messages are {"type": "cancel"} and {"type": "status"}.')
    return str(kind)


def _parsed(message: str) -> Any:
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        raise InvalidRequest("The message is not JSON.") from None


def _owner(token: str | None) -> Actor | None:
    """Whose connection it is; who has yet to set up a second factor is a sender like any other."""
    try:
        return recognised_owner(token, "websocket")
    except SecondFactorRequired:
        return None


def _opening(start: SocketStart, file_id: str) -> OpenUpload:
    known = start.model_dump(
        exclude={"type", "request", "password", "captcha_token", "token", "sender_key"}, exclude_none=True
    )
    return parse(OpenUploadBody, {**known, "key": file_id}).command()


def _counts(session: UploadSession) -> SocketCounts:
    return {
        "upload_id": session.upload_id,
        "complete": session.state is State.COMPLETE,
        "received_bytes": session.received_bytes,
        "size": session.size,
    }


def _state(session: UploadSession) -> SocketState:
    return {**_counts(session), **all_gaps(session)}
