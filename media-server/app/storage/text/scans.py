"""Text that is only drawn: pages of PDFs without any, and pictures. PDFium draws the page, the system's tesseract reads it.

Its library is called and not its program, as a process that reads strangers' files may start none.
"""

from __future__ import annotations

import ctypes
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from app.core.search.pages import Page, Trouble
from app.storage.text.reading import Unreadable

MISSING = 4
"""The exit code where tesseract, or what it knows of a language, is not on this machine."""
CPU_SECONDS = 300
ENOUGH_SECONDS = 240
"""After so much of the processor no further page is begun: about a hundred are read by then."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a picture that is packed; what it unpacks to is bounded by the memory of the process."""
MOST_PIXELS = 12_000_000
"""Of a page, a third more than A4 has at 300 dots an inch."""
_DOTS_PER_INCH = 300
_POINTS_PER_INCH = 72
_AUTOMATIC = 3
"""Look for columns and blocks by itself."""
_LIBRARIES = {"tesseract": ("libtesseract.so.5", "libtesseract.so.4"), "lept": ("liblept.so.5", "libleptonica.so.6")}


def missing(languages: str) -> str | None:
    """What has to be installed for these languages, as a sentence; None where all is there."""
    # Not in the processes that read: loading it takes as long as reading a file.
    import subprocess

    try:
        said = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"Scans are not searched: {languages} in DROPPR_SEARCH_OCR needs tesseract, which is not installed (Debian: tesseract-ocr)."
    lacking = sorted({*languages.split("+")} - {*said.stdout.split()})
    if not lacking:
        return None
    names = ", ".join(f"tesseract-ocr-{each.replace('_', '-')}" for each in lacking)
    return f"Scans are not searched: tesseract lacks {' and '.join(lacking)} of DROPPR_SEARCH_OCR (Debian: {names})."


class Eyes:
    """Reads what is drawn, in these languages (tesseract's names, joined by ``+``). Nothing is loaded before there is something."""

    cpu_seconds = CPU_SECONDS

    def __init__(self, languages: str) -> None:
        self._languages = languages
        self._engine: tuple[Any, int] | None = None

    def page(self, page: Any) -> str:
        """The text on a page of pypdfium2."""
        library, engine = self._open()
        width, height = page.get_size()
        scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
        drawn = page.render(scale=scale, grayscale=True, rev_byteorder=False)
        library.TessBaseAPISetImage(
            engine, bytes(drawn.buffer), drawn.width, drawn.height, drawn.n_channels, drawn.stride
        )
        library.TessBaseAPISetSourceResolution(engine, _DOTS_PER_INCH)
        drawn.close()
        return self._read()

    def picture(self, file: BinaryIO) -> Iterator[Page]:
        """The text in a picture, of which TIFF may hold several."""
        packed = file.read(MOST_BYTES + 1)
        if len(packed) > MOST_BYTES:
            raise Unreadable(Trouble.MEMORY)
        library, engine = self._open()
        leptonica = _loaded("lept")
        leptonica.pixReadMem.restype = leptonica.pixReadMemFromMultipageTiff.restype = ctypes.c_void_p
        is_tiff, offset, number = packed[:4] in (b"II*\0", b"MM\0*"), ctypes.c_size_t(0), 0
        size = ctypes.c_size_t(len(packed))
        while number == 0 or (is_tiff and offset.value):
            if is_tiff:
                found = leptonica.pixReadMemFromMultipageTiff(packed, size, ctypes.byref(offset))
            else:
                found = leptonica.pixReadMem(packed, size)
            if not found:
                raise Unreadable(Trouble.DAMAGED)
            number += 1
            picture = ctypes.c_void_p(found)
            library.TessBaseAPISetImage2(engine, picture)
            yield Page(self._read(), number)
            leptonica.pixDestroy(ctypes.byref(picture))

    def _read(self) -> str:
        if time.process_time() > ENOUGH_SECONDS:
            raise Unreadable(Trouble.CUT)
        library, engine = self._open()
        found = library.TessBaseAPIGetUTF8Text(engine)
        if not found:
            return ""
        text = ctypes.string_at(found).decode(errors="replace")
        library.TessDeleteText(ctypes.c_void_p(found))
        return text

    def _open(self) -> tuple[Any, ctypes.c_void_p]:
        if self._engine is None:
            library = _loaded("tesseract")
            library.TessBaseAPICreate.restype = library.TessBaseAPIGetUTF8Text.restype = ctypes.c_void_p
            engine = library.TessBaseAPICreate()
            if library.TessBaseAPIInit3(ctypes.c_void_p(engine), None, self._languages.encode()):
                sys.exit(MISSING)
            library.TessBaseAPISetPageSegMode(ctypes.c_void_p(engine), _AUTOMATIC)
            self._engine = library, engine
            # Reading a page this way takes seconds.
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        return self._engine[0], ctypes.c_void_p(self._engine[1])


def _loaded(name: str) -> Any:
    for library in _LIBRARIES[name]:
        try:
            return ctypes.CDLL(library)
        except OSError:
            continue
    sys.exit(MISSING)
