"""Which reader is for which kind of file, and those that a library does alone: PDF, and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from app.core.search.pages import Page, Trouble
from app.storage.text.reading import PICTURES, Reader, Unreadable

if TYPE_CHECKING:
    from app.storage.text.scans import Eyes

PLAIN = frozenset(
    [
        "txt",
        "text",
        "md",
        "markdown",
        "csv",
        "tsv",
        "log",
        "json",
        "xml",
        "yml",
        "yaml",
        "tex",
        "ini",
        "conf",
        "srt",
        "vtt",
    ]
)


@cache
def _module(name: str) -> Any:
    """Loaded when there is something for it: a process reads one file, and most of its time is what it loads."""
    return import_module(f"app.storage.text.{name}")


def reader_for(kind: str, depth: int = 0, eyes: Eyes | None = None) -> Reader | None:
    """The reader of files with this extension; None where there is none. ``depth`` counts what is attached to what; with ``eyes``
    text that is only drawn is read, too."""
    if eyes is not None and kind in PICTURES:
        return eyes.picture
    if kind == "pdf":
        return partial(pdf, eyes=eyes)
    if kind in _MAIL:
        return partial(
            getattr(_module("mail"), kind), find=lambda name: reader_for(kind_of(name), depth + 1, eyes), depth=depth
        )
    if kind in _HERE:
        return _HERE[kind]
    if kind not in _ELSEWHERE:
        return None
    module, name = _ELSEWHERE[kind]
    reader: Reader = getattr(_module(module), name)
    return reader


def kind_of(name: str) -> str:
    """The extension of a name, in lower case and without its dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def pdf(file: BinaryIO, eyes: Eyes | None = None) -> Iterator[Page]:
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(file)
    except PdfiumError as error:
        raise Unreadable(Trouble.PASSWORD if "password" in str(error).lower() else Trouble.DAMAGED) from None
    for number in range(len(document)):
        page = document[number]
        words = page.get_textpage()
        text = words.get_text_bounded()
        yield Page(eyes.page(page) if eyes is not None and not text.strip() else text, number + 1)
        words.close()
        page.close()


def spreadsheet(file: BinaryIO) -> Iterator[Page]:
    from python_calamine import CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(file)
    except PasswordError:
        raise Unreadable(Trouble.PASSWORD) from None
    for number, name in enumerate(workbook.sheet_names):
        rows = workbook.get_sheet_by_index(number).iter_rows()
        text = "\n".join("\t".join(str(cell) for cell in row if cell != "") for row in rows)
        yield Page(f"{name}\n{text}", number + 1)


_MAIL = frozenset(["eml", "msg"])
_HERE: dict[str, Reader] = dict.fromkeys(("xlsx", "xlsm", "xlsb", "xls", "ods"), spreadsheet)
_ELSEWHERE = {
    **dict.fromkeys(PLAIN, ("plain", "plain")),
    **dict.fromkeys(("docx", "docm", "dotx"), ("office", "docx")),
    **dict.fromkeys(("pptx", "pptm", "ppsx"), ("office", "pptx")),
    **dict.fromkeys(("odt", "ott", "odp", "otp"), ("office", "open_document")),
    **dict.fromkeys(("html", "htm", "xhtml"), ("plain", "html")),
    "rtf": ("plain", "rtf"),
}
KINDS = _MAIL | _HERE.keys() | _ELSEWHERE.keys() | {"pdf"}
"""What can be read."""
