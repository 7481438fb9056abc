"""`droppr upload` and the library under it against a real server: everything arrives, once, and nothing is worried about
in vain."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from droppr_client.upload import DropprLink, Options, Outcome, Refused, UploadManager, UploadResult, pace
from droppr_client.upload.digests import sample_digest
from tests.support.between import Between
from tests.support.client import Client, Link
from tests.support.command import Sender, address, arrived
from tests.support.files import MIB, content, eventually, files_below
from tests.support.hostile import Answer, Asked
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    folder = tmp_path / "sender"
    folder.mkdir()
    return Sender(folder)


def made(folder: Path, sizes: dict[str, int]) -> dict[str, bytes]:
    """Files below ``folder``; their content by path."""
    files = {name: content(size, seed) for seed, (name, size) in enumerate(sizes.items())}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


MIXED = {
    "tree/empty": 0,
    "tree/one": 1,
    **{f"tree/small/{number:03}": 1000 + number for number in range(300)},
    "tree/middle.bin": 3 * MIB + 7,
    "tree/big é.bin": 41 * MIB + 1,
}


@pytest.mark.parametrize(
    "more", [[], ["--fixed", "--workers", "1"], ["--checksum", "--order", "size"], ["--no-verify"]]
)
def test_a_tree_arrives_as_it_is_and_only_once(sender, link, more):
    files = made(sender.folder, MIXED)
    (sender.folder / "tree" / "nothing" / "in here").mkdir(parents=True)
    told = sender.run("tree", "--to", address(link), *more)
    assert "Sent 304 files" in told
    assert arrived(link) == files
    assert (link.disk / "tree" / "nothing" / "in here").is_dir()
    assert "had been sent before" in sender.run("tree", "--to", address(link), *more, code=3)
    assert len(link.files()) == len(files)


def test_the_same_through_nginx(sender, proxied):
    link = proxied.make_link()
    files = made(sender.folder, MIXED)
    sender.run("tree", "--to", address(link))
    assert arrived(link) == files


def test_over_tls_and_only_with_a_certificate_that_can_be_checked(sender, tmp_path):
    (tmp_path / "tls").mkdir()
    with LiveServer(tmp_path / "tls", workers=1, unix_socket=True, **GENEROUS) as server:
        assert server.socket_path
        with LiveNginx(
            server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path / "tls", tls=True
        ) as nginx:
            link = Client.of(server, url=nginx.url).make_link()
            files = made(sender.folder, MIXED)
            to = f"{nginx.tls_url}/request/{link.hash}"
            assert "certificate of 127.0.0.1" in sender.run("tree", "--to", to, code=4)
            sender.environment["SSL_CERT_FILE"] = str(nginx.cafile)
            sender.run("tree", "--to", to)
            assert arrived(link) == files


def test_every_file_has_an_event_and_the_whole_an_end(sender, link):
    made(sender.folder, MIXED)
    os.mkfifo(sender.folder / "tree" / "pipe")
    with open(os.fsencode(sender.folder) + b"/tree/not utf-8 \xff", "wb") as file:
        file.write(b"!")
    *events, end = sender.events("tree", "missing", "--to", address(link), code=1)
    outcomes = {each["path"]: each for each in events if each["event"] == "file"}
    assert len(outcomes) == len(MIXED) + 3
    assert outcomes["tree/not utf-8 %FF"]["outcome"] == "sent"
    assert outcomes["tree/big é.bin"]["outcome"] == "sent"
    assert outcomes["tree/big é.bin"]["verified"] is True
    assert outcomes["tree/small/001"]["verified"] is True
    assert outcomes["tree/pipe"]["outcome"] == "skipped"
    assert outcomes["missing"]["outcome"] == "failed"
    assert (end["event"], end["exit_code"], end["uploaded_files"]) == ("end", 1, 305)
    assert end["uploaded_size"] == sum(MIXED.values()) + 1


def test_an_edited_file_is_sent_afresh_and_an_untouched_one_is_not(sender, link):
    made(sender.folder, {"d/same": 100, "d/edited": 100, "d/large": 9 * MIB})
    sender.run("d", "--to", address(link))
    (sender.folder / "d" / "edited").write_bytes(b"!" * 100)
    told = sender.run("d", "--to", address(link))
    assert "Sent 1 file" in told
    assert "2 files had been sent before" in told
    assert arrived(link)["d/edited (1)"] == b"!" * 100
    assert len(link.files()) == 4


def test_standard_input_is_a_file(sender, link):
    data = content(2 * MIB)
    sender.run("-", "--stdin-name", "dump.sql", "--to", address(link), typed=data)
    assert arrived(link) == {"dump.sql": data}


def test_options_come_from_the_environment_too(sender, link):
    made(sender.folder, {"a.jpg": 1, "b.txt": 2})
    sender.environment |= {"DROPPR_UPLOAD_TO": address(link), "DROPPR_UPLOAD_EXCLUDE": "*.txt"}
    assert "Sent 1 file" in sender.run(".")
    assert set(arrived(link)) == {"a.jpg"}


def test_a_dry_run_lists_and_sends_nothing(sender, link):
    made(sender.folder, {"a": 1000, "b/c": 2 * MIB})
    with (sender.folder / "sparse").open("wb") as file:
        file.truncate(100 * 1024 * MIB)
    told = sender.run(".", "--to", address(link), "--dry-run")
    assert "2.0 MiB  b/c" in told
    assert "100.0 GiB  sparse" in told
    assert "3 files would be sent" in told
    assert link.files() == []
    assert "0 files" in sender.run(".", "--to", address(link), "--dry-run", "--include", "*.nothing", code=3)


def test_what_no_disk_can_hold_is_refused_in_a_sentence_and_the_rest_arrives(sender, link):
    made(sender.folder, {"small": 10})
    with (sender.folder / "sparse").open("wb") as file:
        file.truncate(10 * 2**40)
    told = sender.run(".", "--to", address(link), "--no-verify", code=1)
    assert "sparse: " in told
    assert "make room" in told
    assert set(arrived(link)) == {"small"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({}, "has a password"), ({"password": "wrong"}, "password is wrong"), ({"password": "right é"}, None)],
)
def test_a_password_is_asked_for_once(sender, client, options, sentence):
    link = client.make_link(password="right é")
    made(sender.folder, {f"d/{number}": 5000 for number in range(20)} | {"d/large": 9 * MIB})
    arguments = ["d", "--to", address(link)]
    if options:
        (sender.folder / "secret").write_text(options["password"] + "\n")
        arguments += ["--password-file", "secret"]
    told = sender.run(*arguments, code=4 if sentence else 0)
    assert (sentence or "Sent 21 files") in told
    # One wrong password counted as one, however many workers there are: three more are allowed.
    if options.get("password") == "wrong":
        for _ in range(3):
            link.open("x", 1, headers={"X-Request-Password": "wrong"}).expect(401, "password_invalid")
            if link.info().json["captcha_required"]:
                break
        else:
            pytest.fail("the failures were not counted")


def test_the_variable_that_is_named_for_a_password_is_the_one_that_counts(sender, client):
    link = client.make_link(password="secret")
    made(sender.folder, {"one": 10})
    told = sender.run("one", "--to", address(link), code=4)
    sender.environment[re.findall(r"DROPPR_\w+", told)[0]] = "secret"
    assert "Sent 1 file" in sender.run("one", "--to", address(link))


def test_the_proof_of_work_is_done(sender, client):
    link = client.make_link(captcha="always")
    made(sender.folder, {"one": 10, "two": 2 * MIB})
    sender.run("one", "two", "--to", address(link))
    assert len(link.files()) == 2


def test_who_sends_is_told_where_it_is_asked_for(sender, client):
    link = client.make_link(ask_name="required", ask_email="required")
    made(sender.folder, {"one": 10, "two": 2 * MIB})
    assert "add --name" in sender.run("one", "--to", address(link), code=4)
    sender.run("one", "two", "--to", address(link), "--name", "Ada é", "--email", "ada@example.org")
    assert {(each["sender_name"], each["sender_email"]) for each in link.files()} == {("Ada é", "ada@example.org")}


@pytest.mark.parametrize(
    ("to", "code", "sentence"),
    [
        ("http://127.0.0.1:9/request/abc", 4, "Nobody answers"),
        ("http://no.such.host.invalid/request/abc", 4, "no.such.host.invalid"),
        ("nonsense", 4, "not a place to send to"),
        ("{url}/request/nothing-here-0123456789", 4, "no such link"),
        ("{url}/request/", 4, "not the address of a link"),
        ("s3://bucket", 4, "AWS_"),
    ],
)
def test_mistakes_are_told_in_one_sentence(sender, server, to, code, sentence):
    made(sender.folder, {"one": 10})
    sender.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    assert sentence in sender.run("one", "--to", to.format(url=server.url), code=code)


def test_a_limit_of_the_link_fails_the_file_alone(sender, client):
    link = client.make_link(max_file_size=1000)
    made(sender.folder, {"d/small": 10, "d/packed": 2000, "d/large": 2 * MIB})
    told = sender.run("d", "--to", address(link), code=1)
    assert "d/packed: " in told
    assert "d/large: " in told
    assert set(arrived(link)) == {"d/small"}


def test_a_link_that_is_closed_meanwhile_stops_it_all_and_it_goes_on_afterwards(sender, link):
    files = made(sender.folder, {f"d/{number}": 8 * MIB for number in range(6)})
    # Slowly enough that it is still at it when the link is closed, however busy the machine is.
    arguments = ["d", "--to", address(link), "--limit-rate", "2M", "--chunk-size", "256k", "--no-verify"]
    process = sender.start(*arguments)
    eventually(lambda: bytes_on_their_way(link) > MIB, what="an upload")
    link.close().expect(204)
    told = process.communicate(timeout=100)[0]
    assert process.returncode == 4, told
    assert "closed" in told
    link.change(active=True).expect(200)
    sender.run("d", "--to", address(link))
    assert arrived(link) == files


def bytes_on_their_way(link: Link) -> int:
    """What the server has acknowledged of this link's open uploads."""
    return sum(each["received_bytes"] for each in link.under_way())


