"""``droppr verify``: believes what is signed and nothing else, and says of every file what it is."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.core.links import ReceivedFile
from app.core.receipts import canonical, receipt
from app.services.senders.receipts import ReceiptKey
from droppr_client.cli import main
from tests.support.files import content, sha256
from tests.support.live import PROJECT

GOLDEN = PROJECT / "tests" / "fixtures" / "wire" / "receipt.json"
KEY = ReceiptKey(base64.urlsafe_b64encode(bytes(range(32))).decode())
OTHER = ReceiptKey(base64.urlsafe_b64encode(bytes(32)).decode())
FILES = {"tag 1/ü.mov": content(3000, 1), "b.txt": b"b", "tag 1/c: d.txt": b"cd", "leer": b""}


def document(listed: dict[str, bytes], key: ReceiptKey = KEY, **changes: Any) -> dict[str, Any]:
    received = [
        ReceivedFile(f"u{number}", path, path, len(data), 1795300000.5, sha256(data), "Ada", None)
        for number, (path, data) in enumerate(listed.items())
    ]
    made = receipt(
        server="https://files.example.org",
        hash="q1J9xZr0m2Yt7bKc4LwPnA",
        title="Für alle",
        files=received,
        issued_at=1795300300.9,
        public_key=key.public,
        key=key.fingerprint,
    )
    made |= changes
    return {**made, "signature": key.sign(canonical(made))}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a receipt and the files it speaks of, as their sender has them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "receipt.json").write_text(json.dumps(document(FILES)))
    lay_out(tmp_path / "sent", FILES)
    return tmp_path


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["verify", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def verdicts(*arguments: str, code: int = 0) -> dict[str | None, str]:
    """What was said of each file, by its name in the receipt, else by where it lies."""
    told = json.loads(run(*arguments, "--json", code=code).output)
    assert told["valid"] is True
    assert told["ok"] is (code == 0)
    return {each["path"] or each["file"]: each["result"] for each in told["files"]}


ALL_OK = dict.fromkeys(FILES, "ok")


def test_a_folder_of_all_files_is_ok_from_wherever_it_is_named(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdicts("receipt.json", "sent") == ALL_OK
    assert verdicts("receipt.json", *map(str, (desk / "sent").iterdir())) == ALL_OK
    monkeypatch.chdir(desk / "sent")
    assert verdicts("../receipt.json", ".") == ALL_OK
    assert verdicts("../receipt.json", "tag 1", "b.txt", "leer") == ALL_OK


def test_a_file_that_differs_is_missing_or_is_too_many_is_told_as_that(desk: Path) -> None:
    (desk / "sent/b.txt").write_bytes(b"B")
    (desk / "sent/tag 1/ü.mov").unlink()
    (desk / "sent/more.txt").write_bytes(b"more")
    found = verdicts("receipt.json", "sent", code=1)
    assert found == ALL_OK | {"b.txt": "differs", "tag 1/ü.mov": "missing", "sent/more.txt": "not_in_the_receipt"}
    people = run("receipt.json", "sent", code=1).output
    assert "differs" in people
    assert "not in the receipt  sent/more.txt" in people


def test_every_byte_counts(desk: Path) -> None:
    for at in (0, 1500, 2999):
        data = bytearray(FILES["tag 1/ü.mov"])
        data[at] ^= 1
        (desk / "sent/tag 1/ü.mov").write_bytes(data)
        assert verdicts("receipt.json", "sent", code=1)["tag 1/ü.mov"] == "differs"


def test_some_files_can_be_checked_without_the_others(desk: Path) -> None:
    assert verdicts("receipt.json", "sent/b.txt", "--some") == {"b.txt": "ok"}
    assert verdicts("receipt.json", "sent/b.txt", code=1) == dict.fromkeys(FILES, "missing") | {"b.txt": "ok"}
    assert verdicts("receipt.json", "sent/gone.txt", "--some", code=1) == {"sent/gone.txt": "missing"}


def test_a_file_is_known_by_its_content_whatever_it_is_called_now(desk: Path) -> None:
    (desk / "sent/tag 1/ü.mov").rename(desk / "sent/renamed.mov")
    assert verdicts("receipt.json", "sent") == ALL_OK
    assert "sent/renamed.mov  (sent as tag 1/ü.mov)" in run("receipt.json", "sent").output


def test_names_as_the_servers_disk_or_a_mac_writes_them_are_the_same(desk: Path) -> None:
    (desk / "sent/tag 1/c: d.txt").rename(desk / "sent/tag 1/c%3A d.txt")
    (desk / "sent/tag 1/ü.mov").rename(desk / "sent/tag 1" / unicodedata.normalize("NFD", "ü.mov"))
    assert verdicts("receipt.json", "sent") == ALL_OK
    (desk / "sent/tag 1/c%3A d.txt").write_bytes(b"xx")
    assert verdicts("receipt.json", "sent", code=1)["tag 1/c: d.txt"] == "differs"


def test_two_files_of_one_content_are_both_accounted_for(desk: Path) -> None:
    twins = {"a.txt": b"same", "b.txt": b"same"}
    (desk / "receipt.json").write_text(json.dumps(document(twins)))
    lay_out(desk / "twins", {"x.txt": b"same", "y.txt": b"same"})
    assert verdicts("receipt.json", "twins") == {"a.txt": "ok", "b.txt": "ok"}
    (desk / "twins/x.txt").unlink()
    assert sorted(verdicts("receipt.json", "twins", code=1).values()) == ["missing", "ok"]


def test_without_files_the_receipt_alone_is_checked(desk: Path) -> None:
    assert verdicts("receipt.json") == {}
    people = run("receipt.json").output
    assert "for 4 files" in people
    assert KEY.fingerprint in people
    assert "cannot know" in people


def test_the_key_you_trust_is_taken_in_every_spelling_and_any_other_is_refused(desk: Path) -> None:
    spelled: list[Callable[[ReceiptKey], str]] = [
        lambda key: key.pem,
        lambda key: key.public,
        lambda key: key.fingerprint + "\n",
        lambda key: json.dumps(
            {"algorithm": "Ed25519", "public_key": key.public, "fingerprint": key.fingerprint, "pem": key.pem}
        ),
    ]
    for write in spelled:
        (desk / "key").write_text(write(KEY))
        assert "which is yours" in run("receipt.json", "sent", "--key", "key").output
        (desk / "key").write_text(write(OTHER))
        assert "another key" in run("receipt.json", "sent", "--key", "key", code=2).output
    pairs = ":".join(KEY.fingerprint.upper()[at : at + 2] for at in range(0, 64, 2))
    told = json.loads(run("receipt.json", "--key", pairs, "--json").output)
    assert (told["key"], told["key_trusted"]) == (KEY.fingerprint, True)
    assert OTHER.fingerprint != KEY.fingerprint
    run("receipt.json", "--key", OTHER.fingerprint, code=2)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "{}", '{"public_key": 5}', "{", "-----BEGIN PUBLIC KEY-----\nx", "AAAA"]
)
def test_what_is_no_key_is_not_taken_for_one(desk: Path, text: str) -> None:
    (desk / "key").write_text(text)
    assert "no Ed25519 public key" in run("receipt.json", "--key", "key", code=2).output
    run("receipt.json", "--key", "no-such-file", code=2)


def changed(**changes: Any) -> str:
    return json.dumps({**document(FILES), **changes})


BROKEN = {
    "no JSON": "receipt",
    "no object": "[]",
    "deep": "[" * 100_000,
    "another type": changed(type="invoice"),
    "another version": changed(version=2),
    "another server": changed(server="https://evil.example"),
    "another time": changed(issued_at=1795300301),
    "fewer files": changed(files=document(FILES)["files"][1:]),
    "one field more": changed(note="x"),
    "no signature": changed(signature=None),
    "an empty signature": changed(signature=""),
    "another's key": changed(public_key=OTHER.public),
    "another's key and its fingerprint": changed(public_key=OTHER.public, key=OTHER.fingerprint),
    "no key": changed(public_key="x"),
    "no number": changed(issued_at=float("nan")),
    "half a character": changed(title="\ud800"),
    "signed, with no files": json.dumps(document({}, files=None)),
    "signed, with files that are none": json.dumps(document({}, files=["a"])),
    "signed, with a digest that is none": json.dumps(document({}, files=[{"path": "a", "size": 1, "sha256": "x"}])),
    "signed, with a path that is none": json.dumps(document({}, files=[{"path": "", "size": 1, "sha256": "0" * 64}])),
    "signed, with a size below nothing": json.dumps(
        document({}, files=[{"path": "a", "size": -1, "sha256": "0" * 64}])
    ),
    "signed, with a time that is none": json.dumps(document({}, issued_at="soon")),
    "signed, with a time that is a word": json.dumps(document({}, issued_at=True)),
    "signed, with a size that is a word": json.dumps(
        document({}, files=[{"path": "a", "size": True, "sha256": "0" * 64}])
    ),
    "signed, with something deep": json.dumps(document({}))[:-1] + ', "deep": ' + "[" * 900 + "]" * 900 + "}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_believed_ends_with_2_and_says_why(desk: Path, name: str) -> None:
    (desk / "receipt.json").write_text(BROKEN[name])
    said = run("receipt.json", "sent", code=2).output
    assert said.startswith("Not verified. ")
    told = json.loads(run("receipt.json", "sent", "--json", code=2).output)
    assert told["valid"] is False
    assert told["error"].endswith(".")


def test_what_a_stranger_signed_cannot_trouble_the_terminal(desk: Path) -> None:
    nasty = document({}, title="\x1b[2J", server="a\nb", issued_at=2**60)
    (desk / "receipt.json").write_text(json.dumps(nasty))
    said = run("receipt.json").output
    assert "\x1b" not in said
    assert "after 1970" in said


def test_the_golden_receipt_is_what_this_server_writes_and_verifies() -> None:
    golden = json.loads(GOLDEN.read_text())
    assert golden["key"] == KEY.fingerprint
    assert KEY.sign(canonical(golden)) == golden["signature"]
    run(str(GOLDEN), "--key", KEY.fingerprint)


@pytest.mark.parametrize("secret", ["", "AAAA", "ü" * 43, "A" * 44])
def test_a_receipt_key_of_another_length_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match="receipt key"):
        ReceiptKey(secret)
