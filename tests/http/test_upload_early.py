"""The first large file that ``droppr upload`` is told of is opened while its link is still asked what it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from droppr_client.upload import DropprLink, Options, Refused, UploadManager, UploadResult, Walk, early
from droppr_client.upload.problems import Cancelled
from droppr_client.upload.transfer import HASHED_FIRST_BYTES
from tests.support.between import Between
from tests.support.client import Client, Link
from tests.support.hostile import Answer, Asked
from tests.support.live import LiveServer

SIZE = HASHED_FIRST_BYTES + 5
TERMS: dict[str, dict[str, Any]] = {
    "full": {"max_files": 1},
    "nameless": {"ask_name": "required"},
    "password": {"password": "right"},
    "captcha": {"captcha": "always"},
}


class Watched(Between):
    """Passes on; counts openings, and what was asked while the link's answer was on its way."""

    def __init__(self, server: LiveServer, instead: Callable[[Asked], Answer | None] = lambda _: None) -> None:
        super().__init__(server.port, self._watch)
        self._first = instead
        self._opened = threading.Event()
        self.openings: list[Asked] = []
        self.patience = 0.0
        """Seconds that the link's answer waits for an opening."""
        self.overlapped = False

    def _watch(self, asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path.endswith("/uploads"):
            self.openings.append(asked)
            self._opened.set()
        elif asked.method == "GET" and asked.path.rpartition("/")[0].endswith("/requests"):
            self.overlapped = self._opened.wait(self.patience)
        return self._first(asked)

    def target(self, link: Link, **terms: Any) -> DropprLink:
        return DropprLink(f"{self.url}/request/{link.hash}", **terms)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "large.bin"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.write(b"begins")
        file.truncate(SIZE)
    return path


def sent(target: DropprLink, what: Any, **options: Any) -> UploadResult:
    [result] = UploadManager(target, Options(**options)).upload_files(what)
    return result


@pytest.mark.parametrize("order", ["mixed", "name"])
def test_it_is_opened_once_before_the_link_has_answered(
    order: Any, link: Link, server: LiveServer, large: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.db"
    with Watched(server) as line:
        line.patience = 60
        result = sent(line.target(link), Walk([str(large)], order=order), state=state)
        assert (result.success, result.verified) == (True, True), result.error
        assert line.overlapped
        assert len(line.openings) == 1
        assert (link.disk / "large.bin").read_bytes() == large.read_bytes()
        line.patience = 0.0
        assert sent(line.target(link), large, state=state).outcome == "present"
        assert len(line.openings) == 1, "what was sent before is asked about"


@pytest.mark.parametrize("what", ["folder", "small", "by size"])
def test_what_is_not_known_to_come_first_waits_for_the_link(
    what: str, link: Link, server: LiveServer, large: Path
) -> None:
    if what == "small":
        large.write_bytes(bytes(2 * 1024 * 1024))
    paths = {"folder": [str(large.parent)], "by size": Walk([str(large)], order="size")}.get(what, [str(large)])
    with Watched(server) as line:
        line.patience = 0.5
        assert sent(line.target(link), paths).success
        assert not line.overlapped
        assert len(line.openings) == 1


@pytest.mark.parametrize("arrives", [False, True])
def test_an_opening_that_fails_is_made_again_and_takes_no_second_place(
    arrives: bool, client: Client, server: LiveServer, large: Path
) -> None:
    link = client.make_link(max_files=1)

    def lose(asked: Asked) -> Answer | None:
        if [asked] != line.openings:
            return None
        if arrives:
            line.pass_on(asked)
        return Answer(b"", 502)

    with Watched(server, lose) as line:
        result = sent(line.target(link), large)
        assert (result.success, result.retries) == (True, 0), result.error
        assert len(line.openings) == 2
    assert [each["path"] for each in link.files()] == ["large.bin"]


def test_a_wrong_password_counts_once(client: Client, server: LiveServer, large: Path) -> None:
    link = client.make_link(password="right")
    with Watched(server) as line:
        line.patience = 60
        assert sent(line.target(link, password="wrong"), large).code == "password_invalid"
        assert len(line.openings) == 1


def test_a_password_is_asked_for_and_then_counts(client: Client, server: LiveServer, large: Path) -> None:
    link = client.make_link(password="right")
    asked: list[str] = []

    def ask() -> str:
        asked.append("the link's password")
        return "right"

    with Watched(server) as line:
        line.patience = 60
        assert sent(line.target(link, password=ask), large).success
        assert (len(asked), len(line.openings)) == (1, 2)
        assert "x-request-password" not in line.openings[0].headers


@pytest.mark.parametrize("why", ["closed", "full", "nameless", "password", "nothing there", "captcha"])
def test_a_link_that_takes_nothing_says_the_same_as_to_a_folder(
    why: str, client: Client, server: LiveServer, large: Path
) -> None:
    link = client.make_link(**TERMS.get(why, {}))
    if why == "full":
        link.deliver("first.txt", b"first")
    if why == "closed":
        link.close().expect(204)
    said = []
    for what in (large.parent, large):
        with Watched(server, _only_for_people if why == "captcha" else lambda _: None) as line:
            target = line.target(link)
            if why == "nothing there":
                target = DropprLink(f"{line.url}/request/nothing-here-0123456789")
            said.append(_why_not(target, what))
    assert said[0] == said[1]
    assert said[0][1]


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """However near a server is, its way counts as long."""
    monkeypatch.setattr(early, "FAR_SECONDS", 0.0)


def _by_key(asked: Asked) -> bool:
    return asked.path.endswith("/upload-chunk") and "x-upload-key" in asked.headers


def test_on_a_long_way_its_first_chunks_leave_while_it_is_being_opened(
    far: None, link: Link, server: LiveServer, large: Path
) -> None:
    """The opening is answered only when a chunk has come; a chunk is passed on only when it is open."""
    came, opened, keys = threading.Event(), threading.Event(), set[str]()

    def hold(asked: Asked) -> Answer | None:
        if asked.path.endswith("/uploads"):
            answer = line.pass_on(asked)
            opened.set()
            assert came.wait(60)
            return answer
        if _by_key(asked):
            keys.add(asked.headers["x-upload-key"])
            came.set()
            assert opened.wait(60)
        return None

    with Watched(server, hold) as line:
        manager = UploadManager(line.target(link), Options())
        [result] = manager.upload_files(large)
    assert (result.success, result.verified, result.retries) == (True, True, 0), result.error
    assert len(keys) == len(line.openings) == 1
    assert manager.tracker.statistics().uploaded_size == SIZE
    assert (link.disk / "large.bin").read_bytes() == large.read_bytes()


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"code": "upload_not_opened", "error": "Wait."}, 409),
        Answer({"code": "chunk_too_large", "error": "Smaller.", "limit": 300_000}, 413),
        Answer({"code": "offset_mismatch", "error": "In order.", "offset": 0}, 409),
        Answer({"code": "busy", "error": "Later."}, 503, {"Retry-After": "0"}),
        Answer(b"<html>", 502),
    ],
    ids=["overtaken", "too large", "out of order", "busy", "a proxy's page"],
)
def test_what_left_too_early_is_sent_again(
    far: None, answer: Answer, link: Link, server: LiveServer, large: Path
) -> None:
    refused: list[Asked] = []
    came = threading.Event()

    def refuse(asked: Asked) -> Answer | None:
        if asked.path.endswith("/uploads"):
            opened = line.pass_on(asked)
            # Or on a busy machine nothing may leave before it is answered.
            assert came.wait(60)
            return opened
        if not _by_key(asked):
            return None
        refused.append(asked)
        came.set()
        return answer

    with Watched(server, refuse) as line:
        result = sent(line.target(link), large)
    assert (result.success, result.verified) == (True, True), result.error
    assert refused
    if answer.status == 409:
        assert result.retries == 0, "nobody did anything wrong"
    assert (link.disk / "large.bin").read_bytes() == large.read_bytes()