class Holding(Between):
    """Passes on; keeps answers to chunks back from when more than a MiB has arrived on, until ``over``."""

    def __init__(self, server: LiveServer, link: Link) -> None:
        super().__init__(server.port, self._hold)
        self._filled = link
        self.holds, self.over = threading.Event(), threading.Event()

    def _hold(self, asked: Asked) -> Answer | None:
        if not asked.path.endswith("/upload-chunk") or self.over.is_set() or bytes_on_their_way(self._filled) <= MIB:
            return None
        self.holds.set()
        self.over.wait(120)
        return Answer(b"", 502)


SLOWLY = ("--limit-rate", "2M", "--chunk-size", "256k")


def test_ctrl_c_says_how_to_go_on_and_nothing_acknowledged_is_sent_twice(sender, link):
    files = made(sender.folder, {"big": 40 * MIB})
    process = sender.start("big", "--to", address(link), *SLOWLY)
    eventually(lambda: bytes_on_their_way(link) > MIB, what="some chunks")
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[0]
    assert process.returncode == 130, told
    assert "To go on: droppr upload big" in told
    goes_on(sender, address(link), link, files)


def test_a_second_ctrl_c_waits_for_no_answer(sender, link, server):
    files = made(sender.folder, {"big": 40 * MIB})
    with Holding(server, link) as line:
        process = sender.start("big", "--to", f"{line.url}/request/{link.hash}", *SLOWLY)
        assert line.holds.wait(60)
        process.send_signal(signal.SIGINT)
        # Two signals at once are one.
        while "Ctrl-C again stops now" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=100)[0]
        line.over.set()
        assert process.returncode == 130, told
        assert "To go on: droppr upload big" in told
        goes_on(sender, f"{line.url}/request/{link.hash}", link, files)


