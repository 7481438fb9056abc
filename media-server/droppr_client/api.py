"""A Droppr server as seen from outside: JSON over HTTP, and every trouble as one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from droppr_client.upload.troubles import FileRefused, Passing

# Imported where it is used: `droppr upload`, which goes without, starts in half the time.
if TYPE_CHECKING:
    import urllib3

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
DOWNLOAD_PIECE = 1024 * 1024
PAGE = 1000
"""As many items of a list as the server tells at once."""

JSON = dict[str, Any]


class ApiError(Exception):
    """The server refused, or could not be reached. Its text is a sentence for a person; ``status`` is None where there
    was no answer."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class Api:
    """The owner's calls on the server at ``url``, such as ``http://127.0.0.1:8000``."""

    def __init__(self, url: str, token: str | None = None) -> None:
        import urllib3

        self.url = url.rstrip("/")
        self._token = token
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._http = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=64)

    @property
    def has_token(self) -> bool:
        return bool(self._token)

    def create_request(self, body: JSON) -> JSON:
        return self._call("POST", "/api/droppr/requests", body)

    def requests(self) -> list[JSON]:
        """Every link, newest first."""
        return list(self._call("GET", "/api/droppr/requests")["requests"])

    def edit_request(self, hash: str, body: JSON) -> JSON:
        return self._call("PATCH", _path(hash), body)

    def close_request(self, hash: str) -> None:
        self._call("DELETE", _path(hash))

    def files(self, hash: str) -> list[JSON]:
        return list(self._call("GET", f"{_path(hash)}/files")["files"])

    def uploads(self, hash: str, most: int | None = None) -> list[JSON]:
        """What is on its way, newest first; the newest ``most`` where that is named."""
        found: list[JSON] = []
        cursor: str | None = ""
        while cursor is not None and (most is None or len(found) < most):
            limit = PAGE if most is None else min(PAGE, most)
            page = self._call("GET", f"{_path(hash)}/uploads?limit={limit}&cursor={quote(cursor, safe='')}")
            found += page["uploads"]
            cursor = page["next_cursor"]
        return found

    def stop(self, hash: str, upload_id: str) -> None:
        """Cancel an upload that is on its way."""
        self._call("DELETE", f"{_path(hash)}/uploads/{quote(upload_id, safe='')}?as=owner")

    def stop_all(self, hash: str) -> JSON:
        """Cancel up to a thousand of those that are on their way: ``cancelled``, and how many are ``left``."""
        return self._call("DELETE", f"{_path(hash)}/uploads")

    def download(self, hash: str, path: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes ``[start, stop)`` of a received file in pieces. Raises Passing, FileRefused, ApiError."""
        import urllib3

        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = f"{self.url}{_path(hash)}/files/{quote(path)}"
        left = stop - start
        try:
            with self._http.request("GET", url, headers=headers, preload_content=False) as reply:
                _check_range(reply, start)
                while left and (piece := reply.read(min(left, DOWNLOAD_PIECE))):
                    left -= len(piece)
                    yield piece
                if not left and not reply.read(1):
                    reply.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Passing(f"{self.url} cannot be reached: {_reason(error)}") from error
        if left:
            raise Passing(f"The connection to {self.url} broke off.")

    def readiness(self) -> JSON:
        return self._call("GET", "/readyz")

    def upload_status(self) -> JSON:
        return self._call("GET", "/api/v1/system/upload-status")

    def _call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        import urllib3

        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            reply = self._http.request(method, self.url + path, headers=headers, json=body)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise ApiError(f"{self.url} cannot be reached: {_reason(error)}") from error
        document = _document(reply.data)
        if reply.status >= 400:
            raise ApiError(_refusal(reply.status, document), reply.status)
        if document is None and reply.status != 204:
            raise ApiError(f"{self.url} answers, but not as a Droppr server does.")
        return document or {}


def _check_range(reply: urllib3.BaseHTTPResponse, start: int) -> None:
    """Raises what a reply stands for that does not carry the range from ``start`` on."""
    if reply.status == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        return
    if reply.status == 200 and start == 0:
        return
    if reply.status in (429, 500, 502, 503, 504):
        wait = reply.headers.get("Retry-After", "")
        raise Passing("The server is busy.", "busy", retry_after=float(wait) if wait.isdigit() else None)
    if reply.status in (404, 410, 416):
        raise FileRefused("The server does not have the file any more.", "file_not_found")
    raise ApiError(_refusal(reply.status, _document(reply.read(65536))), reply.status)


def _path(hash: str) -> str:
    return f"/api/droppr/requests/{quote(hash, safe='')}"


def _document(raw: bytes) -> JSON | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _refusal(status: int, document: JSON | None) -> str:
    if status == 401:
        return "The server does not accept this admin token. Name it with --token or DROPPR_ADMIN_TOKEN."
    if document is None or not isinstance(document.get("error"), str):
        return f"The server answered with status {status}."
    return str(document["error"])


def _reason(error: Exception) -> str:
    """What went wrong, without the memory addresses that urllib3 tells."""
    text = str(error).rpartition(": ")[2] or type(error).__name__
    return text if text.endswith(".") else f"{text}."
