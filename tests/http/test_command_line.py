"""The command line against a real server: what people read, what programs read, and what went wrong in one sentence."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.core.terms import TERMS, Kind, Term
from app.services.receiving.commands import new_upload_id
from tests.support.client import Link
from tests.support.command import Sender, Terminal, address
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.ports import free_port
from tests.support.program import DROPPR


@pytest.fixture
def terminal(server: LiveServer, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, server.environment)


def _flag(term: Term) -> str:
    return term.name.replace("_", "-")


def hash_in(link: str) -> str:
    return link.strip().rpartition("/")[2]


def test_a_link_is_made_by_one_command_that_prints_its_address(terminal, server, client):
    link = terminal.run("request", "create", "from the/command line", "--title", "Hällo").strip()
    assert re.fullmatch(rf"{server.url}/request/[\w-]{{32}}", link)
    shown = client.call("GET", f"/api/droppr/requests/{hash_in(link)}").expect(200).json
    assert shown["title"] == "Hällo"


def test_links_have_the_address_that_the_owner_set_else_the_one_that_was_named(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    public = live(workers=1, DROPPR_PUBLIC_URL="https://files.example.org")
    terminal = Terminal(tmp_path, public.environment)
    link = terminal.run("request", "create", "inbox").strip()
    assert re.fullmatch(r"https://files\.example\.org/request/[\w-]{32}", link)
    assert terminal.json("request", "list")["requests"][0]["link"] == link
    assert terminal.json("request", "show", link)["link"] == link
    assert terminal.json("request", "edit", link, "--title", "x")["link"] == link
    plain = live(workers=1)
    # A server behind a proxy takes itself for what the proxy calls it; whoever asks knows better.
    url = plain.url.replace("127.0.0.1", "localhost")
    named = Terminal(tmp_path, {**plain.environment, "DROPPR_URL": url})
    assert named.run("request", "create", "inbox").startswith(f"{url}/request/")


def test_every_limit_has_an_option(terminal):
    options = {
        **{_flag(term): (f"a {term.name}", f"a {term.name}") for term in TERMS if term.kind is Kind.TEXT},
        "max-file-size": ("1.5GiB", 1610612736),
        "max-total-size": ("2g", 2**31),
        "max-files": ("7", 7),
        "allowed-extensions": (".JPG,mov", ["jpg", "mov"]),
        "allowed-origins": (
            "https://www.example.org/, http://nas:8080",
            ["https://www.example.org", "http://nas:8080"],
        ),
        "captcha": ("always", "always"),
        "ask-name": ("required", "required"),
        "ask-email": ("optional", "optional"),
        "destination": ("folder", {"kind": "folder"}),
        "notify": ("none", []),
        "keep-days": ("30", 30),
        "recipient-email": ("Ann@Example.org", "Ann@example.org"),
        "accent": ("#7A1F5C", "#7a1f5c"),
        "alias": ("limits-of-all", "limits-of-all"),
        "subfolder": ("{sender}/{date}", "{sender}/{date}"),
        "naming": ("{date}-{name}", "{date}-{name}"),
        "language": ("de", "de"),
        "recipient-language": ("fr", "fr"),
        "chat-preview": ("yes", "yes"),
        "items": ("none", []),
        "questions": ("none", []),
    }
    assert {name.replace("-", "_") for name in options} == {term.name for term in TERMS} - {
        "password",
        "expires_hours",
        "search",
        "confirm",
        "active",
        # In test_due.py, with a server that sends mail.
        "due_at",
        "allow_late",
        "reminders",
    }
    arguments = [
        "--no-search",
        "--no-confirm",
        *(text for name, (typed, _) in options.items() for text in (f"--{name}", typed)),
    ]
    made = terminal.json("request", "create", "limits", "--password", "secret", "--expires-hours", "2.5", *arguments)
    assert made["search"] is False
    assert {name: made[name.replace("-", "_")] for name in options} == {
        name: kept for name, (_, kept) in options.items()
    }
    assert made["requires_password"] is True
    assert made["expires_at"] - made["created_at"] == pytest.approx(9000, abs=5)
    for typed, said in (("*", "all addresses"), ("none", "this server only"), ("", "addresses that the server allows")):
        terminal.run("request", "edit", made["hash"], "--allowed-origins", typed)
        assert re.search(rf"Pages of +{said}", terminal.run("request", "show", made["hash"]))
    assert re.search(
        r"Note +a note\n.*Passed on to +nowhere\n", terminal.run("request", "show", made["hash"]), re.DOTALL
    )
    assert "Write folder, s3://BUCKET" in terminal.run("request", "edit", made["hash"], "--destination", "ftp", code=2)


def test_a_checklist_is_made_shown_judged_and_sent_for(terminal, client, tmp_path):
    (tmp_path / "items.json").write_text('[{"title": "Photos", "count": 2, "required": false}]')
    (tmp_path / "questions.json").write_text('[{"label": "Which?", "kind": "choice", "choices": ["a", "b"]}]')
    files = ["--items", str(tmp_path / "items.json"), "--questions", str(tmp_path / "questions.json")]
    made = terminal.json("request", "create", "asked", *files, "--item", "Tax return: 2025", "--item", "Pass:PDF,jpg")
    assert [(each["title"], each["extensions"]) for each in made["items"]] == [
        ("Photos", []),
        ("Tax return: 2025", []),
        ("Pass", ["pdf", "jpg"]),
    ]
    link = Link(client, made["hash"], made["folder"])
    shown = terminal.run("request", "show", made["hash"])
    assert re.search(r"Checklist +Photos \(\w{8}, optional, 2 files\); Tax return: 2025 \(\w{8}\); Pass ", shown)
    folder = tmp_path / "sender"
    folder.mkdir()
    (folder / "pass.pdf").write_bytes(b"%PDF-1.4 pass")
    sender = Sender(folder)
    assert "asks for 'Photos'" in sender.run("pass.pdf", "--to", address(link), "--item", "Pas", code=4)
    assert "Sent 1 file" in sender.run("pass.pdf", "--to", address(link), "--item", "pass")
    # For another item it is another upload, and the same party sends it; without one as well.
    assert "Sent 1 file" in sender.run("pass.pdf", "--to", address(link), "--item", made["items"][0]["id"])
    assert "Sent 1 file" in sender.run("pass.pdf", "--to", address(link), "--no-resume")
    [party] = terminal.json("request", "parties", made["hash"])["parties"]
    assert (party["files"], [party["items"][each["id"]]["files"] for each in made["items"]]) == (3, [1, 0, 1])
    terminal.run("request", "return", made["hash"], party["id"], "PASS", "--note", "It has expired.")
    table = terminal.run("request", "parties", made["hash"])
    assert re.search(rf"{party['id']} +begun +- +- +3 .+ Photos, Tax return: 2025 +- +Pass +-\n", table)
    terminal.run("request", "return", made["hash"], party["id"], "pass", "--undo")
    terminal.run("request", "accept", made["hash"], party["id"], "pass")
    assert "no item 'Visa'" in terminal.run("request", "accept", made["hash"], party["id"], "Visa", code=1)
    terminal.run("request", "return", made["hash"], party["id"], "pass", code=2)
    assert terminal.json("request", "edit", made["hash"], "--item", "Only this")["items"][0]["title"] == "Only this"
    assert "no JSON" in terminal.run("request", "create", "x", "--items", str(folder / "pass.pdf"), code=2)


def test_questions_are_answered_from_the_command_line(terminal, client, tmp_path):
    asked = [{"label": "a = b?", "required": True}, {"label": "Agreed?", "kind": "agree", "required": True}]
    (tmp_path / "questions.json").write_text(json.dumps(asked))
    made = terminal.json("request", "create", "asked", "--questions", str(tmp_path / "questions.json"))
    link = Link(client, made["hash"], made["folder"])
    folder = tmp_path / "sender"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a")
    sender, agreed = Sender(folder), made["questions"][1]["id"]
    assert "Answer with --answer" in sender.run("a.txt", "--to", address(link), code=4)
    assert "no question" in sender.run("a.txt", "--to", address(link), "--answer", "c=d", code=4)
    assert "Answer with true" in sender.run("a.txt", "--to", address(link), "--answer", "Agreed?=no", code=4)
    said = ["--answer", "A = b?= yes = no", "--answer", f"{agreed}=yes"]
    assert "Sent 1 file" in sender.run("a.txt", "--to", address(link), *said)
    [party] = terminal.json("request", "parties", made["hash"])["parties"]
    assert party["answers"] == {made["questions"][0]["id"]: " yes = no", agreed: True}


def test_what_is_on_its_way_is_listed_and_cancelled_one_by_one_or_altogether(terminal, client):
    link = client.make_link(ask_name="optional")
    ids = [link.opened(f"{number}\u202e.bin", 3 * 2**20, sender_name="Ada") for number in range(4)]
    link.chunk(ids[0], 0, bytes(2**20), 3 * 2**20).expect(200)
    sent = link.deliver("done.bin", b"stays")
    [row] = [line.split() for line in terminal.run("request", "list").splitlines() if link.hash in line]
    assert "4" in row
    assert [each["upload_id"] for each in terminal.json("request", "uploads", link.hash)["uploads"]] == ids[::-1]
    told = terminal.run("request", "uploads", f"{client.url}/request/{link.hash}")
    [row] = [line for line in told.splitlines() if ids[0] in line]
    assert re.search(r"1\.0 MiB +3\.0 MiB +[\d.]+ \w+/s +Ada 127\.0\.0\.1 +0\ufffd\.bin", row), row
    assert terminal.run("request", "cancel", link.hash, ids[0], ids[1]) == "2 uploads cancelled.\n"
    assert "The file has arrived whole" in terminal.run("request", "cancel", link.hash, sent["upload_id"], code=1)
    assert "There is no such upload" in terminal.run("request", "cancel", link.hash, ids[0], code=1)
    for senseless in ((), (ids[2], "--all"), ("--al",)):
        terminal.run("request", "cancel", link.hash, *senseless, code=2)
    assert "request cancel" in terminal.run("request", "close", link.hash)
    assert terminal.run("request", "cancel", link.hash, "--all") == "2 uploads cancelled.\n"
    assert terminal.run("request", "cancel", link.hash, "--all") == "0 uploads cancelled.\n"
    assert [each["path"] for each in link.files()] == ["done.bin"]


def test_links_are_listed_by_who_sent_last_and_what_is_new(terminal, client):
    first, second = (client.make_link(title=f"list {each}", ask_name="optional") for each in "ab")
    first.deliver("a.bin", b"a", sender_name="Ada")

    def listed(*options: str) -> list[str]:
        found = terminal.json("request", "list", *options)["requests"]
        return [each["title"] for each in found if each["hash"] in (first.hash, second.hash)]

    assert listed() == ["list b", "list a"]
    assert listed("--sort", "last_received") == ["list a", "list b"]
    assert listed("--sort", "title", "--reverse") == ["list b", "list a"]
    assert listed("--state", "new") == ["list a"]
    assert listed("--state", "not_begun") == ["list b"]
    terminal.run("request", "list", "--state", "lost", code=2)
    [row] = [line for line in terminal.run("request", "list", "--sort", "title").splitlines() if first.hash in line]
    assert re.search(rf"{first.hash} +open +1 +1 +1 byte +- +- +0 +\d{{4}}-\d\d-\d\d \d\d:\d\d +Ada", row), row
    assert re.search(
        r"Progress +-\nNot seen yet +1\nLast +\d{4}-.*\nLast sender +Ada", terminal.run("request", "show", first.hash)
    )


def test_an_upload_whose_id_begins_with_a_dash_can_be_named(terminal, client):
    link = client.make_link()
    keys = (f"key-{number:020}" for number in itertools.count())
    ids = ((each, new_upload_id(link.hash, each)) for each in keys)
    # The letter of an option that other commands have.
    key = next(each for each, id in ids if id.startswith("-") and "h" in id)
    upload_id = link.opened("a.bin", 10, key=key)
    assert terminal.run("request", "cancel", link.hash, upload_id) == "1 upload cancelled.\n"


def test_a_link_is_listed_shown_changed_and_closed(terminal, client):
    made = client.make_link(title="to be changed")
    made.deliver("one.txt", b"one", last_modified=1_000_000_000.0)
    # Which nobody else has sent to this server.
    made.deliver("\u202eevil\x1b[31m.txt", secrets.token_bytes(3))
    [listed] = [each for each in terminal.json("request", "list")["requests"] if each["hash"] == made.hash]
    assert (listed["files_received"], listed["bytes_received"]) == (2, 6)
    assert made.hash in terminal.run("request", "list")
    address = f"{client.url}/request/{made.hash}"
    assert terminal.run("request", "edit", address, "--title", "changed", "--max-files", "9") == "Changed.\n"
    shown = terminal.run("request", "show", address)
    assert "changed" in shown
    assert "2 files, 6 bytes" in shown
    files = terminal.run("request", "files", made.hash)
    assert [line.split()[2] for line in files.splitlines() if "one.txt" in line] == ["2001-09-09"]
    assert "\x1b" not in files
    assert "\u202e" not in files
    assert {each["size"] for each in terminal.json("request", "files", made.hash)["files"]} == {3}
    assert terminal.json("request", "files", made.hash, "--duplicates") == {"files": []}
    made.deliver("again.txt", b"one")
    eventually(lambda: len(terminal.json("request", "files", made.hash, "--duplicates")["files"]) == 2)
    doubles = terminal.run("request", "files", made.hash, "--duplicates").splitlines()
    assert [line.split()[-1] for line in doubles] == ["PATH", "one.txt", "again.txt"]
    other = client.make_link(title="Papers of \x1b[31mBen")
    other.deliver("elsewhere.txt", b"one")

    def copies() -> set[tuple[str, str]]:
        """Which files lie on the other link as well, and where there."""
        files = terminal.json("request", "files", made.hash, "--copies")["files"]
        return {(file["path"], each["path"]) for file in files for each in file["copies"] if each["hash"] == other.hash}

    wanted = {("one.txt", "elsewhere.txt"), ("again.txt", "elsewhere.txt")}
    eventually(lambda: copies() == wanted, seconds=30, what="the copies on another link")
    told = terminal.run("request", "files", made.hash, "--copies")
    assert re.search(rf" one.txt +again.txt on this link, .*elsewhere.txt on Papers of .*Ben \({other.hash}\)", told)
    assert "\x1b" not in told
    assert "name one" in terminal.run("request", "files", made.hash, "--copies", "--duplicates", code=2)
    assert terminal.run("request", "close", made.hash) == "Closed.\n"
    made.info().expect(410, "request_closed")
    assert terminal.json("request", "edit", made.hash, "--active")["active"] is True


def test_a_password_can_be_typed_unseen(terminal):
    link = terminal.run("request", "create", "typed", "--password", "-", typed="secret\nsecret\n").splitlines()[-1]
    assert terminal.json("request", "show", link)["requires_password"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["request", "create", "../outside"], 1, "folder: The path has an empty, '.' or '..' part"),
        (["request", "create", "x", "--max-files", "-1"], 2, "max-files"),
        (["request", "create", "x", "--max-file-size", "big"], 2, "Write 2GiB"),
        (["request", "show", "nothing-here-0123456"], 1, "There is no such link"),
        (["request", "close", "nothing-here-0123456"], 1, "There is no such link"),
        (["request", "edit", "nothing-here-0123456"], 2, "at least one thing"),
        (["request", "list", "--token", "wrong"], 1, "does not accept this admin token"),
        (["request", "list", "--server", "http://127.0.0.1:9"], 1, "cannot be reached"),
        (["request", "list", "--server", "not an address"], 1, "is not an address"),
        (["request", "list", "--server", "http://[::1"], 1, "is not an address"),
        (["request", "list", "--server", "http://x:99999"], 1, "is not an address"),
        (["status", "--server", "http://127.0.0.1:9"], 1, "cannot be reached"),
    ],
)
def test_what_went_wrong_is_told_in_one_sentence(terminal, arguments, code, sentence):
    assert sentence in terminal.run(*arguments, code=code)


def test_local_settings_that_make_no_sense_are_told_unless_a_server_is_named(terminal, server):
    terminal.environment["DROPPR_PORT"] = "eighty"
    assert "DROPPR_PORT: " in terminal.run("status", code=1)
    assert "ready" in terminal.run("status", "--server", server.url)


def test_the_local_token_is_never_sent_to_another_server(terminal, server):
    del terminal.environment["DROPPR_ADMIN_TOKEN"]
    (server.data_dir / "admin_token").write_text(server.token)
    try:
        terminal.run("request", "list")
        assert "none was named" in terminal.run("request", "list", "--server", server.url, code=1)
    finally:
        (server.data_dir / "admin_token").unlink()


@pytest.mark.parametrize("command", [["show"], ["files"], ["close"], ["fetch", "in"]])
def test_a_link_of_another_server_is_told_from_one_that_does_not_exist(terminal, command):
    other = "https://files.example.org/request/nothing-here-0123456"
    said = terminal.run("request", command[0], other, *command[1:], code=1)
    assert "--server https://files.example.org" in said
    assert "--server" not in terminal.run("request", command[0], "nothing-here-0123456", *command[1:], code=1)


def test_ctrl_c_while_it_is_still_loading_ends_it_quietly():
    program = (
        "import signal, sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from droppr_client.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_status_says_that_the_server_is_ready(terminal):
    said = terminal.run("status")
    assert "ready" in said
    assert "{" not in said
    assert terminal.json("status")["status"] == "ready"


def test_the_client_needs_nothing_of_the_server():
    program = (
        "import sys\n"
        "class Nothing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('boto3', 'flask', 'httpx', 'limits', 'psutil', 'pydantic', 'pydantic_settings', 'urllib3', 'werkzeug'):\n"
        "            raise ImportError(name, name=name)\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "from droppr_client.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    nobody = "http://127.0.0.1:9"
    cases = [
        (["serve"], 1, "not installed"),
        (["request", "list", "--server", nobody], 1, "reached"),
        (["request", "fetch", "x", "in", "--server", nobody], 1, "reached"),
        (["upload", __file__, "--to", f"{nobody}/request/x", "--no-resume"], 4, "Nobody answers"),
        (["upload", __file__, "--to", "s3://bucket"], 4, "pip install 'droppr[s3]'"),
    ]
    for arguments, code, sentence in cases:
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


@contextmanager
def started(fresh: Terminal, *, terminal: bool = False) -> Iterator[Callable[[], str]]:
    """A server once it has greeted, and what it has said so far, on a terminal or into a pipe."""
    ours, theirs = os.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [DROPPR, "serve"], env=fresh.environment, cwd=fresh.folder, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    said: list[bytes] = []

    def listen() -> None:
        with suppress(OSError):  # The end of a terminal.
            while piece := os.read(ours, 4096):
                said.append(piece)

    def told() -> str:
        return b"".join(said).decode()

    reader = threading.Thread(target=listen)
    reader.start()
    try:
        eventually(lambda: "kept in" in told(), seconds=60, what="the greeting")
        yield told
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        reader.join()
        os.close(ours)


class TestServe:
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Terminal:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DROPPR_")}
        environment |= {"DROPPR_PORT": str(free_port()), "DROPPR_DATA_DIR": str(tmp_path / "new" / "data")}
        return Terminal(tmp_path, environment)

    def test_the_first_start_tells_addresses_and_token_and_the_token_is_right(self, fresh):
        with started(fresh, terminal=True) as told:
            url = f"http://127.0.0.1:{fresh.environment['DROPPR_PORT']}"
            assert url in told()
            assert f"{url}/admin" in told()
            token = re.search(r"Admin token: (\S{43})", told())
            assert token
            status = f"{DROPPR} status --server {url}"
            eventually(lambda: "ready" in subprocess.getoutput(status), seconds=60, what="the server")
            fresh.run("request", "create", "with the token of the file")
            fresh.run("request", "list", "--server", url, "--token", token[1])
        with started(fresh, terminal=True) as told:
            assert token[1] not in told()

    def test_where_nobody_looks_on_the_token_stays_out_of_what_is_kept_as_a_log(self, fresh):
        kept = Path(fresh.environment["DROPPR_DATA_DIR"]) / "admin_token"
        with started(fresh) as told:
            assert f"kept in {kept}" in told()
            assert kept.read_text().strip() not in told()

    def test_settings_that_make_no_sense_are_all_told_and_stop_the_start(self, fresh):
        fresh.environment |= {"DROPPR_PORT": "eighty", "DROPPR_WORKERS": "0", "DROPPR_CLEANUP_CRON": "never"}
        told = fresh.run("serve", code=2)
        assert all(name in told for name in ("DROPPR_PORT", "DROPPR_WORKERS", "DROPPR_CLEANUP_CRON"))

    def test_a_data_folder_that_cannot_be_is_told(self, fresh):
        (fresh.folder / "file").write_text("")
        fresh.environment["DROPPR_DATA_DIR"] = str(fresh.folder / "file" / "data")
        assert "cannot be used" in fresh.run("serve", code=1)

    def test_a_captcha_without_its_keys_stops_the_start(self, fresh):
        fresh.environment["DROPPR_CAPTCHA_PROVIDER"] = "turnstile"
        assert "DROPPR_CAPTCHA_SITE_KEY" in fresh.run("serve", code=2)


def test_a_link_is_made_for_each_row_of_a_table(terminal, server, client):
    (terminal.folder / "clients.csv").write_text("name;town\nAnna;Bonn\nBen;\u00c5s\n")
    make = ("request", "create", "table/{name}", "--title", "Papers of {name} in {town}", "--max-files", "5")
    made = terminal.run(*make, "--csv", "clients.csv")
    head, *rows = [line.split(";") for line in made.splitlines()]
    assert head == ["name", "town", "link"]
    assert [row[:2] for row in rows] == [["Anna", "Bonn"], ["Ben", "\u00c5s"]]
    shown = [client.call("GET", f"/api/droppr/requests/{hash_in(row[2])}").expect(200).json for row in rows]
    assert [each["title"] for each in shown] == ["Papers of Anna in Bonn", "Papers of Ben in \u00c5s"]
    # Once more: nothing is missing, so nothing is made.
    assert terminal.run(*make, "--csv", "-", typed=made) == made
    assert "no column 'nom'" in terminal.run("request", "create", "{nom}", "--csv", "clients.csv", code=2)
    assert terminal.json("request", "create", "other/{name}", "--csv", "clients.csv")["rows"][0]["name"] == "Anna"
