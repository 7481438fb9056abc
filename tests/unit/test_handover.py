"""A handed over file is believed only where nginx alone can have named it, and only if it is nginx's own."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy
from app.settings import Settings
from app.web.server.door import came_by_nginx
from app.web.server.handover import chunk_body

KEY = "k" * 40


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    (tmp_path / "door.key").write_text(f"default {KEY};\n")
    return tmp_path / "spool"


def environ(**changes: str) -> dict[str, Any]:
    plain = {"REMOTE_ADDR": "", "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO(), "HTTP_X_DROPPR_DOOR": KEY}
    return {**plain, **changes}


def settings(tmp_path: Path, unix_socket: bool = True) -> Settings:
    socket = tmp_path / "app.sock" if unix_socket else None
    return Settings(data_dir=tmp_path, unix_socket=socket, _env_file=None)  # type: ignore[call-arg]


def test_the_file_stands_for_the_body(tmp_path: Path, spool: Path) -> None:
    (spool / "0000000001").write_bytes(b"hello")
    with chunk_body(environ(HTTP_X_BODY_FILE=str(spool / "0000000001")), settings(tmp_path)) as (body, length):
        buffer = memoryview(bytearray(10))
        assert (length, body.readinto(buffer), bytes(buffer[:5])) == (5, 5, b"hello")
        assert body.readinto(buffer) == 0


@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.1"])
def test_nobody_else_can_name_a_file(tmp_path: Path, spool: Path, peer: str) -> None:
    (spool / "0000000001").write_bytes(b"hello")
    asked = environ(HTTP_X_BODY_FILE="0000000001", REMOTE_ADDR=peer, CONTENT_LENGTH="3")
    with chunk_body(asked, settings(tmp_path)) as (body, length):
        assert (body, length) == (asked["wsgi.input"], 3)
    asked = environ(HTTP_X_BODY_FILE="0000000001")
    with chunk_body(asked, settings(tmp_path, unix_socket=False)) as (body, _):
        assert body is asked["wsgi.input"]


@pytest.mark.parametrize("sent", ["", "x", KEY[1:], KEY + "k", "ü" * 40, f"default {KEY};"])
def test_without_the_secret_nothing_is_believed_on_the_socket_either(tmp_path: Path, spool: Path, sent: str) -> None:
    (spool / "0000000001").write_bytes(b"hello")
    asked = environ(HTTP_X_BODY_FILE="0000000001", HTTP_X_DROPPR_DOOR=sent)
    with chunk_body(asked, settings(tmp_path)) as (body, length):
        assert (body, length) == (asked["wsgi.input"], 0)


def test_the_secret_is_made_once_and_read_again_when_another_comes(tmp_path: Path) -> None:
    here = settings(tmp_path)
    assert not came_by_nginx(environ(HTTP_X_DROPPR_DOOR=""), here)
    key = tmp_path / "door.key"
    assert not key.exists(), "nobody has asked for it"
    assert not came_by_nginx(environ(HTTP_X_DROPPR_DOOR="x"), here)
    assert key.stat().st_mode & 0o777 == 0o600
    made = key.read_text().removeprefix("default ").removesuffix(";\n")
    assert came_by_nginx(environ(HTTP_X_DROPPR_DOOR=made), here)
    key.write_text("default " + "n" * 40 + ";\n")
    assert came_by_nginx(environ(HTTP_X_DROPPR_DOOR="n" * 40), here)
    assert not came_by_nginx(environ(HTTP_X_DROPPR_DOOR=made), here)


def test_the_secret_is_taken_out_of_the_request(tmp_path: Path, spool: Path) -> None:
    asked = environ()
    assert came_by_nginx(asked, settings(tmp_path))
    assert KEY not in str(asked)
    assert came_by_nginx(asked, settings(tmp_path)), "and is remembered"


@pytest.mark.parametrize("name", ["missing", "..", "../secret", "link", "second", "folder", "fifo", "a b"])
def test_only_a_plain_file_in_the_spool_with_one_name_is_taken(tmp_path: Path, spool: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (spool / "link").symlink_to(tmp_path / "secret")
    (spool / "first").write_bytes(b"x")
    os.link(spool / "first", spool / "second")
    (spool / "folder").mkdir()
    os.mkfifo(spool / "fifo")
    with pytest.raises(Busy), chunk_body(environ(HTTP_X_BODY_FILE=name), settings(tmp_path)):
        pass


def test_a_body_of_unknown_length_has_none(tmp_path: Path) -> None:
    with chunk_body(environ(CONTENT_LENGTH=""), settings(tmp_path)) as (_, length):
        assert length is None