def goes_on(sender: Sender, to: str, link: Link, files: dict[str, bytes]) -> None:
    *_, end = sender.events("big", "--to", to)
    assert arrived(link) == files
    assert end["total_size"] == 40 * MIB
    assert end["bytes_sent"] < 40 * MIB
    assert len(link.files()) == 1


# The library


def manager_for(link: Link, folder: Path, url: str | None = None, **options: Any) -> UploadManager:
    target = DropprLink(f"{url or link.client.url}/request/{link.hash}")
    return UploadManager(target, Options(state=folder / "state.db", **options))


def test_lost_answers_leave_no_twins(link, tmp_path, server):
    files: dict[str, bytes] = {}
    for number, answer in enumerate((b'"files":', b'"complete":true', b'"upload_id"')):
        tree = f"d{number}"
        files |= made(tmp_path, {f"{tree}/{name}": 3000 for name in range(40)} | {f"{tree}/large": 9 * MIB})
        with BadLine(server.port, keep_answer=answer) as line:
            results = manager_for(link, tmp_path, line.url).upload_files([tmp_path / tree])
            assert line.kept == 1
        assert all(each.success for each in results)
    assert arrived(link) == files


PHOTOS = {f"photos/{number:03}.jpg": 2 * MIB + number for number in range(60)}


