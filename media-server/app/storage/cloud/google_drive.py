"""Remote on Google Drive: a file is one ordered stream into a resumable session, several files go at once.

The file's id is asked for before it is made, so making it twice is refused and a reply that was lost costs nothing. Folders
of a path are found or made below the link's folder, one at a time among all processes. What Drive has is compared with
the local copy by size and MD5.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason
from app.core.remotes import OutgoingFile, PartDigests, ReadInto, RemoteTarget, RemoteTrouble, Taken, TransferLost
from app.storage.cloud.http2 import STALLED_SECONDS, Http2Connections, for_one_call
from app.storage.cloud.resumable_session import ResumableSession, no_answer, trouble

SCOPES = ("https://www.googleapis.com/auth/drive",)
FOLDER_TYPE = "application/vnd.google-apps.folder"
PIECE_BYTES = 1024 * 1024

NameLock = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class DriveSettings:
    """Who we are to Google: a service account's key file, or a client with a refresh token."""

    service_account_file: Path | None = None
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    token_url: str = "https://oauth2.googleapis.com/token"
    api_url: str = "https://www.googleapis.com"


class GoogleDrive:
    """One Drive folder. ``lock`` keeps others, in all processes, from making the same folder meanwhile."""

    in_order = True

    def __init__(
        self,
        target: RemoteTarget,
        settings: DriveSettings,
        part_size_for: Callable[[int], int],
        lock: NameLock,
        api: DriveApi,
    ) -> None:
        self._target = target
        self._settings = settings
        self._part_size_for = part_size_for
        self._lock = lock
        self._api = api
        self._folders: dict[str, str] = {}

    def check(self) -> None:
        self._api.check()

    def part_size(self, size: int) -> int:
        return self._part_size_for(size)

    def begin(self, file: OutgoingFile) -> str:
        folder, _, name = file.path.rpartition("/")
        made = self._api.json("GET", "/drive/v3/files/generateIds", params={"count": "1", "space": "drive"})
        identity = made["ids"][0]
        reply = self._api.call(
            "POST",
            f"{self._settings.api_url}/upload/drive/v3/files",
            params={"uploadType": "resumable", "supportsAllDrives": "true"},
            headers={"X-Upload-Content-Type": "application/octet-stream", "X-Upload-Content-Length": str(file.size)},
            json={
                "id": identity,
                "name": name,
                "parents": [self._folder(folder)],
                "appProperties": {"dropprUpload": file.upload_id[:100]},
            },
        )
        if reply.status_code != 200:
            # Should it be a folder that is gone, the next attempt looks for it again.
            self._folders.clear()
            raise trouble(reply)
        return json.dumps({"id": identity, "uri": reply.headers["Location"]}, allow_nan=False)

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        identity, session = self._session(transfer, file)
        try:
            return session.held()
        except TransferLost:
            if self._found(identity) is None:
                raise
            return ByteRanges([Span(0, file.size)] if file.size else ())

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        return Taken(self._session(transfer, file)[1].send(span, read))

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> str:
        del digests  # Google tells one digest of the whole file.
        identity, session = self._session(transfer, file)
        found = self._found(identity)
        if found is None:
            # An empty file has no byte whose arrival would end it; asking does.
            session.finished()
            found = self._found(identity)
        if found is None:
            raise TransferLost("Google does not have the file.")
        if int(found.get("size", 0)) != file.size or found.get("md5Checksum") != md5_of(read, file.size):
            self._api.call("DELETE", self._address(identity), params={"supportsAllDrives": "true"})
            raise TransferLost("What Google has is not the file that was sent.")
        return f"drive:{identity}"

    def abort(self, transfer: str) -> None:
        _, session = self._session(transfer, OutgoingFile("", "", 0))
        session.abort()

    def _session(self, transfer: str, file: OutgoingFile) -> tuple[str, ResumableSession]:
        document = json.loads(transfer)
        return document["id"], ResumableSession(document["uri"], file.size, self._api.call)

    def _found(self, identity: str) -> dict[str, Any] | None:
        reply = self._api.call(
            "GET", self._address(identity), params={"fields": "id,size,md5Checksum", "supportsAllDrives": "true"}
        )
        if reply.status_code == 404:
            return None
        if reply.status_code != 200:
            raise trouble(reply)
        found: dict[str, Any] = reply.json()
        return found

    def _address(self, identity: str) -> str:
        return f"{self._settings.api_url}/drive/v3/files/{identity}"

    def _folder(self, path: str) -> str:
        """The id of the folder at ``path`` below the link's, made where it is missing."""
        parent, below = self._target.folder_id, ""
        for name in filter(None, path.split("/")):
            below = f"{below}/{name}"
            if below not in self._folders:
                with self._lock(f"drive:{self._target.folder_id}:{below}"):
                    self._folders[below] = self._found_folder(parent, name) or self._made_folder(parent, name)
            parent = self._folders[below]
        return parent

    def _found_folder(self, parent: str, name: str) -> str | None:
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        query = f"name = '{quoted}' and '{parent}' in parents and mimeType = '{FOLDER_TYPE}' and trashed = false"
        everywhere = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
        found = self._api.json("GET", "/drive/v3/files", params={"q": query, "fields": "files(id)", **everywhere})
        return found["files"][0]["id"] if found["files"] else None

    def _made_folder(self, parent: str, name: str) -> str:
        made = self._api.json(
            "POST",
            "/drive/v3/files",
            params={"supportsAllDrives": "true", "fields": "id"},
            json={"name": name, "mimeType": FOLDER_TYPE, "parents": [parent]},
        )
        identity: str = made["id"]
        return identity


