"""A Droppr server as seen from outside: JSON over HTTP, and every problem as one sentence."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from droppr_client.upload import wire
from droppr_client.upload.between import is_page, problem_between
from droppr_client.upload.connection import Answer, Connections, Download, address_of, below
from droppr_client.upload.problems import FileRefused, MovedAway, Refused, Retryable, UploadProblem

JSON = dict[str, Any]

PAGE_ITEMS = 1000
FOUND_AT_ONCE = 50
"""Files or passages that one answer to a search tells."""
WITH_COPIES_AT_ONCE = 200
"""Files of a page that tells of copies."""
MAX_PAGES = 2000
MAX_LIST_BYTES = 256 * 1024 * 1024
"""Bytes of all pages of a list. One that goes on beyond that has no end."""
RETRY_SECONDS = (0.5, 1.0)
"""Seconds after which is asked again what somebody on the way has answered."""
UNLIKE_DROPPR = "answers, but not as a Droppr server does."


class ApiError(Exception):
    """The server refused, or could not be reached. Its text is a sentence for a person; ``status`` is None where there
    was no answer; ``passing``: asked again, it may answer."""

    def __init__(self, sentence: str, status: int | None = None, *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.passing = passing or status is None or status >= 500


class Api:
    """The owner's calls on the server at ``url``, such as ``http://127.0.0.1:8000``. Safe from several threads.

    Raises ApiError where that is no address.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        try:
            self._connections = Connections(self.url)
            self._prefix = below(address_of(self.url))
        except Refused as problem:
            raise ApiError(str(problem)) from problem
        self._token = _usable(token)

    @property
    def has_token(self) -> bool:
        return bool(self._token)

    def create_request(self, body: JSON) -> JSON:
        return self._call("POST", "/api/droppr/requests", body)

    def requests(self, **wanted: str | None) -> list[JSON]:
        """Every link, newest first, or as ``sort``, ``direction`` and ``state`` say."""
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return self._listed(self._call("GET", f"/api/droppr/requests{'?' if query else ''}{query}"), "requests")

    def edit_request(self, hash: str, body: JSON) -> JSON:
        return self._call("PATCH", _path(hash), body)

    def invite(self, hash: str, to: list[str], text: str) -> list[JSON]:
        """Have a link mailed to people; the mails that are on their way."""
        return self._listed(self._call("POST", f"{_path(hash)}/invitations", {"to": to, "text": text}), "messages")

    def request(self, hash: str) -> JSON:
        """A link as its owner's list has it."""
        return self._call("GET", f"{_path(hash)}?as=owner")

    def parties(self, hash: str) -> list[JSON]:
        """Who sends to a link, whoever came last first."""
        return self._pages(f"{_path(hash)}/parties", "parties")

    def judge(self, hash: str, party: str, item: str, said: JSON) -> JSON:
        """Accept what a party has sent for an item, or send it back; the party as it stands then."""
        return self._call("PUT", f"{_path(hash)}/parties/{_quoted(party)}/items/{_quoted(item)}", said)

    def remind(self, hash: str, to: list[str]) -> JSON:
        """Have people reminded, all of whom files are awaited where ``to`` names none; who is, and how many are not."""
        return self._call("POST", f"{_path(hash)}/reminders", {"to": to} if to else {})

    def share(self, body: JSON) -> JSON:
        """Let others download received files; the share."""
        return self._call("POST", "/api/droppr/shares", body)

    def shares(self, hash: str) -> list[JSON]:
        """What is shared of a link's files."""
        return self._listed(self._call("GET", f"{_path(hash)}/shares"), "shares")

    def end_share(self, share: str) -> None:
        self._call("DELETE", f"/api/droppr/shares/{_quoted(share)}")

    def rename(self, hash: str, path: str, new: str) -> JSON:
        """Give a received file another path; what it is called then."""
        place = "/".join(map(_quoted, path.split("/")))
        return self._call("PATCH", f"{_path(hash)}/files/{place}", {"path": new})

    def templates(self) -> list[JSON]:
        """Those that may be used, by name."""
        return self._listed(self._call("GET", "/api/templates"), "templates")

    def save_template(self, body: JSON) -> JSON:
        return self._call("POST", "/api/templates", body)

    def rename_template(self, id: str, name: str) -> JSON:
        return self._call("PATCH", f"/api/templates/{_quoted(id)}", {"name": name})

    def remove_template(self, id: str) -> None:
        self._call("DELETE", f"/api/templates/{_quoted(id)}")

    def close_request(self, hash: str) -> None:
        self._call("DELETE", _path(hash))

    def files(self, hash: str, *, repeated: bool = False) -> list[JSON]:
        """What has arrived, newest first; with ``repeated`` only files whose content the link has more than once."""
        return self._pages(f"{_path(hash)}/files", "files", query="repeated=true&" if repeated else "")

    def files_with_copies(self, hash: str) -> list[JSON]:
        """What has arrived, with the ``copies`` of each on other links that may be seen."""
        return self._pages(f"{_path(hash)}/files", "files", query="copies=true&", at_once=WITH_COPIES_AT_ONCE)

    def uploads(self, hash: str, most: int = sys.maxsize) -> list[JSON]:
        """What is on its way, newest first; the newest ``most`` where that is named."""
        return self._pages(f"{_path(hash)}/uploads", "uploads", most)

    def stop(self, hash: str, upload_id: str) -> None:
        """Cancel an upload that is on its way."""
        self._call("DELETE", f"{_path(hash)}/uploads/{quote(upload_id, safe='')}?as=owner")

    def stop_all(self, hash: str) -> JSON:
        """Cancel up to a thousand of those that are on their way: ``cancelled``, and how many are ``left``."""
        return self._call("DELETE", f"{_path(hash)}/uploads")

    def search(self, asked: Mapping[str, Sequence[str]], most: int = sys.maxsize) -> list[JSON]:
        """The best ``most`` files that have arrived, found by what they say, or all that are told; ``asked`` as the call takes it."""
        query = f"{urlencode(asked, doseq=True, errors='replace')}&"
        return self._pages("/api/search", "results", most, query, FOUND_AT_ONCE)[:most]

    def passages(self, asked: Mapping[str, Sequence[str]], most: int) -> JSON:
        """The best passages in full, for programs that read, as the server tells them."""
        page = {**asked, "limit": [str(most)], "format": ["context"]}
        return self._call("GET", f"/api/search?{urlencode(page, doseq=True, errors='replace')}")

    def messages(self, most: int, state: str | None = None, hash: str | None = None) -> list[JSON]:
        """What was told or will be, newest first."""
        asked = {"limit": str(most), "state": state, "link": hash}
        named = {name: value for name, value in asked.items() if value is not None}
        return self._listed(self._call("GET", f"/api/messages?{urlencode(named, errors='replace')}"), "messages")

    def message(self, id: str) -> JSON:
        return self._call("GET", f"/api/messages/{_quoted(id)}")

    def send_again(self, id: str) -> JSON:
        return self._call("POST", f"/api/messages/{_quoted(id)}/redelivery")

    def test_message(self, body: JSON) -> list[JSON]:
        """Have tests sent; the messages that they are."""
        return self._listed(self._call("POST", "/api/messages/test", body), "messages")

    def endpoints(self) -> list[JSON]:
        return self._listed(self._call("GET", "/api/endpoints"), "endpoints")

    def make_endpoint(self, body: JSON) -> JSON:
        return self._call("POST", "/api/endpoints", body)

    def change_endpoint(self, id: str, body: JSON) -> JSON:
        return self._call("PATCH", f"/api/endpoints/{_quoted(id)}", body)

    def renew_endpoint(self, id: str) -> JSON:
        return self._call("POST", f"/api/endpoints/{_quoted(id)}/secret")

    def remove_endpoint(self, id: str) -> None:
        self._call("DELETE", f"/api/endpoints/{_quoted(id)}")

    def audit(self, most: int, asked: Mapping[str, str]) -> list[JSON]:
        """What was done, newest first."""
        query = urlencode({**asked, "limit": str(most)}, errors="replace")
        return self._listed(self._call("GET", f"/api/droppr/audit?{query}"), "entries")

    def audit_file(self, form: str, asked: Mapping[str, str]) -> Iterator[bytes]:
        """All of it as a file, in pieces. Raises ApiError, also on the way."""
        query = urlencode({**asked, "format": form}, errors="replace")
        address = f"{self._prefix}/api/droppr/audit?{query}"
        try:
            with self._connections.receive(address, self._headers()) as download:
                if download.status != 200 or is_page(download.status, download.headers):
                    answer = download.answer()
                    self._check(answer)
                    raise ApiError(f"{self.url} {UNLIKE_DROPPR}", answer.status)
                yield from download.pieces(MAX_LIST_BYTES)
        except UploadProblem as problem:
            raise ApiError(f"{self.url} cannot be reached: {problem}") from problem

    def erase_in_audit(self, whom: JSON) -> int | None:
        """Take a name or an address out of it; in how many rows it stood."""
        return wire.whole(self._call("POST", "/api/droppr/audit/erasures", whom).get("rows"), 0, 2**53)

    def download(self, hash: str, path: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes ``[start, stop)`` of a received file in pieces, and never more. Raises Retryable, FileRefused, ApiError."""
        headers = self._headers() | {"Range": f"bytes={start}-{stop - 1}"}
        left = stop - start
        address = f"{self._prefix}{_path(hash)}/files/{quote(path)}"
        with self._connections.receive(address, headers) as download:
            self._check_range(download, start)
            for piece in download.pieces(left):
                left -= len(piece)
                yield piece
        if left:
            raise Retryable(f"The connection to {self.url} broke off.", broken=True)

    def readiness(self) -> JSON:
        return self._call("GET", "/readyz")

    def upload_status(self) -> JSON:
        return self._call("GET", "/api/v1/system/upload-status")

    def abort(self) -> None:
        """End what is on its way, in all threads; nothing can be asked afterwards."""
        self._connections.abort()

    def close(self) -> None:
        self._connections.close()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _pages(
        self, path: str, name: str, most: int = sys.maxsize, query: str = "", at_once: int = PAGE_ITEMS
    ) -> list[JSON]:
        """A list that the server tells in pages, ``most`` entries of it or some more."""
        found: list[JSON] = []
        more, size, known = "", 0, set[str]()
        for _ in range(MAX_PAGES):
            answer = self._answer("GET", f"{path}?{query}limit={min(at_once, most)}{more}")
            found += self._listed(answer.document, name)
            cursor = wire.text(answer.document.get("next_cursor"))
            if not cursor or len(found) >= most:
                return found
            more, size = f"&cursor={quote(cursor, safe='')}", size + answer.size
            if size > MAX_LIST_BYTES or cursor in known:
                break
            known.add(cursor)
        raise ApiError(f"{self.url} tells of {name} without an end.")

    def _call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        return self._answer(method, path, body).document

    def _answer(self, method: str, path: str, body: JSON | None = None) -> Answer:
        try:
            answer = self._connections.call(method, self._prefix + path, body, self._headers())
            for wait in RETRY_SECONDS if method == "GET" else ():
                if not isinstance(problem_between(answer, self._connections.host), Retryable):
                    break
                time.sleep(wait)
                answer = self._connections.call(method, self._prefix + path, body, self._headers())
        except UploadProblem as problem:
            raise ApiError(f"{self.url} cannot be reached: {problem}") from problem
        self._check(answer)
        if is_page(answer.status, answer.headers):
            self._check_between(answer)
        if not answer.understood or (not answer.document and answer.status != 204):
            raise ApiError(f"{self.url} {UNLIKE_DROPPR}", answer.status)
        return answer

    def _check(self, answer: Answer) -> None:
        """Raises what stands for an answer that is no success. Nothing leads us to another address: the token is for
        the one that was named."""
        if not 200 <= answer.status < 300:
            self._check_between(answer)
        if answer.status == 401:
            told = "does not accept this admin token" if self._token else "asks for the admin token, and none was named"
            raise ApiError(f"The server {told}. Name it with --token-file or DROPPR_ADMIN_TOKEN.", 401)
        if 300 <= answer.status < 400:
            raise ApiError(f"{self.url} leads to another address: name the right one with --server.", answer.status)
        if not 200 <= answer.status < 300:
            said = wire.sentence(answer.document.get("error"))
            raise ApiError(said or f"The server answered with status {answer.status}.", answer.status)

    def _check_between(self, answer: Answer) -> None:
        """Raises what an answer stands for that something on the way to the server has given."""
        between = problem_between(answer, self._connections.host)
        if between is not None:
            raise ApiError(str(between), answer.status, passing=isinstance(between, Retryable))

    def _check_range(self, download: Download, start: int) -> None:
        """Raises what a reply stands for that does not carry the range from ``start`` on, as it is."""
        status, headers = download.status, download.headers
        if is_page(status, headers) and (between := problem_between(download.answer(), self._connections.host)):
            raise between
        if headers.get("Content-Encoding", "identity") != "identity":
            raise FileRefused("The server sends something else than the file's own bytes.", "invalid_answer")
        if status == 206 and headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return
        if status == 200 and start == 0:
            return
        answer = download.answer()
        if between := problem_between(answer, self._connections.host):
            raise between
        if status == 429 or status >= 500:
            raise Retryable("The server is busy.", "busy", retry_after=wire.seconds(headers.get("Retry-After")))
        if answer.code == "file_not_found":
            raise MovedAway("It is no longer on the server: somebody has moved or removed it there.", "file_not_found")
        if status in (404, 410, 416):
            raise FileRefused("The server does not have the file any more.", "invalid_answer")
        self._check(answer)
        raise FileRefused("The server sends something else than was asked for.", "invalid_answer")

    def _listed(self, reply: JSON, name: str) -> list[JSON]:
        """The entries of a list; one that is no object is an empty one, which nobody can do anything with."""
        entries = reply.get(name)
        if not isinstance(entries, list):
            raise ApiError(f"{self.url} {UNLIKE_DROPPR}")
        return [each if isinstance(each, dict) else {} for each in entries]


def _path(hash: str) -> str:
    return f"/api/droppr/requests/{_quoted(hash)}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _usable(token: str | None) -> str | None:
    """Raises ApiError where it cannot go into a header."""
    if token and not (token.isascii() and token.isprintable()):
        raise ApiError("The admin token holds a character that no token holds.")
    return token