@pytest.mark.parametrize("options", [{"checksum": True}, {"chunks": 2}, {"chunk_size": 1 << 20}, {"adaptive": False}])
def test_who_has_said_how_to_send_waits_for_the_opening(
    far: None, options: dict[str, Any], link: Link, server: LiveServer, large: Path
) -> None:
    with Watched(server, lambda asked: Answer(b"", 500) if _by_key(asked) else None) as line:
        result = sent(line.target(link), large, **options)
    assert (result.success, result.retries) == (True, 0), result.error


def test_near_by_nothing_leaves_before_the_opening_is_answered(
    monkeypatch: pytest.MonkeyPatch, link: Link, server: LiveServer, large: Path
) -> None:
    # However busy the machine is, this is near.
    monkeypatch.setattr(early, "FAR_SECONDS", 60.0)
    with Watched(server, lambda asked: Answer(b"", 500) if _by_key(asked) else None) as line:
        assert sent(line.target(link), large).retries == 0


def test_a_file_that_changes_meanwhile_is_sent_as_it_is_then(
    far: None, link: Link, server: LiveServer, large: Path
) -> None:
    changed = threading.Event()

    def change(asked: Asked) -> Answer | None:
        if _by_key(asked) and not changed.is_set():
            with large.open("r+b") as file:
                file.write(b"other!")
            changed.set()
        if asked.method == "GET":
            assert changed.wait(60)
        return None

    with Watched(server, change) as line:
        result = sent(line.target(link), large)
    assert (result.success, result.verified) == (True, True), result.error
    assert (link.disk / (result.delivered_path or "")).read_bytes() == large.read_bytes()
    assert [each["path"] for each in link.files()] == [result.delivered_path]


@pytest.mark.parametrize("why", ["closed", "full", "nameless", "password", "nothing there", "captcha"])
def test_a_link_that_takes_nothing_says_the_same_however_far_it_is(
    far: None, why: str, client: Client, server: LiveServer, large: Path
) -> None:
    test_a_link_that_takes_nothing_says_the_same_as_to_a_folder(why, client, server, large)


def test_stopping_while_it_is_being_opened_leaves_nobody_waiting(
    far: None, link: Link, server: LiveServer, large: Path
) -> None:
    managers: list[UploadManager] = []
    came = threading.Event()

    def cancel(asked: Asked) -> Answer | None:
        if _by_key(asked):
            managers[0].cancel()
            came.set()
        if asked.path.endswith("/uploads"):
            # Or on a busy machine nothing may leave before it is answered.
            assert came.wait(60)
        return None

    with Watched(server, cancel) as line:
        line.patience = 60
        managers.append(UploadManager(line.target(link), Options()))
        try:
            results = managers[0].upload_files(large)
        except Cancelled:
            results = []
    assert not any(each.success for each in results)


def _only_for_people(asked: Asked) -> Answer | None:
    if asked.path.endswith("/uploads"):
        return Answer({"code": "captcha_required", "error": "Solve it.", "captcha_provider": "hcaptcha"}, 403)
    return None


def _why_not(target: DropprLink, what: Path) -> tuple[str, str]:
    try:
        result = sent(target, what)
    except Refused as problem:
        return str(problem), problem.code or ""
    return result.error or "", result.code or ""
