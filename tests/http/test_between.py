"""The command line behind other people's proxies: their limits, their errors, their pages, and as the way out of a network."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from droppr_client.api import Api, ApiError
from droppr_client.fetch import Fetch
from droppr_client.reports import Lines
from droppr_client.upload import DropprLink, Options, Outcome, Refused, UploadManager, UploadResult
from droppr_client.upload.pace import MIN_CHUNK_BYTES
from droppr_client.upload.proxies import proxy_for
from tests.support.between import SIGN_IN, Between, PlainNginx, Tunnels
from tests.support.certificates import self_signed
from tests.support.client import Link
from tests.support.files import MIB, content
from tests.support.hostile import Answer, Asked, environment
from tests.support.program import Droppr
from tests.support.proxy import BadLine

PAGE = {"Content-Type": "text/html"}
OF_A_PROXY = {
    "520": Answer(b"<h1>Unknown</h1>", 520, PAGE),
    "522": Answer(b"<h1>No connection</h1>", 522, PAGE),
    "524": Answer(b"error code: 524", 524),
    "504 of nothing": Answer(b"", 504),
    "599 in JSON of somebody else": Answer({"message": "no"}, 599),
    "404 of a router whose server restarts": Answer(b"<h1>404</h1>", 404, PAGE),
    "200 and a page to sign in": SIGN_IN,
    "401 and a page to sign in": Answer(b"<form>", 401, PAGE),
    "403 and a page to sign in": Answer(b"<form>", 403, PAGE),
    "302 to a page to sign in": Answer(b"", 302, {"Location": "https://login.example.org/?rd=x"}),
}


def made(folder: Path, sizes: dict[str, int]) -> list[Path]:
    for name, size in sizes.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content(size))
    return [folder / name for name in sizes]


def sender_to(url: str, link: Link, **options: Any) -> UploadManager:
    return UploadManager(DropprLink(f"{url}/request/{link.hash}"), Options(**options))


def send(url: str, link: Link, *paths: Path, **options: Any) -> list[UploadResult]:
    """Through ``url``."""
    return sender_to(url, link, **options).upload_files(list(paths))


def for_a_while(answer: Answer, end: str, after: int = 1, times: int = 3) -> Callable[[Asked], Answer | None]:
    """Of the requests whose address ends so, some are answered by somebody else."""
    seen = 0

    def instead(asked: Asked) -> Answer | None:
        nonlocal seen
        seen += asked.path.endswith(end)
        return answer if asked.path.endswith(end) and after < seen <= after + times else None

    return instead


OTHER_DISK = "'files' lies on another file system."


@pytest.mark.parametrize("size", [5000, 3 * MIB], ids=["pack", "file"])
def test_why_something_is_tried_again_is_said_until_something_gets_through(
    size, link, server, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("droppr_client.reports.SECONDS_BETWEEN_LINES", 0.1)
    busy = Answer({"error": OTHER_DISK, "code": "busy"}, 503, {"Retry-After": "1"})
    end = "/pack" if size < MIB else "/uploads"
    with Between(server.port, for_a_while(busy, end, after=0, times=1)) as between:
        manager = sender_to(between.url, link)
        with Lines(manager):
            [result] = manager.upload_files(made(tmp_path, {"a.bin": size}))
    assert result.success, result.error
    assert f"Trying again: {OTHER_DISK}" in capsys.readouterr().err.splitlines()
    assert manager.tracker.statistics().problem is None


@pytest.mark.parametrize("name", OF_A_PROXY)
@pytest.mark.parametrize("end", ["/upload-chunk", "/uploads", "/pack"])
def test_what_others_answer_passes(name, end, link, server, tmp_path):
    size = 5000 if end == "/pack" else 3 * MIB
    with Between(server.port, for_a_while(OF_A_PROXY[name], end, after=0, times=1)) as between:
        [result] = send(between.url, link, *made(tmp_path, {"a.bin": size}))
    assert result.success, result.error
    assert result.retries > 0
    assert (link.disk / "a.bin").read_bytes() == content(size)


@pytest.mark.parametrize("name", OF_A_PROXY)
def test_a_file_is_fetched_past_what_others_answer(name, link, server, tmp_path):
    link.deliver("a.html", content(3 * MIB))
    with Between(server.port, for_a_while(OF_A_PROXY[name], "/files/a.html", after=0, times=1)) as between:
        fetch = Fetch(Api(between.url, link.client.token), link.hash, tmp_path / "got")
        [result] = fetch.run(fetch.new())
    assert result.success, result.error
    assert (tmp_path / "got" / "a.html").read_bytes() == content(3 * MIB)


@pytest.mark.parametrize("name", OF_A_PROXY)
def test_what_has_arrived_is_listed_past_what_others_answer(name, link, server):
    link.deliver("a.bin", b"x")
    with Between(server.port, for_a_while(OF_A_PROXY[name], "/files?limit=1000", after=0, times=2)) as between:
        assert [each["path"] for each in Api(between.url, link.client.token).files(link.hash)] == ["a.bin"]
    with Between(server.port, lambda _: OF_A_PROXY[name]) as between, pytest.raises(ApiError) as told:
        Api(between.url, link.client.token).files(link.hash)
    assert told.value.passing
    assert "between" in str(told.value)


def test_a_page_to_sign_in_is_no_progress_and_is_told_as_what_it_is(link, server, tmp_path):
    sources = made(tmp_path, {"a.bin": 3 * MIB})
    with Between(server.port, for_a_while(SIGN_IN, "/upload-chunk", times=10**6)) as between:
        [result] = send(between.url, link, *sources, retries=2)
        sent = [each for each in between.asked if each.path.endswith("/upload-chunk")]
    assert (result.outcome, result.code) == (Outcome.FAILED, "login_page")
    assert "sign in" in str(result.error)
    assert len(sent) < 40


@pytest.mark.parametrize("name", ["200 and a page to sign in", "302 to a page to sign in", "403 and a page to sign in"])
def test_whoever_has_to_sign_in_first_is_told_so_at_once(name, link, server):
    with Between(server.port, lambda _: OF_A_PROXY[name]) as between, pytest.raises(Refused, match="sign in"):
        sender_to(between.url, link).prepare()


def test_an_address_that_has_moved_is_told_as_that(link, server):
    moved = Answer(b"", 301, {"Location": f"https://files.example.org/api/droppr/requests/{link.hash}"})
    with Between(server.port, lambda _: moved) as between, pytest.raises(Refused, match="leads to another address"):
        sender_to(between.url, link).prepare()


def test_the_body_limit_that_nginx_has_by_itself_is_found_and_kept_to(link, server, tmp_path):
    sources = made(tmp_path, {"a.bin": 30 * MIB, "b.bin": 10 * MIB, **{f"s/{n}": 20_000 for n in range(300)}})
    with PlainNginx(server.port, tmp_path / "nginx") as nginx:
        results = send(nginx.url, link, *sources)
        refused = nginx.refused()
    assert all(each.success for each in results), results
    assert (link.disk / "a.bin").read_bytes() == content(30 * MIB)
    # Those that were on their way together, from one size down to the next: not one for each part of the file.
    assert 0 < refused < 60


def test_a_limit_of_the_server_in_front_counts_without_a_number(link, server, tmp_path):
    def instead(asked: Asked) -> Answer | None:
        large = asked.path.endswith("-chunk") and len(asked.body) > MIB
        return Answer({"error": "Too much.", "code": "chunk_too_large"}, 413) if large else None

    with Between(server.port, instead) as between:
        [result] = send(between.url, link, *made(tmp_path, {"a.bin": 8 * MIB}), adaptive=False)
    assert result.success, result.error


def test_below_the_smallest_chunk_the_proxy_is_named(link, server, tmp_path):
    sizes = []

    def instead(asked: Asked) -> Answer | None:
        if not asked.path.endswith("/upload-chunk"):
            return None
        sizes.append(len(asked.body))
        return Answer(b"<h1>413</h1>", 413, PAGE)

    with Between(server.port, instead) as between:
        [result] = send(between.url, link, *made(tmp_path, {"a.bin": 3 * MIB}))
    assert result.outcome is Outcome.FAILED
    assert "proxy" in str(result.error)
    assert "client_max_body_size" in str(result.error)
    # Smaller is only what is left behind the last whole chunk of a gap.
    assert MIN_CHUNK_BYTES in sizes


def run(folder: Path, *arguments: str, variables: dict[str, str], code: int = 0) -> str:
    done = Droppr.run(
        arguments,
        cwd=folder,
        env=without_proxies() | {"XDG_CONFIG_HOME": str(folder / "config")} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    assert done.returncode == code, done.stdout
    return str(done.stdout)


def without_proxies() -> dict[str, str]:
    return {name: value for name, value in environment().items() if not name.lower().endswith("_proxy")}


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_for_http_is_asked_for_whole_addresses(variable, link, server, tmp_path):
    made(tmp_path, {"a.bin": 3 * MIB})
    with Between(server.port) as proxy:
        proxied = {variable: f"http://me:p%40ss@{proxy.host}"}
        run(tmp_path, "upload", "a.bin", "--to", f"http://files.example.test/request/{link.hash}", variables=proxied)
    assert (link.disk / "a.bin").read_bytes() == content(3 * MIB)
    assert {each.path.partition("/api/")[0] for each in proxy.asked} == {"http://files.example.test"}
    assert {each.headers["host"] for each in proxy.asked} == {"files.example.test"}
    assert {each.headers["proxy-authorization"] for each in proxy.asked} == {"Basic bWU6cEBzcw=="}


def test_a_proxy_for_https_makes_a_tunnel_and_sees_nothing_of_it(link, server, tmp_path):
    made(tmp_path, {"a.bin": 3 * MIB})
    trusted, context = self_signed(tmp_path, "files.example.test")
    with Between(server.port, tls=context) as far, Tunnels(far.port) as proxy:
        variables = {"HTTPS_PROXY": f"me:secret@{proxy.place}", "SSL_CERT_FILE": str(trusted)}
        run(tmp_path, "upload", "a.bin", "--to", f"https://files.example.test/request/{link.hash}", variables=variables)
        got = run(
            tmp_path,
            *("request", "fetch", link.hash, "got", "--server", "https://files.example.test"),
            variables=variables | {"DROPPR_ADMIN_TOKEN": link.client.token},
        )
    assert "Fetched 1 file" in got
    assert (tmp_path / "got" / "a.bin").read_bytes() == content(3 * MIB)
    assert proxy.asked
    for head in proxy.asked:
        assert head.startswith("CONNECT files.example.test:443 ")
        assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in head
        assert link.hash not in head
    assert not any("proxy-authorization" in each.headers for each in far.asked)


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "example.test,localhost"},
        {"ALL_PROXY": "http://127.0.0.1:9", "no_proxy": "*"},
        {"HTTPS_PROXY": "http://127.0.0.1:9"},
    ],
    ids=repr,
)
def test_no_proxy_is_asked_where_none_is_wanted(variables, link, monkeypatch):
    for name in without_proxies().keys() ^ environment().keys():
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(urlsplit("http://files.example.test")) is None
    assert proxy_for(urlsplit("http://127.0.0.1:8000")) is None


def test_this_machine_is_reached_without_a_proxy(link, server, tmp_path):
    made(tmp_path, {"a.bin": 10})
    run(
        tmp_path,
        *("upload", "a.bin", "--to", f"{link.client.url}/request/{link.hash}"),
        variables={"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"},
    )
    assert (link.disk / "a.bin").read_bytes() == content(10)


def test_a_proxy_that_refuses_is_told_without_its_password(tmp_path):
    made(tmp_path, {"a.bin": 10})
    to = ("upload", "a.bin", "--to", "https://files.example.test/request/x")
    with Tunnels(9, refuse="407 Proxy Authentication Required") as proxy:
        said = run(tmp_path, *to, code=4, variables={"HTTPS_PROXY": f"http://me:secret@{proxy.place}"})
    assert proxy.place in said
    assert "407" in said
    assert "secret" not in said
    said = run(tmp_path, *to, code=4, variables={"HTTPS_PROXY": "socks5://me:secret@127.0.0.1:1080"})
    assert "HTTPS_PROXY" in said
    assert "secret" not in said


def test_a_proxy_that_is_not_there_is_named(tmp_path):
    made(tmp_path, {"a.bin": 10})
    said = run(
        tmp_path,
        *("upload", "a.bin", "--to", "http://files.example.test/request/x"),
        code=4,
        variables={"HTTP_PROXY": "http://127.0.0.1:9"},
    )
    assert "127.0.0.1:9" in said
    assert "proxy" in said


def test_no_more_connections_are_looked_for_than_the_server_takes_parts_of_one_file(link, server, tmp_path):
    """However many may be open: the search ends at so many."""
    sources = made(tmp_path, {"a.bin": 16 * MIB})
    with BadLine(server.port, delay=0.02) as line:
        manager = sender_to(line.url, link)
        [result] = manager.upload_files(sources)
    assert result.success, result.error
    assert manager.pace.limit <= link.info().json["most_parallel_chunks"]
