"""Text of office documents (DOCX, ODT, PPTX, ODP): archives of XML, unpacked as a stream that is counted and believes no
header. A document type is refused, as office programs write none and bombs need one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from app.core.search.pages import Page, Trouble
from app.storage.text.reading import MOST_TEXT, Unreadable

MOST_UNPACKED = 100 * 1024 * 1024
_PIECE = 64 * 1024
_SLIDE = re.compile(r"ppt/slides/slide(\d{1,5})\.xml")
_TEXT = {"w:t", "a:t"}
_OPEN_DOCUMENT_TEXT = {"text:p", "text:h"}
_LINES = {"w:p", "a:p", "text:p", "text:h"}
_SIGNS = {
    "w:tab": "\t",
    "text:tab": "\t",
    "text:s": " ",
    "w:br": "\n",
    "w:cr": "\n",
    "a:br": "\n",
    "text:line-break": "\n",
}
_PAGES = {"w:lastRenderedPageBreak", "text:soft-page-break"}


def docx(file: BinaryIO) -> Iterator[Page]:
    with _opened(file) as archive:
        parts = _Parts(archive)
        yield from parts.read("word/document.xml")
        for further in ("word/footnotes.xml", "word/endnotes.xml"):
            if further in archive.namelist():
                yield from (Page(page.text) for page in parts.read(further))


def pptx(file: BinaryIO) -> Iterator[Page]:
    with _opened(file) as archive:
        parts = _Parts(archive)
        found = [match for name in archive.namelist() if (match := _SLIDE.fullmatch(name))]
        for slide in sorted(found, key=lambda match: int(match[1])):
            yield Page("\n".join(page.text for page in parts.read(slide[0])), int(slide[1]))


def open_document(file: BinaryIO) -> Iterator[Page]:
    with _opened(file) as archive:
        if b"<manifest:encryption-data" in archive.read("META-INF/manifest.xml")[:MOST_TEXT]:
            raise Unreadable(Trouble.PASSWORD)
        yield from _Parts(archive).read("content.xml")


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    # Word and PowerPoint put what is protected by a password into the kind of container that their old files were.
    if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(Trouble.PASSWORD)
    file.seek(0)
    return zipfile.ZipFile(file)


class _Parts:
    """The XML of an archive, bounded in all."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_UNPACKED

    def read(self, name: str) -> Iterator[Page]:
        """The pages of one member, as far as it tells where they end."""
        text = _Text()
        with self._archive.open(name) as member:
            while piece := member.read(_PIECE):
                self._left -= len(piece)
                if self._left < 0 or text.length > MOST_TEXT:
                    raise Unreadable(Trouble.REFUSED)
                text.parser.Parse(piece, False)
                yield from text.ended()
        text.parser.Parse(b"", True)
        yield from text.last()


class _Text:
    """Collects the text of XML as it goes by."""

    def __init__(self) -> None:
        self.length = 0
        self._pages: list[Page] = []
        self._parts: list[str] = []
        self._page = 1
        self._depth = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refused
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def ended(self) -> list[Page]:
        pages, self._pages = self._pages, []
        return pages

    def last(self) -> list[Page]:
        self._turn()
        return self.ended()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name in _TEXT or name in _OPEN_DOCUMENT_TEXT:
            self._depth += 1
        if name in _PAGES or name == "draw:page" or (name == "w:br" and attributes.get("w:type") == "page"):
            self._turn()
        elif name in _SIGNS:
            self._parts.append(_SIGNS[name])

    def _end(self, name: str) -> None:
        if name in _TEXT or name in _OPEN_DOCUMENT_TEXT:
            self._depth -= 1
        if name in _LINES:
            self._parts.append("\n\n")

    def _characters(self, text: str) -> None:
        if self._depth:
            self._parts.append(text)
            self.length += len(text)

    def _turn(self) -> None:
        text = "".join(self._parts)
        self._parts = []
        if text.strip():
            self._pages.append(Page(text, self._page))
            self._page += 1

    def _refused(self, *_: object) -> None:
        raise Unreadable(Trouble.REFUSED)
