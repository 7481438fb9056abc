"""A Droppr server as seen from outside: JSON over HTTP, and every trouble as one sentence."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import urllib3

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0

JSON = dict[str, Any]


class ApiError(Exception):
    """The server refused, or could not be reached. Its text is a sentence for a person."""


class Api:
    """The owner's calls on the server at ``url``, such as ``http://127.0.0.1:8000``."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._http = urllib3.PoolManager(timeout=timeout, retries=False)

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

    def readiness(self) -> JSON:
        return self._call("GET", "/readyz")

    def upload_status(self) -> JSON:
        return self._call("GET", "/api/v1/system/upload-status")

    def _call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            reply = self._http.request(method, self.url + path, headers=headers, json=body)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise ApiError(f"{self.url} cannot be reached: {_reason(error)}") from error
        document = _document(reply.data)
        if reply.status >= 400:
            raise ApiError(_refusal(reply.status, document))
        if document is None and reply.status != 204:
            raise ApiError(f"{self.url} answers, but not as a Droppr server does.")
        return document or {}


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
