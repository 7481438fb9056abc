"""Whatever a server, a sender or a file name says: the terminal shows it, and does nothing that it says."""

from __future__ import annotations

import ast
import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from app.core.receipts import TYPE, VERSION, canonical, key_fingerprint
from droppr_client.cli import main
from droppr_client.live import LiveReport
from droppr_client.output import end_with_fault, visible
from droppr_client.upload import DropprLink, Outcome, UploadManager, UploadResult
from tests.support.hostile import NASTY, Answer, Asked, Hostile, environment, in_terminal
from tests.support.live import PROJECT

CLIENT = PROJECT / "media-server" / "droppr_client"
FILE = {
    "upload_id": "x" * 16,
    "path": NASTY,
    "name": NASTY,
    "size": 1,
    "sha256": None,
    "received_at": 1e9,
    "sender_name": NASTY,
    "sender_email": NASTY,
    "passed_on": {"state": NASTY, "error": NASTY},
}
LINK = {
    "hash": "0123456789abcdef",
    "url": f"/request/{NASTY}",
    "link": f"https://files.example/request/{NASTY}",
    "link_as_asked": False,
    **dict.fromkeys(("title", "message", "folder", "captcha", "ask_name", "ask_email"), NASTY),
    "active": True,
    "allowed_extensions": [NASTY],
    "files_received": 1,
    "bytes_received": 1,
    "uploads_open": 1,
    "created_at": 1,
    "expires_at": None,
    "max_file_size": 1,
    "max_total_size": 0,
    "max_files": 1,
    "requires_password": False,
    "chunk_size": 2**20,
    "max_parallel_chunks": 2,
}
OPEN = {"upload_id": "y" * 16, "path": NASTY, "size": 9, "received_bytes": 1, "address": NASTY, "name": NASTY}
KIND: dict[str, Any] = {
    **LINK,
    "requests": [LINK],
    "files": [FILE],
    "uploads": [OPEN],
    "cancelled": 1,
    "status": NASTY,
    NASTY: {NASTY: NASTY},
    "upload_id": "z" * 16,
    "complete": True,
    "missing_ranges": [],
    "path": NASTY,
}


def odd(value: Any) -> Any:
    """The same document where no value is what it should be."""
    match value:
        case dict():
            return {name: odd(each) for name, each in value.items()}
        case list():
            return [*map(odd, value), None, 7, [], "text"]
        case str():
            return {"deep": [[NASTY]]} if value == NASTY else [value]
    return "1e999" if value is None else [NASTY] if isinstance(value, bool) else float("inf")


SERVERS: dict[str, Callable[[Asked], Answer]] = {
    "refuses": lambda _: Answer({"error": NASTY, "code": NASTY}, 400),
    "knows nobody": lambda _: Answer({"error": NASTY, "code": NASTY}, 404),
    "is a proxy": lambda _: Answer(f"<html>{NASTY}</html>".encode(errors="surrogatepass"), 502, {"Server": "\x1b[31m"}),
    "is kind": lambda _: Answer(KIND),
    "is odd": lambda _: Answer(odd(KIND)),
    "answers anything": lambda _: Answer(b"\x1b[2J\x9b" * 100),
    "leads away": lambda _: Answer(b"", 302, {"Location": "http://evil.example/\x1b[2J"}),
}


def commands(command: click.Command, *name: str) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            child = command.get_command(context, each)
            assert child is not None
            yield from commands(child, *name, each)
    else:
        yield name


ARGUMENTS = {
    ("upload",): ["file", "--to", "LINK", "--no-resume", "--retries", "0"],
    ("request", "create"): ["folder"],
    ("request", "edit"): ["LINK", "--title", "x"],
    ("request", "fetch"): ["LINK", "in", "--retries", "0"],
    ("request", "watch"): ["LINK", "--all", "--count", "1", "--interval", "0.1"],
    ("verify",): ["receipt.json", f"{visible(NASTY)}\x1b[2J\x9b"],
    ("status",): [],
    ("serve",): [],
    ("cleanup",): [],
}


