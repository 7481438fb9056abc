"""Tokens and passwords: taken from files, from standard input, or asked for; nowhere to be read by others."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

import pytest

from droppr_client.hidden import _secret_of
from droppr_client.upload_command import _without_secrets
from tests.support.hostile import Answer, Asked, Hostile, environment, in_terminal
from tests.support.program import DROPPR, Droppr

TOKEN = "the-very-secret-token"


@pytest.fixture
def server():
    """Knows one token."""

    def reply(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer({"error": "no", "code": "unauthorized"}, 401)
        return Answer({"requests": [], "files": [], "url": "/request/x"})

    with Hostile(reply) as server:
        yield server


def run(server: Hostile, *arguments: str, typed: str = "", code: int = 0, **variables: str) -> str:
    done = Droppr.run(
        [*arguments, "--server", server.url],
        env=environment(**variables),
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    assert done.returncode == code, done.stdout
    return str(done.stdout)


def test_a_token_comes_from_a_file_from_standard_input_or_by_asking(server, tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\nand more\n")
    (tmp_path / "wrong").write_text("wrong")
    name = str(tmp_path / "token")
    listing = ("request", "list")
    run(server, *listing, "--token-file", name)
    run(server, *listing, "--token-file", "-", typed=f"{TOKEN}\n")
    run(server, *listing, "--token", "-", typed=f"{TOKEN}\n")
    run(server, *listing, DROPPR_ADMIN_TOKEN_FILE=name)
    # What is named on the command line is meant.
    run(server, *listing, "--token", TOKEN, DROPPR_ADMIN_TOKEN_FILE=str(tmp_path / "wrong"))
    run(server, *listing, "--token-file", name, DROPPR_ADMIN_TOKEN="wrong")
    assert "--token-file" in run(server, *listing, "--token-file", str(tmp_path / "wrong"), code=1)


@pytest.mark.parametrize("content", [b"\xff\xfe", "ünüsual".encode(), b"a\x1bb", b"a\tb"])
def test_a_file_that_holds_no_token_is_told(server, tmp_path, content):
    (tmp_path / "token").write_bytes(content)
    run(server, "request", "list", "--token-file", str(tmp_path / "token"), code=1 if content[:1] != b"\xff" else 2)


def test_a_links_password_comes_from_a_file(server, tmp_path):
    (tmp_path / "password").write_text("sésame\n")
    run(server, "request", "create", "x", "--token", TOKEN, "--password-file", str(tmp_path / "password"))
    run(server, "request", "edit", "x", "--token", TOKEN, "--password-file", "-", typed="sésame\n")
    assert [each.body for each in server.asked if b"s\\u00e9same" in each.body] == [
        b'{"folder": "x", "password": "s\\u00e9same"}',
        b'{"password": "s\\u00e9same"}',
    ]


def test_a_terminal_asks_for_a_links_password_unseen(tmp_path):
    (tmp_path / "file").write_text("x")
    own = environment(XDG_CONFIG_HOME=str(tmp_path), TERM="dumb")

    def reply(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer({"chunk_size": 2**20, "requires_password": True})
        return Answer({"upload_id": "x", "complete": True})

    with Hostile(reply) as server:
        code, said = in_terminal(["upload", "file", "--to", server.link, "--no-verify"], own, tmp_path, b"sesame\n")
        assert code == 0, said
        assert [each.headers.get("x-request-password") for each in server.asked if each.method == "POST"] == ["sesame"]
    assert "The link's password" in said
    assert "sesame" not in said


@pytest.mark.parametrize("way", [["--token", TOKEN], [f"--token={TOKEN}"]], ids=str)
def test_the_list_of_processes_does_not_show_it(way):
    began, over = threading.Event(), threading.Event()

    def wait(_: Asked) -> Answer:
        began.set()
        over.wait(100)
        return Answer({"files": []})

    with Hostile(wait) as server:
        process = subprocess.Popen([DROPPR, "request", "watch", "x", *way, "--server", server.url], env=environment())
        try:
            assert began.wait(90)
            shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert TOKEN.encode() not in shown
            assert b"--token" in shown
            assert server.url.encode() in shown
            assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            over.set()


def test_what_is_a_secret_on_a_command_line():
    assert _secret_of(b"--password", b"abc") == b"abc"
    assert _secret_of(b"x", b"--password=a=b") == b"a=b"
    assert _secret_of(b"x", b"--password-file=a") == b""
    assert _secret_of(b"--password-file", b"a") == b""


def test_how_to_go_on_is_told_without_the_password():
    line = ["upload", "x", "--password", "secret", "--to", "LINK", "--password=secret"]
    assert _without_secrets(line) == ["upload", "x", "--password", "-", "--to", "LINK", "--password=-"]
