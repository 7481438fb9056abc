"""PictureMaker by a fresh process for each picture, which may do nothing but read (``storage.confined``)."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

from app.core.errors import Busy
from app.core.looks import FILM, PictureSize, WhyNone
from app.core.ports.content import Content
from app.core.ports.pictures import Picture
from app.storage.confined.process import UNSAFE_SENTENCE, ConfinedProcess, UnsafeMachine

SECONDS = 30.0
"""How long a picture may take in all."""
LEAST_CPU_SECONDS = 1.0
"""A file that took long and less of the processor than this was not at fault: the machine had other things to do."""
MOST_OUTPUT = 8 * 1024 * 1024
"""Bytes that a process may say: the largest picture, however badly it packs, and no more."""
_CHILD, _FILM_CHILD = "app.storage.pictures.child", "app.storage.pictures.film"
_ENDED_BY = {signal.SIGXCPU: WhyNone.TIME, signal.SIGKILL: WhyNone.TOO_LARGE}
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "OMP_THREAD_LIMIT": "1"}
_SECONDS_INTO = ("3", "0")
"""Films begin black, and some are over before that is past."""


class ConfinedMaker:
    """PictureMaker. Each call waits for a process of its own, or two for a short film."""

    version = 1

    def __init__(
        self, check: Callable[[], object], find_ffmpeg: Callable[[], str | None], seconds: float = SECONDS
    ) -> None:
        """``check`` raises NotInstalled where there is nothing to make still pictures with."""
        self._check = check
        self._find_ffmpeg = find_ffmpeg
        self._seconds = seconds

    def make(self, content: Content, reader: str, size: PictureSize, page: int) -> Picture | WhyNone:
        file = content.fileno()
        if file is None:
            return WhyNone.UNSUPPORTED
        if reader.startswith(FILM):
            return self._film(file, reader.removeprefix(FILM), size, page)
        self._check()
        said = self._run(_CHILD, (reader, str(size), str(page)), file)
        return said if isinstance(said, WhyNone) else _picture(said)

    def _film(self, file: int, demuxer: str, size: PictureSize, page: int) -> Picture | WhyNone:
        if page != 1:
            return WhyNone.NO_PAGE
        program = self._find_ffmpeg()
        if program is None:
            return WhyNone.NO_PROGRAM
        for second in _SECONDS_INTO:
            found = self._run(_FILM_CHILD, (program, demuxer, str(size), second), file)
            if found:
                return found if isinstance(found, WhyNone) else _checked(found, 1)
        return WhyNone.DAMAGED

    def _run(self, module: str, arguments: tuple[str, ...], file: int) -> bytes | WhyNone:
        """What a process says of the file. Raises Busy."""
        child = ConfinedProcess(module, arguments, file, _ENVIRONMENT)
        said, why = b"", None
        try:
            said = b"".join(child.said(self._seconds, MOST_OUTPUT))
        except TimeoutError:
            why = WhyNone.TIME
        except ValueError:
            why = WhyNone.DAMAGED
        finally:
            try:
                ended = child.end()
            except UnsafeMachine:
                raise Busy(UNSAFE_SENTENCE) from None
        if why is WhyNone.TIME and ended.cpu_seconds < LEAST_CPU_SECONDS:
            raise Busy("The machine has had no time to draw this file. Try again when it has less to do.")
        if why is None and ended.code < 0:
            why = _ENDED_BY.get(signal.Signals(-ended.code), WhyNone.DAMAGED)
        return said if why is None else why


class NoMaker:
    """PictureMaker of a server on which none shall be made."""

    version = 0

    def make(self, content: Content, reader: str, size: PictureSize, page: int) -> Picture | WhyNone:
        del content, reader, size, page
        return WhyNone.OFF


def _picture(said: bytes) -> Picture | WhyNone:
    """What the process for still pictures says, read with doubt."""
    line, _, content = said.partition(b"\n")
    try:
        told = json.loads(line)
        if "why" in told:
            return WhyNone(told["why"])
        pages = told["pages"]
    except (ValueError, KeyError, TypeError):
        return WhyNone.DAMAGED
    if not isinstance(pages, int) or not 1 <= pages <= 10**6:
        return WhyNone.DAMAGED
    return _checked(content, pages)


def _checked(content: bytes, pages: int) -> Picture | WhyNone:
    """The picture, where it is of a type that we make."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Picture("image/webp", content, pages)
    if content.startswith(b"\xff\xd8\xff"):
        return Picture("image/jpeg", content, pages)
    return WhyNone.DAMAGED