def receipt() -> str:
    """Rightly signed by somebody."""
    key = Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes_raw()
    text = NASTY.replace("\ud800", "")
    said: dict[str, Any] = {"type": TYPE, "version": VERSION, "server": text, "title": text, "link": text}
    said |= {"issued_at": 1, "files": [{"path": text, "size": 1, "sha256": "0" * 64}]}
    said |= {"public_key": base64.b64encode(raw).decode(), "key": key_fingerprint(raw)}
    return json.dumps({**said, "signature": base64.b64encode(key.sign(canonical(said))).decode()})


def assert_tame(said: str) -> None:
    """Nothing in it commands a terminal; its lines end as a terminal ends them."""
    bad = re.findall(
        r"[^\x20-\x7e\t\n\xa1-\U0010ffff]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", plain(said)
    )
    assert not bad, repr(said)
    # Those of `watch`, between its cells.
    assert all(line.count("\t") in (0, 3) for line in said.splitlines()), repr(said)
    assert not re.search(r"^\W*FAKE LINE", said, re.MULTILINE), said
    assert "Traceback" not in said, said


def plain(said: str) -> str:
    return said.replace("\r\n", "\n")


def surroundings(server: Hostile, folder: Path) -> dict[str, str]:
    own = environment(DROPPR_URL=server.url, DROPPR_ADMIN_TOKEN="secret", XDG_CONFIG_HOME=str(folder / "config"))
    # What `serve` and `cleanup` take of strangers are settings.
    return own | {"TERM": "dumb", "DROPPR_PORT": "\x1b[2J\x9b", "DROPPR_DATA_DIR": str(folder / "data")}


@pytest.mark.parametrize("command", list(commands(main)), ids=" ".join)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["people", "programs"])
def test_no_command_lets_a_server_command_the_terminal(command, more, tmp_path):
    found: Any = main
    for name in command:
        found = found.get_command(click.Context(found), name)
    if more and not any("--json" in each.opts for each in found.params):
        pytest.skip("it says nothing to programs")
    arguments = ARGUMENTS.get(command) or ["LINK" for each in found.params if isinstance(each, click.Argument)]

    def run(kind: str) -> tuple[str, str]:
        folder = tmp_path / kind
        folder.mkdir()
        (folder / "file").write_bytes(b"x")
        (folder / "receipt.json").write_text(receipt())
        with Hostile(SERVERS[kind]) as server:
            given = [server.link if each == "LINK" else each for each in arguments]
            # A server that is away is watched until it is back.
            enough = b"Trying again." if command[-1] == "watch" else None
            own = surroundings(server, folder)
            return kind, in_terminal([*command, *given, *more], own, folder, enough=enough)[1]

    with ThreadPoolExecutor(4) as pool:
        for kind, said in pool.map(run, SERVERS):
            assert said, kind
            assert_tame(said)


def test_what_the_live_display_says_is_tame_and_takes_names_as_they_are(tmp_path):
    class Terminal:
        encoding = "utf-8"
        text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None: ...
        def isatty(self) -> bool:
            return True

    terminal: Any = Terminal()
    manager = UploadManager(DropprLink("http://127.0.0.1:9/request/x"))
    with LiveReport(manager, Console(file=terminal, force_terminal=True, width=200, highlight=False)) as report:
        for name in (NASTY, "[/]", "[bold red]brackets"):
            manager.tracker.started(_item(name, tmp_path))
            manager.tracker.retried(NASTY)
            report.result(UploadResult(name, 1, Outcome.FAILED, NASTY, NASTY))
            report.result(UploadResult(name, 1, Outcome.SENT, delivered_path=NASTY))
        report.note(NASTY)
        report._live.refresh()
        report.end(1, 1, [NASTY])
    own = r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K|\r"
    assert_tame(re.sub(own, "", terminal.text))
    assert "[bold red]brackets" in terminal.text