class DriveApi:
    """Authorized calls over pooled HTTP/2 connections, for all folders. Made on first need, which is after the fork."""

    def __init__(self, settings: DriveSettings, stalled_seconds: float = STALLED_SECONDS) -> None:
        self._settings = settings
        self._stalled_seconds = stalled_seconds
        self._lock = threading.Lock()
        self._http: Any = None
        self._credentials: Any = None

    def check(self) -> None:
        """Return when libraries and credentials are there. Raises RemoteTrouble."""
        self._make()

    def json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The JSON of a call that must succeed. Raises RemoteTrouble."""
        reply = self.call(method, self._settings.api_url + path, **request)
        if reply.status_code != 200:
            raise trouble(reply)
        document: dict[str, Any] = reply.json()
        return document

    def call(self, method: str, url: str, *, headers: dict[str, str] | None = None, **request: Any) -> Any:
        """One call with a fresh token. A token that was taken away before its time is renewed for the next call."""
        import httpx

        self._make()
        token = self._token()
        try:
            reply = self._http.request(
                method, url, headers={**(headers or {}), "Authorization": f"Bearer {token}"}, **request
            )
        except httpx.TransportError as error:
            raise no_answer(error) from None
        if reply.status_code == 401:
            with self._lock:
                self._credentials.token = None
            raise RemoteTrouble("Google does not accept our token; a new one is asked for.", reason=Reason.LOG_IN)
        return reply

    def _token(self) -> str:
        from google.auth.exceptions import GoogleAuthError, TransportError

        with self._lock:
            if not self._credentials.valid:
                try:
                    self._credentials.refresh(self._ask)
                except TransportError as error:
                    raise RemoteTrouble(
                        "Google's token server does not answer.", reason=Reason.UNREACHABLE, said=str(error)
                    ) from error
                except GoogleAuthError as error:
                    passing = getattr(error, "retryable", False)
                    message = "Google does not accept this server's credentials."
                    raise RemoteTrouble(message, lasting=not passing, reason=Reason.LOG_IN) from error
            token: str = self._credentials.token
            return token

    def _make(self) -> None:
        with self._lock:
            if self._http is not None:
                return
            try:
                import httpx
                from google.oauth2 import credentials, service_account
            except ImportError:
                raise RemoteTrouble(
                    "This server cannot pass files on to Google Drive: its extra is not installed "
                    "(pip install 'droppr[drive]').",
                    lasting=True,
                    reason=Reason.NOT_INSTALLED,
                ) from None
            self._credentials = _credentials(self._settings, credentials, service_account)
            options = for_one_call(httpx)
            self._http = Http2Connections(lambda: httpx.Client(**options), self._stalled_seconds)

    def _ask(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> Any:
        """How google-auth reaches the token server: by our own connections."""
        import httpx
        from google.auth.exceptions import TransportError

        try:
            reply = self._http.request(method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise TransportError(type(error).__name__) from None  # type: ignore[no-untyped-call]
        return _TokenReply(reply.status_code, dict(reply.headers), reply.content)


@dataclass(frozen=True, slots=True)
class _TokenReply:
    status: int
    headers: dict[str, str]
    data: bytes


def _credentials(settings: DriveSettings, credentials: Any, service_account: Any) -> Any:
    if settings.service_account_file is not None:
        try:
            return service_account.Credentials.from_service_account_file(
                str(settings.service_account_file), scopes=SCOPES
            )
        except (OSError, ValueError) as error:
            message = "The file in DROPPR_DRIVE_SERVICE_ACCOUNT_FILE is not the key of a service account."
            raise RemoteTrouble(message, lasting=True, reason=Reason.NOT_SET_UP) from error
    if not (settings.client_id and settings.client_secret and settings.refresh_token):
        raise RemoteTrouble(
            "There are no credentials for Google Drive: set DROPPR_DRIVE_SERVICE_ACCOUNT_FILE, or "
            "DROPPR_DRIVE_CLIENT_ID, DROPPR_DRIVE_CLIENT_SECRET and DROPPR_DRIVE_REFRESH_TOKEN.",
            lasting=True,
            reason=Reason.NOT_SET_UP,
        )
    return credentials.Credentials(
        None,
        refresh_token=settings.refresh_token,
        token_uri=settings.token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
    )


def md5_of(read: ReadInto, size: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    buffer = memoryview(bytearray(min(PIECE_BYTES, size)))
    for start in range(0, size, PIECE_BYTES):
        piece = buffer[: min(PIECE_BYTES, size - start)]
        read(start, piece)
        digest.update(piece)
    return digest.hexdigest()
