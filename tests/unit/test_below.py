"""The path of the public address: how it may be written, and how it is taken off requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app import create_app
from app.settings import OWN_PATHS, Settings
from app.web.server.below import below
from droppr_client.api import Api
from droppr_client.options import hash_of
from droppr_client.upload.targets.droppr import parts_of_link
from tests.support.nginx import render

HASH = "q8Zr4Wc1Tn7Lx0Vb5Hs2Kd9M"
PLACEHOLDERS = (
    "NGINX_LISTEN NGINX_USER NGINX_RUN_DIR NGINX_ACCESS_LOG NGINX_INCLUDE_DIR PAGES_DIR DATA_DIR CAPTCHA_PROVIDER"
)
NGINX = {f"DROPPR_{name}": "x" for name in PLACEHOLDERS.split()}


def settings(url: str | None) -> Settings:
    return Settings(public_url=url, _env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("written", "url", "origin", "path"),
    [
        (None, None, None, ""),
        ("https://Files.example.org/", "https://Files.example.org", "https://files.example.org", ""),
        ("https://example.org/drop", "https://example.org/drop", "https://example.org", "/drop"),
        (" https://example.org/drop/ ", "https://example.org/drop", "https://example.org", "/drop"),
        ("https://example.org:443//drop//", "https://example.org:443/drop", "https://example.org", "/drop"),
        ("http://example.org:80/A.b/c~d", "http://example.org:80/A.b/c~d", "http://example.org", "/A.b/c~d"),
        ("http://[::1]:8080/drop", "http://[::1]:8080/drop", "http://[::1]:8080", "/drop"),
    ],
)
def test_an_address_is_taken_apart(
    written: str | None, url: str | None, origin: str | None, path: str, tmp_path: Path
) -> None:
    found = settings(written)
    assert (found.public_url, found.public_origin, found.public_path) == (url, origin, path)
    # nginx reads the same.
    given = {**NGINX, "DROPPR_UNIX_SOCKET": str(tmp_path / "app.sock"), "DROPPR_PUBLIC_URL": written or ""}
    assert f'location ~ "^{path.replace(".", "[.]")}$"' in render(given)


@pytest.mark.parametrize(
    "written",
    [
        "example.org/drop",
        "https://example.org/dr op",
        "https://example.org/drop?x=1",
        "https://example.org/dr%6Fp",
        "https://me@example.org/drop",
        "https://example.org/drop\nserver_name x;",
        'https://example.org/";',
        "https:///drop",
    ],
)
def test_what_is_no_address_is_refused_on_both_sides(written: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="Write it as"):
        settings(written)
    given = {**NGINX, "DROPPR_UNIX_SOCKET": str(tmp_path / "app.sock"), "DROPPR_PUBLIC_URL": written}
    with pytest.raises(AssertionError, match="DROPPR_PUBLIC_URL must be written as"):
        render(given)


@pytest.mark.parametrize("path", ["/..", "/a/../b", "/./a"])
def test_a_path_that_leads_back_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="Write it as"):
        settings(f"https://example.org{path}")


@pytest.mark.parametrize("path", [*(f"/{name}" for name in OWN_PATHS), "/request/drop", "/_droppr_files"])
def test_a_path_that_is_the_servers_own_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="take another path"):
        settings(f"https://example.org{path}")


def test_all_that_the_servers_addresses_begin_with_is_known(tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path / "data", admin_token="only-for-this-test", _env_file=None)  # type: ignore[call-arg]
    first = {str(rule).split("/")[1] for rule in create_app(here).url_map.iter_rules()}
    files = {part for part in first if "." in part}
    assert files == {"icon-<name>.png"}, "one file, and nothing below it"
    assert first - files - {""} == set(OWN_PATHS)


@pytest.mark.parametrize(
    ("asked", "host", "path", "rest"),
    [
        ("/drop/request/x", "inner", "/drop", "/request/x"),
        ("/drop", "inner", "/drop", ""),
        ("/drop/", "inner", "/drop", "/"),
        ("//drop//request/x", "inner", "/drop", "//request/x"),
        ("/drop/a\nb", "inner", "/drop", "/a\nb"),
        ("/dropbox/x", "inner", "", "/dropbox/x"),
        ("/Drop/x", "inner", "", "/Drop/x"),
        ("/request/drop/x", "inner", "", "/request/drop/x"),
        ("/request/x", "example.org", "/drop", "/request/x"),
        ("/request/x", "EXAMPLE.org:443", "/drop", "/request/x"),
        ("/request/x", "example.org:80", "", "/request/x"),
        ("/request/x", "example.org.evil", "", "/request/x"),
        ("/request/x", "", "", "/request/x"),
    ],
)
def test_the_path_is_taken_off_whoever_left_it_on(asked: str, host: str, path: str, rest: str) -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {"PATH_INFO": asked, "SCRIPT_NAME": "/evil", "HTTP_HOST": host, "HTTP_X_FORWARDED_PREFIX": "/evil"}
    below(app, settings("https://example.org/drop"))(environ, print)
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == (path, rest)


def test_without_a_path_nothing_stands_before_the_app() -> None:
    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        return []

    assert below(app, settings("https://example.org")) is app
    assert below(app, settings(None)) is app


@pytest.mark.parametrize(
    ("link", "server"),
    [
        (f"https://example.org/request/{HASH}", "https://example.org"),
        (f"https://example.org/drop/request/{HASH}", "https://example.org/drop"),
        (f"https://example.org/drop/request/{HASH}/#resume=ABCD", "https://example.org/drop"),
        (f"https://example.org//drop//request//{HASH}", "https://example.org//drop"),
        (f"example.org/a/b/request/{HASH}", "http://example.org/a/b"),
        (f"https://example.org/request/request/{HASH}", "https://example.org/request"),
    ],
)
def test_programs_find_the_server_in_a_links_address(link: str, server: str) -> None:
    assert parts_of_link(link)[:2] == (server, HASH)
    assert hash_of(link) == HASH


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("https://example.org", ""),
        ("https://example.org/", ""),
        ("https://example.org/drop/", "/drop"),
        ("https://example.org//drop//", "/drop"),
        ("https://example.org/ä b", "/%C3%A4%20b"),
    ],
)
def test_programs_ask_below_the_path_of_the_server(url: str, prefix: str) -> None:
    assert Api(url)._prefix == prefix
