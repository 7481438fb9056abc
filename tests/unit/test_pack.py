"""A pack is read the same however its bytes come."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ChunkSizeMismatch, InvalidPack
from app.core.pack import MAX_LINE_BYTES, PackReader

LINES = st.binary(max_size=200).map(lambda line: line.replace(b"\n", b" "))
FILES = st.lists(st.tuples(LINES, st.binary(max_size=100_000)), max_size=5)


class Trickle:
    """A body that comes in pieces of the given sizes, then of the last one."""

    def __init__(self, raw: bytes, sizes: list[int]) -> None:
        self._raw = io.BytesIO(raw)
        self._sizes = iter(sizes)
        self._last = 65536

    def readinto(self, buffer: memoryview) -> int:
        self._last = next(self._sizes, self._last)
        return self._raw.readinto(buffer[: self._last])

    def move(self, descriptor: int, offset: int, most: int) -> int:
        raise NotImplementedError


def packed(files: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(line + b"\n" + data for line, data in files)


@given(FILES, st.lists(st.integers(1, 70_000)))
def test_lines_and_files_come_out_as_they_went_in(files, sizes):
    reader = PackReader(Trickle(packed(files), sizes))
    found: list[tuple[bytes, bytes]] = []
    while (line := reader.line()) is not None:
        content = reader.file(len(files[len(found)][1]))
        parts: list[bytes] = []
        while part := content.read(4096):
            parts.append(part)
        found.append((line, b"".join(parts)))
    assert found == files


@given(FILES.filter(bool), st.lists(st.integers(1, 70_000)))
def test_what_is_not_read_of_a_file_is_passed_over(files, sizes):
    reader = PackReader(Trickle(packed(files), sizes))
    for line, data in files:
        assert reader.line() == line
        content = reader.file(len(data))
        content.read(7)
        content.skip()
    assert reader.line() is None


def test_a_line_as_long_as_may_be_is_read_and_a_longer_one_refused():
    longest = b"x" * (MAX_LINE_BYTES - 1)
    assert PackReader(Trickle(longest + b"\n", [])).line() == longest
    with pytest.raises(InvalidPack):
        PackReader(Trickle(longest + b"x\n", [1000])).line()


def test_a_pack_that_breaks_off_says_where():
    with pytest.raises(InvalidPack):
        PackReader(Trickle(b"{}", [])).line()
    with pytest.raises(ChunkSizeMismatch):
        PackReader(Trickle(b"ab", [])).file(3).skip()
