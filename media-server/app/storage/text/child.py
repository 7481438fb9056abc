"""The process that reads one file of a stranger and ends: the file is its standard input, lines of JSON are its output.

Its first argument is the file's extension, its second the languages that drawn text is read in, or nothing where it is not.

A line holds a page (``text``, ``number``); the last one says why the text ends (``trouble``, null where it is whole).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.core.search.pages import Page, Trouble
from app.storage.confined import sandbox
from app.storage.text import readers
from app.storage.text.reading import MOST_TEXT, Unreadable

if TYPE_CHECKING:
    from app.storage.text.scans import Eyes


def main(kind: str, languages: str = "") -> None:
    """Read standard input as a file of this extension, and text that is drawn as well where ``languages`` are named."""
    eyes = _eyes(languages) if languages else None
    sandbox.take_limits(eyes.cpu_seconds if eyes else sandbox.CPU_SECONDS)
    sandbox.close_doors_or_exit()
    trouble: Trouble | None = None
    try:
        for page in _bounded(kind, eyes):
            _say(text=page.text.replace("\0", "").encode(errors="replace").decode(), number=page.number)
    except Unreadable as error:
        trouble = error.trouble
    except MemoryError:
        trouble = Trouble.MEMORY
    except Exception:  # noqa: BLE001  each library has errors of its own for what is damaged
        trouble = Trouble.DAMAGED
    _say(trouble=trouble)
    sys.stdout.buffer.flush()


def _eyes(languages: str) -> Eyes:
    from app.storage.text.scans import Eyes

    return Eyes(languages)


def _bounded(kind: str, eyes: Eyes | None) -> Iterator[Page]:
    reader = readers.reader_for(kind, eyes=eyes)
    if reader is None:
        raise Unreadable(Trouble.UNSUPPORTED)
    left = MOST_TEXT
    for page in reader(sys.stdin.buffer):
        if page.text.strip():
            yield Page(page.text[:left], page.number)
            left -= len(page.text)
        if left < 0:
            raise Unreadable(Trouble.CUT)


def _say(**line: Any) -> None:
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n")