@pytest.mark.parametrize("options", [{}, {"verify": False}, {"checksum": True}])
def test_photos_take_one_request_each_once_a_chunk_is_as_large(link, tmp_path, options, monkeypatch):
    files = made(tmp_path, PHOTOS)
    manager = manager_for(link, tmp_path, **options)
    send_whole, whole = manager.target.send_whole, []

    def counted(*said: Any) -> Any:
        whole.append(send_whole(*said))
        return whole[-1]

    monkeypatch.setattr(manager.target, "send_whole", counted)
    # However slow the machine is, chunks grow.
    monkeypatch.setattr(pace, "SECONDS_AT_FIRST", 60.0)
    monkeypatch.setattr(pace, "SECONDS_PER_CHUNK", 60.0)
    results = manager.upload_files([tmp_path / "photos"])
    assert [each.outcome for each in results] == [Outcome.SENT] * 60
    assert all(each.verified for each in results) is options.get("verify", True)
    assert len([each for each in whole if each is not None]) > len(PHOTOS) // 2
    assert arrived(link) == files


@pytest.mark.parametrize("bad", [{"keep_answer": b'"complete":true'}, {"cut_after": 5 * MIB}])
def test_photos_whose_request_fails_arrive_once(link, tmp_path, server, bad):
    files = made(tmp_path, PHOTOS)
    with BadLine(server.port, **bad) as line:
        results = manager_for(link, tmp_path, line.url).upload_files([tmp_path / "photos"])
        assert line.cuts or line.kept
    assert [each.outcome for each in results] == [Outcome.SENT] * 60
    assert arrived(link) == files
    assert len(link.files()) == 60


def test_a_line_that_is_cut_again_and_again_gets_there(link, tmp_path, server):
    files = made(tmp_path, {"d/large": 60 * MIB, "d/middle": 2 * MIB})
    with BadLine(server.port, cut_after=3 * MIB) as line:
        manager = manager_for(link, tmp_path, line.url)
        results = manager.upload_files([tmp_path / "d"])
        assert line.cuts
    assert [each.outcome for each in results] == [Outcome.SENT] * 2
    assert manager.tracker.statistics().retries
    assert arrived(link) == files


def changing(
    manager: UploadManager, path: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, times: int
) -> list[UploadResult]:
    """Upload ``path`` and change it when a chunk of it has arrived, after so many chunks."""
    send, turn, left = manager.target.send, threading.Lock(), [times]

    def sent(*said: Any) -> Any:
        status = send(*said)
        with turn:
            if left[0]:
                left[0] -= 1
                change(path)
        return status

    monkeypatch.setattr(manager.target, "send", sent)
    return manager.upload_files([path])


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(6 * MIB)
        file.write(b"another content")


