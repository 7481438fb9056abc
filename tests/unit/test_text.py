"""Text out of files of all kinds, and what files that are made to do harm get: a reason, and nothing of the server."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.search.documents import Page
from app.core.search.texts import ExtractedText, Trouble
from app.storage.confined import process
from app.storage.idle import give_way
from app.storage.text import extractor, scans
from app.storage.text.extractor import ProcessExtractor
from app.storage.text.readers import KINDS, kind_of
from tests.support import documents
from tests.support.files import eventually
from tests.support.scans import bomb, png, scanned_pdf, tiff

SERVER = Path(__file__).parents[2] / "media-server"


@pytest.fixture
def read(tmp_path):
    def extract(name: str, content: bytes, seconds: float = 60) -> ExtractedText:
        (tmp_path / name).write_bytes(content)
        return ProcessExtractor(seconds).extract(tmp_path / name, kind_of(name))

    return extract


RTF = rb"{\rtf1\ansi\ansicpg1252 Caf\'e9 {\b bill}\par next}"
HTML = b"<title>Bill</title><style>p{}</style><p>Caf&eacute;<p>next<script>evil()</script>"


@pytest.mark.parametrize(
    ("name", "content", "pages"),
    [
        ("a.pdf", documents.pdf("One page", "Another"), [(1, "One page"), (2, "Another")]),
        ("a.docx", documents.docx("Eins & ein", "Zwei"), [(1, "Eins & ein"), (2, "Zwei")]),
        ("a.pptx", documents.pptx("Slide", "日本"), [(1, "Slide"), (2, "日本")]),
        ("a.odt", documents.odt("Un", "Deux"), [(1, "Un"), (2, "Deux")]),
        ("a.odp", documents.odp("Un", "Deux"), [(1, "Un"), (2, "Deux")]),
        ("a.xlsx", documents.xlsx([["a", "b"], ["c"]], [["d"]]), [(1, "S1 a b c"), (2, "S2 d")]),
        ("a.ods", documents.ods("x", "y"), [(1, "S1 x y")]),
        ("a.html", HTML, [(None, "Bill Café next")]),
        ("a.rtf", RTF, [(None, "Café bill next")]),
        ("a.msg", documents.msg("Rechnung", "für März"), [(None, "Rechnung für März")]),
        ("a.csv", b"a;b\n1;2", [(None, "a;b 1;2")]),
        ("a.md", "# Ä".encode(), [(None, "# Ä")]),
        ("a.txt", "Grüße aus Köln, schöne Straßen und Bäume überall".encode("cp1252"), [(None, "Grüße aus Köln, schöne Straßen und Bäume überall")]),
        ("b.txt", "日本語".encode("utf-16"), [(None, "日本語")]),
        ("c.txt", "Привет, это обычный русский текст в старой кодировке".encode("cp1251"), [(None, "Привет, это обычный русский текст в старой кодировке")]),
        ("d.txt", b"\xef\xbb\xbfmarked \x00zero", [(None, "marked zero")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_kind_of_file_gives_its_pages(read, name, content, pages):
    found = read(name, content)
    assert found.trouble is None
    assert [(page.number, " ".join(page.text.split())) for page in found.pages] == pages


def test_a_message_gives_its_heading_its_text_and_what_is_attached(read):
    inner = documents.eml("Inner", "deep down", note_txt=b"the very end")
    found = read(
        "a.eml", documents.eml("Bill", "see there", b_docx=documents.docx("Total 12"), c_eml=inner, d_exe=b"MZ")
    )
    text = " ".join(page.text for page in found.pages)
    assert found.trouble is None
    assert all(
        each in text for each in ("Bill", "ann@example.org", "see there", "b.docx", "Total 12", "the very end", "d.exe")
    )


def test_messages_inside_messages_end_somewhere(read):
    content = documents.eml("0", "bottom")
    for depth in range(1, 9):
        content = documents.eml(str(depth), f"level {depth}", a_eml=content)
    text = " ".join(page.text for page in read("a.eml", content).pages)
    assert "level 8" in text
    assert "bottom" not in text


def test_a_broken_attachment_does_not_hide_the_message(read):
    assert "see there" in read("a.eml", documents.eml("Bill", "see there", b_pdf=b"%PDF no")).pages[0].text


@pytest.mark.parametrize(
    ("name", "content", "trouble"),
    [
        ("a.exe", b"MZ", Trouble.UNSUPPORTED),
        ("a.txt", b" \n", Trouble.EMPTY),
        ("empty.pdf", documents.pdf(""), Trouble.EMPTY),
        ("zero.pdf", b"", Trouble.DAMAGED),
        ("zero.docx", b"", Trouble.DAMAGED),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, Trouble.PASSWORD),
        ("no.msg", b"From: a", Trouble.DAMAGED),
        ("no.rtf", b"plain", Trouble.DAMAGED),
        ("no.xlsx", b"plain", Trouble.DAMAGED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_text_says_why(read, name, content, trouble):
    assert read(name, content) == ExtractedText((), trouble)


STOPPED: set[Trouble | None] = {
    Trouble.CRASHED,
    Trouble.MEMORY,
    Trouble.DAMAGED,
    Trouble.REFUSED,
    Trouble.TIME,
    Trouble.EMPTY,
}
OUTCOMES: dict[str, set[Trouble | None]] = {
    "bomb.docx": {Trouble.REFUSED},
    "entities.docx": {Trouble.REFUSED},
    "loop.pdf": {Trouble.DAMAGED, Trouble.EMPTY},
    "draws-itself.pdf": STOPPED,
    "blanks.pdf": STOPPED,
    "password.pdf": {Trouble.PASSWORD},
    "half.pdf": {Trouble.DAMAGED, None},
    "random.pdf": {Trouble.DAMAGED},
    "nested.html": STOPPED,
    "long.txt": {Trouble.CUT},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", documents.HARMFUL)
def test_a_harmful_file_gets_a_reason_and_the_server_keeps_its_memory(read, name):
    content = documents.HARMFUL[name]()
    # Filled once, so that the allocator's own habits are not counted.
    read("a.txt", b"text")
    before = resident()
    found = read(name, content)
    assert found.trouble in OUTCOMES[name]
    assert resident() - before < 64 * 1024 * 1024
    assert bool(found.pages) == (found.trouble in (None, Trouble.CUT))
    assert read("a.txt", b"the next one").trouble is None


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def inside(code: str) -> subprocess.CompletedProcess[str]:
    """What code does in a process that has given up what a reader gives up."""
    closed = f"from app.storage.confined import sandbox; sandbox.take_limits(); assert sandbox.close_doors()\n{code}"
    paths = {**os.environ, "PYTHONPATH": str(SERVER)}
    return subprocess.run([sys.executable, "-c", closed], env=paths, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.kill(os.getppid(), 0)",
        "open({path!r}, 'w')",
        "open({path!r}, 'r+')",
        "open({path!r}, 'a')",
        "import os; os.unlink({path!r})",
        "import os; os.rename({path!r}, {path!r} + '2')",
        "import os; os.truncate({path!r}, 0)",
        "import os; os.chmod({path!r}, 0o777)",
        "import os; os.mkdir({path!r} + '3')",
        "import os; os.symlink('x', {path!r} + '4')",
    ],
)
def test_who_reads_strangers_files_reaches_nobody_and_changes_nothing(tmp_path, act):
    kept = tmp_path / "kept"
    kept.write_text("kept")
    found = inside(act.format(path=str(kept)))
    assert "PermissionError" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert kept.read_text() == "kept"


def test_the_doors_can_be_closed_where_others_closed_some_before():
    """As a service does that may make no namespaces."""
    assert (
        inside("assert sandbox.close_doors()\nprint(open('/proc/self/status').read())").stdout.count("NoNewPrivs:\t1")
        == 1
    )


def test_who_takes_too_long_is_ended_with_all_it_has_started(read, tmp_path, monkeypatch):
    monkeypatch.setattr(extractor, "LEAST_CPU_SECONDS", 0.0)
    monkeypatch.setattr(process, "_PROGRAM", f"import os, time; os.fork(); time.sleep(60); {str(tmp_path)!r}")
    assert read("a.txt", b"text", seconds=0.5) == ExtractedText((), Trouble.TIME)
    # Whoever has a processor only when nobody else wants it takes a while to be gone.
    eventually(lambda: str(tmp_path) not in " ".join(commands()), what="none of them is there any more")


def test_a_file_is_not_to_blame_where_its_reader_was_given_no_time(read, monkeypatch):
    monkeypatch.setattr(process, "_PROGRAM", "import time; time.sleep(60)")
    with pytest.raises(Busy, match="no time"):
        read("a.txt", b"text", seconds=0.5)


def test_readers_have_a_processor_only_when_nobody_else_wants_it(read, monkeypatch):
    said = "import json, os, time; time.sleep(0.5); print(json.dumps({'text': str(os.sched_getscheduler(0)), 'number': None}))"
    monkeypatch.setattr(process, "_PROGRAM", said + "; print(json.dumps({'trouble': None}))")
    monkeypatch.setattr(process, "give_way", give_way)
    assert read("a.txt", b"text").pages[0].text == str(os.SCHED_IDLE)


def commands() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text())
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "said", ["'x' * 10", "'{\"text\": 1}'", "'[]'", '\'{"trouble": "no such"}\'', "'{' * (70 << 20)"]
)
def test_who_was_taken_over_says_nothing_that_is_believed(read, monkeypatch, said):
    monkeypatch.setattr(process, "_PROGRAM", f"print({said})")
    assert read("a.txt", b"text") == ExtractedText((), Trouble.REFUSED)


def test_where_no_process_can_give_up_its_rights_nothing_is_read_and_the_file_is_not_blamed(read, monkeypatch):
    monkeypatch.setattr(
        process,
        "_PROGRAM",
        "from app.storage.confined import sandbox; from app.storage.text import child; sandbox.close_doors = lambda **_: False; child.main('txt')",
    )
    monkeypatch.setattr(process, "_PROGRAM", f"import sys; sys.path.insert(0, sys.argv[1]); {process._PROGRAM}")
    with pytest.raises(Busy, match="seccomp"):
        read("a.txt", b"text")


def test_a_long_page_in_any_script_comes_whole(read):
    text = "日本語" * 1_500_000
    assert [page.text for page in read("a.txt", text.encode()).pages] == [text]


@pytest.fixture
def look(tmp_path):
    if scans.missing("eng+deu") is not None:
        pytest.fail("This test needs tesseract: scripts/system-parts tesseract tesseract-deu")

    def extract(name: str, content: bytes, languages: str = "eng+deu") -> ExtractedText:
        (tmp_path / name).write_bytes(content)
        return ProcessExtractor(scans_in=languages).extract(tmp_path / name, kind_of(name))

    return extract


LETTERS = ("The landlord raises the rent", "Die Miete steigt im Fruehling")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "pages"),
    [("a.pdf", scanned_pdf, 2), ("a.png", lambda first, _: png(first), 1), ("a.tiff", tiff, 2)],
    ids=["pdf", "png", "tiff"],
)
def test_text_that_is_only_drawn_is_read_where_that_is_switched_on(look, read, name, make, pages):
    content = make(*LETTERS)
    found = look(name, content)
    assert found.trouble is None
    assert [(page.number, page.text.strip()) for page in found.pages] == list(enumerate(LETTERS[:pages], 1))
    assert read(name, content) == ExtractedText((), Trouble.EMPTY if name == "a.pdf" else Trouble.UNSUPPORTED)


def test_a_page_with_text_is_not_looked_at(look):
    # Such a language there is not, so looking would fail.
    assert look("a.pdf", documents.pdf("One page"), "none").pages == (Page("One page", 1),)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.png", bomb()),
        ("half.png", png("text")[:2000]),
        ("random.jpg", random.Random(1).randbytes(9000)),
        ("none.tiff", b"II*\0" + bytes(20)),
        ("loop.tiff", b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_or_harmful_picture_gets_a_reason(look, name, content):
    assert look(name, content).trouble in (Trouble.DAMAGED, Trouble.MEMORY, Trouble.EMPTY)


def test_where_drawn_text_cannot_be_read_the_file_is_not_blamed(look):
    with pytest.raises(Busy, match="DROPPR_SEARCH_OCR"):
        look("a.png", png("text"), "none")


def test_what_is_missing_to_read_scans_is_named(monkeypatch):
    assert scans.missing("eng+deu") is None
    assert "tesseract-ocr-chi-sim" in (scans.missing("eng+chi_sim") or "")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "not installed" in (scans.missing("eng") or "")


def test_other_languages_and_none_mean_that_what_was_empty_is_read_again():
    versions = [ProcessExtractor(scans_in=languages).empty_version for languages in ("", "eng", "eng+deu")]
    assert len({*versions, ProcessExtractor.version}) == 4


def test_every_trouble_has_a_sentence_that_says_what_to_do():
    assert all(each.sentence.endswith(".") for each in Trouble)
    assert {"pdf", "docx", "msg", "xls"} <= KINDS
