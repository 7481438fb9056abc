"""How an owner may look at a received file: what kind it is, by its own bytes alone, and which pictures there are of it.

Neither its name nor what its sender says of it counts. What is not known here is not shown. Nothing that a browser could run is
ever named by its own type: a page and an SVG picture are text.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

HEAD_BYTES = 4096
"""As much of a file is looked at to tell what it is."""
TEXT_BYTES = 256 * 1024
"""As much of a text is shown."""
PictureSize = Literal[160, 480, 1600]
"""The longer side of a picture, in pixels: in a row, as a tile, on the whole screen. There are no others, so that what is kept of a
file is bounded."""
PICTURE_SIZES: tuple[PictureSize, ...] = get_args(PictureSize)
LARGEST: PictureSize = PICTURE_SIZES[-1]
MOST_PAGES = 500
FILM = "film:"
MOST_COPIED = 256 * 1024 * 1024
"""Bytes of a file that lies on another machine, of which a copy is made to draw or to read it. Of films it is the beginning and the end."""
FILM_BEGINNING, FILM_END = 48 * 1024 * 1024, 16 * 1024 * 1024
"""Where the first pictures of a film stand, and what says where they are, which many have at their end."""
"""Pages of a document that are drawn."""


class Look(StrEnum):
    """How a file is looked at."""

    PICTURE = "picture"
    PAGES = "pages"
    """Drawn page by page."""
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    NONE = "none"


class WhyNone(StrEnum):
    """Why there is no picture of a file."""

    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    PASSWORD = "password"
    TOO_LARGE = "too_large"
    TIME = "time"
    NO_PAGE = "no_page"
    NO_PROGRAM = "no_program"
    OFF = "off"

    @property
    def sentence(self) -> str:
        """For the owner."""
        return _SENTENCES[self]

    @property
    def stays(self) -> bool:
        """Whether that is so for as long as the file is what it is."""
        return self not in (WhyNone.NO_PROGRAM, WhyNone.OFF)


_SENTENCES = {
    WhyNone.UNSUPPORTED: "There are no pictures of files of this kind. Download it to look at it.",
    WhyNone.DAMAGED: "It is damaged, or only looks like a picture. Download it, or ask for it again.",
    WhyNone.PASSWORD: "A password protects it. Download it to open it.",
    WhyNone.TOO_LARGE: "Drawing it would take too much memory. Download it to look at it.",
    WhyNone.TIME: "Drawing it took too long. It may be very complex, or made to do harm: download it with care.",
    WhyNone.NO_PAGE: "It has no such page.",
    WhyNone.NO_PROGRAM: "Pictures of films are made by ffmpeg, which is not installed on this server (Debian: apt install ffmpeg).",
    WhyNone.OFF: "Pictures of files are switched off on this server (DROPPR_PREVIEWS_MB).",
}


@dataclass(frozen=True, slots=True)
class Sort:
    """What a file is. ``type`` is the one that a browser is told, empty where it is not shown the bytes; ``reader`` is what pictures
    are made with, empty where there are none: a format of Pillow, ``pdf``, or a demuxer of ffmpeg behind ``film:``."""

    look: Look
    type: str = ""
    reader: str = ""

    @property
    def is_film(self) -> bool:
        return self.reader.startswith(FILM)


_NONE = Sort(Look.NONE)
_TEXT = Sort(Look.TEXT, "text/plain")
_KNOWN = tuple(
    (re.compile(beginning, re.DOTALL), sort)
    for beginning, sort in (
        (rb"\x89PNG\r\n\x1a\n", Sort(Look.PICTURE, "image/png", "PNG")),
        (rb"\xff\xd8\xff", Sort(Look.PICTURE, "image/jpeg", "JPEG")),
        (rb"GIF8[79]a", Sort(Look.PICTURE, "image/gif", "GIF")),
        (rb"II\*\0|MM\0\*", Sort(Look.PICTURE, "", "TIFF")),
        (rb"RIFF.{4}WEBP", Sort(Look.PICTURE, "image/webp", "WEBP")),
        (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", Sort(Look.PICTURE, "image/bmp", "BMP")),
        # Readers look for this a little further on, too; what has text in front of it is text.
        (rb"%PDF-", Sort(Look.PAGES, "", "pdf")),
        (rb"OggS.*?\x80theora", Sort(Look.VIDEO, "video/ogg", "film:ogg")),
        (rb"OggS", Sort(Look.AUDIO, "audio/ogg")),
        (rb"fLaC", Sort(Look.AUDIO, "audio/flac")),
        (rb"RIFF.{4}WAVE", Sort(Look.AUDIO, "audio/wav")),
        (rb"ID3|\xff[\xfa\xfb\xf2\xf3\xe2\xe3]", Sort(Look.AUDIO, "audio/mpeg")),
        (rb"\xff[\xf0\xf1\xf8\xf9]", Sort(Look.AUDIO, "audio/aac")),
        # Other kinds than WebM some browsers play, too, and only as that.
        (rb"\x1aE\xdf\xa3.*?(webm|matroska)", Sort(Look.VIDEO, "video/webm", "film:matroska")),
        (rb".{4}(moov|mdat|wide|free|skip)", Sort(Look.VIDEO, "video/mp4", "film:mov")),
        (rb"RIFF.{4}AVI ", Sort(Look.PICTURE, "", "film:avi")),
        (rb"FLV\x01", Sort(Look.PICTURE, "", "film:flv")),
        (rb"\0\0\x01\xba", Sort(Look.PICTURE, "", "film:mpeg")),
        (rb"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", Sort(Look.PICTURE, "", "film:asf")),
        (rb"G.{187}G.{187}G", Sort(Look.PICTURE, "", "film:mpegts")),
    )
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
_AUDIO_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_CONTROLS = frozenset(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def sort_of(head: bytes) -> Sort:
    """What a file is that begins with ``head``, its first HEAD_BYTES."""
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    for beginning, sort in _KNOWN:
        # Text that happens to begin so, such as a letter about free software.
        if beginning.match(head) and (sort.look is Look.PAGES or not is_text(head)):
            return sort
    return _TEXT if is_text(head) else _NONE


def is_text(head: bytes) -> bool:
    """Whether that is text, in whatever encoding."""
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return True
    return bool(head) and _CONTROLS.isdisjoint(head)


def text_of(content: bytes, *, is_cut: bool) -> str:
    """The text that a file's bytes say. Whatever they are, there is one. Of a text that ``is_cut`` the last character may be."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content, final=not is_cut)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _by_brand(head: bytes) -> Sort:
    """A file of boxes (ISO 14496-12), by its brands."""
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    if not _AVIF.isdisjoint(brands):
        return Sort(Look.PICTURE, "image/avif", "AVIF")
    if not _HEIF.isdisjoint(brands):
        return Sort(Look.PICTURE, "", "HEIF")
    if brands[0] in _AUDIO_BRANDS:
        return Sort(Look.AUDIO, "audio/mp4")
    return Sort(Look.VIDEO, "video/mp4", "film:mov")
