"""Google Drive as far as uploads need it, strict where Google is: one that forgives would prove nothing.

Tokens, ids made beforehand, folders, metadata, deletion, and resumable sessions by the published protocol: chunks in
multiples of 256 KiB but for the last, Content-Range that joins what is there, 308 with Range, status probes with ``*``,
404 for sessions that are gone. What breaks the protocol is answered as Google does and noted in ``violations``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

UNIT = 256 * 1024
FOLDER = "application/vnd.google-apps.folder"
ROOT = "root-folder"
REFRESH_TOKEN = "refresh-me"
_CHUNK = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PROBE = re.compile(r"bytes \*/(\d+|\*)")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call."""

    status: int = 0
    """Answer this in place of doing it; 0 does it."""
    reason: str = ""
    retry_after: int | None = None
    take: int | None = None
    """Keep only so many bytes of the chunk: whole units."""
    cut: bool = False
    """Keep half of the chunk, in whole units, then break the connection without a word."""
    mute: bool = False
    """Do it all, then break the connection in place of the reply."""
    forget: bool = False
    """Lose the session."""


@dataclass
class Session:
    metadata: dict[str, Any]
    size: int
    data: bytearray = field(default_factory=bytearray)
    done: dict[str, Any] | None = None


class Kind(StrEnum):
    """What a call is for."""

    TOKEN = "token"
    IDS = "ids"
    FIND = "find"
    FOLDER = "folder"
    BEGIN = "begin"
    CHUNK = "chunk"
    PROBE = "probe"
    CANCEL = "cancel"
    LOOK = "look"
    DELETE = "delete"
    OTHER = "other"


@dataclass(frozen=True)
class Call:
    """One call. ``first`` is a chunk's first byte, None for everything else."""

    kind: Kind
    first: int | None = None

    @classmethod
    def of(cls, method: str, path: str, session: bool, place: str) -> Call:
        """The call with this method and path; ``session`` is whether it names one, ``place`` its Content-Range."""
        if session:
            chunk = _CHUNK.fullmatch(place)
            if method == "PUT":
                return cls(Kind.CHUNK, int(chunk[1])) if chunk else cls(Kind.PROBE)
            return cls(Kind.CANCEL if method == "DELETE" else Kind.OTHER)
        exact = {
            ("POST", "/token"): Kind.TOKEN,
            ("POST", "/upload/drive/v3/files"): Kind.BEGIN,
            ("GET", "/drive/v3/files/generateIds"): Kind.IDS,
            ("GET", "/drive/v3/files"): Kind.FIND,
            ("POST", "/drive/v3/files"): Kind.FOLDER,
        }
        return cls(exact.get((method, path)) or {"GET": Kind.LOOK, "DELETE": Kind.DELETE}.get(method, Kind.OTHER))


class FakeDrive:
    """``url`` is the API's and the token server's. ``fail`` makes calls fail, of the kind it names and no other: a server's
    first call asks for a token, whatever a test was thinking of."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, dict[str, Any]] = {ROOT: {"id": ROOT, "name": "root", "mimeType": FOLDER, "parents": []}}
        self.content: dict[str, bytes] = {}
        self.sessions: dict[str, Session] = {}
        self.ids: set[str] = set()
        self.tokens: set[str] = set()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._faults: dict[Kind, Callable[[Call], Fault | None]] = {}
        self.quota = 10**15
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[FakeDrive]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(10)

    def fail(self, kind: Kind, fault: Callable[[Call], Fault | None]) -> None:
        """From now on ask ``fault`` about every call of this kind what goes wrong with it."""
        self._faults[kind] = fault

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def fault_for(self, call: Call) -> Callable[[Call], Fault | None] | None:
        """What says which fault a call has."""
        return self._faults.get(call.kind)

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it in place of Google."""
        return {
            "DROPPR_DRIVE_API_URL": self.url,
            "DROPPR_DRIVE_TOKEN_URL": f"{self.url}/token",
            "DROPPR_DRIVE_CLIENT_ID": "client",
            "DROPPR_DRIVE_CLIENT_SECRET": "client-secret",
            "DROPPR_DRIVE_REFRESH_TOKEN": REFRESH_TOKEN,
        }

    def stored(self) -> dict[str, bytes]:
        """Every finished file by its path below the root."""
        with self.lock:
            return {self._path(identity): data for identity, data in self.content.items()}

    def session_at(self, metadata: dict[str, Any], size: int) -> str:
        """The address of a session that somebody else has begun."""
        with self.lock:
            name = uuid4().hex
            self.sessions[name] = Session({"id": uuid4().hex, "parents": [ROOT], **metadata}, size)
            return f"{self.url}/upload/drive/v3/files?uploadType=resumable&upload_id={name}"

    def _path(self, identity: str) -> str:
        names: list[str] = []
        while identity != ROOT:
            file = self.files[identity]
            names.append(file["name"])
            identity = file["parents"][0]
        return "/".join(reversed(names))

    def finish(self, session: Session) -> dict[str, Any]:
        data = bytes(session.data)
        identity = session.metadata["id"]
        file = {
            "kind": "drive#file",
            "mimeType": "application/octet-stream",
            **session.metadata,
            "size": str(len(data)),
            "md5Checksum": hashlib.md5(data).hexdigest(),
        }
        self.files[identity], self.content[identity], session.done = file, data, file
        return file


