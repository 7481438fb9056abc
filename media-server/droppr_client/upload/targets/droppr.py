"""A Droppr link as a target."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPMessage
from typing import Any
from urllib.parse import quote

from droppr_client.upload import wire
from droppr_client.upload.between import is_page
from droppr_client.upload.captcha import solved
from droppr_client.upload.connection import Answer, Connections, address_of, below, without_sentence
from droppr_client.upload.identity import answers_to, item_named, sender_key
from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileRefused, Gone, Refused, Retryable, Unwanted, UploadProblem
from droppr_client.upload.targets import Facts, Packed, PackTerms, Terms, UploadStatus
from droppr_client.upload.targets.answers import PASSWORD_WANTED, problem_of
from droppr_client.upload.targets.parts import Ways
from droppr_client.upload.targets.statuses import MAX_PARALLEL_CHUNKS, begun, senseless, status_of
from droppr_client.upload.throttle import Chunk, Throttle

MAX_PACK_BYTES = 4 * 1024 * 1024
MAX_PACK_FILES = 500
MIN_CHUNK_BYTES, MAX_CHUNK_BYTES = 64 * 1024, 1024 * 1024 * 1024
MAX_CAPTCHA_TRIES = 3
NOT_LET_IN = {"password_invalid", "captcha_required", "too_many_attempts"}
"""Answers to an opening that those that follow would only get again; one without a password costs nobody an attempt."""
NO_LINK = {"request_not_found", "request_expired", "request_closed"}
MAX_OPENING_HEADER = 4096
"""Bytes of the header that opens an upload by its first chunk: proxies bound what they take."""
WANT_DIGEST = {"Want-Repr-Digest": "sha-256=1"}
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
        item: str | None = None,
        answers: Sequence[str] = (),
        keys: str | os.PathLike[str] | None = None,
    ) -> None:
        """``item`` is the title or the id of what the link asks for, ``answers`` are texts such as ``Whose?=Ann``; ``keys`` is the folder in
        which is kept who sends."""
        self._server, self._hash, self.handoff_code = parts_of_link(url)
        self._connections = Connections(self._server)
        self._api = f"{below(address_of(self._server))}/api/droppr"
        self._path = f"{self._api}/requests/{quote(self._hash, safe='')}"
        self._password = password
        # A terminal may hand over bytes that are no text.
        sender = {"sender_name": sender_name, "sender_email": sender_email}
        self._sender = {name: value and value.encode(errors="replace").decode() for name, value in sender.items()}
        self._item = item
        self._item_id: str | None = None
        self._key = sender_key(keys, self._hash) if keys else None
        self._answers = answers
        self.opens_unasked = item is None and not answers
        self._entrance = threading.Lock()
        self._inside = threading.Event()
        self._turned_away: Answer | None = None
        self._ways = Ways()
        self.info: dict[str, Any] = {}

    @property
    def identity(self) -> str:
        """A digest: the link itself is a capability and does not belong into files. The same by whichever address the
        server is reached."""
        # What is sent for one item is not there for another.
        meant = self._hash if self._item is None else f"{self._hash} {self._item.strip().casefold()}"
        return f"droppr:{hashlib.sha256(meant.encode(errors='replace')).hexdigest()[:32]}"

    def prepare(self) -> Terms:
        self.info = self._expect(self._connections.call("GET", self._path), 200)
        chunk_size = wire.clamped(self.info.get("chunk_size"), MIN_CHUNK_BYTES, MAX_CHUNK_BYTES)
        if chunk_size is None:
            raise Refused(f"{self._server} answers, but not as a Droppr server does.", "invalid_link")
        self._require_sender()
        self._ways.by(self.info, self._server)
        self._find_item()
        if self.info.get("requires_password") and callable(self._password):
            self._password = self._password()
        if self.info.get("requires_password") and not self._password:
            raise Refused(PASSWORD_WANTED, "password_required")
        self._answer()
        return Terms(
            chunk_size=chunk_size,
            parallel_chunks=wire.clamped(self.info.get("max_parallel_chunks"), 1, MAX_PARALLEL_CHUNKS) or 1,
            most_parallel_chunks=wire.clamped(self.info.get("most_parallel_chunks"), 1, MAX_PARALLEL_CHUNKS),
            pack=_pack_terms(self.info.get("pack")),
            whole_file_bytes=wire.clamped(self.info.get("whole_file_bytes"), 1, MAX_CHUNK_BYTES) or 0,
            compares=True,
        )

    def ahead(self, count: int) -> float | None:
        return self._connections.ahead(count)

    def open(self, item: Item, facts: Facts) -> UploadStatus:
        body = self._opening(item, facts)

        def ask(headers: Mapping[str, str]) -> Answer:
            return self._connections.call("POST", f"{self._path}/uploads", body, headers)

        return self._begun(self._expect(self._entering(ask), 201, 200), item.size)

    def status(self, item: Item, ticket: str) -> UploadStatus:
        found = self._expect(self._connections.call("GET", self._upload(ticket)), 200)
        if found.get("size") != item.size:
            raise Gone("The upload was begun with a file of another size.", "size_mismatch")
        if found.get("state") == "refused":
            raise Gone("The upload was refused before.", "upload_not_found")
        return self._begun(found, item.size)

    def still_there(self, files: Sequence[tuple[Item, str]]) -> list[bool]:
        body = {"uploads": [ticket for _, ticket in files]}
        answer = self._connections.call("POST", f"{self._path}/arrived", body)
        if answer.status in (404, 405) and answer.code not in NO_LINK:
            return [self._is_there(item, ticket) for item, ticket in files]  # an older server
        arrived = self._expect(answer, 200).get("arrived")
        if not isinstance(arrived, list):
            raise Retryable("The server does not say what has arrived.", "invalid_answer")
        there = {each for each in arrived if isinstance(each, str)}
        return [ticket in there for _, ticket in files]

    def _is_there(self, item: Item, ticket: str) -> bool:
        try:
            return self.status(item, ticket).complete
        except Gone:
            return False

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        if status := self._ways.send(item, ticket, chunk):
            return status
        start, stop = chunk.span
        headers = {"Content-Range": f"bytes {start}-{stop - 1}/{item.size}", "X-Upload-Id": ticket}
        return self._sent(item, headers, chunk)

    def send_unopened(self, item: Item, key: str, chunk: Chunk) -> UploadStatus:
        start, stop = chunk.span
        return self._sent(item, {"Content-Range": f"bytes {start}-{stop - 1}/{item.size}", "X-Upload-Key": key}, chunk)

    def send_whole(self, item: Item, facts: Facts, chunk: Chunk) -> UploadStatus | None:
        opening = json.dumps(self._opening(item, facts), separators=(",", ":"))
        # Who may be turned away sends no bytes in vain.
        if len(opening) > MAX_OPENING_HEADER or not self._inside.is_set():
            return None
        headers = {"Content-Range": f"bytes 0-{item.size - 1}/{item.size}", "X-Upload-Opening": opening}
        return self._sent(item, headers | self._credentials(), chunk)

    def _sent(self, item: Item, headers: dict[str, str], chunk: Chunk) -> UploadStatus:
        headers |= {"Content-Type": "application/octet-stream", **WANT_DIGEST}
        if chunk.digest:
            headers["Content-Digest"] = chunk.digest
        said = self._expect(self._connections.send("POST", f"{self._path}/upload-chunk", headers, chunk), 200)
        if not said.get("upload_id"):
            raise Retryable("The server's answer says nothing of what it was sent.", "invalid_answer")
        return status_of(said, item.size)

    def _opening(self, item: Item, facts: Facts) -> dict[str, Any]:
        body = {"path": item.path, "size": item.size, "last_modified": item.mtime_ns / 1e9, "key": facts.key}
        optional = {"sample": facts.sample, "sha256": facts.sha256, "item": self._item_id, **self._sender}
        return body | {name: value for name, value in optional.items() if value}

    def finish(self, item: Item, ticket: str) -> UploadStatus:
        if status := self._ways.finished(ticket):
            return status
        found = self._expect(self._connections.call("GET", self._upload(ticket)), 200)
        if found.get("state") == "refused":
            # Judged once all was there: the digest that was declared is another.
            raise Unwanted(
                "The file that arrived is not the one that was announced. Send it again.", "checksum_mismatch"
            )
        return self._begun(found, item.size)

    def send_pack(self, files: Sequence[Packed], throttle: Throttle) -> list[UploadStatus | UploadProblem]:
        body = b"".join(piece for file in files for piece in (self._pack_line(file), file.data))

        def ask(headers: Mapping[str, str]) -> Answer:
            chunk = Chunk((0, len(body)), throttle, data=body)
            return self._connections.send("POST", f"{self._path}/pack", {"Content-Type": PACK_TYPE, **headers}, chunk)

        answers = self._expect(self._entering(ask), 200).get("files")
        if not isinstance(answers, list) or len(answers) != len(files):
            raise Retryable("The server answered to other files than were sent.", "invalid_answer")
        return [_packed(answer, file.item.size) for answer, file in zip(answers, files, strict=True)]

    def make_folders(self, paths: Sequence[str]) -> None:
        def ask(headers: Mapping[str, str]) -> Answer:
            body = {"paths": list(paths), **self._sender}
            return self._connections.call("POST", f"{self._path}/folders", body, headers)

        self._expect(self._entering(ask), 201, 200)

    def handed_off(self, code: str) -> list[dict[str, Any]]:
        """The uploads behind a code that a sender's page shows, each as the status call tells it."""
        answer = self._connections.call("GET", f"{self._path}/handoffs/{quote(code, safe='')}")
        uploads = self._expect(answer, 200).get("uploads")
        return [each for each in uploads if isinstance(each, dict)] if isinstance(uploads, list) else []

    def discard(self, item: Item, ticket: str) -> None:
        self._connections.call("DELETE", self._upload(ticket))

    def abort(self) -> None:
        self._connections.abort()
        self._ways.abort()

    def close(self) -> None:
        self._connections.close()
        self._ways.close()

    def _begun(self, said: dict[str, Any], size: int) -> UploadStatus:
        """Of an upload that has an id by which it is asked for. Raises FileRefused."""
        status = begun(said, size)
        parts = f"{self._upload(status.ticket)}/parts"

        def ask(place: str, body: object) -> dict[str, Any]:
            return self._expect(self._connections.call("POST", f"{parts}{place}", body, WANT_DIGEST), 200)

        return self._ways.of(status, said.get("direct"), ask, lambda each: begun(each, size))

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
            **({"item": self._item_id} if self._item_id else {}),
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
            elif answer.code in NOT_LET_IN:
                self._turned_away = answer
            return answer

    def _with_captcha(self, ask: Callable[[Mapping[str, str]], Answer]) -> Answer:
        headers = self._credentials()
        answer = ask(headers)
        for _ in range(MAX_CAPTCHA_TRIES):
            if answer.status != 403 or answer.code != "captcha_required":
                break
            if answer.document.get("captcha_provider") != "altcha":
                raise Refused(
                    "The link asks for a captcha that only a person can solve: open it in a browser.",
                    "captcha_required",
                )
            challenge = self._expect(self._connections.call("GET", f"{self._api}/captcha"), 200)
            answer = ask({**headers, "X-Captcha-Token": solved(challenge)})
        return answer

    def _credentials(self) -> dict[str, str]:
        headers = {"X-Sender-Key": self._key} if self._key else {}
        if isinstance(self._password, str) and self._password:
            headers["X-Request-Password"] = _encoded(self._password)
        return headers

    def _answer(self) -> None:
        """Say what was named. Raises Refused where the link asks no such question, or the answer is none."""
        if not self._answers:
            return
        given = answers_to(self.info.get("questions"), self._answers)
        answer = self._connections.call("PUT", f"{self._path}/answers", given, self._credentials())
        if answer.code == "invalid_request":
            raise Refused(wire.sentence(answer.document.get("error")) or "An answer is not right.", "invalid_request")
        self._expect(answer, 200)

    def _find_item(self) -> None:
        """Raises Refused where the link asks for no such item."""
        if self._item is None:
            return
        items = self.info.get("items")
        known = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
        self._item_id = item_named(known, self._item)
        if self._item_id is None:
            titles = ", ".join(repr(wire.sentence(each.get("title")) or "?") for each in known)
            raise Refused(
                f"The link has no item {self._item!r}{f'; it asks for {titles}' if titles else ' and asks for none'}.",
                "item_not_found",
            )

    def _require_sender(self) -> None:
        for ask, name, option in (("ask_name", "sender_name", "--name"), ("ask_email", "sender_email", "--email")):
            if self.info.get(ask) == "required" and not self._sender[name]:
                raise Refused(f"The link wants to know who sends: add {option}.", "invalid_request")

    def _expect(self, answer: Answer, *wanted: int) -> dict[str, Any]:
        if answer.status in wanted and not is_page(answer.status, answer.headers):
            return answer.document
        raise problem_of(answer, self._connections.host)


