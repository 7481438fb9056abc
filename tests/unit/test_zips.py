"""Archives as they are laid out: what others read, of any size, the same bytes from any place on."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from app.core.ports.content import Content
from app.core.ranges import Span
from app.core.zips import Entry, Names
from app.services.received.archive import Archive, ArchiveFile, CutShort, FileBytes, Plan
from app.storage.disk.scratch import LocalScratch
from tests.support.files import MIB, content

AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()
LARGE = 4096 * MIB + 123


class File:
    """StoredFile of these bytes, or of so many zeros. It is changed by giving it another version."""

    def __init__(self, data: bytes | int) -> None:
        self.data = data
        self.size = data if isinstance(data, int) else len(data)
        self.version = "1"
        self.crc32 = 0 if isinstance(data, int) else zlib.crc32(data)

    @contextmanager
    def content(self) -> Iterator[Content]:
        yield Held(self)


class Held:
    def __init__(self, file: File) -> None:
        self.file = file

    def read(self, span: Span) -> bytes:
        if isinstance(self.file.data, int):
            return bytes(max(0, min(span.stop, self.file.data) - span.start))
        return self.file.data[span.start : span.stop]

    def read_into(self, offset: int, buffer: memoryview) -> int:
        raise NotImplementedError

    def version(self) -> str:
        return self.file.version

    def fileno(self) -> int | None:
        return None


class Shelf:
    """Files by their names, and the archive of them. ``late`` ones have no CRC-32 yet, ``described`` ones had none once."""

    def __init__(self, folder: Path, files: dict[str, File], late: tuple[str, ...] = (), described: str = "") -> None:
        self.files = files
        self.learnt: dict[str, int] = {}
        plan = Plan(LocalScratch(folder))
        for name, file in files.items():
            entry = Entry(name.encode(), file.size, AT, name in late or name == described)
            plan.add(ArchiveFile(entry, name, None, "1", name), None if name in late else file.crc32)
        self.archive = Archive(plan, self.find, self.learn, {})

    def find(self, file: ArchiveFile) -> Any:
        try:
            return self.files[file.disk_path]
        except KeyError:
            raise FileNotFoundError(file.disk_path) from None

    def learn(self, file: ArchiveFile, crc32: int) -> None:
        self.learnt[file.disk_path] = crc32

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        out = bytearray()
        for part in self.archive.parts(Span(start, self.archive.size if stop is None else stop)):
            out += part.content.read(part.span) if isinstance(part, FileBytes) else part
        return bytes(out)


SOME = {
    "a.bin": File(content(200_000, 1)),
    "empty": File(b""),
    "ordner/ä ö 日本.txt": File(b"three"),
    "late.bin": File(content(70_000, 2)),
    "late, and empty": File(b""),
    "z/" * 10 + "deep": File(content(66_000, 3)),
}
LATE = ("late.bin", "late, and empty")


def written(data: bytes, folder: Path) -> Path:
    path = folder / "made.zip"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("late", [(), LATE])
def test_others_read_it_and_find_all_bytes_names_and_times(tmp_path: Path, late: tuple[str, ...]) -> None:
    shelf = Shelf(tmp_path, SOME, late)
    data = shelf.read()
    assert len(data) == shelf.archive.size
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert found.namelist() == list(SOME)
        assert {name: found.read(name) for name in SOME} == {name: file.data for name, file in SOME.items()}
        assert {each.date_time for each in found.infolist()} == {(2026, 2, 3, 4, 5, 6)}
        assert {each.compress_type for each in found.infolist()} == {zipfile.ZIP_STORED}
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", written(data, tmp_path)], check=True, capture_output=True)
    assert shelf.learnt == {name: SOME[name].crc32 for name in late}


@pytest.mark.parametrize("late", [(), LATE])
def test_from_any_place_on_it_is_the_same_bytes(tmp_path: Path, late: tuple[str, ...]) -> None:
    many = {**SOME, **{f"small/{number}": File(content(number, 4)) for number in range(300)}}
    whole = Shelf(tmp_path, many, late).read()
    chance = Random(7)
    places = [0, 1, len(whole) - 1, len(whole) - 22, *(chance.randrange(len(whole)) for _ in range(150))]
    for start in places:
        # A new one each time, as each request makes one: what was learnt by others is not known.
        stop = min(len(whole), start + chance.choice([1, 30, 5000, 10**9]))
        assert Shelf(tmp_path, many, late).read(start, stop) == whole[start:stop], (start, stop)


def test_a_crc_that_was_learnt_moves_nothing(tmp_path: Path) -> None:
    before, after = Shelf(tmp_path, SOME, ("late.bin",)), Shelf(tmp_path, SOME, described="late.bin")
    assert before.archive.etag == after.archive.etag
    assert before.read() == after.read()
    assert after.learnt == {}


def test_more_files_and_bytes_than_old_archives_can_have(tmp_path: Path) -> None:
    files = {f"{number}": File(b"") for number in range(70_000)}
    files |= {"large.bin": File(LARGE), "late and large": File(LARGE), "behind": File(b"behind all of that")}
    shelf = Shelf(tmp_path, files, ("late and large",))
    path = tmp_path / "made.zip"
    with path.open("wb") as out:
        for part in shelf.archive.parts(Span(0, shelf.archive.size)):
            if isinstance(part, FileBytes) or part == bytes(len(part)):
                out.seek(part.span.length if isinstance(part, FileBytes) else len(part), 1)
            else:
                out.write(part)
    assert path.stat().st_size == shelf.archive.size
    with zipfile.ZipFile(path) as found:
        assert len(found.namelist()) == len(files)
        assert found.read("behind") == b"behind all of that"
        assert [found.getinfo(name).file_size for name in ("large.bin", "late and large")] == [LARGE, LARGE]
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", path, "behind", "69999"], check=True, capture_output=True)


@pytest.mark.parametrize("changed", ["before", "meanwhile", "gone", "shorter"])
@pytest.mark.parametrize("late", [(), ("a.bin",)])
def test_it_ends_where_a_file_is_no_longer_what_it_was(tmp_path: Path, changed: str, late: tuple[str, ...]) -> None:
    files = {"a.bin": File(content(300_000, 1)), "b.bin": File(b"b")}
    shelf = Shelf(tmp_path, files, late)
    out = b""
    with pytest.raises(CutShort):  # noqa: PT012 - what came until then is looked at.
        if changed == "before":
            files["a.bin"].version = "2"
        if changed == "gone":
            del files["a.bin"]
        if changed == "shorter":
            files["a.bin"].data = b"short"
        for part in shelf.archive.parts(Span(0, shelf.archive.size)):
            if isinstance(part, FileBytes):
                files["a.bin"].version = "2"
                if len(part.content.read(part.span)) < part.span.length:
                    raise CutShort
            else:
                out += part
                if len(out) > 1000:
                    files["a.bin"].version = "2"
    assert b"b.bin" not in out
    assert shelf.learnt == {} or changed == "meanwhile"


def test_another_list_has_another_tag(tmp_path: Path) -> None:
    tags = {
        Shelf(tmp_path, files).archive.etag
        for files in (
            {"a": File(b"1")},
            {"b": File(b"1")},
            {"a": File(b"12")},
            {"a": File(b"1"), "b": File(b"")},
            {"b": File(b""), "a": File(b"1")},
        )
    }
    assert len(tags) == 5


@pytest.mark.parametrize("at", [-1e12, 0.0, -1.5, 2.0**31, 1e11])
def test_a_time_that_no_archive_can_have_does_no_harm(tmp_path: Path, at: float) -> None:
    plan = Plan(LocalScratch(tmp_path))
    plan.add(ArchiveFile(Entry(b"a", 0, at, False), "a", None, "1", None), 0)
    archive = Archive(plan, cast("Any", lambda _: File(b"")), lambda *_: None, {})
    data = b"".join(part for part in archive.parts(Span(0, archive.size)) if isinstance(part, bytes))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert 1980 <= found.infolist()[0].date_time[0] <= 2107


def test_names_are_harmless_and_no_two_alike() -> None:
    names = Names()
    asked = ["a.txt", "A.txt", "a (1).txt", "a.TXT", "x/a.txt", "con", "dir\\up", "..a", "ä.txt", "A\u0308.txt"]
    given = [names.new(text.split("/")) for text in asked]
    assert given == [
        "a.txt", "A (1).txt", "a (1) (1).txt", "a (2).TXT", "x/a.txt", "co%6E", "dir%5Cup", "..a", "ä.txt", "A\u0308 (1).txt",
    ]  # fmt: skip
    assert names.new(["a.txt"]) is None, "the very same file twice"
    assert Names().new(["x", "y", "a"], leave_out=1) == "y/a"


def test_names_of_one_spelling_cost_a_few_looks_each() -> None:
    names = Names()
    looks = 0
    add = names._taken.add

    def counted(mark: int) -> bool:
        nonlocal looks
        looks += 1
        return add(mark)

    names._taken.add = counted  # type: ignore[method-assign]
    spellings = [
        "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate("abcdefghijklmn"))
        for number in range(2**14)
    ]
    assert len({names.new([spelling]) for spelling in spellings}) == len(spellings)
    assert looks < 6 * len(spellings)  # Those that a table asks when it grows among them.
