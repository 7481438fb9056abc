"""What may come in: sizes, extensions, and whether a file's head fits its name. Judges only, touches nothing."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import ChunkTooLarge, FileTooLarge, TooManyGaps, TypeNotAllowed
from app.core.links import RequestLink
from app.core.paths import extension
from app.core.ranges import ByteRanges, Span
from app.core.types import IMAGES, NO_PROGRAMS, SOUND_AND_FILM, ends_with_any, with_spellings

HEAD_BYTES = 8192
"""How much of a file's start is looked at to tell its type."""
MIN_STRETCHES = 4096
MAX_STRETCHES = 2**18
STRETCH_BYTES = 512 * 1024
"""The recorded ranges of a file may have one stretch for so many bytes of its size, within the two limits above. Chunks in random
order make a quarter as many stretches as there are chunks, so this is twice what chunks of 256 KiB need, and in the largest
files chunks of 8 MiB."""

# What libmagic calls programs.
_PROGRAMS = {
    "application/x-dosexec",
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-pie-executable",
    "application/x-sharedlib",
    "application/x-mach-binary",
    "text/x-shellscript",
    "text/x-msdos-batch",
}
_UNKNOWN = {"application/octet-stream", "application/x-empty", "inode/x-empty", ""}


@dataclass(frozen=True, slots=True)
class Policy:
    """The owner's limits for the whole server. Sizes are bytes; 0 is no limit; no extensions means all."""

    max_file_size: int
    max_chunk_size: int
    allowed_extensions: tuple[str, ...]
    in_order: bool = False
    """Whether the chunks of an upload have to come one after the other."""

    def check_file(self, link: RequestLink, name: str, size: int) -> None:
        """Judge a declared file. Raises FileTooLarge or TypeNotAllowed."""
        limit = self.file_limit(link)
        if limit and size > limit:
            raise FileTooLarge(f"The file has {size} bytes; this link takes {limit} at most.", limit=limit)
        for allowed in (link.terms.allowed_extensions, self.allowed_extensions):
            if allowed and not ends_with_any(name, allowed):
                raise TypeNotAllowed(
                    f"Only these types are accepted here: {', '.join(allowed)}.", allowed_extensions=list(allowed)
                )

    def check_chunk(self, ranges: ByteRanges, span: Span, size: int) -> None:
        """Judge a chunk of a file of ``size`` bytes: its length, and whether it may open one more gap in the recorded ``ranges``. Raises
        ChunkTooLarge, TooManyGaps."""
        length = span.stop - span.start
        if length > self.max_chunk_size:
            raise ChunkTooLarge(
                f"The chunk has {length} bytes; send at most {self.max_chunk_size} at once.", limit=self.max_chunk_size
            )
        most = min(max(MIN_STRETCHES, size // STRETCH_BYTES), MAX_STRETCHES)
        if len(ranges) >= most and ranges.is_apart(span):
            raise TooManyGaps(offset=ranges.prefix, limit=most)

    def looks_inside(self, link: RequestLink) -> bool:
        """Whether the content of files is judged: only where types are limited at all."""
        return bool(self.extensions_for(link))

    def check_head(self, link: RequestLink, name: str, mime: str) -> None:
        """Judge whether the detected type ``mime`` fits the extension of ``name``. Raises TypeNotAllowed.

        A link that takes everything takes a program called photo.jpg, too.
        """
        if not self.looks_inside(link) or mime in _UNKNOWN:
            return
        named = extension(name)
        if named in NO_PROGRAMS and mime in _PROGRAMS:
            raise TypeNotAllowed(f"The file is called .{named} but its content is a program ({mime}).", detected=mime)
        if not _agree(named, mime):
            raise TypeNotAllowed(f"The file is called .{named} but its content is {mime}.", detected=mime)

    def file_limit(self, link: RequestLink) -> int:
        """The size of the largest file that may come in, in bytes; 0 for no limit."""
        return min((limit for limit in (link.terms.max_file_size, self.max_file_size) if limit), default=0)

    def extensions_for(self, link: RequestLink) -> tuple[str, ...]:
        """The extensions a sender may use, in every spelling; empty for all."""
        own, servers = with_spellings(link.terms.allowed_extensions), with_spellings(self.allowed_extensions)
        both = [each for each in own if ends_with_any(f"x.{each}", servers)]
        both += [each for each in servers if each not in both and ends_with_any(f"x.{each}", own)]
        # Where the two have none in common nothing comes in, and none would read as all.
        return tuple(both) or own or servers


def _agree(named: str, mime: str) -> bool:
    """Whether a head is one that a file of this extension may have. Where the head does not say reliably what the content
    is, and of what our table does not know, it may be any."""
    family, _, kind = mime.partition("/")
    if named in IMAGES:
        # Vector images are text, and libmagic does not always see which kind.
        return family == "image" or (named == "svg" and kind in ("xml", "plain"))
    if named in SOUND_AND_FILM:
        # Containers such as MP4 and Ogg hold audio or video and are told apart only deep inside; playlists share
        # extensions with video.
        return family in ("audio", "video") or kind in ("ogg", "mp4", "plain")
    return True