def parts_of_link(url: str) -> tuple[str, str, str | None]:
    """The server's address, with the path below which it is where it has one, hash and handoff code of a link's address.
    Raises Refused."""
    url = without_sentence(url)
    address = address_of(url if "://" in url else f"http://{url}")
    before, _, hash = address.path.rstrip("/").rpartition("/")
    path, _, kind = before.rstrip("/").rpartition("/")
    if not hash or not wire.is_unicode(hash) or kind != "request":
        raise Refused(
            f"{url} is not the address of a link: it looks like https://files.example.org/request/….", "invalid_link"
        )
    code = address.fragment.partition("resume=")[2] or None
    return f"{address.scheme}://{address.netloc}{path.rstrip('/')}", hash, code


def _encoded(password: str) -> str:
    return quote(password, safe="", errors="surrogateescape")


def _pack_terms(said: object) -> PackTerms | None:
    if not isinstance(said, dict):
        return None
    files = wire.clamped(said.get("max_files"), 1, MAX_PACK_FILES)
    size = wire.clamped(said.get("max_bytes"), 1, MAX_PACK_BYTES)
    return PackTerms(files, size) if files and size else None


def _packed(answer: object, size: int) -> UploadStatus | UploadProblem:
    if not isinstance(answer, dict):
        return senseless()
    try:
        if answer.get("error"):
            status = wire.whole(answer.get("status"), 400, 599) or 400
            return problem_of(Answer(status, HTTPMessage(), answer), "The server")
        return begun(answer, size)
    except FileRefused as problem:
        return problem