def _handler(drive: FakeDrive) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.drive = drive
    return Handler


class _Refused(Exception):
    def __init__(self, status: int, reason: str = "", headers: dict[str, str] | None = None) -> None:
        self.status, self.reason, self.headers = status, reason, headers or {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    drive: FakeDrive

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(address.query).items()}
        length = self.headers.get("Content-Length")
        if length is None and self.command in ("POST", "PUT"):
            self.drive.violations.append(f"{self.command} without Content-Length")
            return self._reply(411, {})
        place = self.headers.get("Content-Range", "")
        call = Call.of(self.command, address.path, "upload_id" in self.query, place)
        # What goes wrong by now: whoever sees the call may have the next one go well.
        chosen = self.drive.fault_for(call)
        with self.drive.lock:
            self.drive.calls.append(call)
        fault = (chosen and chosen(call)) or Fault()
        if fault.cut:
            return self._cut(int(length or 0))
        body = self.rfile.read(int(length or 0))
        if len(body) < int(length or 0):
            return self._hang_up()  # Whoever sent it has died.
        try:
            with self.drive.lock:
                self._break(fault)
                status, document, headers = self._route(call, address.path, body, fault)
        except _Refused as refused:
            return self._refuse(refused)
        if fault.mute:
            return self._hang_up()
        return self._reply(status, document, headers)

    def _break(self, fault: Fault) -> None:
        if fault.forget:
            self.drive.sessions.pop(self.query.get("upload_id", ""), None)
        if fault.status:
            asked = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            raise _Refused(fault.status, fault.reason, asked)

    def _cut(self, length: int) -> None:
        """Half of a chunk arrives, and the line goes dead."""
        body = self.rfile.read(length // 2)
        with self.drive.lock:
            session = self.drive.sessions.get(self.query.get("upload_id", ""))
            match = _CHUNK.fullmatch(self.headers.get("Content-Range", ""))
            if session is not None and match and int(match[1]) == len(session.data):
                session.data += body[: len(body) // UNIT * UNIT]
        self._hang_up()

    def _route(self, call: Call, path: str, body: bytes, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        if call.kind is Kind.TOKEN:
            return self._token(body)
        if "upload_id" in self.query:
            # Whoever has the address of a session needs no token.
            return self._session(body, fault)
        self._authorized()
        match call.kind:
            case Kind.BEGIN:
                return self._begin(json.loads(body))
            case Kind.IDS:
                made = [uuid4().hex for _ in range(int(self.query.get("count", "10")))]
                self.drive.ids.update(made)
                return 200, {"kind": "drive#generatedIds", "space": "drive", "ids": made}, {}
            case Kind.FIND:
                return self._find()
            case Kind.FOLDER:
                return self._make_folder(json.loads(body))
        return self._file(path.removeprefix("/drive/v3/files/"))

    def _token(self, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        by_refresh = asked.get("grant_type") == "refresh_token" and asked.get("refresh_token") == REFRESH_TOKEN
        by_key = asked.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" and _claims(
            asked.get("assertion", "")
        ).get("scope")
        if not (by_refresh or by_key):
            return 400, {"error": "invalid_grant", "error_description": "Bad Request"}, {}
        token = f"ya29.{uuid4().hex}"
        self.drive.tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}, {}

    def _authorized(self) -> None:
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.drive.tokens:
            raise _Refused(401, "authError")

    def _begin(self, metadata: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        drive = self.drive
        if self.query.get("uploadType") != "resumable":
            raise self._wrong(400, "uploadType is not resumable")
        identity = metadata.get("id") or uuid4().hex
        if "id" in metadata and identity not in drive.ids:
            raise self._wrong(400, "an id that was not generated")
        if identity in drive.files:
            raise _Refused(409, "fileIdInUse")
        for parent in metadata.setdefault("parents", [ROOT]):
            if drive.files.get(parent, {}).get("mimeType") != FOLDER:
                raise _Refused(404, "notFound")
        size = int(self.headers.get("X-Upload-Content-Length", "-1"))
        if sum(map(len, drive.content.values())) + size > drive.quota:
            raise _Refused(403, "storageQuotaExceeded")
        name = uuid4().hex
        drive.sessions[name] = Session({**metadata, "id": identity}, size)
        where = f"{drive.url}/upload/drive/v3/files?uploadType=resumable&upload_id={name}"
        return 200, {}, {"Location": where, "X-GUploader-UploadID": name}

    def _session(self, body: bytes, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
        session = self.drive.sessions.get(self.query["upload_id"])
        if session is None:
            raise _Refused(404, "notFound")
        if self.command == "DELETE":
            del self.drive.sessions[self.query["upload_id"]]
            raise _Refused(499)
        if self.command != "PUT":
            raise self._wrong(405, f"{self.command} on a session")
        if session.done is not None:
            return 200, session.done, {}
        place = self.headers.get("Content-Range", "")
        probe = _PROBE.fullmatch(place)
        if probe is None:
            self._append(session, place, body, fault)
        elif body:
            raise self._wrong(400, "a probe with a body")
        if session.size < 0 and probe and probe[1] != "*":
            session.size = int(probe[1])
        if len(session.data) == session.size and (session.size or probe):
            return 200, self.drive.finish(session), {}
        have = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
        return 308, {}, have

    def _append(self, session: Session, place: str, body: bytes, fault: Fault) -> None:
        match = _CHUNK.fullmatch(place)
        if match is None:
            raise self._wrong(400, f"Content-Range {place!r}")
        first, last, total = (int(each) for each in match.groups())
        if session.size < 0:
            session.size = total
        if len(body) != last - first + 1 or total != session.size or last >= total:
            raise self._wrong(400, f"{place} with {len(body)} bytes of {session.size}")
        if last + 1 < total and len(body) % UNIT:
            raise self._wrong(400, f"{len(body)} bytes in the middle are no multiple of 256 KiB")
        if first > len(session.data):
            raise self._wrong(503, f"{place} leaves a gap after {len(session.data)}")
        # Bytes that it has are passed over, however often they come.
        new = body[len(session.data) - first :]
        session.data += new if fault.take is None else new[: fault.take // UNIT * UNIT]

    def _find(self) -> tuple[int, dict[str, Any], dict[str, str]]:
        asked = re.fullmatch(
            r"name = '((?:[^'\\]|\\.)*)' and '([^']+)' in parents and mimeType = '([^']+)' and trashed = false",
            self.query.get("q", ""),
        )
        if asked is None:
            raise self._wrong(400, f"a query that is not understood: {self.query.get('q')}")
        name = re.sub(r"\\(.)", r"\1", asked[1])
        found = [
            {"id": file["id"]}
            for file in self.drive.files.values()
            if file["name"] == name and asked[2] in file["parents"] and file["mimeType"] == asked[3]
        ]
        return 200, {"files": found}, {}

    def _make_folder(self, metadata: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        if metadata.get("mimeType") != FOLDER:
            raise self._wrong(400, "not a folder")
        identity = uuid4().hex
        self.drive.files[identity] = {**metadata, "id": identity}
        return 200, {"id": identity}, {}

    def _file(self, identity: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        file = self.drive.files.get(identity)
        if file is None:
            raise _Refused(404, "notFound")
        if self.command == "DELETE":
            del self.drive.files[identity]
            self.drive.content.pop(identity, None)
            return 204, {}, {}
        wanted = self.query.get("fields", "kind,id,name,mimeType").split(",")
        return 200, {name: file[name] for name in wanted if name in file}, {}

    def _wrong(self, status: int, what: str) -> _Refused:
        self.drive.violations.append(what)
        return _Refused(status, "badRequest")

    def _refuse(self, refused: _Refused) -> None:
        error = {"code": refused.status, "message": refused.reason, "errors": [{"reason": refused.reason}]}
        self._reply(refused.status, {"error": error}, refused.headers)

    def _reply(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = b"" if status in (204, 308) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True


def _claims(assertion: str) -> dict[str, Any]:
    """What a service account says of itself. Its signature is Google's business."""
    parts = assertion.split(".")
    if len(parts) != 3:
        return {}
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return claims


def service_account_file(path: Path, drive: FakeDrive) -> Path:
    """The key file of a service account whose token server is ``drive``."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    document = {
        "type": "service_account",
        "client_email": "droppr@example.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": key.decode(),
        "token_uri": f"{drive.url}/token",
    }
    path.write_text(json.dumps(document))
    return path