def _item(name: str, folder: Path) -> Any:
    from droppr_client.upload import Item

    return Item(name, str(folder), 1, 1)


@pytest.mark.parametrize("command", [["files", "LINK"], ["watch", "LINK", "--all", "--count", "1"], ["list"]], ids=str)
def test_programs_read_the_very_names_that_were_sent(command, tmp_path):
    with Hostile(lambda _: Answer(KIND)) as server:
        given = [server.link if each == "LINK" else each for each in command]
        said = plain(in_terminal(["request", *given, "--json"], surroundings(server, tmp_path), tmp_path)[1])
    told = json.loads(said)
    match command[0]:
        case "files":
            assert told["files"] == [FILE]
        case "watch":
            assert told == FILE
        case "list":
            assert told["requests"] == [LINK]


def test_a_file_name_in_a_wrong_command_line_is_tame(tmp_path):
    with Hostile(lambda _: Answer(KIND)) as server:
        for arguments in ([f"--{NASTY[:-20]}"], ["request", f"{NASTY[:9]}"], ["status", "\x9b2J", "\u202e"]):
            given = [each.replace("\ud800", "") for each in arguments]
            assert_tame(in_terminal(given, surroundings(server, tmp_path), tmp_path)[1])


def test_a_fault_in_the_middle_of_which_it_was_raised_itself_is_told_too(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    one, other = ValueError("one"), KeyError("other")
    one.__context__, other.__context__ = other, one
    with pytest.raises(SystemExit):
        end_with_fault(one)
    assert "ValueError: one" in capsys.readouterr().err
    assert (tmp_path / "droppr" / "last-fault.txt").read_text().count("Traceback") == 2


def test_a_fault_of_the_program_is_told_and_is_tame(tmp_path):
    program = (
        "import sys, threading\n"
        "from droppr_client.output import tell_faults\n"
        "from tests.support.hostile import NASTY\n"
        "def fault():\n"
        "    try: raise KeyError(NASTY)\n"
        "    except KeyError: raise ValueError(NASTY)\n"
        "tell_faults()\n"
        "thread = threading.Thread(target=fault)\n"
        "thread.start()\n"
        "thread.join()\n"
        "fault()\n"
    )
    known = environment(PYTHONPATH=f"{PROJECT / 'media-server'}:{PROJECT}", XDG_CONFIG_HOME=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("ValueError: a\ufffdb\ufffd[2J") == 2
    details = (tmp_path / "droppr" / "last-fault.txt").read_text()
    assert "Traceback" not in done.stderr
    assert "KeyError" in details
    assert "ValueError" in details
    for text in (done.stderr, details):
        assert not re.search(r"^\W*FAKE LINE|[\x1b\x9b\u202e]", text, re.MULTILINE)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", sorted(CLIENT.rglob("*.py")), ids=lambda path: path.name)
def test_one_module_prints_and_no_other(path):
    """So that what a stranger says has one way to the terminal, which makes it visible."""
    if path == CLIENT / "output.py":
        return
    called = dict(calls(path))
    forbidden = {"print", "click.echo", "click.secho", "click.prompt", "click.confirm", "click.style", "Text", "input"}
    assert not forbidden & set(called)
    assert not [
        each for each in called if re.search(r"(stdout|stderr)\.(buffer\.)?write$|traceback\.print|getpass", each)
    ]
    imported = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich")
    }
    assert imported <= (
        {"rich.console", "rich.live", "rich.progress_bar", "rich.table"} if path.name == "live.py" else set()
    )


def test_the_live_display_shows_no_text_that_did_not_pass_that_way():
    for name, call in calls(CLIENT / "live.py"):
        if name.endswith((".print", ".add_row", "Group")):
            for argument in call.args:
                made = ast.unparse(argument)
                assert made.startswith(("shown(", "ProgressBar(", "*self._files()", "self._", "name", "bar")), made