@pytest.mark.parametrize("change", [append, halve, overwrite])
def test_a_file_that_changes_on_its_way_arrives_as_it_is_in_the_end(link, tmp_path, change, monkeypatch):
    made(tmp_path, {"file": 12 * MIB})
    manager = manager_for(link, tmp_path, chunk_size=MIB)
    [result] = changing(manager, tmp_path / "file", change, monkeypatch, 1)
    assert result.outcome is Outcome.SENT
    assert arrived(link) == {"file": (tmp_path / "file").read_bytes()}


def test_a_file_that_never_rests_is_given_up_and_leaves_nothing_behind(link, tmp_path, monkeypatch):
    made(tmp_path, {"log": 6 * MIB})
    manager = manager_for(link, tmp_path, chunk_size=MIB)
    [result] = changing(manager, tmp_path / "log", append, monkeypatch, 10**6)
    assert (result.outcome, result.code) == (Outcome.FAILED, "file_changed")
    assert arrived(link) == {}


def test_one_path_or_any_iterable_of_paths_can_be_sent(link, tmp_path):
    made(tmp_path, {"d/one": 10, "d/two": 10, "three": 10})
    assert [each.path for each in manager_for(link, tmp_path).upload_files(str(tmp_path / "three"))] == ["three"]
    results = manager_for(link, tmp_path).upload_files((tmp_path / "d").glob("*"))
    assert {each.path for each in results} == {"one", "two"}
    assert set(arrived(link)) == {"one", "two", "three"}


def test_a_file_that_goes_away_fails_alone(link, tmp_path):
    made(tmp_path, {"d/large": 2 * MIB, "d/rest": 10, "d/small": 10})

    def found() -> Any:
        from droppr_client.upload import Walk

        for each in Walk([str(tmp_path / "d")]):
            if each.path in ("d/large", "d/small"):
                (tmp_path / each.path).unlink()
            yield each

    results = {each.path: each for each in manager_for(link, tmp_path).upload_files(found())}
    assert results["d/rest"].success
    assert {results["d/large"].error, results["d/small"].error} == {"The file has gone."}
    assert set(arrived(link)) == {"d/rest"}


def test_it_can_be_awaited_and_a_cancelled_task_stops_it(link, tmp_path):
    files = made(tmp_path, {"file": 30 * MIB})

    async def give_up() -> float:
        before = threading.active_count() + 1  # asyncio keeps a thread
        manager = manager_for(link, tmp_path, limit_rate=MIB)
        task = asyncio.create_task(manager.upload_async([tmp_path / "file"]))
        while not manager.bandwidth.total_bytes:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while threading.active_count() > before:
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    # In a thread of its own: a browser that another test keeps open has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, give_up()).result() < 25, "the limit lets it go on for thirty"
        sent = manager_for(link, tmp_path).upload_async([tmp_path / "file"])
        [result] = pool.submit(asyncio.run, sent).result()
    assert result.success
    assert arrived(link) == files


def test_the_limit_on_bandwidth_counts_for_all_and_can_be_changed_meanwhile(link, tmp_path):
    made(tmp_path, {f"d/{number}": 2 * MIB for number in range(32)})
    manager = manager_for(link, tmp_path, limit_rate=MIB, verify=False, adaptive=False, workers=1)
    began = time.monotonic()
    results: list[UploadResult] = []
    for result in manager.upload([tmp_path / "d"]):
        if not results:
            assert time.monotonic() - began > 1.6  # two MiB, at one a second
            manager.limit_bandwidth(None)
        results.append(result)
    assert len(results) == 32
    assert time.monotonic() - began < 55  # under the limit it would have been sixty-four


def test_no_more_files_begin_in_a_second_than_allowed(link, tmp_path):
    made(tmp_path, {f"d/{number}": 2 * MIB for number in range(6)})
    began = time.monotonic()
    assert all(
        each.success for each in manager_for(link, tmp_path, uploads_per_second=4).upload_files([tmp_path / "d"])
    )
    assert time.monotonic() - began > 1.2


