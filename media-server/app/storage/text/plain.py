"""Text as it stands in a file, with or without marks: plain text, Markdown, CSV, HTML, RTF."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from app.core.search.pages import Page, Trouble
from app.storage.text.reading import Unreadable, bounded, whole

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TELLING = 64 * 1024
"""Bytes by which an encoding is guessed."""
_UNSEEN = "script, style, noscript, template, svg, iframe, object"
_LINES = "p, div, br, li, tr, h1, h2, h3, h4, h5, h6, section, article, blockquote, pre, td, th, dt, dd, title"


def plain(file: BinaryIO) -> Iterator[Page]:
    content, is_cut = bounded(file)
    yield Page(decoded(content))
    if is_cut:
        raise Unreadable(Trouble.CUT)


def html(file: BinaryIO) -> Iterator[Page]:
    content, is_cut = bounded(file)
    yield Page(text_of_html(decoded(content)))
    if is_cut:
        raise Unreadable(Trouble.CUT)


def rtf(file: BinaryIO) -> Iterator[Page]:
    from striprtf.striprtf import rtf_to_text

    content = whole(file)
    if not content.lstrip().startswith(b"{\\rtf"):
        raise Unreadable(Trouble.DAMAGED)
    # Its characters beyond ASCII are escapes, which name their encoding themselves.
    yield Page(rtf_to_text(content.decode("latin-1"), errors="ignore"))  # type: ignore[no-untyped-call]


def decoded(content: bytes) -> str:
    """Text in any encoding: as its mark says, else as UTF-8, else as it looks."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        # The end may have been cut inside a character.
        return codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return content.decode(_guess(content[:_TELLING]), "replace")


def _guess(content: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    if best is None:
        # What is no text in any encoding is some other kind of file.
        raise Unreadable(Trouble.DAMAGED)
    # Windows writes what calls itself Latin-1.
    return "cp1252" if best.encoding in ("latin_1", "iso8859_1", "cp1250", "cp1252") else best.encoding


def text_of_html(markup: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(markup)
    for node in tree.css(_UNSEEN):
        node.decompose()
    for node in tree.css(_LINES):
        node.insert_before("\n")
    title = tree.css_first("title")
    body = tree.body
    return "\n".join(each.text() for each in (title, body) if each is not None)
