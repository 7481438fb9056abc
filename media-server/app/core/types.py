"""What extensions mean, by tables of our own: the same on every machine, whatever types it has been taught."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

_SAME = (
    ("jpg", "jpeg", "jpe", "jfif"),
    ("tif", "tiff"),
    ("mpg", "mpeg", "mpe"),
    ("aif", "aiff"),
    ("mid", "midi"),
    ("htm", "html"),
    ("yml", "yaml"),
    ("md", "markdown"),
    ("tgz", "tar.gz"),
    ("tbz2", "tar.bz2"),
    ("txz", "tar.xz"),
)
"""Spellings of one type: who names one of them means all."""
_SPELLINGS = {each: group for group in _SAME for each in group}

IMAGES = frozenset(
    [
        "jpg",
        "jpeg",
        "jpe",
        "jfif",
        "png",
        "apng",
        "gif",
        "bmp",
        "webp",
        "tif",
        "tiff",
        "svg",
        "heic",
        "heif",
        "avif",
        "jxl",
        "ico",
    ]
)
_SOUND = "mp3 mp2 m4a aac flac wav ogg oga opus wma aif aiff au"
_FILM = "mp4 m4v mov qt mpg mpeg mpe webm mkv avi wmv 3gp ogv"
SOUND_AND_FILM = frozenset(f"{_SOUND} {_FILM}".split())
_DOCUMENTS = """
    txt csv tsv md markdown rtf json xml yml yaml htm html log pdf ps eps epub tex
    doc docx dot dotx xls xlsx ppt pptx odt ods odp odg pages numbers key
"""
_ARCHIVES = "zip 7z rar tar gz tgz bz2 tbz2 xz txz zst lz4"
_SILENT_PICTURES = "cr2 cr3 crw nef nrw arw srf sr2 raf orf rw2 pef dng srw psd jp2"
_SILENT_FILM = "mxf mts m2ts"
_SILENT_SOUND = "mid midi"
_SILENT_HEADS = f"{_SILENT_PICTURES} {_SILENT_FILM} {_SILENT_SOUND}"
"""Photos as cameras write them, layers, film and music in forms whose heads say little."""
NO_PROGRAMS = IMAGES | SOUND_AND_FILM | {*f"{_DOCUMENTS} {_ARCHIVES} {_SILENT_HEADS}".split()}
"""What is called so is never a program. Of all other extensions that an owner names we know nothing: a ``.bin`` may be one."""


def with_spellings(extensions: Iterable[str]) -> tuple[str, ...]:
    """The extensions, each followed by the other ways to write it; each once."""
    return tuple(dict.fromkeys(each for given in extensions for each in (given, *_SPELLINGS.get(given, ()))))


def ends_with_any(name: str, extensions: Iterable[str]) -> bool:
    """Whether a file's name ends with one of these, as ``a.tar.gz`` does with ``gz`` and with ``tar.gz``; in any case."""
    folded = name.casefold()
    return any(folded.endswith(f".{each}") and len(folded) > len(each) + 1 for each in with_spellings(extensions))


class FileKind(StrEnum):
    """What a file is to whoever looks for it, by its extension alone."""

    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    ARCHIVE = "archive"
    OTHER = "other"


EXTENSIONS_OF: dict[FileKind, frozenset[str]] = {
    FileKind.PICTURE: IMAGES | frozenset(_SILENT_PICTURES.split()),
    FileKind.VIDEO: frozenset(f"{_FILM} {_SILENT_FILM}".split()),
    FileKind.AUDIO: frozenset(f"{_SOUND} {_SILENT_SOUND}".split()),
    FileKind.DOCUMENT: frozenset(_DOCUMENTS.split()),
    FileKind.ARCHIVE: frozenset(_ARCHIVES.split()),
}
"""Of every kind but ``OTHER``, which is all the rest."""
_KIND_OF = {extension: kind for kind, extensions in EXTENSIONS_OF.items() for extension in extensions}
_LOWER = str.maketrans({chr(each): chr(each + 32) for each in range(ord("A"), ord("Z") + 1)})


def kind_of(path: str) -> FileKind:
    """The kind of a file that is called so."""
    _, dot, extension = path.rpartition(".")
    # Letters of ASCII alone, as a database has it.
    return _KIND_OF.get(extension.translate(_LOWER), FileKind.OTHER) if dot else FileKind.OTHER
