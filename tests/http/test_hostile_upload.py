"""`droppr upload` to a server that means no good: it ends, says what was wrong, and never does what a number says only because
a server said it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from droppr_client.upload import DropprLink, Options, Outcome, Refused, UploadManager, UploadResult, retry
from droppr_client.upload.captcha import MAX_ITERATIONS, solved
from droppr_client.upload.handoff import handed_off
from droppr_client.upload.wire import MAX_WAIT_SECONDS, document, seconds
from tests.support.files import MIB, content
from tests.support.hostile import Answer, Asked, Hostile

SIZE = 3 * MIB
ID = "abcdefghijklmnop"
INFO = {"chunk_size": MIB, "max_parallel_chunks": 2, "requires_password": False, "ask_name": "no"}
BEGUN = {"upload_id": ID, "complete": False, "missing_ranges": [[0, SIZE - 1]], "max_parallel_chunks": 2}
DONE = {"upload_id": ID, "complete": True, "missing_ranges": [], "path": "file", "sha256": None}
NUMBERS: list[Any] = [0, -1, 1, 2**62, 10**18, 10**400, 1e300, float("nan"), float("inf"), True, "9", None, [], {}]


class Server(Hostile):
    """A link that takes files, but for what was put in the place of its answers."""

    def __init__(self, **instead: Any) -> None:
        super().__init__(self.reply)
        self.instead = instead
        self.arrived = 0

    def reply(self, asked: Asked) -> Answer | None:
        name, usual = self.usual(asked)
        said = self.instead.get(name, usual)
        return said if isinstance(said, Answer) else Answer(said)

    def usual(self, asked: Asked) -> tuple[str, Any]:
        place = asked.path.partition("/requests/0123456789abcdef")[2]
        if asked.path.endswith("/captcha"):
            return "captcha", {}
        if "handoffs" in place:
            return "handoff", {"uploads": []}
        if place == "":
            return "info", INFO
        if place == "/pack":
            return "pack", {"files": [DONE]}
        if place == "/upload-chunk":
            self.arrived += len(asked.body)
            return "chunk", DONE if self.arrived >= SIZE else BEGUN
        if place == "/uploads":
            return "begun", BEGUN
        return ("removed", {}) if asked.method == "DELETE" else ("status", DONE)


def send(server: Server, folder: Path, size: int = SIZE, **options: Any) -> UploadResult:
    """What becomes of one file; fails where that is not known within a minute."""
    (folder / "file").write_bytes(content(size))
    manager = UploadManager(DropprLink(server.link), Options(retries=0, verify=False, **options))
    late = threading.Timer(60, manager.cancel)
    late.start()
    try:
        [result] = manager.upload_files([folder / "file"])
    finally:
        late.cancel()
    assert result.outcome is not Outcome.CANCELLED, "it had no end"
    return result


def test_an_honest_one_gets_it(tmp_path):
    with Server() as server:
        assert send(server, tmp_path).success
        assert server.arrived == SIZE


class Verifying(Server):
    """One that has everything and says so, and then, each time it is asked, what comes next."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self.states = list(states)

    def usual(self, asked: Asked) -> tuple[str, Any]:
        name, usual = super().usual(asked)
        if name == "status":
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return name, {**DONE, "complete": state == "complete", "state": state}
        return name, {**usual, "complete": False} if name == "chunk" and usual is DONE else usual


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["verifying", "verifying", "complete"], None),
        (["verifying", "refused"], "checksum_mismatch"),
        (["verifying"], "busy"),
    ],
    ids=["right", "wrong", "without end"],
)
def test_who_compares_a_digest_is_waited_for(
    states: list[str], code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(retry, "MAX_LOOKS", 5)
    with Verifying(*states) as server:
        result = send(server, tmp_path)
        assert (result.success, result.code) == (code is None, code)
        assert server.arrived == SIZE, "nothing is sent again"


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("name", ["chunk_size", "max_parallel_chunks"])
def test_a_number_of_the_link_is_within_bounds_or_it_is_refused(name, number, tmp_path):
    with Server(info={**INFO, name: number}) as server:
        with suppress(Refused):
            assert send(server, tmp_path).success
        # But for what is left in the end, which may overtake another.
        sent = sorted(len(each.body) for each in server.asked if each.path.endswith("chunk"))
        assert all(each >= 64 * 1024 for each in sent[1:])
        assert len(sent) <= SIZE // (64 * 1024)


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("name", ["max_files", "max_bytes"])
def test_a_number_of_packs_is_within_bounds_or_there_are_none(name, number, tmp_path):
    pack = {"max_files": 10, "max_bytes": MIB, name: number}
    with Server(info={**INFO, "pack": pack}, begun={**BEGUN, "missing_ranges": [[0, 9]]}, chunk=DONE) as server:
        assert send(server, tmp_path, 10).success


RANGES: dict[str, Any] = {
    "below": [[-1, 5]],
    "beyond": [[0, SIZE]],
    "far beyond": [[2**62, 2**62 + 1]],
    "turned around": [[5, 4]],
    "overlapping": [[0, 10], [10, SIZE - 1]],
    "out of order": [[100, 200], [0, 10]],
    "the same again and again": [[0, SIZE - 1]] * 1000,
    "single": [[0]],
    "triple": [[0, 1, 2]],
    "words": [["0", "1"]],
    "truths": [[True, True]],
    "fractions": [[0.5, 1.5]],
    "numbers": [1, 2],
}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("where", ["begun", "chunk", "status"])
def test_gaps_that_cannot_be_are_told_and_nothing_else_is_read(name, where, tmp_path):
    with Server(
        **{where: {**BEGUN, "missing_ranges": RANGES[name]}}, **({"chunk": BEGUN} if where == "status" else {})
    ) as server:
        assert send(server, tmp_path).code == "invalid_answer"


@pytest.mark.parametrize("upload_id", ["a\r\nX-Injected: 1", "a/../b", "", "é", "x" * 1000, 7, None, ["a"]], ids=repr)
def test_an_id_that_is_none_goes_into_no_header(upload_id, tmp_path):
    with Server(begun={**BEGUN, "upload_id": upload_id}) as server:
        assert send(server, tmp_path).code == "invalid_answer"
        assert not [each for each in server.asked if "x-injected" in each.headers]


def test_many_gaps_cost_what_they_are_worth(tmp_path):
    """As many as fit in an answer are one a few bytes; more are no answer."""
    many = Answer(b'{"upload_id": "x", "missing_ranges": [' + b"[0,0]," * 2_000_000 + b"[0,0]]}")
    with Server(begun=many) as server:
        assert send(server, tmp_path).code == "invalid_answer"


ENDLESS: dict[str, dict[str, Any]] = {
    "never has it": {"status": BEGUN, "chunk": BEGUN},
    "wants it smaller and smaller": {"chunk": Answer({"error": "no", "code": "chunk_too_large", "limit": 10**9}, 413)},
    "wants it a byte at a time": {"chunk": Answer({"error": "no", "code": "chunk_too_large", "limit": 1}, 413)},
    "wants less than nothing": {"chunk": Answer({"error": "no", "code": "chunk_too_large", "limit": -5}, 413)},
    "wants something smaller, it does not know what": {
        "chunk": Answer({"error": "no", "code": "chunk_too_large", "limit": "small"}, 413)
    },
    "wants another byte, always": {"chunk": Answer({"error": "no", "code": "offset_mismatch", "offset": 0}, 409)},
    "wants a byte beyond": {"chunk": Answer({"error": "no", "code": "offset_mismatch", "offset": 2**62}, 409)},
    "wants a byte before": {"chunk": Answer({"error": "no", "code": "offset_mismatch", "offset": -1}, 409)},
    "says nothing of what it was sent": {"chunk": {}},
    "answers every part with nothing": {"chunk": Answer(b"")},
    "forgets it": {"chunk": Answer({"error": "no", "code": "upload_not_found"}, 404)},
    "has another": {"chunk": Answer({"error": "no", "code": "chunk_conflict"}, 409)},
    "is complete without a name": {"begun": {"complete": True}},
    "says nothing": {"begun": {}},
    "leads away": {"begun": Answer(b"", 307, {"Location": "http://127.0.0.1:9/"})},
    "knows odd statuses": {"begun": Answer({"error": ["x"], "code": {"a": 1}}, 418)},
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_server_that_is_never_content_is_left(name, tmp_path):
    with Server(**ENDLESS[name]) as server:
        result = send(server, tmp_path)
    assert result.outcome is Outcome.FAILED
    assert result.error


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [None],
        [7],
        [{}],
        [{"error": 7, "status": "x"}],
        [{"error": "no", "status": 10**9}],
        [{**DONE, "path": 7}],
        {},
    ],
    ids=repr,
)
def test_answers_of_a_pack_that_make_no_sense_end_it(answers, tmp_path):
    with Server(info={**INFO, "pack": {"max_files": 10, "max_bytes": MIB}}, pack={"files": answers}) as server:
        result = send(server, tmp_path, 10)
    assert result.error or result.success


