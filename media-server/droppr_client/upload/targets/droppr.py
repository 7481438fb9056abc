"""A Droppr link as a target."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPMessage
from typing import Any
from urllib.parse import quote, urlsplit

from droppr_client.upload.captcha import solved
from droppr_client.upload.connection import Answer, Connections
from droppr_client.upload.flow import Flow, Part
from droppr_client.upload.items import Item, Pair
from droppr_client.upload.targets import Facts, Packed, PackTerms, Standing, Terms
from droppr_client.upload.targets.answers import PASSWORD_WANTED, trouble_of
from droppr_client.upload.troubles import Gone, Passing, Refused, Trouble

LARGEST_PACK = 4 * 1024 * 1024
MOST_PACKED = 500
CAPTCHA_TRIES = 3
NOT_LET_IN = {"password_required", "password_invalid", "captcha_required", "too_many_attempts"}
PACK_TYPE = "application/vnd.droppr.pack"


class DropprLink:
    """Sends to the link at ``url``, such as ``https://files.example.org/request/<hash>``.

    ``password`` may be a function that asks for it: it is called once, when the link turns out to need one.
    """

    def __init__(
        self,
        url: str,
        *,
        password: str | Callable[[], str] | None = None,
        sender_name: str | None = None,
        sender_email: str | None = None,
    ) -> None:
        self._origin, self._hash, self.handoff_code = parts_of_link(url)
        self._connections = Connections(self._origin)
        self._path = f"/api/droppr/requests/{quote(self._hash, safe='')}"
        self._password = password
        self._sender = {"sender_name": sender_name, "sender_email": sender_email}
        self._entrance = threading.Lock()
        self._inside = threading.Event()
        self._turned_away: Answer | None = None
        self.info: dict[str, Any] = {}

    @property
    def identity(self) -> str:
        """A digest: the link itself is a capability and does not belong into files. The same by whichever address the
        server is reached."""
        return f"droppr:{hashlib.sha256(self._hash.encode()).hexdigest()[:32]}"

    def prepare(self) -> Terms:
        self.info = self._expect(self._connections.call("GET", self._path), 200)
        if "chunk_size" not in self.info:
            raise Refused(f"{self._origin} answers, but not as a Droppr server does.", "invalid_link")
        self._require_sender()
        if self.info.get("requires_password") and callable(self._password):
            self._password = self._password()
        if self.info.get("requires_password") and not self._password:
            raise Refused(PASSWORD_WANTED, "password_required")
        return Terms(
            part_size=int(self.info["chunk_size"]),
            parallel_parts=int(self.info.get("max_parallel_chunks") or 1),
            pack=_pack_terms(self.info.get("pack")),
            compares=True,
        )

    def open(self, item: Item, facts: Facts) -> Standing:
        body = {"path": item.path, "size": item.size, "last_modified": item.mtime_ns / 1e9, "key": facts.key}
        optional = {"sample": facts.sample, "sha256": facts.sha256, **self._sender}
        body |= {name: value for name, value in optional.items() if value}

        def ask(headers: Mapping[str, str]) -> Answer:
            return self._connections.call("POST", f"{self._path}/uploads", body, headers)

        return _standing(self._expect(self._entering(ask), 201, 200))

    def status(self, item: Item, ticket: str) -> Standing:
        found = self._expect(self._connections.call("GET", self._upload(ticket)), 200)
        if found.get("size") != item.size:
            raise Gone("The upload was begun with a file of another size.", "size_mismatch")
        if found.get("state") == "refused":
            raise Gone("The upload was refused before.", "upload_not_found")
        return _standing(found)

    def send(self, item: Item, ticket: str, part: Part) -> Standing:
        start, stop = part.span
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes {start}-{stop - 1}/{item.size}",
            "X-Upload-Id": ticket,
        }
        if part.digest:
            headers["Content-Digest"] = part.digest
        answer = self._connections.send("POST", f"{self._path}/upload-chunk", headers, part)
        return _standing(self._expect(answer, 200))

    def finish(self, item: Item, ticket: str) -> Standing:
        return _standing(self._expect(self._connections.call("GET", self._upload(ticket)), 200))

    def send_pack(self, files: Sequence[Packed], flow: Flow) -> list[Standing | Trouble]:
        body = b"".join(piece for file in files for piece in (self._pack_line(file), file.data))

        def ask(headers: Mapping[str, str]) -> Answer:
            part = Part((0, len(body)), flow, data=body)
            return self._connections.send("POST", f"{self._path}/pack", {"Content-Type": PACK_TYPE, **headers}, part)

        answers = self._expect(self._entering(ask), 200).get("files")
        if not isinstance(answers, list) or len(answers) != len(files):
            raise Passing("The server answered to other files than were sent.", "invalid_answer")
        return [_packed(answer) for answer in answers]

    def make_folders(self, paths: Sequence[str]) -> None:
        def ask(headers: Mapping[str, str]) -> Answer:
            return self._connections.call("POST", f"{self._path}/folders", {"paths": list(paths)}, headers)

        self._expect(self._entering(ask), 201, 200)

    def handed_off(self, code: str) -> list[dict[str, Any]]:
        """The uploads behind a code that a sender's page shows, each as the status call tells it."""
        answer = self._connections.call("GET", f"{self._path}/handoffs/{quote(code, safe='')}")
        return list(self._expect(answer, 200).get("uploads") or [])

    def discard(self, item: Item, ticket: str) -> None:
        self._connections.call("DELETE", self._upload(ticket))

    def abort(self) -> None:
        self._connections.abort()

    def close(self) -> None:
        self._connections.close()

    def _upload(self, ticket: str) -> str:
        return f"{self._path}/uploads/{quote(ticket, safe='')}"

    def _pack_line(self, file: Packed) -> bytes:
        line = {
            "path": file.item.path,
            "size": len(file.data),
            "key": file.key,
            "last_modified": file.item.mtime_ns / 1e9,
            "sha256": file.sha256,
            **{name: value for name, value in self._sender.items() if value},
        }
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _entering(self, ask: Callable[[Mapping[str, str]], Answer]) -> Answer:
        """Ask with password and captcha. One goes ahead, so that a wrong password counts as one wrong attempt."""
        if self._inside.is_set():
            return self._with_captcha(ask)
        with self._entrance:
            if self._turned_away is not None:
                return self._turned_away
            answer = self._with_captcha(ask)
            if answer.status < 300:
                self._inside.set()
            elif answer.document.get("code") in NOT_LET_IN:
                self._turned_away = answer
            return answer

    def _with_captcha(self, ask: Callable[[Mapping[str, str]], Answer]) -> Answer:
        headers = {}
        if isinstance(self._password, str) and self._password:
            headers["X-Request-Password"] = quote(self._password, safe="")
        answer = ask(headers)
        for _ in range(CAPTCHA_TRIES):
            if answer.status != 403 or answer.document.get("code") != "captcha_required":
                break
            if answer.document.get("captcha_provider") != "altcha":
                raise Refused(
                    "The link asks for a captcha that only a person can solve: open it in a browser.",
                    "captcha_required",
                )
            challenge = self._expect(self._connections.call("GET", "/api/droppr/captcha"), 200)
            answer = ask({**headers, "X-Captcha-Token": solved(challenge)})
        return answer

    def _require_sender(self) -> None:
        for ask, name, option in (("ask_name", "sender_name", "--name"), ("ask_email", "sender_email", "--email")):
            if self.info.get(ask) == "required" and not self._sender[name]:
                raise Refused(f"The link wants to know who sends: add {option}.", "invalid_request")

    def _expect(self, answer: Answer, *wanted: int) -> dict[str, Any]:
        if answer.status in wanted:
            return answer.document
        raise trouble_of(answer, self._connections.host)