def test_a_server_that_asks_to_wait_is_waited_for(live, tmp_path):
    server: LiveServer = live(workers=1, DROPPR_RATE_LIMIT_UPLOADS="5 per 2 second")
    link = Client.of(server).make_link()
    files = made(tmp_path, {f"d/{number}": 2 * MIB for number in range(12)})
    results = manager_for(link, tmp_path, retries=0).upload_files([tmp_path / "d"])
    assert all(each.success for each in results), results
    assert arrived(link) == files


def test_a_server_that_takes_one_chunk_after_the_other_gets_them_so(live, tmp_path):
    server: LiveServer = live(workers=1, ENABLE_PARALLEL_UPLOADS=False)
    link = Client.of(server).make_link()
    files = made(tmp_path, {"large": 20 * MIB, "small": 10})
    assert all(
        each.success for each in manager_for(link, tmp_path).upload_files([tmp_path / "large", tmp_path / "small"])
    )
    assert arrived(link) == files


def test_leaving_the_loop_stops_everything(link, tmp_path):
    made(tmp_path, {f"d/{number:03}": 10 for number in range(200)} | {"d/x": 30 * MIB})
    before = threading.active_count()
    results = manager_for(link, tmp_path, limit_rate=MIB).upload([tmp_path / "d"])
    assert len(list(itertools.islice(results, 3))) == 3
    results.close()  # type: ignore[attr-defined]
    eventually(lambda: threading.active_count() <= before, seconds=25, what="the workers' end, before the limit's")


def test_a_link_that_is_none_raises_before_anything_is_sent(client, tmp_path):
    made(tmp_path, {"one": 1})
    with pytest.raises(Refused, match="no such link"):
        UploadManager(DropprLink(f"{client.url}/request/nothing-there-0123456")).upload_files([tmp_path / "one"])


def half_sent(link: Link, path: Path, name: str) -> str:
    """The id of an upload of ``path`` that a browser has begun under ``name`` and left after a chunk."""
    fd = os.open(path, os.O_RDONLY)
    upload_id = link.opened(name, path.stat().st_size, sample=sample_digest(fd, path.stat().st_size))
    os.close(fd)
    link.chunk(upload_id, 0, path.read_bytes()[:MIB], path.stat().st_size).expect(200)
    return upload_id


def test_what_a_browser_began_is_finished_with_its_code(sender, link):
    files = made(sender.folder, {"here.mov": 5 * MIB, "other.mov": 5 * MIB})
    begun = half_sent(link, sender.folder / "here.mov", "in the browser.mov")
    elsewhere = half_sent(link, sender.folder / "other.mov", "elsewhere.mov")
    body = {"uploads": [begun, elsewhere]}
    made_code = link.client.call("POST", f"{link.path}/handoffs", json=body).json
    told = sender.run("here.mov", "--to", f"{link.client.url}{made_code['url']}")
    assert "Not found here, of what the code stands for: elsewhere.mov" in told
    [file] = link.files()
    assert (file["upload_id"], file["path"]) == (begun, "in the browser.mov")
    assert arrived(link) == {"in the browser.mov": files["here.mov"]}
    assert "does not work" in sender.run("other.mov", "--to", address(link), "--code", "AAAA-AAAA-AA", code=4)


def test_what_the_owner_cancelled_is_told_and_not_begun_again_but_by_another_run(link: Link, sender: Sender) -> None:
    data = content(6 * MIB)
    (sender.folder / "film.mov").write_bytes(data)
    (sender.folder / "note.txt").write_bytes(b"small")
    to = ("--to", f"{link.client.url}/request/{link.hash}")
    running = sender.start("film.mov", "note.txt", *to, "--limit-rate", "600k", "--chunk-size", "128k")
    eventually(lambda: any(each["received_bytes"] for each in link.under_way()), what="a first chunk")
    (upload,) = link.under_way()
    link.stop(upload["upload_id"]).expect(204)
    told = running.communicate(timeout=100)[0]
    assert running.returncode == 1, told
    assert "The owner of this link has cancelled this upload." in told
    assert link.under_way() == []
    assert files_below(link.disk).keys() == {"note.txt"}
    sender.run("film.mov", "note.txt", *to)
    assert (link.disk / "film.mov").read_bytes() == data