@pytest.mark.parametrize(
    "header",
    ["1" + "0" * 18, "9" * 400, "-1", "NaN", "inf", "1e9", "\xb2\xb3", " 5 ", "Wed, 21 Oct 2015 07:28:00 GMT", ""],
)
def test_no_server_makes_us_wait_longer_than_its_limits_last(header):
    wait = seconds(header)
    assert wait is None or 0 <= wait <= MAX_WAIT_SECONDS
    assert (wait is not None) == header.strip().isascii() & header.strip().isdigit()


def test_a_wait_without_an_end_is_no_attempt_that_never_ends(tmp_path):
    busy = Answer({"error": "no", "code": "busy"}, 503, {"Retry-After": "1" + "0" * 18})
    with Server(info=busy) as server, pytest.raises(Refused):
        UploadManager(DropprLink(server.link)).prepare()


MODEST = {
    "algorithm": "PBKDF2/SHA-256",
    "nonce": "00" * 16,
    "salt": "11" * 16,
    "cost": 1,
    "keyLength": 32,
    "keyPrefix": "",
}
COSTLY: dict[str, Any] = {
    "iterations": {"cost": 2**62},
    "iterations at once": {"cost": MAX_ITERATIONS + 1},
    "no number": {"cost": "1"},
    "none": {"cost": -1},
    "a long key": {"keyLength": 2**31},
    "memory": {"algorithm": "SCRYPT", "cost": 2**20, "memoryCost": 2**20, "parallelism": 64},
    "more memory": {"algorithm": "ARGON2ID", "cost": 1, "memoryCost": 2**31},
    "a long salt": {"salt": "00" * 10**6},
    "a prefix that is none": {"keyPrefix": 7},
    "a nonce that is none": {"nonce": "x"},
    "an unknown way": {"algorithm": "PBKDF2/MD4"},
    "a way that is none": {"algorithm": ["PBKDF2/SHA-256"]},
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_captcha_costs_what_its_server_likes(name):
    assert solved({"parameters": MODEST, "signature": "x"})
    with pytest.raises(Refused, match="captcha"):
        solved({"parameters": {**MODEST, **COSTLY[name]}, "signature": "x"})


@pytest.mark.parametrize("challenge", [{}, {"parameters": None}, {"parameters": []}, {"parameters": {}}])
def test_what_is_no_captcha_is_told(challenge):
    with pytest.raises(Refused, match="captcha"):
        solved(challenge)


@pytest.mark.parametrize(
    "uploads", [None, 7, [None, 7, [], {}], [{"path": 7, "size": 1, "sample": "s", "upload_id": ID}]]
)
def test_a_code_that_stands_for_nonsense_stands_for_nothing(uploads):
    with Server(handoff={"uploads": uploads}) as server:
        assert handed_off(DropprLink(server.link), "CODE") == {}


ADDRESSES = [
    "http://[::1/request/x",
    "http://h:99999/request/x",
    "http://h:x/request/x",
    f"http://{'a' * 70}.b/request/x",
]


@pytest.mark.parametrize("address", [*ADDRESSES, "http://h/request/\udcff", "ftp://h/request/x", "http:///request/x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(Refused, match="address"):
        DropprLink(address)


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"7", b"\xff", b'{"a":' * 100_000, b"{" + b'"a":[' * 40 + b"]" * 40 + b"}"]
)
def test_what_is_no_document_is_none(raw):
    assert document(raw) is None


def test_numbers_that_are_none_are_nothing():
    assert document(b'{"a": NaN, "b": [Infinity, -Infinity, 1e999], "c": 1.5}') == {
        "a": None,
        "b": [None] * 3,
        "c": 1.5,
    }


def test_bytes_of_a_name_that_are_no_text_do_not_end_it(tmp_path):
    """A terminal hands over whatever was typed."""
    (tmp_path / "file").write_bytes(b"x")
    pack = {"max_files": 10, "max_bytes": MIB}
    with Server(info={**INFO, "pack": pack}) as server:
        link = DropprLink(server.link, password="\udcff", sender_name="\udcff", sender_email="\ud800")
        [result] = UploadManager(link, Options(retries=0)).upload_files([tmp_path / "file"])
        assert result.success
        [sent] = [each for each in server.asked if each.path.endswith("/pack")]
        assert json.loads(sent.body.splitlines()[0])["sender_name"] == "?"
        assert sent.headers["x-request-password"] == "%FF"


def test_an_answer_before_its_request_and_one_without_an_end(tmp_path):
    def flood(asked: Asked) -> None:
        asked.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100_000):
            asked.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    reply: Callable[[Asked], Answer | None] = flood
    with Server() as server:
        usual = server.answer
        server.answer = lambda asked: reply(asked) if asked.path.endswith("/uploads") else usual(asked)
        assert send(server, tmp_path).outcome is Outcome.FAILED