def parts_of_link(url: str) -> tuple[str, str, str | None]:
    """Origin, hash and handoff code of a link's address. Raises Refused."""
    address = urlsplit(url if "://" in url else f"http://{url}")
    before, _, hash = address.path.rstrip("/").rpartition("/")
    if not address.netloc or not hash or before.rpartition("/")[2] != "request":
        raise Refused(
            f"{url} is not the address of a link: it looks like https://files.example.org/request/….", "invalid_link"
        )
    code = address.fragment.partition("resume=")[2] or None
    return f"{address.scheme}://{address.netloc}", hash, code


def _pack_terms(said: object) -> PackTerms | None:
    if not isinstance(said, dict):
        return None
    return PackTerms(
        min(MOST_PACKED, int(said.get("max_files") or MOST_PACKED)),
        min(LARGEST_PACK, int(said.get("max_bytes") or LARGEST_PACK)),
    )


def _packed(answer: dict[str, Any]) -> Standing | Trouble:
    if answer.get("error"):
        return trouble_of(Answer(int(answer.get("status") or 400), HTTPMessage(), answer), "The server")
    return _standing(answer)


def _standing(said: dict[str, Any]) -> Standing:
    missing: tuple[Pair, ...] = tuple((int(first), int(last) + 1) for first, last in said.get("missing_ranges") or ())
    return Standing(
        ticket=str(said.get("upload_id") or ""),
        complete=bool(said.get("complete")),
        missing=missing,
        part_size=said.get("chunk_size"),
        parallel_parts=said.get("max_parallel_chunks"),
        path=said.get("path"),
        sha256=said.get("sha256"),
        sample=said.get("sample"),
    )
